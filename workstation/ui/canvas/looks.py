"""How a pane's stored values are to look: the tables made of its image and its view state."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from workstation.display.kernels import Pixels, grey_pixels
from workstation.display.photo import table
from workstation.domain.image import Image
from workstation.domain.viewing import AS_IT_IS
from workstation.ui.canvas.picture import Look
from workstation.ui.state.view_state import ViewState

Levels = npt.NDArray[np.uint8]


def window_of(image: Image, z: int, view: ViewState, stored: Pixels | None) -> tuple[float, float]:
    """(centre, width) in modality values: the one set by hand, else the file's first, else from
    the smallest to the largest value that is no padding."""
    if view.window is not None:
        return view.window
    windows = image.slice_windows[z] if image.slice_windows else image.windows
    if windows:
        return windows[0].center, windows[0].width
    if stored is None or image.samples == 3:
        return 128.0, 256.0
    kept = stored
    if image.padding is not None:
        low, high = image.padding
        inside = stored[(stored < low) | (stored > high)]
        kept = inside if inside.size else stored
    slope, intercept = _rescale(image, z)
    ends = sorted(float(v) * slope + intercept for v in (kept.min(), kept.max()))
    return (ends[0] + ends[1]) / 2, max(ends[1] - ends[0], 1.0)


def grey_levels(image: Image, z: int, dtype: npt.DTypeLike, window: tuple[float, float]) -> Levels:
    """PS3.3 C.11.2.1.2 LINEAR of the modality value of every stored value, MONOCHROME1 inverted
    once, after it; the place of a value is its bits read as unsigned."""
    kind = np.dtype(dtype)
    stored = np.arange(1 << kind.itemsize * 8).astype(f"u{kind.itemsize}").view(kind)
    slope, intercept = _rescale(image, z)
    center, width = window[0], max(window[1], 1.0)
    values = stored.astype(np.float64) * slope + intercept
    if width <= 1.0:
        grey = np.where(values < center, 0.0, 255.0)
    else:
        grey = ((values - (center - 0.5)) / (width - 1) + 0.5) * 255.0
    grey = np.clip(np.rint(grey), 0, 255)
    if image.monochrome1 or image.inverse_shape:
        grey = 255 - grey
    return grey.astype(np.uint8)


def _rescale(image: Image, z: int) -> tuple[float, float]:
    return image.slice_rescale[z] if image.slice_rescale else (image.slope, image.intercept)


class Looks:
    """Makes the look of a plane, and the same one again while nothing it depends on changes."""

    def __init__(self) -> None:
        self._last: tuple[tuple[object, ...], Look] | None = None

    def of(self, image: Image, z: int, view: ViewState, stored: Pixels) -> Look:
        window = window_of(image, z, view, stored)
        own = z if image.slice_rescale or image.slice_windows else 0
        made_of = (image.image_id, own, window, view.window is None, view.look,
                   view.inverted, stored.dtype)  # fmt: skip
        if self._last is not None and self._last[0] == made_of:
            return self._last[1]
        look = _look(image, z, view, window, stored.dtype)
        self._last = made_of, look
        return look


def _look(
    image: Image, z: int, view: ViewState, window: tuple[float, float], dtype: np.dtype[np.generic]
) -> Look:
    if image.samples == 1:
        levels = grey_levels(image, z, dtype, window)
        return Look(grey_pixels(255 - levels if view.inverted else levels))
    if view.look == AS_IT_IS and not view.inverted:
        return Look()
    levels = table(view.look)
    levels = 255 - levels if view.inverted else levels
    if view.look.red_free:
        return Look(grey_pixels(levels), channel=1)
    return Look(levels=levels)
