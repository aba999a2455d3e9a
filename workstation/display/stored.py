"""Stored pixel values out of pixel words: unused bits dropped, signs extended (PS3.5 8.1.1)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from workstation.domain.errors import InvalidValue


def stored_values(
    words: npt.NDArray[np.generic], allocated: int, stored: int, high: int, signed: bool
) -> npt.NDArray[np.generic]:
    """The values in words of `allocated` bits, whose `stored` bits end at bit `high`.

    Bits beside them may hold anything (old overlays) and are dropped. Returns the shape of `words`
    as uint8 (at most 8 bits), uint16, or int16 where `signed`. Raises InvalidValue where the bits
    do not lie within the word, or are more than 16.
    """
    if not 1 <= stored <= allocated or not stored - 1 <= high < allocated or stored > 16:
        raise InvalidValue("dicom.bits", stored=stored, high=high, allocated=allocated)
    shift = high + 1 - stored
    mask = (1 << stored) - 1
    unsigned = _unsigned(words)
    if high >= unsigned.dtype.itemsize * 8:  # a stream that needed fewer bits than its header says
        unsigned = unsigned.astype(np.uint16)
    if shift or mask != (1 << unsigned.dtype.itemsize * 8) - 1:
        unsigned = (unsigned >> unsigned.dtype.type(shift)) & unsigned.dtype.type(mask)
    if not signed:
        return unsigned.astype(np.uint8 if stored <= 8 else np.uint16, copy=False)
    # Moved to the top of 16 bits and back: the sign bit is copied into all bits above it.
    top = unsigned.astype(np.uint16, copy=False) << np.uint16(16 - stored)
    return top.view(np.int16) >> np.int16(16 - stored)


def _unsigned(words: npt.NDArray[np.generic]) -> npt.NDArray[np.unsignedinteger]:
    """The same bits in native byte order, read as unsigned."""
    native = np.ascontiguousarray(words).astype(words.dtype.newbyteorder("="), copy=False)
    return native.view(np.dtype(f"u{native.dtype.itemsize}"))
