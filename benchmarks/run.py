"""Run the benchmarks: ours beside its peers' in the same run, as ratios, in one table.

python3 benchmarks/run.py                     all of them
python3 benchmarks/run.py --quick             few rounds, under 90 seconds, as in CI
python3 benchmarks/run.py cold_start          one of them
python3 benchmarks/run.py --json FILE         the numbers as JSON as well

`python -m benchmarks` is the same. Numbers warn; the exit status is 1 where a benchmark could not
run, or where ours was slower than another engine by more than 1.5 times in three repeats.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "installer")]

import environment
from support.machine import machine
from support.measure import Line, Result

QUICK_SECONDS = 90
# In a quick run these come last, in this order, where time is left: no hand waits for them.
LATE = ("cine_decode", "compressed", "volume_drag", "surface_labels", "import_index")
REPEATS = 3
# A machine whose constant piece of work varied by more than this proves nothing against a line.
NOISY = 0.15
FLOOR_TARGET = 2.0
PATIENCE = 3600


def names():
    """One file per benchmark."""
    return sorted(path.stem for path in HERE.glob("*.py") if path.stem not in ("run", "__main__"))


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
    """The product's environment: the one that is there and up to date, else made now. The one with
    the test tools first: some peers are among them."""
    for lock in ("dev.txt", "runtime.txt"):
        stamp = Path(environment.HOME) / f"stamp-{lock}"
        wanted = environment.stamp_of(str(HERE.parent / "requirements" / lock))
        if stamp.is_file() and stamp.read_text("utf-8") == wanted:
            return environment.python_of(environment.HOME)
    return environment.ready("runtime.txt")


class Failed(Exception):
    """A benchmark that gave no number, and why."""


def run_one(name, given, seconds):
    """(Result, noise, probe in ms) of one benchmark, or None where it is not in a quick run."""
    command = [given["python"], str(HERE / "support" / "one.py"), name, json.dumps(given)]
    settings = {**os.environ, "PYTHONPATH": str(HERE.parent)}
    if sys.platform.startswith("linux"):
        settings.setdefault("QT_QPA_PLATFORM", "offscreen")
    try:
        done = subprocess.run(
            command, env=settings, capture_output=True, text=True, timeout=seconds
        )
    except subprocess.TimeoutExpired:
        raise Failed(f"not done after {seconds:.0f} s") from None
    lines = done.stdout.strip().splitlines()
    if done.returncode != 0 or not lines:
        told = (done.stderr.strip().splitlines() or ["no word"])[-1]
        raise Failed(f"ended with {done.returncode}: {told}")
    answer = json.loads(lines[-1])
    if "problem" in answer:
        raise Failed(answer["problem"])
    if "skipped" in answer:
        return None
    made = [Line(**one) for one in answer["lines"]]
    return Result(made, answer["notes"], answer["versions"]), answer["noise"], answer["probe_ms"]


def repeated(name, given, seconds):
    """As `run_one`; and the lines slower than another engine in every one of three repeats."""
    first = run_one(name, given, seconds)
    if first is None:
        return None
    slow = _slow(first)
    for _ in range(REPEATS - 1):
        if not slow:
            break
        slow &= _slow(run_one(name, given, seconds))
    return (*first, sorted(slow))


def _slow(found):
    """Lines slower than another engine, with it; none where the machine was too busy to say."""
    result, noise, _ = found
    if noise > NOISY:
        return set()
    return {(line.name, peer) for line in result.lines for peer in line.slower_than}


# The table


HEAD = (
    "line",
    "what",
    "ours",
    "MAD",
    "n",
    "best peer / ours",
    "floor",
    "ours / floor",
    "peers",
    "noise",
)


def rows(results):
    yield HEAD
    for name, (result, noise, probe) in results.items():
        for line in result.lines:
            yield _row(name, line, noise, probe)


def _row(name, line, noise, probe):
    def middle(peer):
        return statistics.median(line.peers[peer])

    best = line.best_peer
    floor = line.floor in line.peers
    ours = statistics.median(line.ours)
    return (
        line.b_number or name,
        line.name,
        f"{_number(ours)} {line.unit}",
        _number(line.mad),
        str(len(line.ours)),
        f"{line.ratio(best):.2f}" if best else "",
        _number(middle(line.floor)) if floor else "",
        f"{1 / line.ratio(line.floor):.2f}" if floor else "",
        "; ".join(f"{peer} {_number(middle(peer))}" for peer in line.rivals),
        f"{noise:.0%} of {probe:.1f} ms",
    )


def _number(value):
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def show(results):
    table = list(rows(results))
    widths = [max(len(row[n]) for row in table) for n in range(len(HEAD))]
    for n, row in enumerate(table):
        print(" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))
        if n == 0:
            print("-|-".join("-" * width for width in widths))


def show_details(name, result):
    """What a reader of the ratios has to know."""
    print(f"\n{name}")
    for note in result.notes:
        print(f"  {note}")
    for line in result.lines:
        if not line.remarks and not line.phases:
            continue
        print(f"  {line.name}")
        for peer, remark in line.remarks.items():
            low, high = line.ratio_range(peer)
            print(f"    {peer}: {remark}; by round {low:.2f} to {high:.2f}")
        for phase, taken in line.phases.items():
            print(f"    {phase:<24} {taken:8.1f} {line.unit}")
    if result.versions:
        print("  versions: " + ", ".join(f"{k} {v}" for k, v in result.versions.items()))


def warnings(results):
    for name, (result, _, _) in results.items():
        for line in result.lines:
            if line.floor in line.peers and 1 / line.ratio(line.floor) > FLOOR_TARGET:
                yield f"{name}, {line.name}: more than {FLOOR_TARGET:.0f} times its floor"
            for peer in line.rivals:
                if line.ratio(peer) < 1:
                    yield f"{name}, {line.name}: slower than {peer}"


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
    print(f"machine: {machine()}", flush=True)
    given_all = {
        "quick": parsed.quick,
        "named": bool(parsed.names),
        "cache": str(cache_folder()),
        "python": str(python),
    }
    started = time.monotonic()
    results, failed, slow, left_out = {}, {}, [], []
    everything = sorted(names(), key=lambda name: LATE.index(name) if name in LATE else -1)
    for name in parsed.names or everything:
        left = QUICK_SECONDS - (time.monotonic() - started)
        if parsed.quick and not parsed.names and left < 0:
            left_out.append(name)
            continue
        began = time.monotonic()
        try:
            found = repeated(name, given_all, PATIENCE)
        except Failed as problem:
            failed[name] = str(problem)
            print(f"{name}: could not run: {problem}", flush=True)
            continue
        if found is None:
            left_out.append(name)
            continue
        results[name] = found[:3]
        slow += [(name, *one) for one in found[3]]
        print(f"{name}: done, {time.monotonic() - began:.0f} s", flush=True)
    print()
    show(results)
    for name, (result, _, _) in results.items():
        show_details(name, result)
    print()
    for text in warnings(results):
        print(f"WARNING {text}")
    if left_out:
        print(f"not in this quick run: {', '.join(left_out)}")
    for name, line, peer in slow:
        print(f"FAILED {name}, {line}: over 1.5 times as slow as {peer} in {REPEATS} repeats")
    if parsed.json:
        report = {
            "machine": machine(),
            "quick": parsed.quick,
            "benchmarks": {
                name: {
                    "lines": [line.as_dict() for line in result.lines],
                    "notes": result.notes,
                    "versions": result.versions,
                    "noise": noise,
                }
                for name, (result, noise, _) in results.items()
            },
            "failed": failed,
        }
        parsed.json.write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    return 1 if failed or slow else 0


if __name__ == "__main__":
    sys.exit(main())
