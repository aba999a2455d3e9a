"""Overlay planes of groups 60xx: one bit a pixel, laid over the image (PS3.3 C.9.2)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from workstation.domain.errors import InvalidValue

Mask = npt.NDArray[np.bool_]


def unpacked(data: bytes, rows: int, cols: int, frame: int = 0) -> Mask:
    """(rows, cols) of one frame; bits run from the lowest of each byte, frames on without a gap
    (PS3.5 8.1.2). Raises InvalidValue where the data is short."""
    first = frame * rows * cols
    last = first + rows * cols
    if rows <= 0 or cols <= 0 or frame < 0 or len(data) * 8 < last:
        raise InvalidValue("overlay.short", found=len(data) * 8, needed=last)
    part = np.frombuffer(data[first // 8 : -(-last // 8)], np.uint8)
    bits = np.unpackbits(part, bitorder="little")[first % 8 :][: rows * cols]
    return bits.reshape(rows, cols).astype(np.bool_)


def placed(overlay: Mask, origin: tuple[int, int], rows: int, cols: int) -> Mask:
    """The overlay on an image of (rows, cols).

    `origin` is row, column of its first pixel, 1\\1 being the image's own; it may be negative, and
    what lies outside the image is not seen.
    """
    out = np.zeros((rows, cols), np.bool_)
    top, left = origin[0] - 1, origin[1] - 1
    rows_seen = slice(max(top, 0), min(top + overlay.shape[0], rows))
    cols_seen = slice(max(left, 0), min(left + overlay.shape[1], cols))
    if rows_seen.start < rows_seen.stop and cols_seen.start < cols_seen.stop:
        out[rows_seen, cols_seen] = overlay[
            rows_seen.start - top : rows_seen.stop - top,
            cols_seen.start - left : cols_seen.stop - left,
        ]
    return out


def laid_over(shown: npt.NDArray[np.uint8], mask: Mask) -> npt.NDArray[np.uint8]:
    """A copy of what is shown, grey or RGB, with the overlay in white."""
    out = shown.copy()
    out[mask] = 255
    return out
