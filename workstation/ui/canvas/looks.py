"""How a pane's stored values are to look: the tables made of its image and its view state."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from workstation.display.grey import Choice, GreyChain, places
from workstation.display.kernels import Line, Pixels, fitted_line
from workstation.display.photo import table
from workstation.domain.image import Image, LookupTable, Window
from workstation.domain.viewing import AS_IT_IS
from workstation.ui.canvas.picture import Look
from workstation.ui.state.view_state import ViewState
from workstation.ui.window_choices import in_force


class Looks:
    """Makes the look of a plane, and the same one again while nothing it depends on changes."""

    def __init__(self) -> None:
        self._last: tuple[tuple[object, ...], Look] | None = None
        self._range: tuple[Pixels, Window] | None = None
        # Whose smallest and largest values are known, and those of all planes of the image so far.
        self._measured: tuple[str, Pixels] | None = None
        self._within = (0, 0)

    def choice(self, image: Image, z: int, view: ViewState, stored: Pixels | None) -> Choice:
        """The window set by hand, else what the file offers first, else from the smallest to the
        largest value that is no padding."""
        chain = GreyChain.of(image, z)
        chosen = in_force(view, chain)
        if chosen is not None:
            return chosen
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
        if image.samples == 1:
            self._measure(image, stored)
        made_of = (image.image_id, own, choice, view.look,
                   view.inverted, stored.dtype, self._within)  # fmt: skip
        if self._last is not None and self._last[0] == made_of:
            return self._last[1]
        if image.samples == 1:
            chain = GreyChain.of(image, z)
            look = _grey_look(chain, choice, stored.dtype, self._within, view.inverted)
        else:
            look = _colour_look(view)
        self._last = made_of, look
        return look

    def _measure(self, image: Image, stored: Pixels) -> None:
        """Widen `_within` to what a plane holds: a table need not reach farther."""
        last = self._measured
        if last is not None and last[1] is stored:
            return
        low, high = (int(end) for end in cv2.minMaxLoc(stored)[:2])
        if last is not None and last[0] == image.image_id and last[1].dtype == stored.dtype:
            low, high = min(low, self._within[0]), max(high, self._within[1])
        self._measured, self._within = (image.image_id, stored), (low, high)


def _grey_look(
    chain: GreyChain, choice: Choice, dtype: npt.DTypeLike, within: tuple[int, int], inverted: bool
) -> Look:
    levels = chain.table(dtype, choice, within)
    line = _line(chain, choice, dtype, within, levels)
    if inverted:
        levels = 255 - levels
        line = line and replace(line, falling=not line.falling)
    return Look(levels, line=line)


def _line(
    chain: GreyChain, choice: Choice, dtype: npt.DTypeLike, within: tuple[int, int],
    levels: npt.NDArray[np.uint8],
) -> Line | None:  # fmt: skip
    """The line that says the same as a table, for each value that may occur."""
    straight = chain.line(choice)
    if straight is None:
        return None
    values = np.arange(within[0], within[1] + 1, dtype=dtype)
    # Of signed values the negative ones come last in a table.
    rising = [levels[part] for part in reversed(places(dtype, within))]
    return fitted_line(values, np.concatenate(rising), *straight)


def _colour_look(view: ViewState) -> Look:
    if view.look == AS_IT_IS and not view.inverted:
        return Look()
    levels = table(view.look)
    levels = 255 - levels if view.inverted else levels
    if view.look.red_free:
        return Look(levels, channel=1)
    return Look(levels=levels)
