"""Interleaved rounds and what came of them."""

import json
import statistics
import subprocess
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parent.parent
ROOT = BENCHMARKS.parent
CHILDREN = BENCHMARKS / "children"
# A screen with fewer colours than this shows no image.
FEWEST_COLOURS = 20


class CannotRun(Exception):
    """Why a benchmark, or one peer in it, gave no number."""


@dataclass
class Line:
    """One thing measured: ours and the peers', each a list of milliseconds by round."""

    name: str
    ours: list[float]
    peers: dict[str, list[float]] = field(default_factory=dict)
    # What a reader of the ratio has to know about a peer.
    remarks: dict[str, str] = field(default_factory=dict)
    # Name -> median milliseconds from the phase before.
    phases: dict[str, float] = field(default_factory=dict)

    def ratio(self, peer: str) -> float:
        """How many times as long the peer takes: more than 1 where we are faster."""
        return statistics.median(self.peers[peer]) / statistics.median(self.ours)

    def ratio_range(self, peer: str) -> tuple[float, float]:
        by_round = [p / o for p, o in zip(self.peers[peer], self.ours, strict=True)]
        return min(by_round), max(by_round)

    def as_dict(self):
        found = {
            peer: {"ratio": self.ratio(peer), "ratio_range": self.ratio_range(peer)}
            for peer in self.peers
        }
        return {**asdict(self), "ours_median": statistics.median(self.ours), "ratios": found}


@dataclass
class Result:
    lines: list[Line]
    notes: list[str] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Context:
    """What a benchmark is given."""

    quick: bool
    cache: Path
    # The interpreter of the product's environment.
    python: str

    @property
    def rounds(self) -> int:
        return 3 if self.quick else 9


def interleaved(candidates, rounds):
    """Run all candidates round by round, each time starting with another; the first round warms
    the page cache and is not counted. Returns name -> list of what they returned."""
    names = list(candidates)
    found = {name: [] for name in names}
    for n in range(rounds + 1):
        turn = n % len(names)
        for name in names[turn:] + names[:turn]:
            value = candidates[name]()
            if n:
                found[name].append(value)
    return found


def milliseconds(command, environment=None):
    """Wall time of a command from before its start to after its end."""
    start = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=180)
    taken = (time.perf_counter() - start) * 1000
    if done.returncode != 0:
        raise CannotRun(f"{Path(command[0]).name} ended with {done.returncode}: {_last(done)}")
    return taken


def first_image(python, child, arguments, environment):
    """Start a child that stamps how far it has come; its report."""
    command = [python, str(CHILDREN / child), *arguments]
    settings = {**environment, "BENCHMARK_STARTED": repr(time.perf_counter())}
    done = subprocess.run(command, env=settings, capture_output=True, text=True, timeout=180)
    if done.returncode != 0:
        raise CannotRun(f"{child} ended with {done.returncode}: {_last(done)}")
    report = json.loads(done.stdout.splitlines()[-1])
    if report["colours"] < FEWEST_COLOURS:
        raise CannotRun(f"{child} showed an empty screen: {_last(done)}")
    return report


def _last(done):
    lines = done.stderr.strip().splitlines() or done.stdout.strip().splitlines() or [""]
    return lines[-1]


def median_phases(reports):
    """Phase -> median milliseconds from the stamp before it."""
    phases: dict[str, list[float]] = {}
    for report in reports:
        before = 0.0
        for name, at in report["stamps"].items():
            phases.setdefault(name, []).append(at - before)
            before = at
    return {name: statistics.median(values) for name, values in phases.items()}
