"""What a benchmark's line says of itself, and what fails a run."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def measure(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("support.measure")


@pytest.fixture
def run(measure: Any) -> Any:
    # The installer's folder is looked in first there, for its own modules.
    before = list(sys.path)
    try:
        # By its path: the installer has a module of that name too.
        spec = importlib.util.spec_from_file_location("benchmarks_run", BENCHMARKS / "run.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
    finally:
        sys.path[:] = before


def _line(measure: Any, ours: float, **peers: float) -> Any:
    return measure.Line(
        "work",
        [ours] * 3,
        {name: [value] * 3 for name, value in peers.items()},
        b_number="B99",
        floor="floor",
        different_engine=("rival",),
    )


def test_the_floor_is_no_rival(measure: Any) -> None:
    line = _line(measure, 10.0, floor=1.0, rival=30.0, same=20.0)
    assert line.best_peer == "same"
    assert line.ratio("same") == 2.0


@pytest.mark.parametrize("rival, slower", [(10.0, []), (7.0, []), (6.0, ["rival"])])
def test_one_and_a_half_times_a_different_engine_is_too_slow(
    measure: Any, rival: float, slower: list[str]
) -> None:
    # The same-engine peer is far quicker, and judged by nobody.
    assert _line(measure, 10.0, rival=rival, same=0.1).slower_than == slower


def test_a_line_written_the_old_way_still_prints(measure: Any, run: Any) -> None:
    line = measure.Line("work", [3.0, 1.0, 2.0], {"peer": [4.0, 4.0, 4.0]}, {"peer": "slow"})
    table = list(run.rows({"name": (measure.Result([line]), 0.05, 2.0)}))
    told = dict(zip(table[0], table[1], strict=True))
    assert told["line"] == "name" and told["ours"] == "2 ms" and told["MAD"] == "1"
    assert told["best peer / ours"] == "2.00" and told["ours / floor"] == ""


def test_only_what_is_slow_in_every_repeat_fails(
    measure: Any, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = iter([6.0, 6.0, 9.0, 6.0, 6.0, 6.0])

    def one(name: str, given: Any, seconds: float) -> Any:
        return measure.Result([_line(measure, 10.0, rival=next(taken))]), 0.0, 1.0

    monkeypatch.setattr(run, "run_one", one)
    assert run.repeated("x", {}, 1)[3] == []
    assert run.repeated("x", {}, 1)[3] == [("work", "rival")]


def test_a_busy_machine_proves_nothing_against_a_line(
    measure: Any, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    noise = iter([0.02, 0.4, 0.02])

    def one(name: str, given: Any, seconds: float) -> Any:
        return measure.Result([_line(measure, 10.0, rival=6.0)]), next(noise), 1.0

    monkeypatch.setattr(run, "run_one", one)
    assert run.repeated("x", {}, 1)[3] == []
