"""Image to screen and back: exact for every zoom, turn, aspect, device ratio and pane."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.display.view import ViewTransform, aspect_of
from workstation.domain.geometry import ViewTurn
from workstation.domain.image import Image, ImageKind, Spacing, SpacingKind

turns = st.builds(ViewTurn, st.integers(0, 3), st.booleans())
places = st.floats(-3000, 3000)
views = st.builds(
    ViewTransform,
    st.tuples(st.floats(80, 4000), st.floats(80, 4000)),
    st.tuples(places, places),
    st.floats(0.02, 40),
    turns,
    st.floats(0.05, 20),
    st.sampled_from([1.0, 1.25, 1.5, 2.0]),
)
RATIOS = (1.0, 1.25, 1.5, 2.0)


@given(views, places, places)
def test_there_and_back(view: ViewTransform, x: float, y: float) -> None:
    assert view.to_image(view.to_screen((x, y))) == pytest.approx((x, y), abs=1e-6)


@given(views, places, places)
def test_the_device_is_the_screen_times_its_ratio(view: ViewTransform, x: float, y: float) -> None:
    linear, offset = view.to_device()
    device = linear @ (x, y) + offset
    screen = np.array(view.to_screen((x, y)))
    assert device == pytest.approx(screen * view.ratio - 0.5, rel=1e-9, abs=1e-6)


@given(views, st.floats(0, 4000), st.floats(0, 4000), st.floats(0.2, 5))
def test_zooming_keeps_the_point_under_the_pointer(
    view: ViewTransform, x: float, y: float, factor: float
) -> None:
    before = view.to_image((x, y))
    after = view.zoomed((x, y), factor)
    assert after.to_screen(before) == pytest.approx((x, y), abs=1e-5)
    assert 0.02 <= after.zoom <= 40


@given(views, places, places)
def test_moving_moves_every_point_by_the_same_way(
    view: ViewTransform, dx: float, dy: float
) -> None:
    x, y = view.to_screen((10.0, 20.0))
    assert view.moved((dx, dy)).to_screen((10.0, 20.0)) == pytest.approx((x + dx, y + dy), abs=1e-5)


@given(views, st.integers(1, 6000), st.integers(1, 6000))
def test_a_fitted_image_lies_in_the_pane_on_its_grid(
    view: ViewTransform, rows: int, cols: int
) -> None:
    fitted = view.fitted(rows, cols)
    corners = [fitted.to_screen((x, y)) for x in (-0.5, cols - 0.5) for y in (-0.5, rows - 0.5)]
    left, right = min(c[0] for c in corners), max(c[0] for c in corners)
    top, bottom = min(c[1] for c in corners), max(c[1] for c in corners)
    assert left >= -1 and right <= view.size[0] + 1 and top >= -1 and bottom <= view.size[1] + 1
    filled = max((right - left) / view.size[0], (bottom - top) / view.size[1])
    assert filled == pytest.approx(0.98, abs=1e-6)
    for edge in (left * view.ratio, top * view.ratio):
        assert edge == pytest.approx(round(edge), abs=1e-5)


def test_a_turn_moves_the_first_pixel_to_another_corner() -> None:
    """Clockwise: what was top left is top right; mirrored: top right too."""
    view = ViewTransform((200, 200), (49.5, 49.5), 1.0)
    assert view.to_screen((0, 0)) == (50.5, 50.5)
    quarter = ViewTransform((200, 200), (49.5, 49.5), 1.0, ViewTurn(1))
    assert quarter.to_screen((0, 0)) == (149.5, 50.5) and quarter.to_screen((99, 0))[1] == 149.5
    mirrored = ViewTransform((200, 200), (49.5, 49.5), 1.0, ViewTurn(0, True))
    assert mirrored.to_screen((0, 0)) == (149.5, 50.5)
    assert mirrored.to_screen((0, 99)) == (149.5, 149.5)


def image(**more: object) -> Image:
    return Image("i", "c", "S1", ImageKind.RADIOGRAPH, "CR", 120, 256, 1, 1, "uint16", (),
                 **more)  # type: ignore[arg-type]  # fmt: skip


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({}, 1.0),
        ({"aspect": (4, 3)}, 4 / 3),
        ({"spacing": Spacing(0.30, 0.25, SpacingKind.PATIENT)}, 1.2),
        ({"spacing": Spacing(0.25, 0.30, SpacingKind.DETECTOR), "aspect": (4, 3)}, 0.25 / 0.30),
        ({"spacing": Spacing(0.3, 0.1, SpacingKind.UNKNOWN), "aspect": (1, 2)}, 0.5),
        ({"aspect": (1000, 1)}, 1.0),
    ],
)
def test_pixels_have_the_proportion_the_header_gives(
    known: dict[str, object], expected: float
) -> None:
    assert aspect_of(image(**known)) == pytest.approx(expected)


def test_pixels_four_to_three_make_160_rows_of_120() -> None:
    view = ViewTransform((1000, 1000), (0.0, 0.0), 1.0, aspect=4 / 3)
    (left, top), (right, bottom) = view.to_screen((-0.5, -0.5)), view.to_screen((255.5, 119.5))
    assert (right - left, bottom - top) == pytest.approx((256, 160))


@pytest.mark.parametrize("ratio", RATIOS)
def test_percent_counts_device_pixels(ratio: float) -> None:
    assert ViewTransform((9, 9), (0, 0), 1 / ratio, ratio=ratio).percent == pytest.approx(100)
