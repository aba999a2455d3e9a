"""Comparators: contracts all must keep, and the thresholds of the standards."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from tests.studies import document, label, photo, protocol, rectangle
from workstation.comparators import registry
from workstation.comparators.compare import compare
from workstation.comparators.consensus import consensus, mean_boundary
from workstation.comparators.objects import object_groups
from workstation.domain.agreement import BOTH_EMPTY, ReasonType
from workstation.domain.marks import Mark, PointShape
from workstation.domain.masks import Mask
from workstation.domain.protocol import protocol_from_dict
from workstation.domain.reading import ReadingBody
from workstation.domain.schema import Level, Scope

SAME = {"diagnosis": "DR", "stage": "II", "referral": "no"}


def body(image, *marks, **answers) -> ReadingBody:
    return ReadingBody({Scope(Level.IMAGE, image.image_id): answers or SAME}, tuple(marks))


@pytest.mark.parametrize("kind", sorted(registry.comparators()))
def test_every_comparator_names_its_source(kind: str) -> None:
    comparator = registry.comparators()[kind]
    assert comparator.source and comparator.scores.__doc__


@pytest.mark.parametrize(
    ("shift", "width", "value", "agreed"),
    [
        (10, 100, Fraction(9, 11), True),
        (12, 100, Fraction(11, 14), False),
        (10, 90, Fraction(4, 5), False),  # exactly 0.8000 is not above 0.80 (B.3.4)
    ],
)
def test_overall_iou_is_decided_exactly(shift, width, value, agreed) -> None:
    image = photo()
    first = body(image, rectangle(image.image_id, 100, 100, width, 100))
    second = body(image, rectangle(image.image_id, 100 + shift, 100, width, 100))
    found = compare(protocol(), [image], [first, second])
    assert found.agreed is agreed
    assert next(s.value for s in found.scores if s.item_id == "lesion_iou") == value


def test_at_least_accepts_what_above_refuses() -> None:
    doc = document()
    doc["agreement"][3]["operator"] = ">="
    image = photo()
    pair = [body(image, rectangle(image.image_id, x, 100, 90, 100)) for x in (100, 110)]
    assert compare(protocol_from_dict(doc), [image], pair).agreed
    assert not compare(protocol(), [image], pair).agreed


def test_both_empty_agree_and_one_empty_is_nought() -> None:
    image = photo()
    empty, full = body(image), body(image, rectangle(image.image_id, 1, 1, 5, 5))
    score = compare(protocol(), [image], [empty, empty]).scores[-1]
    assert (score.value, score.undefined) == (None, BOTH_EMPTY)
    found = compare(protocol(), [image], [empty, full])
    iou = next(s for s in found.scores if s.item_id == "lesion_iou")
    assert not found.agreed and iou.value == 0


def test_the_leading_reason_is_the_first_item_of_the_protocol() -> None:
    image = photo()
    first = body(image, diagnosis="normal", referral="no")
    found = compare(protocol(), [image], [first, body(image)])
    leading = found.leading(Scope(Level.IMAGE, image.image_id))
    assert leading is not None and leading.item_id == "diagnosis"
    assert [r.item_id for r in found.reasons] == ["diagnosis", "stage"]


@pytest.mark.expects_log
def test_a_failing_comparator_goes_to_the_arbitrator(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(item, regions):
        raise RuntimeError("secret answer")

    table = dict(registry.comparators())
    table["lesion_iou"] = registry.Comparator("lesion_iou", broken, "x")
    monkeypatch.setattr("workstation.comparators.compare.comparators", lambda: table)
    image = photo()
    found = compare(protocol(), [image], [body(image), body(image)])
    assert [r.type for r in found.reasons] == [ReasonType.COMPARATOR_FAILED]


def test_a_rule_of_an_unknown_kind_is_no_agreement() -> None:
    doc = document()
    doc["agreement"][0]["kind"] = "telepathy"
    image = photo()
    found = compare(protocol_from_dict(doc), [image], [body(image), body(image)])
    assert [r.type for r in found.reasons] == [ReasonType.COMPARATOR_FAILED]


def objects_protocol(**item):
    doc = document()
    rule = {"id": "objects", "kind": "objects", "label": label("o"), "unit": "image",
            "classes": ["LESION"], "operator": "<=", "threshold": 0, **item}  # fmt: skip
    doc["agreement"] = [rule]
    return protocol_from_dict(doc)


def test_missing_and_split_objects_are_told_apart() -> None:
    image = photo()
    one = body(image, rectangle(image.image_id, 10, 10, 40, 20))
    two = body(image, rectangle(image.image_id, 10, 10, 18, 20),
               rectangle(image.image_id, 32, 10, 18, 20, number=2))  # fmt: skip
    far = body(image, rectangle(image.image_id, 200, 200, 20, 20))
    rules = objects_protocol(matching_iou="0.2")
    split = compare(rules, [image], [one, two]).reasons[0]
    assert (split.type, split.score.value) == (ReasonType.SPLIT_MERGE, 1)
    missing = compare(rules, [image], [one, far]).reasons[0]
    assert (missing.type, missing.score.value) == (ReasonType.MISSING_OBJECT, 2)
    groups = object_groups(rules, image, one, two)
    assert [(len(g.x_marks), len(g.y_marks)) for g in groups] == [(1, 2)]


def test_points_match_within_their_distance_exactly() -> None:
    doc = document()
    doc["lesion_classes"][0]["geometry"] = "point"
    doc["agreement"] = [
        {"id": "o", "kind": "objects", "label": label("o"), "unit": "image", "classes": ["LESION"],
         "operator": "<=", "threshold": 0, "matching_distance_px": 5}
    ]  # fmt: skip
    rules, image = protocol_from_dict(doc), photo()

    def at(x: float, y: float) -> ReadingBody:
        return body(image, Mark("m", image.image_id, "LESION", 1, PointShape(x, y)))

    assert compare(rules, [image], [at(10, 10), at(13, 14)]).agreed
    assert not compare(rules, [image], [at(10, 10), at(13, 14.001)]).agreed


def test_two_readings_are_needed() -> None:
    image = photo()
    with pytest.raises(ValueError):
        compare(protocol(), [image], [body(image)])


@pytest.mark.parametrize(
    ("rule", "left", "width"),
    [("intersection", 110, 90), ("union", 100, 110), ("first", 100, 100)],
)
def test_merge_rules(rule: str, left: int, width: int) -> None:
    image = photo()
    pair = [body(image, rectangle(image.image_id, x, 50, 100, 100)) for x in (100, 110)]
    found = consensus(protocol(consensus_merge=rule), [image], pair)
    from workstation.domain.marks import mark_planes

    box = mark_planes(found.body.marks[0], image.rows, image.cols)[0].box
    assert (box.col0, box.cols, box.rows) == (left, width, 100)


def test_the_mean_boundary_lies_half_way() -> None:
    a = np.zeros((60, 80), bool)
    b = a.copy()
    a[10:50, 10:50] = True
    b[10:50, 20:60] = True
    merged = mean_boundary({0: Mask.from_array(a)}, {0: Mask.from_array(b)}, 1, 60, 80)
    row = merged[0].to_array()[30]
    assert np.flatnonzero(row).tolist() == list(range(15, 55))
    same = mean_boundary({3: Mask.from_array(a)}, {3: Mask.from_array(a)}, 1, 60, 80)
    assert same[3] == Mask.from_array(a)


def test_what_only_one_reader_drew_is_listed_not_kept() -> None:
    image = photo()
    extra = rectangle(image.image_id, 200, 200, 3, 3, number=2)
    first = body(image, rectangle(image.image_id, 100, 50, 100, 100), extra)
    second = body(image, rectangle(image.image_id, 100, 50, 100, 100))
    found = consensus(protocol(), [image], [first, second])
    assert len(found.body.marks) == 1
    assert found.notes["not_in_consensus"] == [extra.mark_id]
