"""Palette colour: stored values to RGB through three tables (PS3.3 C.7.6.3.1.5, C.7.9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workstation.display.voi import entries_of
from workstation.domain.errors import InvalidValue
from workstation.domain.image import LookupTable

MAX_ENTRIES = 65536
_DISCRETE, _LINEAR, _INDIRECT = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Palette:
    """The three tables of an image; each holds its ends for values outside it."""

    red: LookupTable
    green: LookupTable
    blue: LookupTable

    def rgb(self, stored: npt.NDArray[np.generic]) -> npt.NDArray[np.uint8]:
        """uint8 (rows, cols, 3) of stored values (rows, cols).

        Of 16-bit entries the upper byte counts: writers fill them both as v << 8 and as v * 257,
        and both come back as v.
        """
        out = np.empty((*stored.shape, 3), np.uint8)
        wide = stored.astype(np.int32)
        for n, table in enumerate((self.red, self.green, self.blue)):
            entries = entries_of(table)
            places = np.clip(wide - table.first, 0, len(entries) - 1)
            out[..., n] = (entries >> max(table.bits - 8, 0)).astype(np.uint8)[places]
        return out


def table_of(
    descriptor: Sequence[int], words: Sequence[int], signed: bool, explanation: str = ""
) -> LookupTable:
    """A table from its descriptor (entries, first value mapped, bits) and its entries.

    0 entries mean 65536. The first value is signed where the pixels are, however it was read.
    8-bit entries in 16-bit words stand in the upper byte where any upper byte is used. Entries
    wider than said (12 bits are said where 16 are used) keep their value: the depth becomes 16.
    Raises InvalidValue where the data is short or the descriptor is none.
    """
    if len(descriptor) != 3:
        raise InvalidValue("lut.descriptor", values=list(descriptor)[:4])
    count, first, bits = (int(n) for n in descriptor)
    count = count % MAX_ENTRIES or MAX_ENTRIES
    first = (first + 32768) % 65536 - 32768 if signed else first % 65536
    entries = [int(word) for word in words[:count]]
    if len(entries) < count or not 1 <= bits <= 16:
        raise InvalidValue("lut.short", entries=count, found=len(entries), bits=bits)
    if max(entries) >= 1 << bits:
        if bits <= 8:
            entries = [word >> 8 for word in entries]
        else:
            bits = 16
    return LookupTable(first, max(bits, 8), tuple(entries), explanation)


def unsegmented(words: Sequence[int], word_bytes: int, count: int) -> list[int]:
    """The entries a segmented table stands for (C.7.9.2): discrete, linear, indirect segments.

    `words` are the table's 8- or 16-bit words. At most `count` entries are made. Raises
    InvalidValue for segments that run out of the table, call themselves, or are none of the three.
    """
    out: list[int] = []
    _run(words, 0, None, word_bytes, count, out, outermost=True)
    return out[:count]


def _run(
    words: Sequence[int],
    at: int,
    segments: int | None,
    word_bytes: int,
    count: int,
    out: list[int],
    *,
    outermost: bool = False,
) -> None:
    """Expand `segments` segments from word `at`, or all to the end of the table."""
    done = 0
    while len(out) < count and (at + 2 < len(words) if segments is None else done < segments):
        if at + 2 >= len(words):
            raise InvalidValue("lut.segments")
        opcode, length = words[at], words[at + 1]
        at += 2
        if opcode == _DISCRETE:
            if at + length > len(words):
                raise InvalidValue("lut.segments")
            out += words[at : at + length]
            at += length
        elif opcode == _LINEAR and out:
            start, step = out[-1], words[at] - out[-1]
            out += [start + _rounded(step * n, length) for n in range(1, length + 1)]
            at += 1
        elif opcode == _INDIRECT and outermost:
            place, at = _offset(words, at, word_bytes)
            _run(words, place, length, word_bytes, count, out)
        else:
            raise InvalidValue("lut.segments")
        done += 1


def _rounded(numerator: int, denominator: int) -> int:
    """The nearest whole number, halves up."""
    return (2 * numerator + denominator) // (2 * denominator)


def _offset(words: Sequence[int], at: int, word_bytes: int) -> tuple[int, int]:
    """Where an indirect segment leads, in words, and where the next segment starts.

    The place is a 32-bit count of bytes, its lower half first.
    """
    parts = words[at : at + 4 // word_bytes]
    if len(parts) < 4 // word_bytes:
        raise InvalidValue("lut.segments")
    place = sum(word << 8 * word_bytes * n for n, word in enumerate(parts))
    return place // word_bytes, at + len(parts)
