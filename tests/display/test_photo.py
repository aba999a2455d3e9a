"""The looks of a photograph against closed forms; stored pixels never change."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.color import rgb2lab

from workstation.display.photo import equalised, shown, table, toned
from workstation.domain.viewing import AS_IT_IS, PhotoLook


def picture(rows: int = 240, cols: int = 320) -> npt.NDArray[np.uint8]:
    """A dim orange field with texture, frozen so that any write to it fails."""
    rng = np.random.default_rng(3)
    rgb = np.stack([np.full((rows, cols), level) for level in (140.0, 70.0, 30.0)], axis=2)
    rgb += rng.normal(0, 6, (rows, cols, 1)) + np.linspace(-30, 30, cols)[None, :, None]
    out = np.clip(rgb, 0, 255).astype(np.uint8)
    out.flags.writeable = False
    return out


def test_as_it_is_the_same_array_comes_back() -> None:
    rgb = picture()
    assert shown(rgb, AS_IT_IS) is rgb


def test_red_free_is_the_green_channel() -> None:
    rgb = picture()
    grey = shown(rgb, PhotoLook(red_free=True))
    assert all(np.array_equal(grey[..., c], rgb[..., 1]) for c in range(3))


def test_clahe_spreads_the_lightness_and_keeps_the_colour() -> None:
    rgb = picture()
    before = rgb.copy()
    seen = shown(rgb, PhotoLook(clahe=True))
    assert np.array_equal(rgb, before)
    lab, was = rgb2lab(seen), rgb2lab(rgb)
    assert lab[..., 0].std() > 1.1 * was[..., 0].std()
    assert np.abs(lab[..., 1:].mean(axis=(0, 1)) - was[..., 1:].mean(axis=(0, 1))).max() < 2


def test_clahe_of_the_green_channel_is_grey_and_wider() -> None:
    rgb = picture()
    seen = shown(rgb, PhotoLook(red_free=True, clahe=True))
    assert np.array_equal(seen[..., 0], seen[..., 1]) and np.array_equal(seen[..., 1], seen[..., 2])
    assert seen[..., 1].std() > 1.1 * rgb[..., 1].std()


def test_the_two_halves_make_the_whole() -> None:
    rgb, look = picture(), PhotoLook(True, True, 10, 20, 1.3)
    assert np.array_equal(shown(rgb, look), toned(equalised(rgb, look), look))


@pytest.mark.parametrize(
    ("look", "level", "expected"),
    [
        (PhotoLook(brightness=100), 0, 128), (PhotoLook(brightness=-100), 255, 128),
        (PhotoLook(contrast=50), 100, 72), (PhotoLook(contrast=-50), 0, 64),
        (PhotoLook(gamma=2.0), 64, 128), (PhotoLook(gamma=0.5), 128, 64),
        (PhotoLook(contrast=100), 20, 0), (PhotoLook(contrast=100), 240, 255),
    ],
)  # fmt: skip
def test_levels_worked_out_by_hand(look: PhotoLook, level: int, expected: int) -> None:
    assert abs(int(table(look)[level]) - expected) <= 1


@given(st.integers(-100, 100), st.integers(-100, 100), st.floats(0.3, 3.0))
def test_what_was_lighter_is_never_darker(brightness: int, contrast: int, gamma: float) -> None:
    levels = table(PhotoLook(brightness=brightness, contrast=contrast, gamma=gamma))
    assert (np.diff(levels.astype(int)) >= 0).all()


@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255), st.integers(-100, 100))
def test_each_channel_goes_through_the_table(r: int, g: int, b: int, brightness: int) -> None:
    look = PhotoLook(brightness=brightness)
    seen = shown(np.array([[[r, g, b]]], np.uint8), look)[0, 0]
    assert seen.tolist() == table(look)[[r, g, b]].tolist()
