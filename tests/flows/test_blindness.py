"""Attacks on blindness through the services, with ids no person should have: all are refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from tests.studies import PASSPHRASE, Team, document, photo
from workstation.domain.case import CaseState
from workstation.domain.errors import RuleViolation
from workstation.domain.people import Role
from workstation.domain.reading import ReadingBody
from workstation.domain.schema import Level, Scope
from workstation.services import (
    arbitrating,
    assigning,
    auditing,
    comparing,
    enrolling,
    freezing,
    overseeing,
    reading,
    reporting,
    workspace,
)
from workstation.services.workspace import Workspace

READERS = (("reader-a", "reader-b"), ("reader-a", "both"))


class Disputed:
    """One case, disputed; and one more, read by reader A alone. The arbitrator may also read."""

    def __init__(self, folder: Path) -> None:
        self.team = Team(folder, document())
        both = frozenset({Role.READER, Role.ARBITRATOR})
        enrolling.add_person(
            self.team["coordinator"], enrolling.AddPerson("both", "both", both, PASSPHRASE)
        )
        self.cases = [self.team.add_case(f"P{n}", [photo(image_id=f"b{n}")]) for n in range(2)]
        for case, logins in zip(self.cases, READERS, strict=True):
            people = [self.team[login].person.person_id for login in logins]
            assigning.assign(self.team["coordinator"], [(case.case_id, people)])
        self.readings = {}
        for login, diagnosis in (("reader-a", "normal"), ("reader-b", "other")):
            opened = reading.open_case(self.team[login], self.cases[0].case_id)
            self.readings[login] = opened.reading.reading_id
            given = {Scope(Level.IMAGE, "b0"): {"diagnosis": diagnosis, "referral": "no"}}
            reading.save_draft(self.team[login], opened.reading.reading_id, ReadingBody(given))
            reading.submit(self.team[login], opened.reading.reading_id)
        with self.team["coordinator"].reading() as uow:
            (self.dispute,) = uow.disputes.all()


@pytest.fixture
def disputed(tmp_path: Path) -> Iterator[Disputed]:
    made = Disputed(tmp_path / "blind.study")
    yield made
    made.team.close()


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disputed]:
    """For attacks that are all refused, and so leave the study as it was."""
    made = Disputed(tmp_path_factory.mktemp("attacked") / "blind.study")
    yield made
    made.team.close()


def reads(act: Callable[[Any], object]) -> Callable[[Workspace, Disputed], object]:
    def attack(who: Workspace, _: Disputed) -> object:
        with who.reading() as uow:
            return act(uow)

    return attack


COORDINATORS_OWN: dict[str, Callable[[Workspace, Disputed], object]] = {
    "cases": lambda who, _: overseeing.cases(who),
    "case states": lambda who, _: overseeing.case_states(who),
    "a case by number": reads(lambda uow: overseeing.case_id(uow, "0001")),
    "an image by number": reads(lambda uow: overseeing.image(uow, "F0001")),
    "progress": reads(assigning.progress),
    "plan": reads(assigning.plan),
    "checklist": reads(freezing.checklist),
    "versions": lambda who, _: freezing.versions(who),
    "comparing": lambda who, _: comparing.compare_now(who),
    "people": lambda who, _: enrolling.everybody(who),
    "audit": lambda who, _: auditing.check_chain(who),
    "audit lines": lambda who, _: auditing.export(who),
    "report": lambda who, _: reporting.report_data(who),
    "re-opening": lambda who, d: arbitrating.reopen(who, d.dispute.dispute_id, "because I want"),
}
ARBITRATORS_OWN: dict[str, Callable[[Workspace, Disputed], object]] = {
    "queue": lambda who, _: arbitrating.queue(who),
    "dispute": lambda who, d: arbitrating.open_dispute(who, d.dispute.dispute_id),
    "sealing": lambda who, d: arbitrating.seal_blind_read(who, d.dispute.dispute_id),
    "reveal": lambda who, d: arbitrating.reveal(who, d.dispute.dispute_id),
    "decisions": lambda who, d: arbitrating.save_decisions(who, d.dispute.dispute_id, ()),
    "ruling": lambda who, d: arbitrating.sign(who, d.dispute.dispute_id, (), "missed", 3, ""),
}
OTHER_READERS: dict[str, Callable[[Workspace, Disputed], object]] = {
    "a foreign case": lambda who, d: reading.open_case(who, d.cases[1].case_id),
    "a foreign case by number": reads(lambda uow: reading.own_case(uow, "0002")),
    "what is missing in the other's": lambda who, d: reading.missing(who, d.readings["reader-a"]),
    "saving the other's": lambda who, d: reading.save_draft(
        who, d.readings["reader-a"], ReadingBody()
    ),
    "submitting the other's": lambda who, d: reading.submit(who, d.readings["reader-a"]),
}


def worklist_of(who: Workspace, other: Workspace) -> object:
    with who.reading() as uow:
        return reading.worklist(uow, other.person.person_id)


@pytest.mark.parametrize("login", ["reader-b", "arbitrator"])
@pytest.mark.parametrize("attack", COORDINATORS_OWN)
def test_states_and_counts_are_the_coordinators(
    attacked: Disputed, attack: str, login: str
) -> None:
    with pytest.raises(RuleViolation, match="role.needed"):
        COORDINATORS_OWN[attack](attacked.team[login], attacked)


@pytest.mark.parametrize("login", ["reader-b", "coordinator"])
@pytest.mark.parametrize("attack", ARBITRATORS_OWN)
def test_disputes_are_the_arbitrators(attacked: Disputed, attack: str, login: str) -> None:
    with pytest.raises(RuleViolation, match="role.needed"):
        ARBITRATORS_OWN[attack](attacked.team[login], attacked)


@pytest.mark.parametrize("login", ["reader-b", "coordinator", "arbitrator"])
@pytest.mark.parametrize("attack", OTHER_READERS)
def test_a_reading_is_its_readers(attacked: Disputed, attack: str, login: str) -> None:
    with pytest.raises(RuleViolation, match=r"assignment.not_yours|role.needed"):
        OTHER_READERS[attack](attacked.team[login], attacked)


@pytest.mark.parametrize("login", ["reader-b", "coordinator", "arbitrator"])
def test_nobody_sees_how_far_another_reader_is(attacked: Disputed, login: str) -> None:
    with pytest.raises(RuleViolation, match=r"assignment.not_yours|role.needed"):
        worklist_of(attacked.team[login], attacked.team["reader-a"])


def test_an_arbitrator_who_read_the_case_sees_no_dispute(disputed: Disputed) -> None:
    """The other case's second reader is an arbitrator too: of a case read by oneself, nothing."""
    team, case = disputed.team, disputed.cases[1]
    assert [r.number for r in arbitrating.queue(team["both"])] == ["0001"]
    for login, diagnosis in (("reader-a", "normal"), ("both", "other")):
        opened = reading.open_case(team[login], case.case_id)
        given = {Scope(Level.IMAGE, "b1"): {"diagnosis": diagnosis, "referral": "no"}}
        reading.save_draft(team[login], opened.reading.reading_id, ReadingBody(given))
        reading.submit(team[login], opened.reading.reading_id)
    assert [r.number for r in arbitrating.queue(team["arbitrator"])] == ["0001", "0002"]
    assert [r.number for r in arbitrating.queue(team["both"])] == ["0001"]
    with team["coordinator"].reading() as uow:
        (dispute,) = uow.disputes.of_case(case.case_id)
    for act in (arbitrating.open_dispute, arbitrating.reveal, arbitrating.seal_blind_read):
        with pytest.raises(RuleViolation, match="arbitration.was_reader"):
            act(team["both"], dispute.dispute_id)


def codes(value: Any) -> Iterator[StrEnum]:
    """Every enumeration value anywhere in what a service handed out."""
    if isinstance(value, StrEnum):
        yield value
    elif is_dataclass(value):
        for field in fields(value):
            yield from codes(getattr(value, field.name))
    elif isinstance(value, (list, tuple, set, frozenset)):
        for one in value:
            yield from codes(one)


def test_what_a_reader_is_handed_holds_no_state_of_the_case(attacked: Disputed) -> None:
    """The case is disputed by now; the reader's copy of it must not say so."""
    team, case = attacked.team, attacked.cases[0]
    opened = reading.open_case(team["reader-b"], case.case_id)
    with team["reader-b"].reading() as uow:
        rows = reading.worklist(uow, team["reader-b"].person.person_id)
        assert uow.cases.get(case.case_id).state is CaseState.DISPUTED
    assert not [c for c in codes((opened, rows)) if isinstance(c, CaseState)]


def test_before_the_reveal_nothing_of_x_and_y_is_handed_out(disputed: Disputed) -> None:
    arbitrator, dispute_id = disputed.team["arbitrator"], disputed.dispute.dispute_id
    opened = arbitrating.open_dispute(arbitrator, dispute_id)
    assert (opened.x, opened.y, opened.verdict, opened.items) == (None, None, None, ())
    assert [r.items for r in arbitrating.queue(arbitrator)] == [None]
    arbitrating.reveal(arbitrator, dispute_id)
    assert arbitrating.open_dispute(arbitrator, dispute_id).x is not None
    assert [r.items for r in arbitrating.queue(arbitrator)] == [1]


def test_the_services_ask_the_one_rule(disputed: Disputed, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a rule that hides everything nothing is handed out, whoever asks."""
    team, dispute_id = disputed.team, disputed.dispute.dispute_id
    arbitrating.open_dispute(team["arbitrator"], dispute_id)
    arbitrating.reveal(team["arbitrator"], dispute_id)

    def hidden(*_: object) -> None:
        raise RuleViolation("blinding.hidden")

    monkeypatch.setattr(workspace, "visible", lambda *_: False)
    monkeypatch.setattr(workspace, "require_visible", hidden)
    assert arbitrating.queue(team["arbitrator"]) == ()
    for act in (
        lambda: arbitrating.open_dispute(team["arbitrator"], dispute_id),
        lambda: reading.open_case(team["reader-a"], disputed.cases[0].case_id),
        lambda: overseeing.cases(team["coordinator"]),
        lambda: freezing.versions(team["coordinator"]),
        lambda: reporting.report_data(team["coordinator"]),
    ):
        with pytest.raises(RuleViolation, match="blinding.hidden"):
            act()
