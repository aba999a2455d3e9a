"""The record of viewing, and bodies with and without working notes: hashes of old ones stay."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.studies import photo, protocol, rectangle
from workstation.domain.errors import InvalidValue
from workstation.domain.measures import POINTS, Measure, MeasureKind
from workstation.domain.reading import (
    ReadingBody,
    body_from_json,
    body_to_json,
    check_body,
    checked_body,
)
from workstation.domain.schema import CASE_SCOPE
from workstation.domain.viewing import AS_IT_IS, PhotoLook, Used, Viewing
from workstation.services.canonical import document_sha256

looks = st.builds(
    PhotoLook, st.booleans(), st.booleans(), st.integers(-100, 100), st.integers(-100, 100),
    st.floats(0.3, 3.0),
)  # fmt: skip
windows = st.none() | st.tuples(st.floats(-1000, 1000), st.floats(1, 4000))
places = st.tuples(st.floats(-10, 500), st.floats(-10, 500))


@st.composite
def measures(draw: st.DrawFn) -> tuple[Measure, ...]:
    kinds = draw(st.lists(st.sampled_from(list(MeasureKind)), max_size=5))
    return tuple(
        Measure(f"n{i}", "i1", kind, tuple(draw(places) for _ in range(POINTS[kind])), i)
        for i, kind in enumerate(kinds)
    )


@st.composite
def records(draw: st.DrawFn) -> tuple[Viewing, ...]:
    record = Viewing("i1")
    for look in draw(st.lists(looks, max_size=4)):
        record = record.with_look(look)
    for window in draw(st.lists(windows, max_size=4)):
        record = record.with_window(window, preset=draw(st.booleans()))
    return (record,)


@given(measures(), records())
def test_notes_and_record_survive_json(
    notes: tuple[Measure, ...], seen: tuple[Viewing, ...]
) -> None:
    body = ReadingBody({}, (rectangle("i1", 1, 1, 5, 5),), notes, seen)
    again = body_from_json(json.loads(json.dumps(body_to_json(body))))
    assert (again.measures, again.viewing, again.marks) == (notes, seen, body.marks)
    assert document_sha256(body_to_json(again)) == document_sha256(body_to_json(body))


def test_a_body_without_notes_is_written_and_hashed_as_before_there_were_any() -> None:
    mark = replace(rectangle("i1", 10, 20, 30, 40), mark_id="m1")
    body = ReadingBody({CASE_SCOPE: {"remark": "haze"}}, (mark,))
    written = body_to_json(body)
    assert set(written) == {"format", "answers", "marks"}
    # Worked out once from the form of `reading/1` before it knew of measures.
    assert document_sha256(written) == BEFORE
    with_note = body.with_measures([Measure("n1", "i1", MeasureKind.PROBE, ((1.0, 2.0),))])
    assert document_sha256(body_to_json(with_note)) != BEFORE
    assert document_sha256(body_to_json(with_note.with_measures(()))) == BEFORE


BEFORE = "1e4fccfb3b09830e954b2ec6f8cb569c5ee8d81abd31802a5d65b9081910d467"


def test_answers_and_marks_keep_notes_and_record() -> None:
    note = Measure("n1", "i1", MeasureKind.PROBE, ((1.0, 2.0),))
    body = ReadingBody({}, (), (note,), (Viewing("i1").with_look(PhotoLook(red_free=True)),))
    changed = body.with_answer(CASE_SCOPE, "remark", "x").with_marks([rectangle("i1", 1, 1, 2, 2)])
    assert (changed.measures, changed.viewing) == (body.measures, body.viewing)
    image = photo(image_id="i1")
    kept = checked_body(protocol().schema, [image], body)
    assert (kept.measures, kept.viewing) == (body.measures, body.viewing)


def test_the_record_knows_what_was_used_and_how_far() -> None:
    record = Viewing("i1")
    for look in (PhotoLook(brightness=-20), PhotoLook(True, False, 35, 0, 1.4), AS_IT_IS):
        record = record.with_look(look)
    assert record.used == {Used.BRIGHTNESS, Used.RED_FREE, Used.GAMMA}
    assert record.brightness == (-20.0, 35.0) and record.gamma == (1.0, 1.4)
    assert record.look == AS_IT_IS
    record = record.with_window((-600.0, 1500.0), preset=True).with_window(
        (-590.0, 1500.0), preset=False
    )
    record = record.with_window((-600.0, 1500.0), preset=True).with_window(None, preset=True)
    assert record.presets == ((-600.0, 1500.0),) and record.window is None
    assert {Used.WINDOW_PRESET, Used.WINDOW_BY_HAND} <= record.used


def test_notes_on_images_the_case_does_not_have_are_refused() -> None:
    rules, image = protocol(), photo(image_id="i1")
    for body in (
        ReadingBody(measures=(Measure("n", "other", MeasureKind.PROBE, ((1.0, 1.0),)),)),
        ReadingBody(measures=(Measure("n", "i1", MeasureKind.PROBE, ((1.0, 1.0),), 3),)),
        ReadingBody(viewing=(Viewing("other"),)),
    ):
        with pytest.raises(InvalidValue):
            check_body(rules.schema, [image], body)


def test_ids_stand_once_and_images_are_recorded_once() -> None:
    mark = rectangle("i1", 1, 1, 2, 2)
    with pytest.raises(InvalidValue):
        ReadingBody({}, (mark,), (Measure(mark.mark_id, "i1", MeasureKind.PROBE, ((1.0, 1.0),)),))
    with pytest.raises(InvalidValue):
        ReadingBody(viewing=(Viewing("i1"), Viewing("i1")))


@pytest.mark.parametrize(
    "extra",
    [
        {"measures": 3}, {"measures": [3]}, {"measures": [{"id": "n"}]},
        {"measures": [{"id": "n", "image": "i1", "kind": "guess", "points": [[1, 1]], "z": 0}]},
        {"measures": [{"id": "n", "image": "i1", "kind": "probe", "points": [[1]], "z": 0}]},
        {"measures": [{"id": "n", "image": "i1", "kind": "probe", "points": [[1, 1]], "z": 1.5}]},
        {"viewing": [{"image": "i1"}]}, {"viewing": [{"image": "i1", "used": ["x_ray_eyes"]}]},
    ],
)  # fmt: skip
def test_broken_notes_are_refused(extra: dict[str, object]) -> None:
    with pytest.raises(InvalidValue):
        body_from_json({"format": "reading/1", "answers": {}, "marks": [], **extra})


def test_numbers_that_are_none_are_refused() -> None:
    with pytest.raises(InvalidValue):
        Viewing("i1", gamma=(1.0, math.inf))
    for wrong in ({"brightness": 101}, {"contrast": -101}, {"gamma": 0.0}, {"gamma": math.nan}):
        with pytest.raises(InvalidValue):
            PhotoLook(**wrong)  # type: ignore[arg-type]


def test_a_look_is_moved_within_what_there_is() -> None:
    look = PhotoLook(red_free=True, brightness=10, contrast=-20, gamma=1.5)
    assert look.moved(5.4, -10) == PhotoLook(True, False, 15, -30, 1.5)
    assert look.moved(500, -500) == PhotoLook(True, False, 100, -100, 1.5)
