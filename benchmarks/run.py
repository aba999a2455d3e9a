"""Run the benchmarks: ours beside a peer's in the same run, as a ratio.

python3 benchmarks/run.py                     all of them
python3 benchmarks/run.py --quick             few rounds, as in CI
python3 benchmarks/run.py cold_start          one of them
python3 benchmarks/run.py --json FILE         the numbers as JSON as well

Numbers are reported, never judged: the exit status tells only whether all benchmarks ran.
"""

import argparse
import importlib
import json
import os
import statistics
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "installer"))

import environment
from support.machine import machine
from support.measure import CannotRun, Context


def names():
    """One file per benchmark."""
    return sorted(path.stem for path in HERE.glob("*.py") if path.stem != "run")


def arguments(given):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="few rounds")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers there too")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(names()))
    parsed = parser.parse_args(given)
    unknown = set(parsed.names) - set(names())
    if unknown:
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    return parsed


def cache_folder():
    """Where the prepared study and the peers' environments stay between runs."""
    wanted = os.environ.get("WORKSTATION_BENCHMARK_CACHE")
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = Path(wanted) if wanted else base / "workstation-benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def product_python():
    """The product's environment: the one that is there and up to date, else made now."""
    for lock in ("runtime.txt", "dev.txt"):
        stamp = Path(environment.HOME) / f"stamp-{lock}"
        wanted = environment.stamp_of(str(HERE.parent / "requirements" / lock))
        if stamp.is_file() and stamp.read_text("utf-8") == wanted:
            return environment.python_of(environment.HOME)
    return environment.ready("runtime.txt")


def show(name, result):
    print(f"\n{name}")
    for note in result.notes:
        print(f"  {note}")
    for line in result.lines:
        print(f"  {line.name}")
        print(f"    {'ours':<16} {_times(line.ours)}")
        for peer, times in line.peers.items():
            low, high = line.ratio_range(peer)
            ratio = f"peer / ours {line.ratio(peer):.2f} ({low:.2f} to {high:.2f} by round)"
            print(f"    {peer:<16} {_times(times)}   {ratio}")
            print(f"    {'':<16} {line.remarks.get(peer, '')}")
        if line.phases:
            print("    our phases, ms:")
            for phase, taken in line.phases.items():
                print(f"      {phase:<22} {taken:7.0f}")


def _times(values):
    middle = statistics.median(values)
    return f"{middle:7.0f} ms ({min(values):.0f} to {max(values):.0f}, {len(values)} rounds)"


def main(given=None):
    parsed = arguments(given)
    try:
        environment.check_python()
        python = product_python()
    except environment.Problem as problem:
        environment.say(problem)
        return 2
    try:
        environment.system_libraries(display=True, programs=(("Xvfb", "xvfb"),))
    except environment.Problem as problem:
        # Not fatal: without a virtual screen the offscreen platform is used.
        environment.say(problem)
    print(f"machine: {machine()}")
    context = Context(parsed.quick, cache_folder(), python)
    report = {"machine": machine(), "quick": parsed.quick, "benchmarks": {}}
    failed = []
    for name in parsed.names or names():
        try:
            result = importlib.import_module(name).run(context)
        except CannotRun as problem:
            print(f"\n{name}\n  could not run: {problem}")
            failed.append(name)
            continue
        show(name, result)
        if result.versions:
            print("  versions: " + ", ".join(f"{k} {v}" for k, v in result.versions.items()))
        report["benchmarks"][name] = {
            "lines": [line.as_dict() for line in result.lines],
            "notes": result.notes,
            "versions": result.versions,
        }
    if parsed.json:
        parsed.json.write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
