"""Two stores with the same readings and rulings, other ids and coins: the same labels."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.studies import PASSPHRASE, Team, document, photo, rectangle, shipped
from workstation.domain.arbitration import Choice, Decision
from workstation.domain.errors import RuleViolation
from workstation.domain.image import Eye
from workstation.domain.marks import Mark, PointShape
from workstation.domain.reading import ReadingBody
from workstation.domain.schema import Level, Scope
from workstation.messages import sentence
from workstation.services import arbitrating, assigning, freezing, overseeing, reading, reporting
from workstation.services.opening import NewStudy
from workstation.services.protocol_check import checked_protocol

GIVEN = {"quality": "acceptable", "eye": "OD", "diagnosis": "normal", "referral": "no",
         "laser_scars": "no"}  # fmt: skip


def rules() -> dict[str, Any]:
    doc = shipped("dr_screening")
    doc["agreement"] = [i for i in doc["agreement"] if i["id"] not in ("eye", "laser_scars")]
    doc["arbitration"] = {**doc["arbitration"], "blind_read": "off"}
    return doc


@pytest.fixture
def teams(tmp_path: Path) -> Iterator[list[Team]]:
    made = [Team(tmp_path / f"{seed}.study", rules(), seed) for seed in (7, 8)]
    yield made
    for team in made:
        team.close()


def labels(team: Team, prefix: str, order: list[int]) -> tuple[list[dict[str, Any]], list[bool]]:
    """The labels of four cases whose first slot gives the left, whose second the right outline;
    the arbitrator takes the first slot's referral."""
    cases = {}
    for n in order:
        cases[n] = team.add_case(f"P{n}", [photo(image_id=f"{prefix}{n}", eye=Eye.OD)])
    team_of = {team[login].person.person_id: login for login in ("reader-a", "reader-b")}
    with team["coordinator"].reading() as uow:
        plan = assigning.plan(uow)
    assigning.assign(team["coordinator"], plan.pairs)
    coins = []
    for n, case in cases.items():
        image = f"{prefix}{n}"
        scope = Scope(Level.IMAGE, image)
        with team["coordinator"].reading() as uow:
            slots = sorted(uow.assignments.of_case(case.case_id), key=lambda a: a.slot)
        for slot, assignment in enumerate(slots):
            answers = dict(GIVEN) if slot == 0 else {**GIVEN, "eye": "OS", "referral": "yes"}
            marks = [rectangle(image, 100 + 10 * slot, 100, 60, 40, "DRUSEN")]
            if slot == n % 2:
                marks.append(Mark(f"{image}-f", image, "FOVEA", 1, PointShape(50.0, 40.0)))
            login = team_of[assignment.person_id]
            opened = reading.open_case(team[login], case.case_id)
            body = ReadingBody({scope: answers}, tuple(marks))
            reading.save_draft(team[login], opened.reading.reading_id, body)
            reading.submit(team[login], opened.reading.reading_id)
        dispute = overseeing.dispute_id(team["coordinator"], case.number)
        arbitrator = team["arbitrator"]
        arbitrating.open_dispute(arbitrator, dispute)
        arbitrating.reveal(arbitrator, dispute)
        found = arbitrating.open_dispute(arbitrator, dispute)
        coins.append(found.x_is_first)
        (item,) = [i for i in found.items if i.disputed]
        choice = Choice.ADOPT_X if item.x_value == "no" else Choice.ADOPT_Y
        decision = Decision(item.scope, choice, item.question)
        arbitrating.sign(arbitrator, dispute, [decision], "ambiguous", 3, "")
    with team["coordinator"].reading() as uow:
        content = freezing._content(uow)
        protocol = freezing.current_protocol(uow)[1]
    out = [
        freezing.case_labels(
            f"case-{n}", "subject-1", case, {case.images[0].image_id: "image-1"}, protocol.schema
        )
        for n, case in enumerate(content, 1)
    ]
    return out, coins


def test_labels_do_not_depend_on_ids_order_or_coin(teams: list[Team]) -> None:
    first, coins = labels(teams[0], "a", [0, 1, 2, 3, 4, 5])
    second, others = labels(teams[1], "b", [3, 0, 5, 1, 4, 2])
    assert len({*coins}) == 2 and len({*others}) == 2, "both sides of the coin must occur"
    assert json.dumps(first, sort_keys=True) == json.dumps(second, sort_keys=True)
    for case in first:
        reference = case["reference"]
        told = reference["provenance"]
        assert told["image:image-1/referral"] == "adopted"
        assert told["image:image-1/eye"] == "tolerated"
        assert reference["answers"]["image:image-1"]["eye"] == "OD"
        assert sorted(told[f"mark:{m['id']}"] for m in reference["marks"]) == [
            "agreed", "one_reader",
        ]  # fmt: skip


def test_notes_of_a_consensus_are_frozen_with_it(teams: list[Team]) -> None:
    team = teams[0]
    image = "n1"
    case = team.add_case("P1", [photo(image_id=image)])
    with team["coordinator"].reading() as uow:
        plan = assigning.plan(uow)
    assigning.assign(team["coordinator"], plan.pairs)
    drusen = rectangle(image, 10, 10, 9, 9, "DRUSEN")
    for login, marks in (("reader-a", ()), ("reader-b", (drusen,))):
        opened = reading.open_case(team[login], case.case_id)
        body = ReadingBody({Scope(Level.IMAGE, image): GIVEN}, marks)
        reading.save_draft(team[login], opened.reading.reading_id, body)
        reading.submit(team[login], opened.reading.reading_id)
    with team["coordinator"].reading() as uow:
        (content,) = freezing._content(uow)
        schema = freezing.current_protocol(uow)[1].schema
    found = freezing.case_labels("case-1", "subject-1", content, {image: "image-1"}, schema)
    assert found["reference"]["notes"] == {
        "merge": "mean_boundary",
        "tolerated_answers": [],
        "left_out": [{"image": "image-1", "class": "DRUSEN", "count": 1}],
    }
    printed = reporting.report_data(team["coordinator"]).references
    assert printed is not None
    assert [(r.code, r.count) for r in printed.left_out] == [("DRUSEN", 1)]
    assert [(r.code, r.count) for r in printed.provenance] == [("agreed", 5)]


def test_a_question_that_failed_to_compare_disputes_no_object() -> None:
    from tests.studies import choice, label
    from workstation.comparators.compare import compare
    from workstation.domain.protocol import protocol_from_dict

    doc = document()
    doc["questions"].append(choice("sure", "lo", "hi", kind="ordinal", required=False))
    doc["agreement"].insert(
        0,
        {"id": "sure", "kind": "ordinal_distance", "label": label("s"), "unit": "image",
         "question": "sure", "operator": "<=", "threshold": 0},
    )  # fmt: skip
    doc["agreement"][1]["kind"] = "unknown"
    protocol, image = protocol_from_dict(doc), photo(image_id="i1")
    answers = {"diagnosis": "normal", "referral": "no"}
    scope = Scope(Level.IMAGE, "i1")
    x = ReadingBody({scope: {**answers, "sure": "lo"}}, (rectangle("i1", 10, 10, 50, 50),))
    y = ReadingBody({scope: answers}, (rectangle("i1", 11, 10, 50, 50),))
    found = compare(protocol, [image], [x, y])
    items = arbitrating.dispute_items(protocol, [image], found, x, y)
    assert [(i.question, i.class_code, [str(r) for r in i.reasons]) for i in items] == [
        ("sure", "", ["one_side_only"]),
        ("", "LESION", []),
    ]


def test_a_study_has_two_readers_per_case(tmp_path: Path) -> None:
    doc = document(readers_per_case=3)
    with pytest.raises(RuleViolation) as refused:
        checked_protocol(doc)
    assert refused.value.code == "protocol.two_readers" and "3" in sentence(refused.value)
    from tests.studies import opener

    study = NewStudy(tmp_path / "x.study", "t", doc, "coordinator", "C", PASSPHRASE, 7)
    with pytest.raises(RuleViolation):
        opener().create(study)
    assert not study.folder.exists()
