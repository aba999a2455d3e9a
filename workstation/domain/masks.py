"""Run-length masks: exact sets of pixels, their algebra and counts.

Frame: pixel (row, column) indices of the stored matrix, 0-based; a pixel belongs whole or not at
all. Runs are row-major: `start = row * cols + col`. Runs never touch or overlap, so that equal sets
have equal runs and every count is an exact integer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from workstation.domain.errors import InvalidValue

Runs = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Box:
    """Half-open pixel box: rows `row0 <= r < row1`, columns `col0 <= c < col1`."""

    row0: int
    col0: int
    row1: int
    col1: int

    def __post_init__(self) -> None:
        if self.row0 > self.row1 or self.col0 > self.col1:
            raise InvalidValue("box.inverted", box=(self.row0, self.col0, self.row1, self.col1))

    @property
    def rows(self) -> int:
        return self.row1 - self.row0

    @property
    def cols(self) -> int:
        return self.col1 - self.col0

    @property
    def empty(self) -> bool:
        return self.rows == 0 or self.cols == 0

    def union(self, other: Box) -> Box:
        """The smallest box that holds both; an empty box adds nothing."""
        if self.empty:
            return other
        if other.empty:
            return self
        return Box(
            min(self.row0, other.row0),
            min(self.col0, other.col0),
            max(self.row1, other.row1),
            max(self.col1, other.col1),
        )

    def clipped(self, rows: int, cols: int) -> Box:
        """The part of the box inside a `rows` x `cols` matrix."""
        row0, col0 = min(max(self.row0, 0), rows), min(max(self.col0, 0), cols)
        return Box(row0, col0, max(row0, min(self.row1, rows)), max(col0, min(self.col1, cols)))


@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """A set of pixels of one `rows` x `cols` plane.

    `runs` is int64 of shape (n, 2): start (flat index) and length, ascending, never touching
    within a row, never crossing a row's end.
    """

    rows: int
    cols: int
    runs: Runs

    def __post_init__(self) -> None:
        if self.rows <= 0 or self.cols <= 0:
            raise InvalidValue("mask.shape", rows=self.rows, cols=self.cols)
        runs = self.runs
        if runs.ndim != 2 or runs.shape[1] != 2:
            raise InvalidValue("mask.runs_shape", shape=tuple(runs.shape))
        if len(runs):
            start, length = runs[:, 0], runs[:, 1]
            end = start + length
            same_row = start // self.cols == (end - 1) // self.cols
            if (
                (length <= 0).any()
                or (length > self.cols).any()
                or start[0] < 0
                or start[-1] >= self.rows * self.cols
                or end[-1] > self.rows * self.cols
                or not same_row.all()
            ):
                raise InvalidValue("mask.runs_range")
            gap = start[1:] - end[:-1]
            touching = (gap <= 0) & ~((gap == 0) & (start[1:] % self.cols == 0))
            if touching.any():
                raise InvalidValue("mask.runs_order")
        runs.flags.writeable = False

    # construction

    @classmethod
    def empty_like(cls, rows: int, cols: int) -> Mask:
        return cls(rows, cols, np.empty((0, 2), dtype=np.int64))

    @classmethod
    def from_array(
        cls,
        array: npt.NDArray[np.generic],
        origin: tuple[int, int] = (0, 0),
        shape: tuple[int, int] | None = None,
    ) -> Mask:
        """Mask of the non-zero pixels of a 2-D array laid at `origin` (row, col) of `shape`."""
        if array.ndim != 2:
            raise InvalidValue("mask.array_ndim", ndim=array.ndim)
        rows, cols = shape if shape is not None else array.shape
        row0, col0 = origin
        bits = array.astype(bool, copy=False)
        if row0 < 0 or col0 < 0 or row0 + bits.shape[0] > rows or col0 + bits.shape[1] > cols:
            raise InvalidValue("mask.outside", origin=origin, size=bits.shape, shape=(rows, cols))
        padded = np.zeros((bits.shape[0], bits.shape[1] + 2), dtype=np.int8)
        padded[:, 1:-1] = bits
        edges = np.diff(padded, axis=1)
        rise_row, rise_col = np.nonzero(edges == 1)
        _, fall_col = np.nonzero(edges == -1)
        start = (rise_row + row0) * cols + rise_col + col0
        return cls(rows, cols, np.stack([start, fall_col - rise_col], axis=1).astype(np.int64))

    @classmethod
    def from_runs(cls, rows: int, cols: int, runs: Iterable[Sequence[int]]) -> Mask:
        return cls(rows, cols, np.array([tuple(r) for r in runs], np.int64).reshape(-1, 2))

    # reading

    @property
    def area(self) -> int:
        """Number of pixels."""
        return int(self.runs[:, 1].sum())

    @property
    def empty(self) -> bool:
        return len(self.runs) == 0

    @property
    def box(self) -> Box:
        """The tight bounding box; an empty box at the origin for an empty mask."""
        if self.empty:
            return Box(0, 0, 0, 0)
        row = self.runs[:, 0] // self.cols
        col = self.runs[:, 0] % self.cols
        return Box(
            int(row[0]), int(col.min()), int(row[-1]) + 1, int((col + self.runs[:, 1]).max())
        )

    @property
    def centroid(self) -> tuple[Fraction, Fraction]:
        """Exact mean (x, y) = (column, row) of the pixel centres.

        Raises InvalidValue on an empty mask: it has no centre.
        """
        if self.empty:
            raise InvalidValue("mask.empty_centroid")
        row = self.runs[:, 0] // self.cols
        col = self.runs[:, 0] % self.cols
        length = self.runs[:, 1]
        twice_x = int((length * (2 * col + length - 1)).sum())
        sum_y = int((length * row).sum())
        return Fraction(twice_x, 2 * self.area), Fraction(sum_y, self.area)

    def to_array(self, box: Box | None = None) -> BoolArray:
        """Boolean array of the pixels in `box` (default: the whole plane)."""
        box = Box(0, 0, self.rows, self.cols) if box is None else box.clipped(self.rows, self.cols)
        out = np.zeros(box.rows * box.cols + 1, dtype=np.int8)
        if len(self.runs) and not box.empty:
            row = self.runs[:, 0] // self.cols
            first, last = np.searchsorted(row, [box.row0, box.row1])
            row = row[first:last]
            col = self.runs[first:last, 0] % self.cols
            begin = np.clip(col, box.col0, box.col1)
            end = np.clip(col + self.runs[first:last, 1], box.col0, box.col1)
            keep = end > begin
            base = (row[keep] - box.row0) * box.cols - box.col0
            np.add.at(out, base + begin[keep], 1)
            np.add.at(out, base + end[keep], -1)
        return np.cumsum(out[:-1], dtype=np.int8).reshape(box.rows, box.cols).astype(bool)

    def contains(self, row: int, col: int) -> bool:
        if not (0 <= row < self.rows and 0 <= col < self.cols) or self.empty:
            return False
        flat = row * self.cols + col
        i = int(np.searchsorted(self.runs[:, 0], flat, side="right")) - 1
        return i >= 0 and flat < int(self.runs[i, 0] + self.runs[i, 1])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Mask):
            return NotImplemented
        return (self.rows, self.cols) == (other.rows, other.cols) and np.array_equal(
            self.runs, other.runs
        )

    def __hash__(self) -> int:
        return hash((self.rows, self.cols, self.runs.tobytes()))

    # algebra

    def _check(self, other: Mask) -> None:
        if (self.rows, self.cols) != (other.rows, other.cols):
            raise InvalidValue(
                "mask.different_planes",
                first=(self.rows, self.cols),
                second=(other.rows, other.cols),
            )

    def _combined(self, other: Mask, needed: int, weight: int = 1) -> Mask:
        """Pixels whose cover count (self 1, other `weight`) reaches `needed` exactly or more."""
        self._check(other)
        a, b = self.runs, other.runs
        at = np.concatenate([a[:, 0], a.sum(axis=1), b[:, 0], b.sum(axis=1)])
        change = np.concatenate(
            [
                np.ones(len(a), np.int64),
                -np.ones(len(a), np.int64),
                np.full(len(b), weight, np.int64),
                np.full(len(b), -weight, np.int64),
            ]
        )
        points, inverse = np.unique(at, return_inverse=True)
        steps = np.zeros(len(points), np.int64)
        np.add.at(steps, inverse, change)
        inside = np.cumsum(steps) >= needed
        rise = inside & ~np.concatenate([[False], inside[:-1]])
        fall = ~inside & np.concatenate([[False], inside[:-1]])
        return self._split_rows(points[rise], points[fall])

    def _split_rows(self, start: Runs, end: Runs) -> Mask:
        """Cut runs at row ends (two runs that meet there were joined by the sweep)."""
        first, last = start // self.cols, (end - 1) // self.cols
        if not len(start):
            return Mask.empty_like(self.rows, self.cols)
        count = last - first + 1
        owner = np.repeat(np.arange(len(start)), count)
        row = first[owner] + np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
        begin = np.maximum(start[owner], row * self.cols)
        stop = np.minimum(end[owner], (row + 1) * self.cols)
        return Mask(self.rows, self.cols, np.stack([begin, stop - begin], axis=1))

    def union(self, other: Mask) -> Mask:
        return self._combined(other, 1)

    def intersection(self, other: Mask) -> Mask:
        return self._combined(other, 2)

    def difference(self, other: Mask) -> Mask:
        return self._combined(other, 1, weight=-2)

    def intersection_area(self, other: Mask) -> int:
        """Number of common pixels."""
        return self.intersection(other).area


def union_of(masks: Sequence[Mask], rows: int, cols: int) -> Mask:
    """Union of any number of masks of one plane."""
    total = Mask.empty_like(rows, cols)
    for mask in masks:
        total = total.union(mask)
    return total
