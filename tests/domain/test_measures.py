"""Lengths, angles, regions and volumes against closed forms; units that say what they mean."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.domain.errors import InvalidValue
from workstation.domain.image import Image, ImageKind, Spacing, SpacingKind, StackGeometry
from workstation.domain.marks import BoxShape, PolygonShape, shape_planes
from workstation.domain.masks import Mask
from workstation.domain.measures import (
    POINTS,
    Measure,
    MeasureKind,
    Quantity,
    Unit,
    angle,
    area,
    cobb,
    distance,
    ellipse,
    ellipse_box,
    moved_axis,
    region,
    scale_of,
    short_axis,
    statistics,
    value_unit,
    volume,
)

STEP = StackGeometry((0, 0, 0), (1, 0, 0), (0, 1, 0), tuple(2.5 * z for z in range(40)), 2.5, 0.0)


def stack(
    row_mm: float = 0.5, col_mm: float = 0.5, kind: SpacingKind | None = SpacingKind.PATIENT
) -> Image:
    spacing = None if kind is None else Spacing(row_mm, col_mm, kind)
    return Image(
        "i", "c", "S0001", ImageKind.STACK, "CT", 200, 200, 40, 1, "int16", (),
        spacing=spacing, geometry=STEP,
    )  # fmt: skip


places = st.tuples(st.floats(-500, 500), st.floats(-500, 500))
spacings = st.floats(0.05, 5.0)


def test_a_distance_in_square_and_in_oblong_pixels() -> None:
    assert distance(stack(), (10, 10), (13, 14)) == Quantity(2.5, Unit.MM, SpacingKind.PATIENT)
    # 3 columns of 2 mm and 4 rows of 0.75 mm.
    assert distance(stack(0.75, 2.0), (0, 0), (3, 4)).value == pytest.approx(math.hypot(6, 3))


@pytest.mark.parametrize("kind", [SpacingKind.DETECTOR, SpacingKind.NOMINAL])
def test_millimetres_say_what_they_mean(kind: SpacingKind) -> None:
    assert distance(stack(kind=kind), (0, 0), (10, 0)).kind is kind
    with pytest.raises(InvalidValue):
        Quantity(1.0, Unit.MM)
    with pytest.raises(InvalidValue):
        Quantity(1.0, Unit.MM2, SpacingKind.UNKNOWN)
    with pytest.raises(InvalidValue):
        Quantity(1.0, Unit.PIXEL, SpacingKind.PATIENT)


@pytest.mark.parametrize("kind", [None, SpacingKind.UNKNOWN])
def test_without_a_known_spacing_there_are_pixels(kind: SpacingKind | None) -> None:
    image = stack(0.5, 0.5, kind)
    assert distance(image, (0, 0), (3, 4)) == Quantity(5.0, Unit.PIXEL)
    assert area(image, 12) == Quantity(12.0, Unit.PIXEL2)
    assert volume(image, {0: Mask.from_runs(200, 200, [(0, 9)])}) is None


def test_a_photograph_has_no_millimetres_of_the_retina() -> None:
    photo = replace(stack(), kind=ImageKind.PHOTOGRAPH, slices=1)
    assert scale_of(photo).kind is None
    assert distance(photo, (0, 0), (0, 7)) == Quantity(7.0, Unit.PIXEL)


@given(places, places, spacings, spacings)
def test_a_distance_is_the_same_both_ways_and_scales(
    p: tuple[float, float], q: tuple[float, float], row: float, col: float
) -> None:
    there, back = distance(stack(row, col), p, q), distance(stack(row, col), q, p)
    assert there == back
    expected = np.linalg.norm(np.subtract(p, q) * (col, row))
    assert there.value == pytest.approx(float(expected), abs=1e-9)


def test_angles_of_known_triangles() -> None:
    image = stack()
    assert angle(image, (1, 0), (0, 0), (0, 1)) == Quantity(90.0, Unit.DEGREE)
    found = angle(image, (10, 0), (0, 0), (-10, 0))
    assert found is not None and found.value == pytest.approx(180.0)
    # 45 degrees in pixels twice as high as wide are not 45 degrees in the patient.
    found = angle(stack(1.0, 0.5), (1, 0), (0, 0), (1, 1))
    assert found is not None and found.value == pytest.approx(math.degrees(math.atan2(1.0, 0.5)))
    assert angle(image, (5, 5), (5, 5), (9, 9)) is None


def test_an_angle_without_spacing_minds_the_aspect_of_a_pixel() -> None:
    image = replace(stack(kind=None), aspect=(2, 1))
    found = angle(image, (1, 0), (0, 0), (1, 1))
    assert found is not None and found.value == pytest.approx(math.degrees(math.atan2(2.0, 1.0)))


def test_cobb_is_the_smaller_angle_whichever_way_the_lines_were_drawn() -> None:
    a, b = ((0.0, 0.0), (10.0, 0.0)), ((0.0, 50.0), (10.0, 50.0 + 10 * math.tan(math.radians(34))))
    for first in (a, a[::-1]):
        for second in (b, b[::-1]):
            found = cobb(stack(), first, second)
            assert found is not None and found.value == pytest.approx(34.0)
    assert cobb(stack(), (a[0], a[0]), b) is None


@given(places, places, places, places, spacings, spacings)
def test_the_short_axis_is_perpendicular_in_the_patient(
    a: tuple[float, float], b: tuple[float, float], c: tuple[float, float],
    to: tuple[float, float], row: float, col: float,
) -> None:  # fmt: skip
    image = stack(row, col)
    end = short_axis(image, (a, b), c, to)
    long_mm = np.subtract(b, a) * (col, row)
    short_mm = np.subtract(end, c) * (col, row)
    size = float(np.linalg.norm(long_mm) * np.linalg.norm(short_mm))
    assert abs(float(long_mm @ short_mm)) <= 1e-9 * max(size, 1.0)


@given(
    st.tuples(st.floats(0, 90), st.floats(0, 90)), st.tuples(st.floats(100, 190), st.floats(0, 190)),
    st.tuples(st.floats(0, 60), st.floats(100, 190)), st.tuples(st.floats(100, 190), st.floats(0, 90)),
    places, places, spacings, spacings,
)  # fmt: skip
def test_the_short_axis_follows_the_long_one_and_keeps_its_length(
    a: tuple[float, float], b: tuple[float, float], new_a: tuple[float, float],
    new_b: tuple[float, float], c: tuple[float, float], to: tuple[float, float],
    row: float, col: float,
) -> None:  # fmt: skip
    image = stack(row, col)
    d = short_axis(image, (a, b), c, to)
    moved = moved_axis(image, (a, b, c, d), (new_a, new_b))
    before, after = distance(image, c, d).value, distance(image, moved[2], moved[3]).value
    assert after == pytest.approx(before, rel=1e-6, abs=1e-6)
    right = cobb(image, (moved[0], moved[1]), (moved[2], moved[3]))
    assert before < 1e-3 or (right is not None and right.value == pytest.approx(90.0, abs=1e-3))


def test_a_volume_is_areas_times_step() -> None:
    masks = {z: Mask.from_runs(200, 200, [(0, 100)]) for z in range(4)}
    # 400 voxels of 0.5 x 0.75 x 2.5 mm.
    expected = Quantity(400 * 0.5 * 0.75 * 2.5, Unit.MM3, SpacingKind.PATIENT)
    assert volume(stack(0.5, 0.75), masks) == expected
    gaps = replace(STEP, step_mm=None)
    assert volume(replace(stack(), geometry=gaps), masks) is None
    assert volume(replace(stack(), geometry=None), masks) is None
    assert volume(stack(kind=SpacingKind.NOMINAL), masks) is None


def test_the_volume_of_a_sphere_is_right_within_one_percent() -> None:
    radius, image = 18.0, replace(stack(0.5, 0.5))
    yy, xx = np.mgrid[0:200, 0:200]
    planes = {}
    for z in range(40):
        away = ((xx - 100) * 0.5) ** 2 + ((yy - 100) * 0.5) ** 2 + ((z - 20) * 2.5) ** 2
        mask = Mask.from_array(away <= radius**2)
        if not mask.empty:
            planes[z] = mask
    found = volume(image, planes)
    assert found is not None
    assert found.value == pytest.approx(4 / 3 * math.pi * radius**3, rel=0.01)


@given(st.floats(0, 150), st.floats(0, 150), st.floats(4, 45), st.floats(4, 45))
def test_an_ellipse_touches_its_box_and_is_recognised(
    x: float, y: float, width: float, height: float
) -> None:
    shape = PolygonShape(ellipse((x + width, y), (x, y + height)))
    box = ellipse_box(shape)
    assert box is not None
    assert np.allclose(np.array(box), [(x, y), (x + width, y + height)], rtol=0, atol=1e-9)
    bent = PolygonShape((*shape.vertices[:-1], (x - 1.0, y - 1.0)))
    assert ellipse_box(bent) is None and ellipse_box(BoxShape(0, 0, 1, 1)) is None


def test_the_area_of_an_ellipse() -> None:
    shape = region(Measure("m", "i", MeasureKind.ELLIPSE, ((20, 30), (180, 150))))
    assert shape is not None
    pixels = sum(m.area for m in shape_planes(shape, 200, 200).values())
    assert pixels == pytest.approx(math.pi * 80 * 60, rel=0.003)


def test_statistics_are_those_of_numpy_without_padding() -> None:
    rng = np.random.default_rng(5)
    values = rng.integers(-1000, 1000, (60, 80)).astype(np.float64)
    valid = rng.random((60, 80)) > 0.2
    mask = Mask.from_array(rng.random((60, 80)) > 0.5)
    kept = values[valid & mask.to_array()]
    found = statistics(values, valid, mask)
    assert found is not None
    assert (found.count, found.low, found.high) == (kept.size, kept.min(), kept.max())
    assert found.mean == pytest.approx(kept.mean()) and found.sd == pytest.approx(kept.std(ddof=1))
    assert statistics(values, np.zeros_like(valid), mask) is None
    assert statistics(values, valid, Mask.empty_like(60, 80)) is None


@given(st.lists(st.floats(-3000, 3000), min_size=1, max_size=30),
       st.lists(st.floats(-3000, 3000), min_size=1, max_size=30))  # fmt: skip
def test_statistics_of_slices_add_up(first: list[float], second: list[float]) -> None:
    def of(values: list[float]):  # type: ignore[no-untyped-def]
        array = np.array([values])
        return statistics(array, np.ones(array.shape, bool), Mask.from_array(np.ones(array.shape)))

    both = of(first).merged(of(second))
    whole = np.array(first + second)
    assert both.count == whole.size and both.mean == pytest.approx(whole.mean(), abs=1e-6)
    assert both.sd == pytest.approx(whole.std(ddof=1), abs=1e-6)
    assert (both.low, both.high) == (whole.min(), whole.max())


def test_a_single_value_has_no_deviation() -> None:
    found = statistics(np.array([[7.0]]), np.array([[True]]), Mask.from_runs(1, 1, [(0, 1)]))
    assert found is not None and found.sd is None and found.mean == 7.0


def test_values_of_ct_are_hounsfield_units() -> None:
    assert value_unit(stack()) is Unit.HU
    assert value_unit(replace(stack(), modality="MR")) is Unit.NONE


@pytest.mark.parametrize("kind", list(MeasureKind))
def test_a_measure_is_valid_or_refused(kind: MeasureKind) -> None:
    points = tuple((float(n), 1.0) for n in range(POINTS[kind]))
    assert Measure("m", "i", kind, points).kind is kind
    for wrong in (points + points, ()):
        with pytest.raises(InvalidValue):
            Measure("m", "i", kind, wrong)
    with pytest.raises(InvalidValue):
        Measure("m", "i", kind, ((math.nan, 0.0), *points[1:]))
    with pytest.raises(InvalidValue):
        Measure("", "i", kind, points)
