"""Visits told apart at import; the one before is shown where the protocol says so, images only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import imagecodecs
import numpy as np
import pytest

from tests.studies import Team, document
from workstation.domain.case import Case
from workstation.domain.errors import RuleViolation
from workstation.domain.image import Eye
from workstation.exchange.name_pattern import name_pattern
from workstation.services import assigning, importing, reading
from workstation.services.importing import ImportFiles, run_import


def delivered(folder: Path) -> Path:
    folder.mkdir()
    for n, name in enumerate(("P1_V1_OD", "P1_V2_OD", "P1_V2_OS", "P1_V4_OD", "P2_V1_OD")):
        noise = np.random.default_rng(n).integers(0, 255, (32, 40, 3), np.uint8)
        (folder / f"{name}.png").write_bytes(imagecodecs.png_encode(noise))
    return folder


def read_soon(folder: Path, shown: str, left_out: int | None = None) -> Team:
    """A study whose cases are assigned, but for the excluded visit of the first patient."""
    team = Team(folder / "s.study", document(earlier_visits=shown))
    mapping = name_pattern("{patient}_V{visit}_{eye}")
    command = ImportFiles((delivered(folder / "in"),), "Coordinator", mapping)
    coordinator = team["coordinator"]
    run_import(coordinator, command, lambda: 1 << 40, lambda *_: None)
    for (patient, visit), case in cases_of(team).items():
        if patient == "P1" and visit == left_out:
            importing.exclude(coordinator, case.case_id, "wrong patient")
        else:
            importing.include(coordinator, case.case_id)
    with coordinator.reading() as uow:
        pairs = assigning.plan(uow).pairs
    assigning.assign(coordinator, pairs)
    return team


@pytest.fixture(params=["shown", "hidden"])
def team(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Team]:
    found = read_soon(tmp_path, request.param)
    yield found
    found.close()


def cases_of(team: Team) -> dict[tuple[str, int | None], Case]:
    with team["coordinator"].reading() as uow:
        return {(uow.subjects.get(c.subject_id).pseudonym, c.visit): c for c in uow.cases.all()}


def test_each_visit_is_a_case_of_one_patient(team: Team) -> None:
    found = cases_of(team)
    assert set(found) == {("P1", 1), ("P1", 2), ("P1", 4), ("P2", 1)}
    assert len({c.subject_id for c in found.values()}) == 2


def test_only_the_last_visit_before_is_seen_and_only_where_the_protocol_says(team: Team) -> None:
    found = cases_of(team)
    with team["coordinator"].reading() as uow:
        shown = uow.protocols.get(uow.study.get().protocol_sha256).earlier_visits == "shown"  # type: ignore[union-attr]
    for visit, eyes in ((1, []), (2, [Eye.OD]), (4, [Eye.OD, Eye.OS])):
        opened = reading.open_case(team["reader-a"], found["P1", visit].case_id)
        assert [i.eye for i in opened.earlier] == (eyes if shown else [])
        assert {i.case_id for i in opened.images} == {opened.case.case_id}
        if shown and visit == 4:
            assert {i.case_id for i in opened.earlier} == {found["P1", 2].case_id}


def test_a_visit_taken_out_is_not_shown(tmp_path: Path) -> None:
    team = read_soon(tmp_path, "shown", left_out=2)
    found = cases_of(team)
    opened = reading.open_case(team["reader-a"], found["P1", 4].case_id)
    assert {i.case_id for i in opened.earlier} == {found["P1", 1].case_id}
    team.close()


def test_nobody_gets_at_them_who_does_not_read_the_case(team: Team) -> None:
    with pytest.raises(RuleViolation):
        reading.open_case(team["arbitrator"], cases_of(team)["P1", 4].case_id)
