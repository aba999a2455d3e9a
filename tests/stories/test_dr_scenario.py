"""Acceptance scenario C1 through services and the real store: 100 images of 50 patients."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from tests.studies import Team, document, photo, rectangle
from workstation.domain.arbitration import Choice, Decision
from workstation.domain.case import CaseState
from workstation.domain.image import Eye, Image
from workstation.domain.marks import Mark
from workstation.domain.reading import ReadingBody
from workstation.domain.schema import Level, Scope
from workstation.services import arbitrating, assigning, reading, reporting

LEADING = {"diagnosis": "diagnosis", "stage": "stage", "lesion IoU": "lesion_iou"}


@pytest.fixture(scope="module")
def rows(samples: Path) -> list[dict[str, str]]:
    with (samples / "fixtures" / "dr_scenario.csv").open(encoding="utf-8-sig") as data:
        return list(csv.DictReader(data))


def answers(label: str) -> dict[str, str]:
    if label in ("normal", "other"):
        return {"diagnosis": label, "referral": "no"}
    return {
        "diagnosis": "DR",
        "stage": label,
        "referral": "yes" if label in ("III", "IV", "V", "VI") else "no",
    }


def contour(row: dict[str, str], image: Image, reader: int) -> tuple[Mark, ...]:
    """Step 13: squares shifted so that the IoU is the one listed."""
    label = row["R1_label"] if reader == 1 else row["R2_label"]
    if label in ("normal", "other"):
        return ()
    width = 90 if row["image_id"] == "F0017" else 100
    shift = 0 if reader == 1 else 12 if row["R1R2_overall_IoU"] == "0.7857" else 10
    return (rectangle(image.image_id, 100 + shift, 100, width, 100),)


@pytest.fixture(scope="module")
def played(rows: list[dict[str, str]], tmp_path_factory: pytest.TempPathFactory):
    team = Team(tmp_path_factory.mktemp("c1") / "c1.study", document())
    cases: dict[str, Any] = {}
    images: dict[str, Image] = {}
    for patient in dict.fromkeys(r["patient"] for r in rows):
        mine = [r for r in rows if r["patient"] == patient]
        made = [photo(eye=Eye(r["eye"]), field=r["field"], image_id=r["image_id"]) for r in mine]
        cases[patient] = team.add_case(patient, made)
        images.update({i.image_id: i for i in made})
    with team["coordinator"].reading() as uow:
        plan = assigning.plan(uow)
    assigning.assign(team["coordinator"], plan.pairs)
    for reader, login in ((1, "reader-a"), (2, "reader-b")):
        workspace = team[login]
        for patient, case in cases.items():
            mine = [r for r in rows if r["patient"] == patient]
            given = {
                Scope(Level.IMAGE, r["image_id"]): answers(r[f"R{reader}_label"]) for r in mine
            }
            marks = tuple(m for r in mine for m in contour(r, images[r["image_id"]], reader))
            opened = reading.open_case(workspace, case.case_id)
            reading.save_draft(workspace, opened.reading.reading_id, ReadingBody(given, marks))
            reading.submit(workspace, opened.reading.reading_id)
    yield team, cases, images
    team.close()


def test_the_very_images_listed_are_disputed(played, rows) -> None:
    team, _, _ = played
    with team["coordinator"].reading() as uow:
        verdicts = [c.verdict for c in uow.comparisons.all_latest()]
        states = [c.state for c in uow.cases.all()]
    found = {u.key: v.leading(u).item_id for v in verdicts for u in v.disputed_units}
    wanted = {
        r["image_id"]: LEADING[r["dispute_reason"].split("+")[0]]
        for r in rows
        if r["expected_state"] == "disputed"
    }
    assert found == wanted and len(found) == 12 and "F0017" in found
    assert states.count(CaseState.DISPUTED) == 9
    assert states.count(CaseState.AGREED) == 41


def test_kappa_is_that_of_the_scenario(played) -> None:
    team, _, _ = played
    data = reporting.report_data(team["coordinator"])
    found = {a.question: round(a.kappa.asymptotic.value, 4) for a in data.agreement}
    assert found == {"diagnosis": 0.9457, "stage": 0.8854, "referral": 0.8649}
    image_flow = next(f for f in data.flows if f.unit == "image")
    assert (image_flow.agreed, image_flow.disputed, image_flow.imported) == (88, 12, 100)


def test_a_reader_sees_three_states_and_nothing_of_the_other(played) -> None:
    team, cases, _ = played
    with team["reader-a"].reading() as a, team["reader-b"].reading() as b:
        first = reading.worklist(a, team["reader-a"].person.person_id)
        second = reading.worklist(b, team["reader-b"].person.person_id)
    assert {str(r.state) for r in first} == {"submitted"}
    assert [r.case_id for r in first] != [r.case_id for r in second]
    assert {r.case_id for r in first} == {r.case_id for r in second}


def test_the_arbitrator_settles_all_and_the_references_are_those_listed(played, rows) -> None:
    """Step 13: contours half-way for the four IoU disputes, else the first reader's."""
    team, cases, images = played
    workspace = team["arbitrator"]
    by_image = {r["image_id"]: r for r in rows}
    for row in arbitrating.queue(workspace):
        arbitrating.open_dispute(workspace, row.dispute_id)
        arbitrating.reveal(workspace, row.dispute_id)
        opened = arbitrating.open_dispute(workspace, row.dispute_id)
        own, marks = {}, []
        for image in opened.images:
            listed = by_image[image.image_id]
            own[Scope(Level.IMAGE, image.image_id)] = answers(listed["reference_label"])
            if listed["dispute_reason"] == "lesion IoU":
                first = contour(listed, image, 1)[0].shape
                second = contour(listed, image, 2)[0].shape
                left = int((first.x0 + second.x0) // 2)
                marks.append(
                    rectangle(image.image_id, left, 100, int(first.x1 - first.x0) + 1, 100)
                )
            elif listed["expected_state"] == "disputed":
                marks += contour(listed, image, 1) if listed["image_id"] != "F0001" else ()
        reading.save_draft(workspace, opened.mine.reading_id, ReadingBody(own, tuple(marks)))
        opened = arbitrating.open_dispute(workspace, row.dispute_id)
        decisions = []
        for item in opened.items:
            redrawn = item.class_code and by_image[item.scope.key]["expected_state"] == "disputed"
            if not item.disputed and not redrawn:
                continue
            choice = Choice.MINE
            if item.question and item.mine_value is None:
                continue  # a stage the ruling does not ask for
            if not item.question and not item.mine_marks:
                choice = Choice.NOTHING
            decisions.append(
                Decision(item.scope, choice, item.question, item.class_code, item.x_marks,
                         item.y_marks, item.mine_marks)
            )  # fmt: skip
        arbitrating.sign(workspace, row.dispute_id, decisions, "missed", 3, "as listed")
    with workspace.reading() as uow:
        references = uow.references.all()
        assert {c.state for c in uow.cases.all()} == {CaseState.AGREED, CaseState.RULED}
    labels = {}
    for reference in references:
        for scope, given in reference.body.answers.items():
            labels[scope.key] = given.get("stage", given["diagnosis"])
            assert given["referral"] == (
                "yes" if by_image[scope.key]["reference_referral"] == "1" else "no"
            )
    assert labels == {r["image_id"]: r["reference_label"] for r in rows}


def test_reader_accuracy_is_that_of_the_scenario(played) -> None:
    """Step 14, after the rulings of the test above."""
    team, _, _ = played
    data = reporting.report_data(team["coordinator"])
    found = {(e.reader, e.label.en, e.scope): e.result for e in data.reader_accuracy}
    diagnosis = [found[r, "diagnosis", "all"].correct for r in ("R1", "R2")]
    assert sorted(diagnosis) == [97, 100]
    stage = [found[r, "stage", "all"].correct for r in ("R1", "R2")]
    assert sorted(stage) == [95, 97]
    means = sorted(
        (round(e.value, 3), e.n)
        for (_, name, scope), e in found.items()
        if name.startswith("Mean IoU") and scope == "all"
    )
    assert means == [(0.83, 45), (0.915, 44)]
