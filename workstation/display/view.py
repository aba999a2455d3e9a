"""Where an image point is on the screen, and back: one value holds all that decides it.

Frames: image = stored-matrix pixels (x = column, y = row, (0, 0) the centre of the top-left
pixel); screen = the pane's logical pixels from its top-left corner; device = index coordinates of
the pane's physical pixels, (0, 0) the centre of its top-left one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from workstation.domain.geometry import ViewTurn
from workstation.domain.image import Image, SpacingKind

Point = tuple[float, float]

LEAST_ZOOM, MOST_ZOOM = 0.02, 40.0
# Of the pane a fitted image takes this much, so that its border is seen.
FIT = 0.98
# A pixel longer than this many times its width is a slip of the header.
MOST_ASPECT = 20.0


def aspect_of(image: Image) -> float:
    """Height of a pixel to its width (PS3.3 C.7.6.3.1.7, 10.7.1.3): from the spacing where that is
    known, else PixelAspectRatio. 1 where it is more than twentyfold."""
    if image.spacing is not None and image.spacing.kind is not SpacingKind.UNKNOWN:
        found = image.spacing.row_mm / image.spacing.col_mm
    else:
        found = image.aspect[0] / image.aspect[1]
    return found if 1 / MOST_ASPECT <= found <= MOST_ASPECT else 1.0


@dataclass(frozen=True, slots=True)
class ViewTransform:
    """How a pane shows an image.

    `size` is width and height of the pane in logical pixels, `center` the image point in its
    middle, `zoom` logical pixels per image pixel along the side on which pixels are shorter,
    `aspect` a pixel's height to its width, `ratio` device pixels per logical pixel.
    """

    size: tuple[float, float]
    center: Point
    zoom: float
    turn: ViewTurn = ViewTurn()
    aspect: float = 1.0
    ratio: float = 1.0

    @property
    def scales(self) -> tuple[float, float]:
        """Logical pixels per image pixel along a row and down a column, before turning."""
        if self.aspect >= 1:
            return self.zoom, self.zoom * self.aspect
        return self.zoom / self.aspect, self.zoom

    @property
    def linear(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Rows of the 2 x 2 matrix from image directions to screen directions."""
        (a, b), (c, d) = self.turn.matrix()
        sx, sy = self.scales
        return (a * sx, b * sy), (c * sx, d * sy)

    @property
    def percent(self) -> float:
        """Device pixels per image pixel, in per cent."""
        return self.zoom * self.ratio * 100

    @property
    def device_size(self) -> tuple[int, int]:
        """Width and height of the pane in device pixels."""
        return max(1, round(self.size[0] * self.ratio)), max(1, round(self.size[1] * self.ratio))

    def to_screen(self, point: Point) -> Point:
        (a, b), (c, d) = self.linear
        dx, dy = point[0] - self.center[0], point[1] - self.center[1]
        return a * dx + b * dy + self.size[0] / 2, c * dx + d * dy + self.size[1] / 2

    def to_image(self, at: Point) -> Point:
        dx, dy = self.direction_to_image((at[0] - self.size[0] / 2, at[1] - self.size[1] / 2))
        return dx + self.center[0], dy + self.center[1]

    def direction_to_image(self, on_screen: Point) -> Point:
        """A way on the screen, as a way on the image."""
        # A turn's matrix is orthogonal: its inverse is its transpose.
        (a, b), (c, d) = self.turn.matrix()
        sx, sy = self.scales
        x, y = on_screen
        return (a * x + c * y) / sx, (b * x + d * y) / sy

    def to_device(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """(A, b), float64 of shapes (2, 2) and (2,): device = A @ image + b."""
        linear = np.array(self.linear) * self.ratio
        middle = np.array(self.size) * self.ratio / 2 - 0.5
        return linear, middle - linear @ np.array(self.center)

    def zoomed(self, at: Point, factor: float) -> ViewTransform:
        """Zoomed with the image point under `at` (screen) staying where it is."""
        point = self.to_image(at)
        closer = replace(self, zoom=min(MOST_ZOOM, max(LEAST_ZOOM, self.zoom * factor)))
        away = closer.direction_to_image((at[0] - self.size[0] / 2, at[1] - self.size[1] / 2))
        return replace(closer, center=(point[0] - away[0], point[1] - away[1]))

    def moved(self, on_screen: Point) -> ViewTransform:
        """The picture moved along by a way on the screen."""
        dx, dy = self.direction_to_image(on_screen)
        return replace(self, center=(self.center[0] - dx, self.center[1] - dy))

    def fit_zoom(self, rows: int, cols: int) -> float:
        """The zoom at which an image of that size fills the pane."""
        one = replace(self, zoom=1.0)
        sx, sy = one.scales
        across, down = cols * sx, rows * sy
        if self.turn.swaps_sides:
            across, down = down, across
        return max(min(self.size[0] / across, self.size[1] / down) * FIT, 1e-6)

    def fitted(self, rows: int, cols: int) -> ViewTransform:
        """The whole image in the pane, its middle in the pane's, to the nearest device pixel."""
        whole = replace(
            self, zoom=self.fit_zoom(rows, cols), center=((cols - 1) / 2, (rows - 1) / 2)
        )
        return whole.on_grid(rows, cols)

    def leaning(self, rows: int, cols: int, *, to_left: bool) -> ViewTransform:
        """Moved sideways until the left, else the right side of what is seen lies on the pane's."""
        corners = [self.to_screen((x, y)) for x in (-0.5, cols - 0.5) for y in (-0.5, rows - 0.5)]
        xs = [x for x, _ in corners]
        return self.moved((-min(xs) if to_left else self.size[0] - max(xs), 0.0))

    def on_grid(self, rows: int, cols: int) -> ViewTransform:
        """Moved by less than a device pixel so that the top-left corner of what is seen lies
        between device pixels: at 100 % every image pixel then is one device pixel."""
        corners = [self.to_screen((x, y)) for x in (-0.5, cols - 0.5) for y in (-0.5, rows - 0.5)]
        left, top = min(x for x, _ in corners), min(y for _, y in corners)
        by = [round(v * self.ratio) / self.ratio - v for v in (left, top)]
        return self.moved((by[0], by[1]))
