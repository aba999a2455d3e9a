"""The quick passes over pixels against slow and plain ones."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from workstation.display import kernels
from workstation.domain.geometry import ViewTurn

RANDOM = np.random.default_rng(11)


def smooth(rows: int, cols: int, dtype: str = "int16") -> npt.NDArray[np.generic]:
    """A hilly picture: its values change by some hundred from pixel to pixel at most."""
    yy, xx = np.mgrid[0:rows, 0:cols]
    return (1500 * np.sin(xx / 9.0) * np.cos(yy / 7.0) + 2 * xx - yy).astype(dtype)


def between(
    plane: npt.NDArray[np.generic], linear: npt.NDArray[np.float64],
    offset: npt.NDArray[np.float64], size: tuple[int, int],
) -> npt.NDArray[np.float64]:  # fmt: skip
    """Bilinear by the textbook, in float64, the border going on."""
    gy, gx = np.mgrid[0 : size[1], 0 : size[0]]
    at = np.stack([gx - offset[0], gy - offset[1]], -1) @ np.linalg.inv(linear).T
    x = np.clip(at[..., 0], 0, plane.shape[1] - 1)
    y = np.clip(at[..., 1], 0, plane.shape[0] - 1)
    x0, y0 = np.floor(x).astype(int), np.floor(y).astype(int)
    x1, y1 = np.minimum(x0 + 1, plane.shape[1] - 1), np.minimum(y0 + 1, plane.shape[0] - 1)
    fx, fy = x - x0, y - y0
    values = plane.astype(float)
    above = values[y0, x0] * (1 - fx) + values[y0, x1] * fx
    return np.asarray(above * (1 - fy) + (values[y1, x0] * (1 - fx) + values[y1, x1] * fx) * fy)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16"])
def test_a_table_gives_what_numpy_gives(dtype: str) -> None:
    kind = np.iinfo(dtype)
    values = RANDOM.integers(kind.min, kind.max + 1, (61, 47)).astype(dtype)
    table = RANDOM.integers(-(2**31), 2**31, 1 << kind.bits).astype(np.int32)
    quick, plain = np.empty((61, 47), np.int32), np.empty((61, 47), np.int32)
    kernels.through(values, table, quick)
    kernels.through_numpy(values.view(f"u{values.itemsize}"), table, plain)
    assert np.array_equal(quick, plain)
    one_by_one = [table[int(v) % (1 << kind.bits)] for v in values.ravel()]
    assert np.array_equal(quick.ravel(), one_by_one)


def test_grey_pixels_are_opaque_and_grey() -> None:
    pixels = kernels.grey_pixels(np.arange(256, dtype=np.uint8)).view(np.uint32)
    assert [hex(pixels[n]) for n in (0, 1, 255)] == ["0xff000000", "0xff010101", "0xffffffff"]


@pytest.mark.parametrize("zoom", [0.8, 1.0, 1.37, 1.98, 2.5])
@pytest.mark.parametrize("turn", [ViewTurn(q, f) for q in range(4) for f in (False, True)])
def test_values_between_pixels(zoom: float, turn: ViewTurn) -> None:
    plane = smooth(210, 240)
    linear = np.array(turn.matrix()) * zoom
    offset = np.array([80.3, 61.75]) - linear @ (118.2, 101.9)
    found = kernels.resampled([plane], linear, offset, (160, 123))
    expected = between(plane, linear, offset, (160, 123))
    # A place is right to 1/32 pixel; from pixel to pixel values change by up to 380.
    assert found.shape == (123, 160) and np.abs(found - expected).max() <= 380 / 32 * 2 + 1


def test_a_picture_that_begins_on_the_grid_is_enlarged_to_the_last_bit() -> None:
    plane = smooth(300, 280)
    linear, offset = np.diag([1.98, 1.98]), np.array([0.49, 0.49])
    found = kernels.resampled([plane], linear, offset, (550, 590))
    assert np.abs(found - between(plane, linear, offset, (550, 590))).max() <= 0.51


@pytest.mark.parametrize("turn", [ViewTurn(q, f) for q in range(4) for f in (False, True)])
def test_large_pixels_are_squares(turn: ViewTurn) -> None:
    plane = RANDOM.integers(-1000, 1000, (40, 50)).astype(np.int16)
    linear = np.array(turn.matrix()) * 4.3
    offset = np.array([70.2, 50.1]) - linear @ (24.0, 20.0)
    found = kernels.resampled([plane], linear, offset, (141, 101))
    gy, gx = np.mgrid[0:101, 0:141]
    at = np.stack([gx - offset[0], gy - offset[1]], -1) @ np.linalg.inv(linear).T
    x = np.clip(np.floor(at[..., 0] + 0.5).astype(int), 0, 49)
    y = np.clip(np.floor(at[..., 1] + 0.5).astype(int), 0, 39)
    edge = np.abs(at + 0.5 - np.rint(at + 0.5)).min(axis=-1) < 1e-6
    assert np.array_equal(found[~edge], plane[y, x][~edge])


def test_the_pyramid_keeps_places_and_means() -> None:
    levels = kernels.pyramid(smooth(1700, 1300, "uint16"))
    assert [level.shape for level in levels] == [(1700, 1300), (850, 650), (425, 325)]
    first = levels[0][:2, :2].astype(float).mean()
    assert abs(float(levels[1][0, 0]) - first) <= 0.5


def test_colours_are_in_the_order_of_the_screen() -> None:
    pixels = kernels.screen_pixels(np.array([[[10, 20, 30]]], np.uint8))
    assert hex(pixels.view(np.uint32)[0, 0, 0]) == "0xff0a141e"
