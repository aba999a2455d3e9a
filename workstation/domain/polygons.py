"""From outlines to pixels: a pixel belongs to a polygon when its centre is inside or on the edge.

Even-odd rule, exact on integer and half-integer vertices (decision 12): the square with corners
(99.5, 99.5) and (199.5, 199.5), or (100, 100) and (199, 199), has 10 000 pixels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from workstation.domain.errors import InvalidValue
from workstation.domain.masks import Mask

Point = tuple[float, float]


def polygon_mask(vertices_xy: Sequence[Point], rows: int, cols: int) -> Mask:
    """Mask of the pixels whose centre lies inside or on the outline.

    `vertices_xy`: (x, y) in pixel coordinates of the stored matrix, the last joined to the first.
    Raises InvalidValue for fewer than three vertices or a coordinate that is not finite.
    """
    return _rasterised(vertices_xy, rows, cols, with_edge=True)


def interior_mask(vertices_xy: Sequence[Point], rows: int, cols: int) -> Mask:
    """`polygon_mask` without the pixels whose centre lies on the outline.

    For outlines drawn just outside of what they enclose. Raises as `polygon_mask` does.
    """
    return _rasterised(vertices_xy, rows, cols, with_edge=False)


def _rasterised(vertices_xy: Sequence[Point], rows: int, cols: int, with_edge: bool) -> Mask:
    if len(vertices_xy) < 3:
        raise InvalidValue("polygon.too_few_vertices", count=len(vertices_xy))
    points = np.array(vertices_xy, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 2 or not np.isfinite(points).all():
        raise InvalidValue("polygon.not_finite")
    row0 = max(0, math.ceil(points[:, 1].min()))
    row1 = min(rows - 1, math.floor(points[:, 1].max()))
    col0 = max(0, math.ceil(points[:, 0].min()))
    col1 = min(cols - 1, math.floor(points[:, 0].max()))
    if row0 > row1 or col0 > col1:
        return Mask.empty_like(rows, cols)
    inside = _inside(points, row0, row1, col0, col1)
    edge = _on_edge(points, row0, row1, col0, col1)
    bits = inside | edge if with_edge else inside & ~edge
    return Mask.from_array(bits, (row0, col0), (rows, cols))


def _edges(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.concatenate([points, np.roll(points, -1, axis=0)], axis=1)


def _inside(
    points: npt.NDArray[np.float64], row0: int, row1: int, col0: int, col1: int
) -> npt.NDArray[np.bool_]:
    """Even-odd inside by counting crossings left of each pixel centre, row by row."""
    width = col1 - col0 + 1
    toggles = np.zeros((row1 - row0 + 1, width + 1), dtype=np.int32)
    for x1, y1, x2, y2 in _edges(points):
        if y1 == y2:
            continue
        low, high = (y1, y2) if y1 < y2 else (y2, y1)
        first, last = max(row0, math.ceil(low)), min(row1, math.ceil(high) - 1)
        if first > last:
            continue
        y = np.arange(first, last + 1, dtype=np.float64)
        crossing = x1 + (y - y1) * (x2 - x1) / (y2 - y1)
        # Pixels with centre strictly right of the crossing see it; those on it count as edge.
        column = np.clip(np.floor(crossing).astype(np.int64) + 1 - col0, 0, width)
        np.add.at(toggles, (np.arange(first, last + 1) - row0, column), 1)
    return (np.cumsum(toggles[:, :width], axis=1) % 2).astype(bool)


def _on_edge(
    points: npt.NDArray[np.float64], row0: int, row1: int, col0: int, col1: int
) -> npt.NDArray[np.bool_]:
    """Pixels whose centre lies exactly on an edge."""
    bits = np.zeros((row1 - row0 + 1, col1 - col0 + 1), dtype=bool)
    for x1, y1, x2, y2 in _edges(points):
        low, high = (y1, y2) if y1 < y2 else (y2, y1)
        first, last = max(row0, math.ceil(low)), min(row1, math.floor(high))
        if y1 == y2:
            if y1 == math.floor(y1) and row0 <= y1 <= row1:
                left = max(col0, math.ceil(min(x1, x2)))
                right = min(col1, math.floor(max(x1, x2)))
                if left <= right:
                    bits[int(y1) - row0, left - col0 : right - col0 + 1] = True
            continue
        if first > last:
            continue
        y = np.arange(first, last + 1, dtype=np.float64)
        x = x1 + (y - y1) * (x2 - x1) / (y2 - y1)
        whole = np.rint(x)
        # On the edge when the cross product vanishes: no division, exact for halves.
        exact = (whole - x1) * (y2 - y1) == (y - y1) * (x2 - x1)
        keep = exact & (whole >= col0) & (whole <= col1)
        bits[(y[keep] - row0).astype(np.int64), (whole[keep] - col0).astype(np.int64)] = True
    return bits
