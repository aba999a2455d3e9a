"""A ruled case opened again, and a taken dispute given back: what each changes and what stays."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.studies import PASSPHRASE, Team, document, photo
from workstation.bootstrap import Opener
from workstation.cli.commands import main
from workstation.domain.arbitration import Choice, Decision, DisputeState
from workstation.domain.case import Case, CaseState
from workstation.domain.errors import RuleViolation
from workstation.domain.people import Role
from workstation.domain.reading import ReadingBody
from workstation.domain.schema import Level, Scope
from workstation.services import arbitrating, assigning, enrolling, overseeing, reading, reporting
from workstation.store.slots import FLOOR_KIB

BECAUSE = "the reader was on the wrong case"


def body(image_id: str, diagnosis: str) -> ReadingBody:
    scope = Scope(Level.IMAGE, image_id)
    return ReadingBody({scope: {"diagnosis": diagnosis, "referral": "no"}})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Team, list[Case]]]:
    """Two cases the readers differ in, two arbitrators; own reads are required."""
    rules = {"blind_read": "required", "reasons": document()["arbitration"]["reasons"]}
    folder = tmp_path_factory.mktemp("again") / "again.study"
    team = Team(folder, document(arbitration=rules))
    second = enrolling.AddPerson("second", "second", frozenset({Role.ARBITRATOR}), PASSPHRASE)
    enrolling.add_person(team["coordinator"], second)
    cases = [team.add_case(f"P{n}", [photo(image_id=f"again{n}")]) for n in range(2)]
    with team["coordinator"].reading() as uow:
        plan = assigning.plan(uow)
    assigning.assign(team["coordinator"], plan.pairs)
    for login, diagnosis in (("reader-a", "normal"), ("reader-b", "other")):
        for n, case in enumerate(cases):
            opened = reading.open_case(team[login], case.case_id)
            given = body(f"again{n}", diagnosis)
            reading.save_draft(team[login], opened.reading.reading_id, given)
            reading.submit(team[login], opened.reading.reading_id)
    yield team, cases
    team.close()


def dispute_of(team: Team, case: Case) -> str:
    return overseeing.dispute_id(team["coordinator"], case.number)


def rule(team: Team, login: str, dispute_id: str, image_id: str, diagnosis: str) -> None:
    opened = arbitrating.open_dispute(team[login], dispute_id)
    reading.save_draft(team[login], opened.mine.reading_id, body(image_id, diagnosis))
    arbitrating.seal_blind_read(team[login], dispute_id)
    arbitrating.reveal(team[login], dispute_id)
    opened = arbitrating.open_dispute(team[login], dispute_id)
    decisions = [Decision(i.scope, Choice.MINE, i.question) for i in opened.items if i.disputed]
    arbitrating.sign(team[login], dispute_id, decisions, "missed", 3, "own")


def test_a_ruled_case_is_opened_again_and_ruled_anew(made: tuple[Team, list[Case]]) -> None:
    team, cases = made
    coordinator, first = team["coordinator"], dispute_of(team, cases[0])
    with pytest.raises(RuleViolation, match="arbitration.not_resolved"):
        arbitrating.reopen(coordinator, first, BECAUSE)
    rule(team, "arbitrator", first, "again0", "normal")
    for because in ("", " too  few ", " " * 30):
        with pytest.raises(RuleViolation, match="arbitration.reopen_reason"):
            arbitrating.reopen(coordinator, first, because)
    with pytest.raises(RuleViolation, match="role.needed"):
        arbitrating.reopen(team["arbitrator"], first, BECAUSE)
    arbitrating.reopen(coordinator, first, BECAUSE)
    second = dispute_of(team, cases[0])
    assert second != first
    with pytest.raises(RuleViolation, match="arbitration.not_resolved"):
        arbitrating.reopen(coordinator, first, BECAUSE)  # not twice out of one ruling
    with pytest.raises(RuleViolation, match="arbitration.blind_read_first"):
        arbitrating.reveal(team["second"], second)
    assert reporting.report_data(coordinator).rulings == ()
    rule(team, "second", second, "again0", "other")
    with coordinator.reading() as uow:
        case, reference = uow.cases.get(cases[0].case_id), uow.references.get(cases[0].case_id)
        assert case.state is CaseState.RULED and reference is not None
        assert reference.body.answer(Scope(Level.IMAGE, "again0"), "diagnosis") == "other"
        assert len(uow.rulings.all()) == 2  # history stays
        assert uow.disputes.get(second).reopened_because == BECAUSE
        assert "dispute.reopened" in [e.action for e in uow.audit.all()]
    report = reporting.report_data(coordinator)
    with coordinator.reading() as uow:
        code = uow.people.get(team["second"].person.person_id).code
    assert {(r.case, r.arbitrator) for r in report.rulings} == {(cases[0].number, code)}


def test_a_taken_dispute_is_given_back(made: tuple[Team, list[Case]]) -> None:
    team, cases = made
    coordinator, dispute_id = team["coordinator"], dispute_of(team, cases[1])
    with pytest.raises(RuleViolation, match="arbitration.not_to_release"):
        arbitrating.release(coordinator, dispute_id, BECAUSE)  # nobody has it
    opened = arbitrating.open_dispute(team["arbitrator"], dispute_id)
    reading.save_draft(team["arbitrator"], opened.mine.reading_id, body("again1", "normal"))
    with pytest.raises(RuleViolation, match="arbitration.not_yours"):
        arbitrating.open_dispute(team["second"], dispute_id)
    with pytest.raises(RuleViolation, match="arbitration.release_reason"):
        arbitrating.release(coordinator, dispute_id, "because")
    with pytest.raises(RuleViolation, match="role.needed"):
        arbitrating.release(team["second"], dispute_id, BECAUSE)
    arbitrating.release(coordinator, dispute_id, BECAUSE)
    # The window of the first is still open: sealing now would leave a sealed read of nobody's,
    # behind which any other arbitrator could look at X and Y without an own read.
    with pytest.raises(RuleViolation, match="arbitration.not_taken"):
        arbitrating.seal_blind_read(team["arbitrator"], dispute_id)
    with pytest.raises(RuleViolation, match="arbitration.blind_read_first"):
        arbitrating.reveal(team["second"], dispute_id)
    opened = arbitrating.open_dispute(team["second"], dispute_id)
    assert opened.mine.body == ReadingBody()  # nothing of the first one's
    reading.save_draft(team["second"], opened.mine.reading_id, body("again1", "normal"))
    arbitrating.seal_blind_read(team["second"], dispute_id)
    with pytest.raises(RuleViolation, match="arbitration.not_to_release"):
        arbitrating.release(coordinator, dispute_id, BECAUSE)
    with coordinator.reading() as uow:
        assert uow.disputes.get(dispute_id).state is DisputeState.BLIND_READ_SEALED
        (event,) = [e for e in uow.audit.all() if e.action == "dispute.released"]
    assert event.details["reason"] == BECAUSE and event.object == cases[1].case_id


def test_commands_name_images_by_number(
    made: tuple[Team, list[Case]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Listing, unresolved items and missing answers: F0001, never an id of the store."""
    team, cases = made
    (tmp_path / "phrase.txt").write_text(PASSPHRASE)

    def run(login: str, *words: str, json_too: bool = True) -> str:
        where = ["--store", str(team.folder), "--login", login, "--passphrase-file",
                 str(tmp_path / "phrase.txt")]  # fmt: skip
        flags = ["--json"] if json_too else []
        main(Opener(FLOOR_KIB), [*flags, *words[:2], *where, *words[2:]])
        out = capsys.readouterr()
        return out.out + out.err

    number = cases[0].number
    shown = json.loads(run("second", "arbitrate", "show", number))
    (image,) = list(shown["x"]["answers"])
    assert re.fullmatch(r"image:F\d{4}", image)
    assert {item["scope"] for item in shown["items"]} == {image}
    text = run("second", "arbitrate", "show", number, json_too=False)
    assert text.splitlines()[0].split("\t")[1] == image
    run("coordinator", "arbitrate", "reopen", number, "--because", BECAUSE)
    (tmp_path / "own.json").write_text('{"format": "reading/1", "answers": {}, "marks": []}')
    said = run("second", "arbitrate", "blind-read", number, "--from", str(tmp_path / "own.json"))
    assert f"{image} / diagnosis" in said and "again0" not in said
    run("coordinator", "arbitrate", "release", number, "--because", BECAUSE)
    assert not overseeing.disputes(team["coordinator"])[0].taken
