"""What becomes the reference where readers agree: nothing vanishes, and what differs says so."""

from __future__ import annotations

from typing import Any

import pytest

from tests.studies import document, label, photo, rectangle, shipped
from workstation.comparators.compare import compare
from workstation.comparators.consensus import consensus
from workstation.domain.agreement import ReasonType
from workstation.domain.image import Image
from workstation.domain.marks import Mark, PointShape
from workstation.domain.protocol import Protocol, protocol_from_dict
from workstation.domain.reading import ReadingBody
from workstation.domain.schema import CASE_SCOPE, Level, Scope

NORMAL = {"quality": "acceptable", "eye": "OD", "diagnosis": "normal", "referral": "no",
          "laser_scars": "no"}  # fmt: skip


@pytest.fixture
def image() -> Image:
    return photo(image_id="i1")


@pytest.fixture
def screening() -> Protocol:
    return protocol_from_dict(shipped("dr_screening"))


def body(image: Image, *marks: Mark, **answers: Any) -> ReadingBody:
    return ReadingBody({Scope(Level.IMAGE, image.image_id): {**NORMAL, **answers}}, marks)


def fovea(mark_id: str, x: float, y: float) -> Mark:
    return Mark(mark_id, "i1", "FOVEA", 1, PointShape(x, y))


def test_the_fovea_is_half_way_however_far_apart(screening: Protocol, image: Image) -> None:
    found = consensus(
        screening, [image], [body(image, fovea("a", 50, 50)), body(image, fovea("b", 90, 60))]
    )
    assert [m.shape for m in found.body.marks] == [PointShape(70, 55)]
    assert found.provenance["mark:a"] == "agreed"


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("rule", ["mean_boundary", "intersection", "union", "first"])
def test_anatomy_of_one_reader_is_kept(image: Image, side: int, rule: str) -> None:
    doc = {**shipped("dr_screening"), "consensus_merge": rule}
    disc = rectangle("i1", 10, 10, 20, 20, "DISC")
    pair = [body(image), body(image)]
    pair[side] = body(image, fovea("f", 50, 50), disc)
    found = consensus(protocol_from_dict(doc), [image], pair)
    assert {m.class_code for m in found.body.marks} == {"FOVEA", "DISC"}
    assert found.provenance["mark:f"] == found.provenance[f"mark:{disc.mark_id}"] == "one_reader"


def test_discs_that_overlap_are_merged_and_others_left_out(
    screening: Protocol, image: Image
) -> None:
    first = body(image, rectangle("i1", 10, 10, 20, 20, "DISC"))
    near, far = (body(image, rectangle("i1", x, 10, 20, 20, "DISC")) for x in (14, 200))
    assert len(consensus(screening, [image], [first, near]).body.marks) == 1
    apart = consensus(screening, [image], [first, far])
    assert apart.body.marks == ()
    assert apart.notes["left_out"] == [{"image": "i1", "class": "DISC", "count": 2}]


def test_one_outline_under_two_classes_is_a_dispute(screening: Protocol, image: Image) -> None:
    ill = {"diagnosis": "DR", "stage": "IV", "referral": "yes"}
    pair = [body(image, rectangle("i1", 10, 10, 50, 50, code), **ill) for code in ("IRMA", "NV")]
    found = compare(screening, [image], pair)
    assert [r.type for r in found.reasons] == [ReasonType.CLASS_DIFFERS]
    assert set(found.reasons[0].score.evidence["marks"]) == {
        m.mark_id for b in pair for m in b.marks
    }
    assert compare(screening, [image], [pair[0], pair[0]]).agreed


def test_a_small_lesion_of_a_class_of_its_own_is_a_dispute(
    screening: Protocol, image: Image
) -> None:
    ill = {"diagnosis": "DR", "stage": "IV", "referral": "yes"}
    big = rectangle("i1", 10, 10, 100, 100, "IRMA")
    small = rectangle("i1", 200, 200, 5, 5, "NV")
    found = compare(screening, [image], [body(image, big, **ill), body(image, big, small, **ill)])
    assert [r.type for r in found.reasons] == [ReasonType.MISSING_OBJECT]


def test_a_region_both_outlined_is_not_lost_though_its_classes_live_on(image: Image) -> None:
    doc = document(
        lesion_classes=[
            {"code": c, "label": label(c), "geometry": "area", "group": "primary",
             "color": "#00e5ff"}
            for c in "AB"
        ]
    )  # fmt: skip
    places = [rectangle("i1", x, 10, 20, 20) for x in (10, 60, 110, 160)]

    def reading(classes: str) -> ReadingBody:
        marks = [rectangle("i1", int(p.shape.x0), 10, 20, 20, c, n)  # type: ignore[union-attr]
                 for n, (p, c) in enumerate(zip(places, classes, strict=True), 1)]  # fmt: skip
        return ReadingBody({}, tuple(marks))

    found = compare(protocol_from_dict(doc), [image], [reading("AABB"), reading("ABAB")])
    assert [(r.type, r.score.value) for r in found.reasons] == [(ReasonType.CLASS_DIFFERS, 4)]


def test_what_no_rule_compares_is_tolerated_and_kept_whoever_gave_it(image: Image) -> None:
    doc = shipped("dr_screening")
    doc["agreement"] = [i for i in doc["agreement"] if i["id"] != "eye"]
    rules = protocol_from_dict(doc)
    plain, other = body(image), body(image, eye="OS")
    other = ReadingBody({**other.answers, CASE_SCOPE: {"remark": "cataract"}}, ())
    for pair, eye in (([plain, other], "OD"), ([other, plain], "OS")):
        assert compare(rules, [image], pair).agreed
        found = consensus(rules, [image], pair)
        assert found.body.answer(Scope(Level.IMAGE, "i1"), "eye") == eye
        assert found.body.answer(CASE_SCOPE, "remark") == "cataract"
        assert found.provenance["image:i1/eye"] == "tolerated"
        assert found.provenance["case/remark"] == "one_reader"
        assert found.provenance["image:i1/diagnosis"] == "agreed"
        assert found.notes["tolerated_answers"] == ["image:i1/eye", "case/remark"]


def test_the_eye_and_why_it_is_unacceptable_are_compared(screening: Protocol, image: Image) -> None:
    found = compare(screening, [image], [body(image), body(image, eye="OS")])
    assert [(r.item_id, r.type) for r in found.reasons] == [("eye", ReasonType.CATEGORY)]
    poor = [
        ReadingBody({Scope(Level.IMAGE, "i1"): {"quality": "unacceptable", "quality_reason": why}})
        for why in ("stain", "exposure")
    ]
    found = compare(screening, [image], poor)
    assert [r.item_id for r in found.reasons] == ["quality_reason"]


@pytest.mark.parametrize(("kind", "value"), [("ordinal", "lo"), ("number", 3)])
def test_an_answer_on_one_side_is_called_so(image: Image, kind: str, value: Any) -> None:
    question: dict[str, Any] = {"code": "q", "level": "image", "kind": kind, "label": label("q"),
                                "required": False}  # fmt: skip
    if kind == "ordinal":
        question["options"] = [{"code": o, "label": label(o)} for o in ("lo", "hi")]
    doc = document()
    doc["questions"] = [*doc["questions"], question]
    doc["agreement"] = [
        {"id": "q", "kind": f"{kind}_distance", "label": label("q"), "unit": "image",
         "question": "q", "operator": "<=", "threshold": 1}
    ]  # fmt: skip
    scope = Scope(Level.IMAGE, "i1")
    found = compare(
        protocol_from_dict(doc), [image], [ReadingBody({scope: {"q": value}}), ReadingBody()]
    )
    assert [r.type for r in found.reasons] == [ReasonType.ONE_SIDE_ONLY]


def test_readings_from_files_may_use_the_same_mark_ids(image: Image) -> None:
    rules = protocol_from_dict(document(consensus_merge="union"))
    same = [
        ReadingBody({}, (Mark("m1", "i1", "LESION", 1, rectangle("i1", x, 10, 9, 9).shape),))
        for x in (10, 100)
    ]
    assert len({m.mark_id for m in consensus(rules, [image], same).body.marks}) == 2
