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


def timed(work):
    """A candidate for `interleaved`: milliseconds that one call of `work` takes."""

    def once():
        start = time.perf_counter()
        work()
        return (time.perf_counter() - start) * 1000

    return once


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
    # Its number in the list of what is to be measured ("B11").
    b_number: str = ""
    # The peer that can do nothing but what the machine cannot do without; no rival.
    floor: str = ""
    # Peers that do the work with another engine than the one we use ourselves: being much slower
    # than one of these fails a run. The others are information.
    different_engine: tuple[str, ...] = ()
    unit: str = "ms"

    @property
    def rivals(self) -> list[str]:
        return [peer for peer in self.peers if peer != self.floor]

    @property
    def best_peer(self) -> str:
        """The quickest peer that is not the floor; empty without one."""
        return min(self.rivals, key=lambda p: statistics.median(self.peers[p]), default="")

    @property
    def slower_than(self) -> list[str]:
        """Peers of another engine that need less than two thirds of our time."""
        return [p for p in self.different_engine if p in self.peers and self.ratio(p) < 1 / 1.5]

    @property
    def mad(self) -> float:
        """Median distance of our rounds from their median."""
        middle = statistics.median(self.ours)
        return statistics.median(abs(value - middle) for value in self.ours)

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

    def peer(self, name: str, patience: float = 1800) -> str:
        """The interpreter of a peer's own environment (`support/NAME.txt`); a quick run takes it
        where it is and makes none. Raises CannotRun."""
        from support.peer import peer_python

        return peer_python(name, self.cache, 0 if self.quick else patience)


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
