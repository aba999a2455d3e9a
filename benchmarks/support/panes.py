"""Windows for the peers that show pictures: each is given pixels and paints them at one size.

`run_child` starts a benchmark's child once for each screen; the child prints one JSON line.
"""

import json
import os
import subprocess

from support.measure import CHILDREN, ROOT, CannotRun

OURS, FLOOR = "ours", "blit of a ready picture"


def run_child(context, child, variables, *arguments):
    """What the child measured: a dict. Raises CannotRun."""
    plain = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "QT_QPA_PLATFORM")}
    settings = {**plain, **variables, "PYTHONPATH": os.pathsep.join((str(ROOT), str(CHILDREN)))}
    command = [context.python, str(CHILDREN / child), *map(str, arguments)]
    try:
        done = subprocess.run(command, env=settings, capture_output=True, text=True, timeout=600)
    except subprocess.TimeoutExpired:
        raise CannotRun(f"{child} did not end") from None
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or [""])[-1]
        raise CannotRun(f"{child} ended with {done.returncode}: {last}")
    return json.loads(done.stdout.strip().splitlines()[-1])
