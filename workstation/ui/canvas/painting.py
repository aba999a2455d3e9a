"""A round brush on the pixels of one slice; what brush and eraser share."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np
import numpy.typing as npt

from workstation.domain.masks import Mask
from workstation.ui.canvas.tool import Point, Stroke, Surface, mask_of


class PaintingStroke(Stroke):
    """Collects the pixels under the brush; `apply` gets them when the button goes up."""

    def __init__(self, surface: Surface) -> None:
        super().__init__(surface)
        self._bits = np.zeros((surface.image.rows, surface.image.cols), np.uint8)
        self._last: Point | None = None
        self._box: tuple[int, int, int, int] | None = None

    @abstractmethod
    def apply(self, stroke: Mask) -> None: ...

    def press(self, at: Point) -> bool:
        self._last = at
        self._stamp(at)
        return False

    def move(self, at: Point, pressed: bool) -> None:
        if pressed and self._last is not None:
            self._stamp(at)
            self._last = at

    def release(self, at: Point) -> bool:
        if self._bits.any():
            self.apply(mask_of(self._bits, self.surface.image))
        return True

    def _stamp(self, at: Point) -> None:
        """A capsule from the last point: pixels whose centre is within the radius of the line."""
        radius = self.surface.radius
        x0, y0 = self._last or at
        x1, y1 = at
        left, right = int(min(x0, x1)) - radius - 1, int(max(x0, x1)) + radius + 2
        top, bottom = int(min(y0, y1)) - radius - 1, int(max(y0, y1)) + radius + 2
        left, top = max(0, left), max(0, top)
        right, bottom = min(self._bits.shape[1], right), min(self._bits.shape[0], bottom)
        if left >= right or top >= bottom:
            return
        yy, xx = np.mgrid[top:bottom, left:right].astype(np.float64)
        dx, dy = x1 - x0, y1 - y0
        length = dx * dx + dy * dy
        along = ((xx - x0) * dx + (yy - y0) * dy) / length if length else np.zeros_like(xx)
        along = np.clip(along, 0, 1)
        distance = (xx - x0 - along * dx) ** 2 + (yy - y0 - along * dy) ** 2
        self._bits[top:bottom, left:right] |= (distance <= radius * radius).astype(np.uint8)
        box = self._box or (top, left, bottom, right)
        self._box = (min(box[0], top), min(box[1], left), max(box[2], bottom), max(box[3], right))

    def painted(self) -> tuple[npt.NDArray[np.uint8], tuple[int, int]] | None:
        if self._box is None:
            return None
        top, left, bottom, right = self._box
        return self._bits[top:bottom, left:right], (top, left)


def outline_lines(mask: Mask) -> npt.NDArray[np.float64]:
    """Segments (x0, y0, x1, y1) along the pixel edges of a mask, in image coordinates."""
    box = mask.box
    bits = np.pad(mask.to_array(box), 1).astype(np.uint8)
    parts = []
    for edges, swap in ((bits[1:] != bits[:-1], False), ((bits[:, 1:] != bits[:, :-1]).T, True)):
        runs = Mask.from_array(edges).runs
        row = runs[:, 0] // edges.shape[1]
        col = runs[:, 0] % edges.shape[1]
        fixed = row - 0.5
        begin, end = col - 1.5, col - 1.5 + runs[:, 1]
        lines = [fixed, begin, fixed, end] if swap else [begin, fixed, end, fixed]
        parts.append(np.stack(lines, axis=1))
    out = np.concatenate(parts)
    return np.asarray(out + np.array([box.col0, box.row0, box.col0, box.row0]), np.float64)
