"""Disc diameter, cup-disc ratio and ETDRS grid against hand-worked cases."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.studies import photo, protocol, rectangle, shipped
from workstation.domain.fundus import (
    CUP,
    DISC,
    FOVEA,
    EtdrsGrid,
    Lacking,
    contradictions,
    cup_disc_ratio,
    disc_diameter,
    etdrs_grid,
    eye_by_disc,
)
from workstation.domain.image import Eye
from workstation.domain.marks import Mark, PaintedShape, PointShape, PolygonShape, Shape
from workstation.domain.masks import Mask
from workstation.domain.measures import ellipse
from workstation.domain.protocol import protocol_from_dict


def mark(code: str, shape: Shape, number: int = 1) -> Mark:
    return Mark(f"{code}-{number}", "i1", code, number, shape)


def round_at(code: str, x: float, y: float, wide: float, high: float, number: int = 1) -> Mark:
    box = (x - wide / 2, y - high / 2), (x + wide / 2, y + high / 2)
    return mark(code, PolygonShape(ellipse(*box)), number)


FOVEA_AT = mark(FOVEA, PointShape(150.0, 160.0))


def test_disc_of_200_and_cup_of_80_is_0_40() -> None:
    image = photo(rows=600, cols=800)
    disc, cup = round_at(DISC, 300, 300, 180, 200), round_at(CUP, 305, 296, 110, 80)
    assert cup_disc_ratio(image, [disc, cup]) == pytest.approx(0.40)
    assert disc_diameter(image, [disc, cup]) == pytest.approx(200.0)


def test_painted_extents_go_from_edge_to_edge() -> None:
    image = photo()
    bits = np.zeros((300, 400), np.uint8)
    bits[100:140, 50:90] = 1
    disc = mark(DISC, PaintedShape({0: Mask.from_array(bits)}))
    bits = np.zeros((300, 400), np.uint8)
    bits[110:120, 60:70] = 1
    cup = mark(CUP, PaintedShape({0: Mask.from_array(bits)}))
    assert disc_diameter(image, [disc]) == 40.0
    assert cup_disc_ratio(image, [disc, cup]) == 0.25


def test_what_keeps_a_ratio_from_being_given_is_said() -> None:
    image = photo()
    disc, cup = round_at(DISC, 200, 150, 80, 90), round_at(CUP, 200, 150, 30, 40)
    assert cup_disc_ratio(image, [cup]) is Lacking.DISC
    assert cup_disc_ratio(image, [disc]) is Lacking.CUP
    outside = round_at(CUP, 240, 150, 30, 40)
    assert cup_disc_ratio(image, [disc, outside]) is Lacking.OUTSIDE
    larger = round_at(CUP, 200, 150, 100, 117)
    assert cup_disc_ratio(image, [disc, larger]) is Lacking.OUTSIDE
    second = round_at(DISC, 300, 150, 80, 90, 2)
    assert cup_disc_ratio(image, [disc, second, cup]) is Lacking.SEVERAL
    assert disc_diameter(image, [disc, second]) is None


@pytest.mark.parametrize(("eye", "x", "nasal"), [(Eye.OD, 330.0, 1), (Eye.OS, 60.0, -1)])
def test_the_grid_is_scaled_by_the_disc_and_knows_the_side_of_the_nose(
    eye: Eye, x: float, nasal: int
) -> None:
    image = photo(eye=eye)
    grid = etdrs_grid(image, [FOVEA_AT, round_at(DISC, x, 150, 54, 60)])
    assert isinstance(grid, EtdrsGrid)
    assert grid.center == (150.0, 160.0) and grid.nasal == nasal and not grid.contradicted
    # 1500 micrometres are 60 px: circles of 500, 1500 and 3000 micrometres radius.
    assert grid.radii == pytest.approx((20.0, 60.0, 120.0))
    towards = 1 if nasal > 0 else -1
    assert grid.sector(150, 160) == "C"
    assert grid.sector(150 + towards * 40, 160) == "IN"
    assert grid.sector(150 - towards * 40, 160) == "IT"
    assert grid.sector(150 + towards * 100, 165) == "ON"
    assert grid.sector(150, 160 - 40) == "IS" and grid.sector(150, 160 + 100) == "OI"
    assert grid.sector(150, 160 + 121) is None


def test_left_and_right_have_no_names_where_the_eye_is_unknown_or_contradicted() -> None:
    disc = round_at(DISC, 330, 150, 54, 60)
    unknown = etdrs_grid(photo(eye=None), [FOVEA_AT, disc])
    wrong = etdrs_grid(photo(eye=Eye.OS), [FOVEA_AT, disc])
    assert isinstance(unknown, EtdrsGrid) and isinstance(wrong, EtdrsGrid)
    assert not unknown.contradicted and wrong.contradicted
    for grid in (unknown, wrong):
        assert grid.nasal is None and grid.sector(190, 160) is None
        assert grid.sector(150, 120) == "IS"


def test_a_grid_needs_one_fovea_and_one_disc() -> None:
    image, disc = photo(), round_at(DISC, 330, 150, 54, 60)
    assert etdrs_grid(image, [disc]) is Lacking.FOVEA
    assert etdrs_grid(image, [FOVEA_AT]) is Lacking.DISC
    two = [FOVEA_AT, mark(FOVEA, PointShape(10, 10), 2), disc]
    assert etdrs_grid(image, two) is Lacking.SEVERAL


@given(st.floats(0, 2 * math.pi), st.floats(0.01, 1.99), st.sampled_from([1, -1]))
def test_every_place_of_the_grid_is_in_one_field(turn: float, away: float, nasal: int) -> None:
    grid = EtdrsGrid((0.0, 0.0), 100.0, nasal)
    x, y = 100 * away * math.cos(turn), 100 * away * math.sin(turn)
    field = grid.sector(x, y)
    assert field is not None
    mirrored = EtdrsGrid((0.0, 0.0), 100.0, -nasal).sector(-x, y)
    assert mirrored == field


SCHEMA = protocol_from_dict(shipped("dr_screening")).schema


@pytest.mark.parametrize(
    ("disc", "eye"),
    [
        ((300, 100), Eye.OD),
        ((10, 120), Eye.OS),
        ((160, 190), None),
        ((150, 100), None),
        ((240, 190), None),
    ],
)
def test_the_disc_is_right_of_the_fovea_in_a_right_eye(
    disc: tuple[float, float], eye: Eye | None
) -> None:
    assert eye_by_disc(disc, (150, 100)) is eye


@given(*[st.floats(-1e4, 1e4)] * 4)
def test_a_mirrored_photograph_shows_the_other_eye(a: float, b: float, c: float, d: float) -> None:
    seen, mirrored = eye_by_disc((a, b), (c, d)), eye_by_disc((-a, b), (-c, d))
    assert {seen, mirrored} in ({Eye.OD, Eye.OS}, {None})


def marked(image_id: str, disc_x: int, fovea_x: float) -> list[Mark]:
    return [
        rectangle(image_id, disc_x, 100, 40, 40, "DISC"),
        Mark(f"{image_id}-f", image_id, "FOVEA", 1, PointShape(fovea_x, 125.0)),
    ]


def test_only_a_stated_eye_with_one_disc_and_one_fovea_is_contradicted() -> None:
    right, left, unknown = photo(eye=Eye.OD), photo(eye=Eye.OS), photo(eye=None)
    images = (right, left, unknown)
    marks = [m for i in images for m in marked(i.image_id, 250, 120.0)]
    assert contradictions(SCHEMA, images, marks) == ((left, Eye.OD),)
    assert contradictions(SCHEMA, images, marks[:3]) == ()
    between_pixels = PolygonShape(((300.2, 5.2), (300.4, 5.2), (300.4, 5.4)))
    empty = [Mark("d", left.image_id, "DISC", 1, between_pixels), marks[3]]
    assert contradictions(SCHEMA, images, empty) == ()
    twice = [*marks, rectangle(left.image_id, 10, 100, 40, 40, "DISC", 2)]
    assert contradictions(SCHEMA, images, twice) == ()
    assert contradictions(protocol().schema, images, marks) == ()


def test_grid_and_warning_agree_on_the_side_of_the_disc() -> None:
    """A disc far above the fovea and a little to one side tells no eye, here as there."""
    right = photo(eye=Eye.OD)
    for x, y in ((140.0, 40.0), (60.0, 150.0), (300.0, 150.0)):
        disc = replace(round_at(DISC, x, y, 40, 40), image_id=right.image_id)
        fovea = replace(FOVEA_AT, image_id=right.image_id)
        grid = etdrs_grid(right, [disc, fovea])
        assert isinstance(grid, EtdrsGrid)
        assert grid.contradicted is bool(contradictions(SCHEMA, [right], [disc, fovea]))
