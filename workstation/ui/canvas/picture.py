"""The pixels of one pane: stored values at device pixels, kept until the view moves, and the
picture made of them by one table, kept until the window changes.

Panning by whole device pixels moves the picture and reads only what comes into view; a window step
touches what is on the screen once. The picture is blitted one to one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QImage, QPainter

from workstation.display.kernels import (
    Line,
    Picture,
    Pixels,
    along,
    grey_pixels,
    resampled,
    through,
)
from workstation.display.view import ViewTransform

# Device pixels beside the pane that are read when panning goes beyond what is there.
MARGIN = 96
# Two places less apart than this, in device pixels, are one.
SAME_PLACE = 0.01


@dataclass(frozen=True)
class Look:
    """How stored values become screen pixels: `grey` levels for grey ones or for one channel,
    `levels` (256) for each channel of a colour; none for colours as they are. `line` says the same
    as `grey` where there is one. Compared by identity."""

    grey: npt.NDArray[np.uint8] | None = None
    channel: int | None = None
    levels: npt.NDArray[np.uint8] | None = None
    line: Line | None = None

    @cached_property
    def table(self) -> Picture:
        """The grey levels as screen pixels; a line does without."""
        assert self.grey is not None
        return grey_pixels(self.grey)


@dataclass
class _Kept:
    """Stored values of a rectangle of the grid: device pixels counted from the image's anchor."""

    source: object
    linear: npt.NDArray[np.float64]
    offset: npt.NDArray[np.float64]
    rect: QRect
    values: Pixels


_Placed = tuple[
    tuple[ViewTransform, tuple[int, int]],
    tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], QRect],
]


class PanePicture:
    """`draw` paints an image's levels as a transform and a look say. `resamplings` and `windowings`
    count the passes made."""

    def __init__(self) -> None:
        self._kept: _Kept | None = None
        self._shown: tuple[_Kept, QRect, Look] | None = None
        self._placed: _Placed | None = None
        self._out: Picture = np.empty((0, 0), np.int32)
        self._grey: npt.NDArray[np.uint8] = np.empty((0, 0), np.uint8)
        self._picture: QImage | None = None
        # Whether `_out` is for tables to write into, or the kept values themselves.
        self._writable = False
        self.resamplings = 0
        self.windowings = 0

    def forget(self) -> None:
        self._kept = self._shown = None

    def draw(
        self, painter: QPainter, view: ViewTransform, source: object, levels: list[Pixels],
        size: tuple[int, int], look: Look, dirty: QRect,
    ) -> None:  # fmt: skip
        """`size` is (rows, cols) of the image, `source` what tells one plane from another, `dirty`
        what is to be painted, in logical pixels. Beside the image all is black."""
        ratio = view.ratio
        painter.save()
        painter.scale(1 / ratio, 1 / ratio)
        wanted = device_rect(dirty, ratio)
        linear, offset, whole = self._place(view, size)
        width, height = view.device_size
        seen = whole.intersected(QRect(0, 0, width, height))
        for beside in _beside(wanted, seen.intersected(wanted)):
            painter.fillRect(beside, Qt.GlobalColor.black)
        if not seen.isEmpty():
            anchor = self._read(source, levels, linear, offset, whole, seen)
            picture, begin = self._look(seen.translated(-anchor), look)
            part = seen.intersected(wanted)
            painter.drawImage(part.topLeft(), picture, part.translated(-anchor).translated(-begin))
        painter.restore()

    def _place(
        self, view: ViewTransform, size: tuple[int, int]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], QRect]:
        """Where the image is on the device; a window step does not change it."""
        if self._placed is None or self._placed[0] != (view, size):
            linear, offset = view.to_device()
            self._placed = (view, size), (linear, offset, _covered(linear, offset, size))
        return self._placed[1]

    def _read(
        self, source: object, levels: list[Pixels], linear: npt.NDArray[np.float64],
        offset: npt.NDArray[np.float64], whole: QRect, seen: QRect,
    ) -> QPoint:  # fmt: skip
        """Have the values of `seen`; returns where the grid of what is kept lies on the device."""
        kept = self._kept
        if kept is not None and kept.source is source and np.array_equal(kept.linear, linear):
            moved = offset - kept.offset
            steps = np.rint(moved)
            if np.abs(moved - steps).max() < SAME_PLACE:
                anchor = QPoint(int(steps[0]), int(steps[1]))
                if not kept.rect.contains(seen.translated(-anchor)):
                    self._widen(kept, levels, whole.translated(-anchor), seen.translated(-anchor))
                return anchor
        values = self._values(levels, linear, offset, seen)
        self._kept = _Kept(source, linear, offset, seen, values)
        return QPoint(0, 0)

    def _values(
        self, levels: list[Pixels], linear: npt.NDArray[np.float64],
        offset: npt.NDArray[np.float64], rect: QRect,
    ) -> Pixels:  # fmt: skip
        self.resamplings += 1
        begin = offset - np.array([rect.x(), rect.y()], np.float64)
        return resampled(levels, linear, begin, (rect.width(), rect.height()))

    def _widen(self, kept: _Kept, levels: list[Pixels], whole: QRect, seen: QRect) -> None:
        """Keep a larger rectangle: what is there stays, the strips beside it are read."""
        rect = seen.adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN).intersected(whole)
        old = kept.rect.intersected(rect)
        shape = (rect.height(), rect.width(), *kept.values.shape[2:])
        values = np.empty(shape, kept.values.dtype)
        for strip in _beside(rect, old):
            part = self._values(levels, kept.linear, kept.offset, strip)
            values[_place(strip, rect)] = part
        if not old.isEmpty():
            values[_place(old, rect)] = kept.values[_place(old, kept.rect)]
        self._kept = _Kept(kept.source, kept.linear, kept.offset, rect, values)

    def _look(self, seen: QRect, look: Look) -> tuple[QImage, QPoint]:
        """The picture that holds `seen` of the grid, and where on the grid it begins."""
        kept = self._kept
        assert kept is not None
        plain = look.grey is None and look.levels is None
        if plain:
            seen = kept.rect
        shown = self._shown
        if (
            self._picture is not None and shown is not None
            and shown[0] is kept and shown[1] == seen and shown[2] is look
        ):  # fmt: skip
            return self._picture, seen.topLeft()
        self._shown = (kept, seen, look)
        if plain:
            values = np.ascontiguousarray(kept.values).view(np.int32)[..., 0]
            self._out, self._picture, self._writable = values, _wrapped(values), False
            return self._picture, seen.topLeft()
        self.windowings += 1
        size = (seen.height(), seen.width())
        if self._out.shape != size or not self._writable:
            self._out, self._writable = np.empty(size, np.int32), True
            self._grey = np.empty(size, np.uint8)
            self._picture = _wrapped(self._out)
        paint(kept.values[_place(seen, kept.rect)], look, self._out, self._grey)
        assert self._picture is not None
        return self._picture, seen.topLeft()


def paint(values: Pixels, look: Look, out: Picture, grey: npt.NDArray[np.uint8]) -> None:
    """Stored values, or screen colours, as a look has them; into `out`, int32 (rows, cols). `grey`
    is room of the same shape."""
    if look.line is not None and along(values, look.line, grey, out):
        return
    if look.channel is not None:
        values = np.ascontiguousarray(values[..., look.channel])
    if look.grey is not None:
        through(values, look.table, out)
    elif look.levels is not None:
        four = out.view(np.uint8).reshape(*out.shape, 4)
        cv2.LUT(np.ascontiguousarray(values), look.levels, four)
    else:
        out[...] = np.ascontiguousarray(values).view(np.int32)[..., 0]


def device_rect(rect: QRect, ratio: float) -> QRect:
    """The device pixels of a rectangle of logical ones; those it touches with a part as well."""
    left, top = math.floor(rect.x() * ratio), math.floor(rect.y() * ratio)
    right = math.ceil((rect.x() + rect.width()) * ratio)
    bottom = math.ceil((rect.y() + rect.height()) * ratio)
    return QRect(left, top, right - left, bottom - top)


def _covered(
    linear: npt.NDArray[np.float64], offset: npt.NDArray[np.float64], size: tuple[int, int]
) -> QRect:
    """The device pixels whose centre is in the image."""
    rows, cols = size
    ends = linear @ np.array([[-0.5, cols - 0.5], [-0.5, rows - 0.5]]) + offset[:, None]
    first = np.ceil(ends.min(axis=1) - 1e-6).astype(int)
    last = np.ceil(ends.max(axis=1) - 1e-6).astype(int) - 1
    return QRect(int(first[0]), int(first[1]), int(last[0] - first[0] + 1),
                 int(last[1] - first[1] + 1))  # fmt: skip


def _beside(rect: QRect, inner: QRect) -> list[QRect]:
    """What of `rect` is beside `inner`, which lies in it."""
    if inner.isEmpty():
        return [rect]
    above = QRect(rect.x(), rect.y(), rect.width(), inner.y() - rect.y())
    below = QRect(rect.x(), inner.bottom() + 1, rect.width(), rect.bottom() - inner.bottom())
    left = QRect(rect.x(), inner.y(), inner.x() - rect.x(), inner.height())
    right = QRect(inner.right() + 1, inner.y(), rect.right() - inner.right(), inner.height())
    return [one for one in (above, below, left, right) if not one.isEmpty()]


def _place(part: QRect, whole: QRect) -> tuple[slice, slice]:
    """Where a part of the grid lies in the array of a larger one."""
    x, y = part.x() - whole.x(), part.y() - whole.y()
    return slice(y, y + part.height()), slice(x, x + part.width())


def _wrapped(pixels: Picture) -> QImage:
    """A QImage over the array's own memory; whoever holds the image holds the array."""
    rows, cols = pixels.shape
    return QImage(pixels.data, cols, rows, pixels.strides[0], QImage.Format.Format_RGB32)
