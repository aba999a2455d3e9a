"""Values of interest to levels from black to white (PS3.3 C.11.2).

Levels are real numbers from 0 (black) to 255 (white), or from 255 to 0 in an inverted image: the
inversion is the choice of the two ends, so it can happen only once and only here.
"""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

from workstation.domain.errors import InvalidValue
from workstation.domain.image import LookupTable, Window

Floats = npt.NDArray[np.float64]
FUNCTIONS = ("LINEAR", "LINEAR_EXACT", "SIGMOID")


def windowed(values: Floats, window: Window, first: float = 0.0, last: float = 255.0) -> Floats:
    """Levels of modality `values` through a window; `first` is the level below it, `last` above.

    LINEAR (C.11.2.1.2.1) has its borders at c - 0.5 -+ (w - 1) / 2; width 1 is a threshold at c.
    LINEAR_EXACT (C.11.2.1.3.2) has them at c -+ w / 2. SIGMOID (C.11.2.1.3.1) has none.
    Raises InvalidValue for another function, or a width it is not defined for.
    """
    check(window)
    center, width = window.center, window.width
    span = last - first
    if window.function == "SIGMOID":
        with np.errstate(over="ignore"):
            rising = 1.0 + np.exp(-4.0 * (values - center) / width)
        return np.asarray(first + span / rising, np.float64)
    if window.function == "LINEAR":
        center, width = center - 0.5, width - 1.0
    below, above = center - width / 2.0, center + width / 2.0
    if width == 0:  # c - 0.5 is both borders, and "at most the lower" comes first
        return np.asarray(np.where(values <= below, first, last), np.float64)
    # In this order a level that is a whole number falls as in DCMTK, to the last bit.
    slope = span / width
    levels = values * slope + (last - (center / width + 0.5) * span)
    np.putmask(levels, values <= below, first)
    np.putmask(levels, values > above, last)
    return np.clip(levels, min(first, last), max(first, last), out=levels)


def line_of(window: Window) -> tuple[float, float] | None:
    """(slope, shift) of the line from level 0 to 255 that a window follows between its borders;
    None for SIGMOID and for a threshold. Raises InvalidValue as `windowed` does."""
    check(window)
    center, width = window.center, window.width
    if window.function == "LINEAR":
        center, width = center - 0.5, width - 1.0
    if window.function == "SIGMOID" or width == 0:
        return None
    return 255.0 / width, 255.0 * (0.5 - center / width)


def check(window: Window) -> None:
    """Raises InvalidValue for a function PS3.3 does not name, or a width it is not defined for."""
    if window.function not in FUNCTIONS:
        raise InvalidValue("window.function", function=window.function)
    least = 1.0 if window.function == "LINEAR" else 0.0
    usable = np.isfinite(window.center) and np.isfinite(window.width)
    if not usable or window.width < least or window.width == 0:
        raise InvalidValue("window.width", width=window.width, function=window.function)


def looked_up(values: Floats, table: LookupTable) -> Floats:
    """Entries of a table for `values` (rounded to whole ones), its ends held (C.11.1.1, C.11.2.1.1)."""
    entries = entries_of(table)
    places = np.clip(np.rint(values) - table.first, 0, len(entries) - 1)
    return np.asarray(entries[places.astype(np.intp)], np.float64)


def through_table(
    values: Floats, table: LookupTable, first: float = 0.0, last: float = 255.0
) -> Floats:
    """Levels of modality `values` through a VOI LUT: its entries reach from 0 to 2^bits - 1."""
    return first + looked_up(values, table) * ((last - first) / ((1 << table.bits) - 1))


@functools.lru_cache(maxsize=32)
def entries_of(table: LookupTable) -> npt.NDArray[np.uint16]:
    """The entries as an array, made once."""
    made = np.array(table.entries, np.uint16)
    made.flags.writeable = False
    return made
