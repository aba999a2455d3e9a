"""Marks that are not on their image or not of their class are refused, and named; what crosses the
border is kept as drawn."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.studies import Team, document, label, photo, protocol
from workstation import messages
from workstation.cli.reading import load_body
from workstation.domain.errors import InvalidValue
from workstation.domain.image import Image
from workstation.domain.marks import (
    BoxShape,
    Mark,
    PaintedShape,
    PointShape,
    PolygonShape,
    Shape,
    mark_planes,
)
from workstation.domain.masks import Mask
from workstation.domain.reading import (
    ReadingBody,
    body_from_json,
    body_to_json,
    check_body,
    shape_from_json,
)
from workstation.domain.schema import Level, Scope
from workstation.services import assigning, reading

POINT_CLASS = {"code": "SPOT", "label": label("spot"), "geometry": "point", "group": "primary",
               "color": "#00e5ff"}  # fmt: skip
RULES = document(lesion_classes=[*document()["lesion_classes"], POINT_CLASS])
ROWS, COLS = 30, 40


def image() -> Image:
    return photo(rows=ROWS, cols=COLS, image_id="here")


def mark(shape: Shape, code: str = "LESION") -> Mark:
    return Mark("m", "here", code, 7, shape)


def painted(rows: int = ROWS, cols: int = COLS, z: int = 0) -> PaintedShape:
    return PaintedShape({z: Mask.from_array(np.ones((rows, cols), bool))})


def polygon(*corners: tuple[float, float]) -> PolygonShape:
    return PolygonShape(corners)


REFUSED: dict[str, tuple[Shape, str, str]] = {
    "point left of the image": (PointShape(-0.6, 5), "SPOT", "reading.outside"),
    "point below the image": (PointShape(5, ROWS), "SPOT", "reading.outside"),
    "point in the transposed image": (PointShape(5, COLS - 1), "SPOT", "reading.outside"),
    "box beside the image": (BoxShape(COLS, 0, COLS + 9, 9), "LESION", "reading.outside"),
    "box above the image": (BoxShape(0, -9, 9, -0.4), "LESION", "reading.outside"),
    "box between pixel centres": (BoxShape(5.2, 5.2, 5.8, 5.8), "LESION", "reading.outside"),
    "polygon beside the image": (polygon((50, 5), (60, 5), (55, 9)), "LESION", "reading.outside"),
    "polygon without an inside": (
        polygon((1.1, 5.5), (9.1, 5.5), (5, 5.5)), "LESION", "reading.outside",
    ),
    "slice of a photograph": (BoxShape(1, 1, 9, 9, z=1), "LESION", "reading.slice"),
    "paint on a slice that is not there": (painted(z=3), "LESION", "reading.slice"),
    "paint of another image": (painted(COLS, ROWS), "LESION", "reading.mask_size"),
    "area of a point class": (BoxShape(1, 1, 9, 9), "SPOT", "reading.point_as_area"),
    "paint of a point class": (painted(), "SPOT", "reading.point_as_area"),
    "point of an area class": (PointShape(5, 5), "LESION", "reading.area_as_point"),
}  # fmt: skip
KEPT: dict[str, tuple[Shape, str]] = {
    "point on the first pixel's outer corner": (PointShape(-0.5, -0.5), "SPOT"),
    "point on the last pixel's outer corner": (PointShape(COLS - 0.5, ROWS - 0.5), "SPOT"),
    "box over the corner": (BoxShape(-9, -9, 0, 0), "LESION"),
    "box around the whole image": (BoxShape(-9, -9, 99, 99), "LESION"),
    "polygon over the border": (polygon((-20, 10), (5, 5), (5, 15)), "LESION"),
    "polygon on the last row": (polygon((3, ROWS - 1), (9, ROWS + 5), (1, ROWS + 5)), "LESION"),
    "paint to the border": (painted(), "LESION"),
}


@pytest.mark.parametrize("what", REFUSED)
@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_a_mark_that_is_none_is_refused_and_named(what: str, language: str) -> None:
    from workstation.i18n import set_language

    shape, class_code, code = REFUSED[what]
    one = image()
    with pytest.raises(InvalidValue) as caught:
        check_body(protocol_of().schema, [one], ReadingBody({}, (mark(shape, class_code),)))
    assert caught.value.code == code
    set_language(language)
    said = messages.sentence(caught.value)
    assert f"{class_code}-7" in said and one.number in said and "{" not in said


def protocol_of() -> Any:
    return protocol(lesion_classes=RULES["lesion_classes"])


@pytest.mark.parametrize("what", KEPT)
def test_what_touches_the_image_is_kept_as_it_was_drawn(what: str) -> None:
    shape, class_code = KEPT[what]
    body = ReadingBody({}, (mark(shape, class_code),))
    check_body(protocol_of().schema, [image()], body)
    assert body_from_json(json.loads(json.dumps(body_to_json(body)))) == body


corners = st.lists(
    st.tuples(st.integers(-90, 130).map(lambda n: n / 2), st.integers(-90, 130).map(lambda n: n / 2)),
    min_size=3, max_size=6,
)  # fmt: skip


@given(corners)
def test_an_outline_is_refused_just_where_it_holds_no_pixel(found: list[Any]) -> None:
    drawn = mark(PolygonShape(tuple(found)))
    empty = not mark_planes(drawn, ROWS, COLS)
    try:
        check_body(protocol_of().schema, [image()], ReadingBody({}, (drawn,)))
        refused = False
    except InvalidValue:
        refused = True
    assert refused == empty


@pytest.mark.parametrize("far", [math.nan, math.inf, -math.inf, 1e300, -(2.0**31)])
def test_a_coordinate_is_a_place(far: float) -> None:
    for make in (
        lambda: PointShape(far, 1),
        lambda: BoxShape(min(far, 1), 1, max(far, 1), 2),
        lambda: polygon((1, 1), (far, 5), (9, 9)),
    ):
        with pytest.raises(InvalidValue, match="not_finite"):
            make()


def test_runs_beyond_the_image_are_refused_even_where_numbers_overflow() -> None:
    for runs in ([[2**63 - 1, 1]], [[0, 2**62]], [[ROWS * COLS, 1]], [[0, -1]]):
        with pytest.raises(InvalidValue):
            Mask.from_runs(ROWS, COLS, runs)


BAD_SHAPES: list[Any] = [
    {"type": "point", "x": 1, "y": 1, "z": 0.5},
    {"type": "point", "x": "left", "y": 1, "z": 0},
    {"type": "polygon", "vertices": [[1, 2], [3, 4]], "z": 0},
    {"type": "painted", "planes": [{"z": 0, "rows": "30", "cols": 40, "runs": [0, 1]}]},
    {"type": "painted", "planes": [{"z": 0, "rows": 30, "cols": 40, "runs": [0.5, 1]}]},
    {"type": "painted", "planes": [{"z": 0, "rows": 30, "cols": 40, "runs": [0]}]},
    {"type": "painted", "planes": [{"z": 0, "rows": 30, "cols": 40, "runs": [2**70, 1]}]},
    {"type": "circle"},
    {},
    [],
    "box",
]


@pytest.mark.parametrize("data", BAD_SHAPES, ids=str)
def test_a_broken_shape_is_refused(data: Any) -> None:
    with pytest.raises(InvalidValue) as caught:
        shape_from_json(data)
    assert caught.value.code in messages.ERRORS


def test_the_reason_of_a_broken_shape_is_kept() -> None:
    with pytest.raises(InvalidValue, match="polygon.too_few_vertices"):
        shape_from_json({"type": "polygon", "vertices": [[1, 2], [3, 4]], "z": 0})


GOOD = {"id": "m", "image": "F1", "class": "LESION", "number": 1,
        "shape": {"type": "box", "corners": [1, 1, 9, 9], "z": 0}}  # fmt: skip
BAD_FILES: list[Any] = [
    "[]",
    "null",
    "[" * 100000,
    {"answers": [], "marks": []},
    {"answers": {"case": 3}, "marks": []},
    {"answers": {}, "marks": {}},
    {"answers": {}, "marks": [3]},
    {"answers": {}, "marks": [{**GOOD, "image": ["F1"]}]},
    {"answers": {}, "marks": [{**GOOD, "id": ["m"]}]},
    {"answers": {}, "marks": [{**GOOD, "number": None}]},
    {"answers": {}, "marks": [{**GOOD, "attributes": 3}]},
    {"answers": {}, "marks": [{k: v for k, v in GOOD.items() if k != "image"}]},
    {"answers": {}, "marks": [GOOD, GOOD]},
    {"answers": {"image": {}}, "marks": []},
]


@pytest.mark.parametrize("data", BAD_FILES, ids=lambda d: str(d)[:60])
def test_a_file_that_is_no_reading_gets_a_sentence(data: Any, tmp_path: Path) -> None:
    file = tmp_path / "reading.json"
    text = data if isinstance(data, str) else json.dumps({"format": "reading/1", **data})
    file.write_text(text, "utf-8")
    with pytest.raises(InvalidValue) as caught:
        load_body(file, {"F1": "here"})
    assert caught.value.code in messages.ERRORS


def test_saving_and_submitting_refuse_what_is_no_mark(tmp_path: Path) -> None:
    """At the border of the services: nothing of it reaches the store."""
    team = Team(tmp_path / "marks.study", RULES)
    case = team.add_case("P", [image()])
    with team["coordinator"].reading() as uow:
        plan = assigning.plan(uow)
    assigning.assign(team["coordinator"], plan.pairs)
    reader = team["reader-a"]
    opened = reading.open_case(reader, case.case_id)
    reading_id = opened.reading.reading_id
    given = {Scope(Level.IMAGE, "here"): {"diagnosis": "normal", "referral": "no"}}
    good = ReadingBody(given, (mark(BoxShape(1, 1, 9, 9)),))
    reading.save_draft(reader, reading_id, good)
    for shape, class_code, code in REFUSED.values():
        wrong = replace(mark(shape, class_code), mark_id="wrong")
        with pytest.raises(InvalidValue, match=code):
            reading.save_draft(reader, reading_id, good.with_marks((*good.marks, wrong)))
    # The same id as a mark that was checked before does not let another shape through.
    moved = good.with_marks((mark(BoxShape(COLS, 0, COLS + 9, 9)),))
    with pytest.raises(InvalidValue, match="reading.outside"):
        reading.save_draft(reader, reading_id, moved)
    assert reading.open_case(reader, case.case_id).reading.body == good
    # A draft of an older program may hold one all the same: it cannot be submitted.
    with reader.writing() as uow:
        now = reader.clock.now()
        uow.readings.save_draft(reading_id, moved, now, opened.reading.revision + 2)
        uow.commit()
    with pytest.raises(InvalidValue, match="reading.outside"):
        reading.submit(reader, reading_id)
    reading.save_draft(reader, reading_id, good)
    reading.submit(reader, reading_id)
    team.close()
