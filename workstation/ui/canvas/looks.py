"""How a pane's stored values are to look: the tables made of its image and its view state."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from workstation.display.grey import GreyChain
from workstation.display.kernels import Pixels, grey_pixels
from workstation.domain.image import Image, Window
from workstation.ui.canvas.picture import Look
from workstation.ui.state.view_state import ViewState


def window_of(image: Image, z: int, view: ViewState, stored: Pixels | None) -> tuple[float, float]:
    """(centre, width) in modality values: the one set by hand, else the file's first, else from
    the smallest to the largest value that is no padding."""
    if view.window is not None:
        return view.window
    chain = GreyChain.of(image, z)
    if chain.windows:
        return chain.windows[0].center, chain.windows[0].width
    if stored is None or image.samples == 3:
        return 128.0, 256.0
    whole = chain.full_range(stored)
    return whole.center, whole.width


def grey_levels(
    image: Image, z: int, stored: Pixels, window: tuple[float, float] | None
) -> npt.NDArray[np.uint8]:
    """The grey chain of every stored value; `window` as set by hand, None the file's own."""
    chain = GreyChain.of(image, z)
    if window is None:
        return chain.table(stored.dtype, chain.default(stored))
    return chain.table(stored.dtype, Window(window[0], max(window[1], 1.0)))


class Looks:
    """Makes the look of a plane, and the same one again while nothing it depends on changes."""

    def __init__(self) -> None:
        self._last: tuple[tuple[object, ...], Look] | None = None

    def of(self, image: Image, z: int, view: ViewState, stored: Pixels) -> Look:
        window = window_of(image, z, view, stored)
        own = z if image.slice_rescale or image.slice_windows else 0
        made_of = (image.image_id, own, window, view.window is None, view.green_only,
                   view.inverted, stored.dtype)  # fmt: skip
        if self._last is not None and self._last[0] == made_of:
            return self._last[1]
        look = _look(image, z, view, window, stored)
        self._last = made_of, look
        return look


def _look(
    image: Image, z: int, view: ViewState, window: tuple[float, float], stored: Pixels
) -> Look:
    if image.samples == 1:
        levels = grey_levels(image, z, stored, view.window)
        return Look(grey_pixels(255 - levels if view.inverted else levels))
    if view.window is None and not view.green_only and not view.inverted:
        return Look()
    values = np.arange(256, dtype=np.float64)
    if view.window is not None:
        values = (values - (window[0] - window[1] / 2)) * (255.0 / window[1])
    levels = np.clip(values, 0, 255).astype(np.uint8)
    levels = 255 - levels if view.inverted else levels
    if view.green_only:
        return Look(grey_pixels(levels), channel=1)
    return Look(levels=levels)
