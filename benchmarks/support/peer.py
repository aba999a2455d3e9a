"""A peer's environment: made once under the cache from a hash-pinned list, never the product's."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from support.measure import CannotRun

LISTS = Path(__file__).resolve().parent


def peer_python(name: str, cache: Path, patience: float) -> str:
    """The interpreter of the peer's environment. Raises CannotRun where it cannot be made within
    `patience` seconds; with none, it is taken only where it is already."""
    wanted = LISTS / f"{name}.txt"
    key = hashlib.sha256(wanted.read_bytes() + sys.version.encode()).hexdigest()[:12]
    home = cache / f"{name}-{key}"
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    ready = home / "ready"
    if ready.is_file():
        return str(python)
    if not patience:
        raise CannotRun("its environment is not here; a run that is not quick makes it")
    for old in cache.glob(f"{name}-*"):
        shutil.rmtree(old, ignore_errors=True)
    pip = [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    steps = [
        [sys.executable, "-m", "venv", str(home)],
        [*pip, "--require-hashes", "--only-binary", ":all:", "-r", str(wanted)],
    ]
    for step in steps:
        try:
            done = subprocess.run(step, capture_output=True, text=True, timeout=patience)
        except subprocess.TimeoutExpired:
            raise CannotRun(f"its environment was not made within {patience:.0f} s") from None
        if done.returncode != 0:
            raise CannotRun("its environment cannot be made from here (no package index?)")
    ready.touch()
    return str(python)
