"""One benchmark in a process of its own, so that none inherits another's memory, threads or window,
and one that crashes takes no other with it. Arguments: its name and what it is given, as JSON; the
answer is one JSON line."""

import hashlib
import importlib
import json
import os
import statistics
import sys
import time
from dataclasses import asdict
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(BENCHMARKS), str(BENCHMARKS.parent), str(BENCHMARKS.parent / "installer")]
PROBE = bytes(4 << 20)
PROBE_TIMES = 15

from support.measure import CannotRun, Context


def probe():
    """Milliseconds of a piece of work that never changes: the machine's own noise."""
    found = []
    for _ in range(PROBE_TIMES):
        start = time.perf_counter()
        hashlib.sha256(PROBE).digest()
        found.append((time.perf_counter() - start) * 1000)
    return found


def main(name, given):
    context = Context(given["quick"], Path(given["cache"]), given["python"])
    module = importlib.import_module(name)
    if context.quick and not given["named"] and not getattr(module, "QUICK", True):
        return {"skipped": "not in a quick run"}
    before = probe()
    try:
        result = module.run(context)
    except CannotRun as problem:
        return {"problem": str(problem)}
    probed = before + probe()
    middle = statistics.median(probed)
    return {
        **asdict(result),
        "noise": statistics.median(abs(p - middle) for p in probed) / middle,
        "probe_ms": middle,
    }


if __name__ == "__main__":
    answer = main(sys.argv[1], json.loads(sys.argv[2]))
    print("\n" + json.dumps(answer), flush=True)
    # A window's or a decoder's own end is nobody's matter here, and some crash in it.
    os._exit(0)
