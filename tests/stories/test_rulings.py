"""What a ruling may and must say, and what follows from it in the reference and the report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.studies import (
    Team,
    choice,
    document,
    label,
    photo,
    protocol,
    rectangle,
    shipped,
)
from workstation.domain.agreement import Reason, ReasonType, Score, Verdict
from workstation.domain.arbitration import Choice, Decision
from workstation.domain.case import Case, CaseState
from workstation.domain.errors import RuleViolation
from workstation.domain.estimate import Accuracy
from workstation.domain.events import Changes, Topic
from workstation.domain.image import Eye
from workstation.domain.marks import BoxShape, Mark, PointShape
from workstation.domain.reading import ReadingBody
from workstation.domain.schema import Level, Scope
from workstation.messages import sentence
from workstation.services import arbitrating, assigning, overseeing, reading, reporting
from workstation.services.arbitrating import DisputeItem, OpenDispute

NORMAL = {"diagnosis": "normal", "referral": "no"}


def dr(stage: str, referral: str = "no") -> dict[str, str]:
    return {"diagnosis": "DR", "stage": stage, "referral": referral}


def on(image_id: str) -> Scope:
    return Scope(Level.IMAGE, image_id)


def mark(mark_id: str, image_id: str, left: int, code: str = "LESION", **attributes: Any) -> Mark:
    box = BoxShape(float(left), 10.0, float(left + 49), 59.0)
    return Mark(mark_id, image_id, code, 1, box, attributes)


Make = Callable[..., Team]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    teams: list[Team] = []

    def one(wanted: dict[str, Any] | None = None) -> Team:
        teams.append(Team(tmp_path / f"{len(teams)}.study", wanted or document()))
        return teams[-1]

    yield one
    for team in teams:
        team.close()


def read(team: Team, login: str, case: Case, body: ReadingBody) -> Changes:
    with team["coordinator"].reading() as uow:
        assigned = uow.cases.get(case.case_id).state is CaseState.ASSIGNED
        pairs = () if assigned else assigning.plan(uow).pairs
    if pairs:
        assigning.assign(team["coordinator"], pairs)
    opened = reading.open_case(team[login], case.case_id)
    reading.save_draft(team[login], opened.reading.reading_id, body)
    return reading.submit(team[login], opened.reading.reading_id)


def disputed(team: Team, case: Case, a: ReadingBody, b: ReadingBody) -> OpenDispute:
    read(team, "reader-a", case, a)
    read(team, "reader-b", case, b)
    return opened_of(team, case)


def opened_of(team: Team, case: Case) -> OpenDispute:
    dispute_id = overseeing.dispute_id(team["coordinator"], case.number)
    arbitrating.open_dispute(team["arbitrator"], dispute_id)
    arbitrating.reveal(team["arbitrator"], dispute_id)
    return arbitrating.open_dispute(team["arbitrator"], dispute_id)


def decided(item: DisputeItem, wanted: Choice) -> Decision:
    own = item.mine_marks if wanted is Choice.MINE else ()
    return Decision(
        item.scope, wanted, item.question, item.class_code, item.x_marks, item.y_marks, own
    )


def sign(team: Team, opened: OpenDispute, wanted: Choice | list[Decision]) -> None:
    if isinstance(wanted, Choice):
        wanted = [decided(i, wanted) for i in opened.items if i.disputed]
    dispute_id = opened.dispute.dispute_id
    arbitrating.sign(team["arbitrator"], dispute_id, wanted, "missed", 3, "because")


def refused(team: Team, opened: OpenDispute, wanted: Choice | list[Decision]) -> str:
    with pytest.raises(RuleViolation) as caught:
        sign(team, opened, wanted)
    return sentence(caught.value)


def reference(team: Team, case: Case) -> Any:
    with team["coordinator"].reading() as uow:
        return uow.references.get(case.case_id)


def accuracy(team: Team, scope: str) -> dict[tuple[str, str], Any]:
    data = reporting.report_data(team["coordinator"])
    return {(e.reader, e.label.en): e for e in data.reader_accuracy if e.scope == scope}


def test_accuracy_on_disputed_items_leaves_agreed_images_of_a_ruled_case_out(make: Make) -> None:
    team = make()
    case = team.add_case("P1", [photo(image_id=f"i{n}", field=str(n)) for n in (1, 2, 3)])
    same = {on(i): dr("II") for i in ("i2", "i3")}
    marks = tuple(rectangle(i, 10, 10, 40, 40) for i in ("i2", "i3"))
    opened = disputed(
        team,
        case,
        ReadingBody({on("i1"): NORMAL, **same}, marks),
        ReadingBody({on("i1"): dr("I"), **same}, marks),
    )
    sign(team, opened, Choice.ADOPT_X)
    every, narrow = accuracy(team, "all"), accuracy(team, "disputed")
    assert {every[r, "diagnosis"].result.n for r in ("R1", "R2")} == {3}
    assert {narrow[r, "diagnosis"].result.n for r in ("R1", "R2")} == {1}
    assert sorted(narrow[r, "diagnosis"].result.correct for r in ("R1", "R2")) == [0, 1]
    regions = narrow["R1", "Mean IoU of the overall lesion area"].result
    assert (regions.reason_code, regions.params["n"]) == ("both_empty", 1)


def test_an_undecidable_object_is_said_and_its_class_leaves_the_accuracy(make: Make) -> None:
    team = make()
    case = team.add_case("P1", [photo(image_id="i1"), photo(image_id="i2", field="2")])
    answers = {on("i1"): dr("II"), on("i2"): dr("II")}
    equal = mark("e", "i2", 10)
    opened = disputed(
        team,
        case,
        ReadingBody(answers, (mark("a", "i1", 10), equal)),
        ReadingBody(answers, (mark("b", "i1", 200), equal)),
    )
    sign(team, opened, Choice.UNDECIDABLE)
    provenance = reference(team, case).provenance
    assert provenance["image:i1/object:LESION:1"] == "undecidable"
    assert provenance["image:i1/object:LESION:2"] == "undecidable"
    data = reporting.report_data(team["coordinator"])
    flow = next(f for f in data.flows if f.unit == "image")
    assert (flow.ruled, flow.irreducible, flow.agreed) == (0, 1, 1)
    entry = accuracy(team, "all")["R1", "Mean IoU of the overall lesion area"]
    assert (entry.result.value, entry.result.n) == (1.0, 1)
    assert [(r.code, r.count) for r in entry.undecidable] == [("LESION", 1)]


def test_an_undecidable_answer_is_nobodys_error(make: Make) -> None:
    team = make()
    case = team.add_case("P1", [photo(image_id="i1"), photo(image_id="i2", field="2")])
    opened = disputed(
        team,
        case,
        ReadingBody({on("i1"): dr("II"), on("i2"): NORMAL}),
        ReadingBody({on("i1"): dr("III"), on("i2"): NORMAL}),
    )
    sign(team, opened, Choice.UNDECIDABLE)
    for reader in ("R1", "R2"):
        entry = accuracy(team, "all")[reader, "stage"]
        assert isinstance(entry.result, Accuracy)
        assert (entry.result.correct, entry.result.n) == (1, 1)
        assert [(r.code, r.count) for r in entry.undecidable] == [("stage", 1)]
        assert accuracy(team, "disputed")[reader, "stage"].result.reason_code == "no_observations"


def test_an_undecidable_question_of_an_eye_counts_in_the_flow(make: Make) -> None:
    wanted = document()
    wanted["questions"].append(choice("side", "a", "b", level="eye"))
    wanted["agreement"].append(
        {"id": "side", "kind": "answer_equal", "label": label("side"), "unit": "eye",
         "question": "side", "operator": ">=", "threshold": 1}
    )  # fmt: skip
    team = make(wanted)
    case = team.add_case("P1", [photo(image_id="i1")])
    eye = Scope(Level.EYE, str(Eye.OD))
    opened = disputed(
        team,
        case,
        ReadingBody({on("i1"): NORMAL, eye: {"side": "a"}}),
        ReadingBody({on("i1"): NORMAL, eye: {"side": "b"}}),
    )
    sign(team, opened, Choice.UNDECIDABLE)
    data = reporting.report_data(team["coordinator"])
    assert [(f.ruled, f.irreducible) for f in data.flows] == [(0, 1), (0, 1)]


def test_nothing_is_signed_with_a_disputed_item_left_as_agreed(make: Make) -> None:
    team = make()
    case = team.add_case("P1", [photo(image_id="i1")])
    opened = disputed(team, case, ReadingBody({on("i1"): NORMAL}), ReadingBody({on("i1"): dr("I")}))
    assert "image:F" in refused(team, opened, [])
    assert "“agreed”" in refused(team, opened, Choice.AGREED)
    assert "“union”" in refused(team, opened, Choice.UNION)
    assert "of your own" in refused(team, opened, Choice.MINE)
    stranger = Decision(on("i1"), Choice.NOTHING, class_code="LESION", x_marks=("no such",))
    assert "fits no item" in refused(team, opened, [stranger])


@pytest.mark.parametrize(
    ("rule", "marks", "wanted"),
    [
        ("diagnosis", (), ("diagnosis", 0)),
        ("lesion_iou", (), ("LESION", 0)),
        ("lesion_iou", (rectangle("i1", 10, 10, 9, 9),), ("LESION", 2)),
    ],
)
def test_every_disputed_unit_has_something_to_decide(
    rule: str, marks: tuple[Mark, ...], wanted: tuple[str, int]
) -> None:
    """A comparator that fails on equal readings is a dispute, and the dispute has an item."""
    why = ReasonType.COMPARATOR_FAILED
    score = Score(rule, on("i1"), why, None, "comparator_failed", ("i1",))
    verdict = Verdict((on("i1"),), (Reason(rule, why, on("i1"), score),), (score,))
    body = ReadingBody({on("i1"): NORMAL}, marks)
    image = photo(image_id="i1")
    (item,) = arbitrating.dispute_items(protocol(), [image], verdict, body, body)
    assert item.disputed
    assert (item.question or item.class_code, len(item.x_marks + item.y_marks)) == wanted
    assert Choice.UNDECIDABLE in arbitrating.allowed(item)


def test_marks_of_two_readers_with_one_id_both_stand(make: Make) -> None:
    team = make()
    case = team.add_case("P1", [photo(image_id="i1")])
    opened = disputed(
        team,
        case,
        ReadingBody({on("i1"): NORMAL}, (mark("m1", "i1", 10),)),
        ReadingBody({on("i1"): NORMAL}, (mark("m1", "i1", 200),)),
    )
    items = [i for i in opened.items if i.disputed]
    assert len({i.key for i in items}) == 2
    sign(
        team,
        opened,
        [decided(i, Choice.ADOPT_X if i.x_marks else Choice.ADOPT_Y) for i in items],
    )
    found = reference(team, case)
    assert sorted(m.shape.x0 for m in found.body.marks) == [10.0, 200.0]
    sources = sorted(v for k, v in found.provenance.items() if k.startswith("mark:"))
    assert sources == ["adopted_x", "adopted_y"]


def test_submitting_second_tells_a_reader_no_more_than_submitting_first(make: Make) -> None:
    team = make()
    case = team.add_case("P1", [photo(image_id="i1")])
    first = read(team, "reader-a", case, ReadingBody({on("i1"): NORMAL}))
    second = read(team, "reader-b", case, ReadingBody({on("i1"): dr("I")}))
    assert first == second and second.topics == {Topic.READINGS, Topic.ASSIGNMENTS}
    assert opened_of(team, case).items


def typed() -> dict[str, Any]:
    wanted = document()
    wanted["lesion_classes"][0] |= {
        "attributes": [choice("type", "solid", "other")],
        "required_when": {"diagnosis": ["DR"]},
    }
    return wanted


def test_two_outlines_are_not_combined_while_their_attributes_differ(make: Make) -> None:
    team = make(typed())
    case = team.add_case("P1", [photo(image_id="i1")])
    opened = disputed(
        team,
        case,
        ReadingBody({on("i1"): NORMAL}, (mark("a", "i1", 10, type="solid"),)),
        ReadingBody({on("i1"): NORMAL}, (mark("b", "i1", 40, type="other"),)),
    )
    item = next(i for i in opened.items if i.disputed)
    assert item.differing == ("type",)
    assert not {Choice.UNION, Choice.INTERSECTION} & {*arbitrating.allowed(item)}
    assert "differ in type" in refused(team, opened, Choice.UNION)
    sign(team, opened, Choice.ADOPT_X)


def test_a_ruling_may_not_contradict_itself(make: Make) -> None:
    """DR demands a lesion: none at all is no answer to it, undecidable is."""
    team = make(typed())
    cases = [team.add_case(f"P{n}", [photo(image_id=f"i{n}")]) for n in (1, 2)]
    for n, case in enumerate(cases, 1):
        image = f"i{n}"
        opened = disputed(
            team,
            case,
            ReadingBody({on(image): dr("II")}, (mark("a", image, 10, type="solid"),)),
            ReadingBody({on(image): dr("II")}, (mark("b", image, 200, type="solid"),)),
        )
        if n == 1:
            assert "LESION / lesion" in refused(team, opened, Choice.NOTHING)
        sign(team, opened, Choice.UNDECIDABLE)


def quality() -> dict[str, Any]:
    wanted = document()
    asked = [q | {"when": {"quality": ["good"]} | (q.get("when") or {})} for q in
             wanted["questions"]]  # fmt: skip
    wanted["questions"] = [choice("quality", "good", "bad"), *asked]
    wanted["agreement"].insert(
        0,
        {"id": "quality", "kind": "not_evaluable", "label": label("quality"), "unit": "image",
         "question": "quality", "values": ["bad"], "operator": ">=", "threshold": 1},
    )  # fmt: skip
    return wanted


def test_nothing_stays_marked_on_an_image_ruled_not_evaluable(make: Make) -> None:
    team = make(quality())
    case = team.add_case("P1", [photo(image_id="i1")])
    drawn = mark("a", "i1", 10)
    opened = disputed(
        team,
        case,
        ReadingBody({on("i1"): {"quality": "good"} | NORMAL}, (drawn,)),
        ReadingBody({on("i1"): {"quality": "bad"}}),
    )
    bad = [
        decided(i, Choice.ADOPT_X if i.x_value == "bad" else Choice.ADOPT_Y)
        if i.question == "quality"
        else decided(i, Choice.ADOPT_X if i.x_marks else Choice.ADOPT_Y)
        for i in opened.items
        if i.question == "quality" or i.class_code
    ]
    sign(team, opened, bad)
    found = reference(team, case)
    assert not found.body.marks
    assert len(found.notes["not_evaluable"]) == 1


def test_a_reading_with_marks_on_an_image_it_calls_not_evaluable_is_refused(make: Make) -> None:
    team = make(quality())
    case = team.add_case("P1", [photo(image_id="i1")])
    body = ReadingBody({on("i1"): {"quality": "bad"}}, (mark("a", "i1", 10),))
    with pytest.raises(RuleViolation) as caught:
        read(team, "reader-a", case, body)
    assert "LESION-1" in sentence(caught.value)


def fovea(mark_id: str, x: float, n: int = 1) -> Mark:
    return Mark(mark_id, "i1", "FOVEA", n, PointShape(x, 100.0))


SEEN = {
    "quality": "acceptable", "eye": "OD", "diagnosis": "normal", "referral": "no",
    "laser_scars": "no",
}  # fmt: skip


def screening() -> dict[str, Any]:
    wanted = shipped("dr_screening")
    return {**wanted, "arbitration": {**wanted["arbitration"], "blind_read": "off"}}


def nearest_class() -> str:
    return next(
        str(c["code"])
        for c in screening()["lesion_classes"]
        if c.get("completeness") == "nearest" and c["geometry"] == "area"
    )


def test_a_reading_with_two_foveas_is_refused(make: Make) -> None:
    team = make(screening())
    case = team.add_case("P1", [photo(image_id="i1")])
    with pytest.raises(RuleViolation) as caught:
        read(team, "reader-a", case, ReadingBody({on("i1"): SEEN}, (fovea("f", 50.0),
             fovea("g", 90.0, 2))))  # fmt: skip
    assert "FOVEA-1, FOVEA-2" in sentence(caught.value)


def test_the_fovea_is_an_item_where_it_decides_which_lesion_is_nearest(make: Make) -> None:
    team = make(screening())
    case = team.add_case("P1", [photo(image_id="i1")])
    code = nearest_class()
    marks = (mark("a", "i1", 10, code), Mark("b", "i1", code, 2, BoxShape(200, 10, 249, 59)))
    opened = disputed(
        team,
        case,
        ReadingBody({on("i1"): SEEN}, (*marks, fovea("f", 20.0))),
        ReadingBody({on("i1"): SEEN}, (*marks, fovea("g", 230.0))),
    )
    items = [i for i in opened.items if i.disputed]
    assert [(i.class_code, len(i.x_marks), len(i.y_marks)) for i in items] == [("FOVEA", 1, 1)]
    sign(team, opened, Choice.ADOPT_Y)
    assert len(reference(team, case).body.marks) == 3
