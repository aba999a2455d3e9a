"""How a pane's stored values are to look: the tables made of its image and its view state."""

from __future__ import annotations

import numpy.typing as npt

from workstation.display.grey import Choice, GreyChain
from workstation.display.kernels import Pixels, grey_pixels
from workstation.display.photo import table
from workstation.domain.image import Image, LookupTable, Window
from workstation.domain.viewing import AS_IT_IS
from workstation.ui.canvas.picture import Look
from workstation.ui.state.view_state import ViewState


class Looks:
    """Makes the look of a plane, and the same one again while nothing it depends on changes."""

    def __init__(self) -> None:
        self._last: tuple[tuple[object, ...], Look] | None = None
        self._range: tuple[Pixels, Window] | None = None

    def choice(self, image: Image, z: int, view: ViewState, stored: Pixels | None) -> Choice:
        """The window set by hand, else what the file offers first, else from the smallest to the
        largest value that is no padding."""
        if view.window is not None:
            return Window(view.window[0], max(view.window[1], 1.0))
        chain = GreyChain.of(image, z)
        if chain.choices and not view.whole_range:
            return chain.choices[min(view.offered, len(chain.choices) - 1)]
        if stored is None or image.samples == 3:
            return Window(128.0, 256.0)
        if self._range is None or self._range[0] is not stored:
            self._range = stored, chain.full_range(stored)
        return self._range[1]

    def window(
        self, image: Image, z: int, view: ViewState, stored: Pixels | None
    ) -> tuple[float, float]:
        """(centre, width) in modality values; of a look-up table the range it tells apart."""
        choice = self.choice(image, z, view, stored)
        if isinstance(choice, LookupTable):
            count = len(choice.entries)
            return choice.first + count / 2, float(count)
        return choice.center, choice.width

    def of(self, image: Image, z: int, view: ViewState, stored: Pixels) -> Look:
        choice = self.choice(image, z, view, stored)
        own = z if image.slice_rescale or image.slice_windows else 0
        made_of = (image.image_id, own, choice, view.look,
                   view.inverted, stored.dtype)  # fmt: skip
        if self._last is not None and self._last[0] == made_of:
            return self._last[1]
        look = _look(image, z, view, choice, stored.dtype)
        self._last = made_of, look
        return look


def _look(image: Image, z: int, view: ViewState, choice: Choice, dtype: npt.DTypeLike) -> Look:
    if image.samples == 1:
        levels = GreyChain.of(image, z).table(dtype, choice)
        return Look(grey_pixels(255 - levels if view.inverted else levels))
    if view.look == AS_IT_IS and not view.inverted:
        return Look()
    levels = table(view.look)
    levels = 255 - levels if view.inverted else levels
    if view.look.red_free:
        return Look(grey_pixels(levels), channel=1)
    return Look(levels=levels)
