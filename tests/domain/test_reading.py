"""Readings: JSON round trip, what is missing, what is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.studies import document, photo, protocol, rectangle, shipped
from workstation.domain.errors import InvalidValue
from workstation.domain.marks import BoxShape, Mark, PaintedShape, PointShape, PolygonShape
from workstation.domain.masks import Mask
from workstation.domain.protocol import protocol_from_dict
from workstation.domain.reading import (
    ReadingBody,
    body_from_json,
    body_to_json,
    case_scopes,
    checked_body,
    missing_in,
)
from workstation.domain.schema import CASE_SCOPE, Level, Scope

finite = st.floats(-1e4, 1e4, allow_nan=False)
points = st.builds(PointShape, finite, finite, st.integers(0, 40))
polygons = st.builds(
    PolygonShape,
    st.lists(st.tuples(finite, finite), min_size=3, max_size=7).map(tuple),
    st.integers(0, 40),
)
boxes = st.tuples(finite, finite, st.floats(0, 50), st.floats(0, 50)).map(
    lambda v: BoxShape(v[0], v[1], v[0] + v[2], v[1] + v[3])
)
painted = st.lists(st.integers(0, 199), min_size=1, max_size=20, unique=True).map(
    lambda flat: PaintedShape(
        {
            3: Mask.from_runs(10, 20, []).union(
                Mask.from_array(__import__("numpy").isin(range(200), flat).reshape(10, 20))
            )
        }
    )
)
marks = st.lists(st.one_of(points, polygons, boxes, painted), max_size=5).map(
    lambda shapes: tuple(
        Mark(f"m{n}", "i1", "LESION", n + 1, shape, {"type": "solid"}, "note")
        for n, shape in enumerate(shapes)
    )
)
answers = st.dictionaries(
    st.sampled_from([CASE_SCOPE, Scope(Level.IMAGE, "i1"), Scope(Level.EYE, "OD")]),
    st.dictionaries(
        st.sampled_from(["a", "b", "c"]),
        st.one_of(
            st.text(max_size=5),
            st.integers(-9, 9),
            finite,
            st.lists(st.text(max_size=3), max_size=3).map(tuple),
        ),
    ),
)


@given(st.builds(ReadingBody, answers, marks))
def test_a_body_survives_json(body: ReadingBody) -> None:
    again = body_from_json(json.loads(json.dumps(body_to_json(body))))
    assert again.marks == body.marks
    assert {s: dict(a) for s, a in again.answers.items()} == {
        s: dict(a) for s, a in body.answers.items()
    }


@pytest.mark.parametrize(
    "data",
    [{}, {"format": "reading/2"}, {"format": "reading/1"},
     {"format": "reading/1", "answers": [], "marks": []},
     {"format": "reading/1", "answers": {}, "marks": [{"id": "m"}]}],
)  # fmt: skip
def test_other_json_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(InvalidValue):
        body_from_json(data)


def test_missing_answers_follow_the_conditions() -> None:
    rules = protocol()
    image = photo()
    scope = Scope(Level.IMAGE, image.image_id)

    def lacking(**given: str) -> list[str]:
        return [m.code for m in missing_in(rules.schema, [image], ReadingBody({scope: given}))]

    assert lacking() == ["diagnosis", "referral"]
    assert lacking(diagnosis="normal", referral="no") == []
    assert lacking(diagnosis="DR", referral="no") == ["stage"]


def test_an_answer_whose_condition_fell_away_is_not_submitted() -> None:
    rules, image = protocol(), photo()
    scope = Scope(Level.IMAGE, image.image_id)
    body = ReadingBody({scope: {"diagnosis": "normal", "stage": "II", "referral": "no"}})
    assert "stage" not in checked_body(rules.schema, [image], body).answers[scope]


def test_marks_outside_the_case_are_refused() -> None:
    rules, image = protocol(), photo()
    with pytest.raises(InvalidValue, match="reading.unknown_image"):
        checked_body(rules.schema, [image], ReadingBody({}, (rectangle("other", 0, 0, 5, 5),)))


def test_a_nodule_needs_its_type_and_presence_needs_a_nodule() -> None:
    rules = protocol_from_dict(shipped("lung_nodule_ct"))
    image = photo(eye=None)
    present = {CASE_SCOPE: {"quality": "acceptable", "nodules": "present", "suspicion": "3"}}
    lacking = missing_in(rules.schema, [image], ReadingBody(present))
    assert [(m.code, m.kind) for m in lacking] == [("NODULE", "lesion")]
    drawn = ReadingBody(present, (rectangle(image.image_id, 5, 5, 9, 9, "NODULE"),))
    assert [(m.code, m.kind) for m in missing_in(rules.schema, [image], drawn)] == [
        ("type", "attribute")
    ]


def test_several_nearest_lesions_need_the_fovea() -> None:
    rules = protocol_from_dict(shipped("dr_screening"))
    image = photo()
    two = tuple(rectangle(image.image_id, 10 * n, 5, 4, 4, "HE", n) for n in (1, 2))
    assert ("FOVEA", "fovea") in [
        (m.code, m.kind) for m in missing_in(rules.schema, [image], ReadingBody({}, two))
    ]
    assert not any(
        m.kind == "fovea" for m in missing_in(rules.schema, [image], ReadingBody({}, two[:1]))
    )


def test_scopes_go_eye_by_eye() -> None:
    from workstation.domain.image import Eye

    left, right = photo(eye=Eye.OS), photo(eye=Eye.OD)
    assert [str(s) for s in case_scopes([left, right])] == [
        f"image:{right.image_id}", "eye:OD", f"image:{left.image_id}", "eye:OS", "case",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"readers_per_case": 1}, "protocol.readers_per_case"),
        ({"surprise": 1}, "protocol.unknown_field"),
        ({"agreement": []}, "protocol.agreement_items"),
        ({"modality": "xray"}, "protocol.choice"),
        ({"format": "protocol/9"}, "protocol.format"),
    ],
)
def test_a_wrong_protocol_is_refused_by_name(change: dict[str, object], code: str) -> None:
    with pytest.raises(InvalidValue, match=code):
        protocol_from_dict(document(**change))


def test_a_threshold_must_be_exact() -> None:
    wrong = document()
    wrong["agreement"][3]["threshold"] = 0.8
    with pytest.raises(InvalidValue, match="protocol.threshold"):
        protocol_from_dict(wrong)
