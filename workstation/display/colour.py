"""Luminance and chrominance to RGB, planes to pixels, and the table of a colour profile."""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

from workstation.domain.errors import InvalidValue

Pixels = npt.NDArray[np.uint8]
GRID = 33
"""Points on an axis of a colour table."""
_ROWS_AT_ONCE = 256


def planes_together(planes: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    """(3, rows, cols), PlanarConfiguration 1, as (rows, cols, 3) (C.7.6.3.1.3)."""
    return np.ascontiguousarray(np.moveaxis(planes, 0, -1))


def unpacked_422(frame: Pixels, rows: int, cols: int) -> Pixels:
    """(rows, cols, 3) of the bytes Y1 Y2 Cb Cr of every two pixels of a row (PS3.3 C.7.6.3.1.2).

    Both pixels get the pair's chrominance. Raises InvalidValue where the bytes are another number.
    """
    if cols % 2 or frame.size != rows * cols * 2:
        raise InvalidValue("dicom.pixels_short", found=int(frame.size), needed=rows * cols * 2)
    pairs = frame.reshape(rows, cols // 2, 4)
    out = np.empty((rows, cols, 3), np.uint8)
    out[:, 0::2, 0], out[:, 1::2, 0] = pairs[..., 0], pairs[..., 1]
    out[..., 1:] = np.repeat(pairs[..., 2:], 2, axis=1)
    return out


_FULL = ((1.0, 0.0, 1.402), (1.0, -0.344136, -0.714136), (1.0, 1.772, 0.0))
# Y reaches from 16 to 235 and chrominance from 16 to 240, of 255.
_PARTIAL = tuple((255 / 219 * y, 255 / 224 * cb, 255 / 224 * cr) for y, cb, cr in _FULL)


def rgb_of_full(ybr: Pixels) -> Pixels:
    """YBR_FULL (rows, cols, 3) to RGB (C.7.6.3.1.2)."""
    return _transformed(ybr, _FULL, 0)


def rgb_of_partial(ybr: Pixels) -> Pixels:
    """YBR_PARTIAL_422 and 420, brought to (rows, cols, 3), to RGB (C.7.6.3.1.2)."""
    return _transformed(ybr, _PARTIAL, 16)


def _transformed(ybr: Pixels, matrix: tuple[tuple[float, ...], ...], black: int) -> Pixels:
    out = np.empty(ybr.shape, np.uint8)
    weights = np.array(matrix, np.float32).T
    zero = np.array([black, 128, 128], np.float32)
    for at in range(0, len(ybr), _ROWS_AT_ONCE):
        part = (ybr[at : at + _ROWS_AT_ONCE].astype(np.float32) - zero) @ weights
        out[at : at + _ROWS_AT_ONCE] = np.clip(np.rint(part), 0, 255)
    return out


def through_profile(rgb: Pixels, table: Pixels) -> Pixels:
    """RGB (rows, cols, 3) in sRGB, by the image's table of 33 x 33 x 33 x 3 levels.

    `table[r, g, b]` is the colour of the grid point; points lie 255 / 32 levels apart, and between
    them each axis is interpolated. Raises InvalidValue for a table of another shape.
    """
    if table.shape != (GRID, GRID, GRID, 3) or table.dtype != np.uint8:
        raise InvalidValue("colour.table", shape=list(table.shape))
    packed = _expanded(table.tobytes())
    out = np.empty(rgb.shape, np.uint8)
    for at in range(0, len(rgb), _ROWS_AT_ONCE):
        part = rgb[at : at + _ROWS_AT_ONCE].astype(np.uint32)
        places = part[..., 0] << 16 | part[..., 1] << 8 | part[..., 2]
        out[at : at + _ROWS_AT_ONCE] = (
            packed[places].view(np.uint8).reshape(*places.shape, 4)[..., :3]
        )
    return out


@functools.lru_cache(maxsize=1)
def _expanded(table: bytes) -> npt.NDArray[np.uint32]:
    """The table for all 2^24 colours, four bytes each (64 MiB): one is kept, as the images of a
    study mostly come of one camera."""
    import cv2

    points = np.zeros((GRID, GRID, GRID, 4), np.float32)
    points[..., :3] = np.frombuffer(table, np.uint8).reshape(GRID, GRID, GRID, 3)
    axis = _weights()
    # Blue first, while the grid is small; then green, along whole rows of blue.
    blue = np.matmul(axis, points.transpose(0, 2, 1, 3).reshape(GRID, GRID, GRID * 4))
    rows = blue.reshape(GRID, 256, GRID, 4).transpose(0, 2, 1, 3).reshape(GRID, GRID, 256 * 4)
    planes = np.matmul(axis, rows)  # (red, 256 greens, 256 blues * 4)
    out = np.empty((256, 256, 256 * 4), np.uint8)
    for red in range(256):
        low = min(int(np.flatnonzero(axis[red])[0]), GRID - 2)
        near, far = planes[low], planes[low + 1]
        cv2.addWeighted(
            near, float(axis[red, low]), far, float(axis[red, low + 1]), 0, out[red], cv2.CV_8U
        )
    return out.reshape(-1).view(np.uint32)


def _weights() -> npt.NDArray[np.float32]:
    """(256, 33): how much each grid point counts for a level."""
    place = np.arange(256) * (GRID - 1) / 255
    distance = np.abs(place[:, None] - np.arange(GRID)[None, :])
    return np.asarray(np.clip(1 - distance, 0, 1), np.float32)


def is_identity(table: Pixels) -> bool:
    """Whether a table changes no level by more than one: the profile says sRGB."""
    axis = np.linspace(0, 255, GRID)
    same = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1)
    return bool((np.abs(table.astype(np.float64) - same) <= 1.0).all())
