"""The few passes over pixels that every repaint needs; each touches what is on the screen only.

Pictures are int32 arrays (rows, cols) of 0xffRRGGBB, the 32-bit pixels a screen takes as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[Any]
Picture = npt.NDArray[np.int32]

# Up to OpenCV 4 a look-up table has 256 entries; numpy takes three times as long.
HAS_LONG_TABLES = int(cv2.__version__.split(".")[0]) >= 5
# A pyramid ends where a level is about as small as a pane.
SMALLEST_LEVEL = 400
# From this many device pixels per image pixel on, pixels are shown as squares.
SQUARES_FROM = 3.0
# How far, in device pixels, the edge of a stored pixel may be from the edge of a device pixel to
# be taken as on it, and how many stored pixels are tried.
EDGE_SLACK = 0.015
REACH = 64
# How far below a whole level, in levels, what is computed in single precision is taken as on it.
LINE_SLACKS = (2e-5, 6e-5, 1e-5, 1e-4)
# Where less values occur, or are to be shown, a table is as quick.
LEAST_LINE = 64


def grey_pixels(levels: npt.NDArray[np.uint8]) -> Picture:
    """A table of grey levels (256 or 65536) as a table of screen pixels."""
    grey = levels.astype(np.uint32)
    return (grey * np.uint32(0x010101) | np.uint32(0xFF000000)).view(np.int32)


def through(values: Pixels, table: Picture, out: Picture) -> None:
    """`out` = table of every value. `values` are 8 or 16 bits wide; the place of a value in the
    table is its bits read as unsigned."""
    places = values.view(f"u{values.dtype.itemsize}")
    if HAS_LONG_TABLES or places.dtype.itemsize == 1:
        cv2.LUT(places, table, out)
    else:
        through_numpy(places, table, out)


@dataclass(frozen=True, slots=True)
class Line:
    """Levels as a rising line over stored values, rounded and held at 0 and 255, then turned about
    if `falling`. Twice as fast as a table. Slope and shift are single precision numbers."""

    slope: float
    shift: float
    falling: bool = False

    def write(self, values: Pixels, grey: npt.NDArray[np.uint8]) -> bool:
        """`grey` = levels of `values`; False, and nothing is written, where all are the same."""
        low, high, *_ = cv2.minMaxLoc(values)
        if low == high:
            return False
        ends = low * self.slope + self.shift, high * self.slope + self.shift
        # From the smallest to the largest value: that is slope and shift again.
        cv2.normalize(values, grey, *ends, cv2.NORM_MINMAX, cv2.CV_8U)
        if self.falling:
            cv2.bitwise_not(grey, grey)
        return True


def fitted_line(
    values: Pixels, levels: npt.NDArray[np.uint8], slope: float, shift: float
) -> Line | None:
    """The line that gives every one of `values` (all that occur) exactly its level of `levels`, or
    None; the level is value * slope + shift, held and with its fraction dropped."""
    if values.size < LEAST_LINE or slope == 0:
        return None
    falling = slope < 0
    if falling:
        slope, shift = -slope, 255.0 - shift
    found = np.empty((1, values.size), np.uint8)
    for slack in LINE_SLACKS:
        by = 0.5 - slack if falling else slack - 0.5
        line = Line(float(np.float32(slope)), float(np.float32(shift + by)), falling)
        if line.write(values[None], found) and np.array_equal(found[0], levels):
            return line
    return None


def along(
    values: Pixels, line: Line, grey: npt.NDArray[np.uint8], out: Picture
) -> bool:  # fmt: skip
    """`out` = screen pixels of every value, `grey` their levels. False, and nothing is written,
    where the values are too few, or one, for a line."""
    if values.shape[1] < LEAST_LINE or not line.write(values, grey):
        return False
    cv2.cvtColor(grey, cv2.COLOR_GRAY2BGRA, out.view(np.uint8).reshape(*out.shape, 4))
    return True


def through_numpy(places: Pixels, table: Picture, out: Picture) -> None:
    """The same by numpy alone."""
    np.take(table, places, out=out, mode="clip")


def screen_pixels(rgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """uint8 (rows, cols, 3) RGB as (rows, cols, 4) in the byte order of the screen."""
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGRA), np.uint8)


def halved(level: Pixels) -> Pixels:
    """The next level of a pyramid: means of 2 x 2; an odd last row or column is left out."""
    rows, cols = level.shape[:2]
    size = (cols // 2, rows // 2)
    even = level[: size[1] * 2, : size[0] * 2]
    return np.asarray(cv2.resize(even, size, interpolation=cv2.INTER_AREA))


def pyramid(plane: Pixels) -> list[Pixels]:
    """The plane and its halves, so that a small view is not a lottery of single pixels."""
    levels = [plane]
    while min(levels[-1].shape[:2]) > SMALLEST_LEVEL:
        levels.append(halved(levels[-1]))
    return levels


def resampled(
    levels: list[Pixels],
    linear: npt.NDArray[np.float64],
    offset: npt.NDArray[np.float64],
    size: tuple[int, int],
) -> Pixels:
    """Stored values at device pixels (0, 0) to `size` = (width, height).

    device = linear @ image + offset, both in index coordinates; `linear` turns by quarters only.
    Linear between the four stored pixels around, of the level of the pyramid that is not much
    finer than the screen, which is put to the others where it was not there; squares where a pixel
    is large. Beyond the border its last pixels go on.
    """
    least = float(np.abs(linear).max(axis=0).min())
    level = 0
    while least * 2 ** (level + 1) <= 1.0 and min(levels[level].shape[:2]) > SMALLEST_LEVEL:
        level += 1
        if level == len(levels):
            levels.append(halved(levels[-1]))
    step = 2.0**level
    plane, across, down = _upright(
        levels[level], linear * step, linear @ np.full(2, 0.5 * step - 0.5) + offset
    )
    if least >= SQUARES_FROM:
        return _squares(plane, across, down, size)
    x = _begin(*across, size[0], plane.shape[1])
    y = _begin(*down, size[1], plane.shape[0])
    if x is not None and y is not None:
        return _enlarged(plane, (across[0], x), (down[0], y), size)
    # No stored pixel begins where a device pixel does: places are rounded to 1/32 pixel.
    matrix = np.array([[across[0], 0.0, across[1]], [0.0, down[0], down[1]]])
    return np.asarray(
        cv2.warpAffine(
            np.ascontiguousarray(plane), matrix, size,
            flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE,
        )
    )  # fmt: skip


Axis = tuple[float, float]
"""(scale, shift): device index = scale * stored index + shift."""


def _upright(
    plane: Pixels, matrix: npt.NDArray[np.float64], shift: npt.NDArray[np.float64]
) -> tuple[Pixels, Axis, Axis]:
    """A view of the plane in which rows lie and columns stand as on the screen, and where."""
    if abs(matrix[0, 0]) < abs(matrix[0, 1]):
        plane = np.swapaxes(plane, 0, 1)
        matrix = matrix[:, ::-1]
    across, down = (float(matrix[0, 0]), float(shift[0])), (float(matrix[1, 1]), float(shift[1]))
    if across[0] < 0:
        across = -across[0], across[1] + across[0] * (plane.shape[1] - 1)
        plane = plane[:, ::-1]
    if down[0] < 0:
        down = -down[0], down[1] + down[0] * (plane.shape[0] - 1)
        plane = plane[::-1]
    return plane, across, down


def _squares(plane: Pixels, across: Axis, down: Axis, size: tuple[int, int]) -> Pixels:
    """The pixel in which the centre of each device pixel lies."""
    cols = np.floor((np.arange(size[0]) - across[1]) / across[0] + 0.5).astype(np.intp)
    rows = np.floor((np.arange(size[1]) - down[1]) / down[0] + 0.5).astype(np.intp)
    cols = np.clip(cols, 0, plane.shape[1] - 1)
    rows = np.clip(rows, 0, plane.shape[0] - 1)
    seen = plane[rows[0] : rows[-1] + 1]
    return np.ascontiguousarray(seen[:, cols][rows - rows[0]])


def _begin(scale: float, shift: float, length: int, count: int) -> tuple[int, int, int] | None:
    """(first, last, device edge): stored pixels `first` to `last` of `count` cover device pixels 0
    to `length`, and `first` begins at a device pixel's edge. None where none begins near one."""
    first = int(np.floor((0 - shift) / scale)) - 1
    last = int(np.ceil((length - 1 - shift) / scale)) + 1
    # Enlarging goes on with the border's pixels by itself, from the image's own border.
    tried = np.arange(max(first, 0), first - REACH, -1)
    edges = scale * (tried - 0.5) + shift + 0.5
    whole = np.rint(edges)
    near = np.flatnonzero((np.abs(edges - whole) < EDGE_SLACK) & (whole <= 0))
    if near.size == 0:
        return None
    begin, edge = int(tried[near[0]]), int(whole[near[0]])
    if last >= count and edge + round((count - begin) * scale) >= length:
        last = count - 1
    return begin, last, edge


def _enlarged(
    plane: Pixels,
    across: tuple[float, tuple[int, int, int]],
    down: tuple[float, tuple[int, int, int]],
    size: tuple[int, int],
) -> Pixels:
    """Plain enlarging of the part that is seen: ten times as fast as a warp, and more exact."""
    fx, (left, right, x) = across
    fy, (top, bottom, y) = down
    rows, cols = plane.shape[:2]
    kept = plane[max(top, 0) : min(bottom + 1, rows), max(left, 0) : min(right + 1, cols)]
    above, below = max(-top, 0), max(bottom + 1 - rows, 0)
    before, after = max(-left, 0), max(right + 1 - cols, 0)
    part: Any = np.ascontiguousarray(kept)
    if above or below or before or after:
        part = cv2.copyMakeBorder(part, above, below, before, after, cv2.BORDER_REPLICATE)
    whole: Pixels = np.asarray(
        cv2.resize(part, None, fx=fx, fy=fy, interpolation=cv2.INTER_LINEAR), part.dtype
    )
    return whole[-y : size[1] - y, -x : size[0] - x]
