"""The greyscale chain: stored values to the grey that is seen (PS3.3 C.7.6.3, C.11.1, C.11.2).

stored value -> modality LUT, or slope and intercept -> padding apart -> VOI -> polarity, once.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from workstation.display.voi import line_of, looked_up, through_table, windowed
from workstation.domain.image import Image, LookupTable, Window

Choice = Window | LookupTable
BACKGROUND = 0
"""The level of padding, whatever the polarity: what is no picture is black."""


@dataclass(frozen=True, slots=True)
class GreyChain:
    """How stored values of one plane become grey levels.

    `inverted` where the smallest value is shown white: MONOCHROME1 or a PresentationLUTShape of
    INVERSE, which say the same thing (C.7.6.3.1.2, C.11.6). `padding` is a range of stored values,
    both ends in it.
    """

    slope: float = 1.0
    intercept: float = 0.0
    modality_lut: LookupTable | None = None
    padding: tuple[int, int] | None = None
    windows: tuple[Window, ...] = ()
    voi_luts: tuple[LookupTable, ...] = ()
    inverted: bool = False

    @classmethod
    def of(cls, image: Image, z: int = 0) -> GreyChain:
        """The chain of slice or frame `z` of an image, with what it has of its own."""
        rescale = image.slice_rescale[z] if image.slice_rescale else (image.slope, image.intercept)
        windows = image.slice_windows[z] if image.slice_windows else image.windows
        return cls(
            rescale[0],
            rescale[1],
            image.modality_lut,
            image.padding,
            windows,
            image.voi_luts,
            image.monochrome1 or image.inverse_shape,
        )

    @property
    def choices(self) -> tuple[Choice, ...]:
        """What the file offers, best first; each has its explanation."""
        return (*self.windows, *self.voi_luts)

    def modality(self, stored: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
        """Modality values (HU for CT), same shape. A modality LUT rules slope and intercept out."""
        values = stored.astype(np.float64)
        if self.modality_lut is not None:
            return looked_up(values, self.modality_lut)
        return values * self.slope + self.intercept

    def is_padding(self, stored: npt.NDArray[np.generic]) -> npt.NDArray[np.bool_]:
        """Where there is padding instead of picture (C.7.5.1.1.2)."""
        if self.padding is None:
            return np.zeros(stored.shape, np.bool_)
        low, high = self.padding
        return np.asarray(np.greater_equal(stored, low) & np.less_equal(stored, high), np.bool_)

    def default(self, stored: npt.NDArray[np.generic]) -> Choice:
        """The file's first window, else its first VOI LUT, else from the smallest to the largest
        modality value of `stored` that is no padding."""
        return self.choices[0] if self.choices else self.full_range(stored)

    def full_range(self, stored: npt.NDArray[np.generic]) -> Window:
        """The LINEAR window whose borders are the smallest and largest value that is no padding."""
        seen = stored[~self.is_padding(stored)] if self.padding is not None else stored
        if seen.size == 0:
            return Window(0.5, 1.0)
        if self.modality_lut is None:
            ends = self.modality(np.array([seen.min(), seen.max()]))
        else:
            ends = self.modality(seen)
        low, high = float(ends.min()), float(ends.max())
        return Window((low + high + 1.0) / 2.0, high - low + 1.0)

    def levels(self, values: npt.NDArray[np.generic], choice: Choice) -> npt.NDArray[np.uint8]:
        """Grey levels of modality `values` of any shape (a slab's mean, a reslice); no padding.

        Fractions of a level are dropped, as the DICOM toolkits do.
        """
        ends = (255.0, 0.0) if self.inverted else (0.0, 255.0)
        exact = values.astype(np.float64)
        if isinstance(choice, Window):
            return windowed(exact, choice, *ends).astype(np.uint8)
        return through_table(exact, choice, *ends).astype(np.uint8)

    def table(
        self, dtype: npt.DTypeLike, choice: Choice, within: tuple[int, int] | None = None
    ) -> npt.NDArray[np.uint8]:
        """The whole chain for every stored value of `dtype` (uint8, uint16, int16), or for those
        `within` two, both with them; the others stay black.

        256 or 65536 levels; the place of a value is its bits read as unsigned.
        """
        plain = replace(self, windows=(), voi_luts=(), inverted=False)
        values, padding = _every_value(plain, np.dtype(dtype).name)
        levels = np.zeros(len(values), np.uint8)
        for part in places(dtype, within):
            levels[part] = self.levels(values[part], choice)
            levels[part][padding[part]] = BACKGROUND
        return levels

    def line(self, choice: Choice) -> tuple[float, float] | None:
        """(slope, shift): between black and white the level is stored value * slope + shift, less
        the fraction. None where the levels follow no line."""
        if not isinstance(choice, Window) or self.modality_lut is not None:
            return None
        found = line_of(choice)
        if found is None:
            return None
        slope, shift = self.slope * found[0], self.intercept * found[0] + found[1]
        return (-slope, 255.0 - shift) if self.inverted else (slope, shift)

    def grey(
        self, stored: npt.NDArray[np.generic], choice: Choice | None = None
    ) -> npt.NDArray[np.uint8]:
        """What is seen of `stored` (rows, cols), as uint8; `choice` defaults to `default`.

        Raises InvalidValue for a window that is none.
        """
        import cv2

        table = self.table(stored.dtype, choice if choice is not None else self.default(stored))
        places = np.ascontiguousarray(stored).view(f"u{stored.dtype.itemsize}")
        return np.asarray(cv2.LUT(places, table), np.uint8)


def places(dtype: npt.DTypeLike, within: tuple[int, int] | None) -> list[slice]:
    """Where in a table the stored values from `within[0]` to `within[1]` are; all for None."""
    count = 1 << np.dtype(dtype).itemsize * 8
    if within is None:
        return [slice(0, count)]
    low, high = within
    if low < 0 <= high:
        return [slice(0, high + 1), slice(low + count, count)]
    return [slice(low % count, high % count + 1)]


def whole_depth(dtype: npt.DTypeLike) -> Window:
    """Of a picture that is no DICOM image: the ends of its depth are black and white."""
    levels = float(1 << 8 * np.dtype(dtype).itemsize)
    return Window(levels / 2, levels)


@functools.lru_cache(maxsize=8)
def _every_value(
    chain: GreyChain, dtype: str
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Modality values of all stored values, and which are padding: a window step changes neither,
    and they take longer than the window."""
    kind = np.dtype(dtype)
    stored = np.arange(1 << kind.itemsize * 8).astype(f"u{kind.itemsize}").view(kind)
    values, padding = chain.modality(stored), chain.is_padding(stored)
    values.flags.writeable = padding.flags.writeable = False
    return values, padding
