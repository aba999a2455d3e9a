"""The disc lies nasal of the fovea: where the stated eye is the other one, it is said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.studies import photo, protocol, rectangle, shipped
from workstation.domain.disc_side import contradictions, eye_by_disc
from workstation.domain.image import Eye
from workstation.domain.marks import Mark, PointShape, PolygonShape
from workstation.domain.protocol import protocol_from_dict

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
