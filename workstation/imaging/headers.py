"""The header of a DICOM file read straight from its bytes, many times faster than by a library.

Explicit and implicit VR, little endian, as PS3.5 7.1 lays elements out. Whatever is not plain (another
byte order, deflated, a character set beyond ASCII, a length that does not fit, elements out of order)
is not guessed at: the answer is None, or `ASK` for one value, and pydicom is asked instead. Where it
does answer, it says what pydicom says.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from struct import Struct
from struct import error as StructError
from typing import Any

FIRST_BYTES = 8 << 10
MORE = 16
MAX_DEPTH = 16

IMPLICIT = "1.2.840.10008.1.2"
NOT_EXPLICIT_LITTLE = frozenset({"1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"})
PIXEL_DATA = 0x7FE00010
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
UNDEFINED = 0xFFFFFFFF

# VRs with a two-byte length, and those with two reserved bytes and a four-byte one (PS3.5 7.1.2).
_SHORT = frozenset(
    b"AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US".split()
)  # fmt: skip
_LONG = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_EXPLICIT = Struct("<HH2sH").unpack_from
_IMPLICIT = Struct("<HHI").unpack_from
_FOUR = Struct("<I").unpack_from


class _Ask:
    def __repr__(self) -> str:
        return "ASK"


ASK = _Ask()
"""In place of a value: pydicom has to be asked."""


class _Odd(Exception):
    """Nothing this reader wants to be sure about."""


class _Short(Exception):
    """The header goes on behind the bytes at hand."""


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before the pixels. `elements`: tag -> VR (empty where implicit), place and length
    of the value in the file; `pixels`: place and length of the pixel data, the length -1 where they
    are encapsulated; None where there are none."""

    data: bytes
    syntax: str
    explicit: bool
    start: int
    elements: Mapping[int, tuple[bytes, int, int]]
    pixels: tuple[int, int] | None


def read_header(path: str | Path, keywords: Iterable[str]) -> Header | None:
    """The header of a file, reading no more of it than it needs."""
    wanted = tags_of(tuple(keywords))
    descriptor = os.open(path, os.O_RDONLY)
    try:
        size = os.fstat(descriptor).st_size
        length = FIRST_BYTES
        data = os.read(descriptor, length)
        while True:
            found = scan(data, wanted, size)
            if not isinstance(found, int):
                return found
            length = max(length * MORE, found)
            rest = os.read(descriptor, length - len(data))
            if not rest:
                return None
            data += rest
    finally:
        os.close(descriptor)


def whole_header(data: bytes, keywords: Iterable[str]) -> Header | None:
    """The header of a file that is in memory."""
    found = scan(data, tags_of(tuple(keywords)), len(data))
    return None if isinstance(found, int) else found


def scan(data: bytes, wanted: frozenset[int], size: int) -> Header | int | None:
    """The header in the first bytes of a file of `size` bytes; how many bytes it needs at least
    where it goes on behind them; None where pydicom has to be asked."""
    try:
        start, syntax = _meta(data)
        explicit = syntax != IMPLICIT
        if not explicit and data[start + 4 : start + 6] in _SHORT | _LONG:
            raise _Odd  # says implicit and is explicit
        elements, pixels = _top_level(data, start, explicit, wanted, size)
    except _Short as short:
        return None if len(data) >= size else int(short.args[0])
    except (_Odd, StructError, RecursionError):
        return None
    return Header(data, syntax, explicit, start, elements, pixels)


def _meta(data: bytes) -> tuple[int, str]:
    """Where the data set begins, and its transfer syntax."""
    if data[128:132] != b"DICM":
        raise _Odd
    at, syntax, end = 132, "", len(data)
    while True:
        if at + 8 > end:
            raise _Short(at + 8)
        group, element, vr, length = _EXPLICIT(data, at)
        if group != 2:
            break
        if vr in _SHORT:
            at += 8
        elif vr in _LONG:
            length = _FOUR(data, at + 8)[0]
            at += 12
        else:
            raise _Odd
        if element == 0x10:
            text = data[at : at + length].rstrip(b"\0 ").decode("ascii", "replace")
            if syntax or not text:
                raise _Odd
            syntax = text
        at += length
    if not syntax or syntax in NOT_EXPLICIT_LITTLE:
        raise _Odd
    return at, syntax


def _top_level(
    data: bytes, at: int, explicit: bool, wanted: frozenset[int], size: int
) -> tuple[dict[int, tuple[bytes, int, int]], tuple[int, int] | None]:
    found: dict[int, tuple[bytes, int, int]] = {}
    end, before = len(data), 0x0007FFFF
    short, unpack = _SHORT, _EXPLICIT
    vr = b""
    last = end - 8
    while at <= last:
        if explicit:
            group, element, vr, length = unpack(data, at)
            tag = group << 16 | element
            if tag <= before:
                raise _Odd
            before = tag
            if vr in short:  # nearly all: everything else below costs them nothing
                at += 8
                if tag in wanted:
                    if at + length > end:
                        raise _Short(at + length)
                    found[tag] = vr, at, length
                at += length
                continue
            if vr not in _LONG:
                raise _Odd
            if at + 12 > end:
                raise _Short(at + 12)
            length = _FOUR(data, at + 8)[0]
            at += 12
        else:
            group, element, length = _IMPLICIT(data, at)
            at += 8
            tag = group << 16 | element
            if tag <= before:
                raise _Odd
            before = tag
        if tag == PIXEL_DATA:
            if length == UNDEFINED:
                return found, (at, -1)
            if at + length > size:
                raise _Odd
            return found, (at, length)
        if length == UNDEFINED:
            after = _items_end(data, at, explicit, vr, 0)
            if tag in wanted:
                found[tag] = vr, at, -1
            at = after
            continue
        if tag in wanted:
            if at + length > end:
                raise _Short(at + length)
            found[tag] = vr, at, length
        at += length
    if at == size:
        return found, None
    if at > size:
        raise _Odd
    raise _Short(at + 8)


def _items_end(data: bytes, at: int, explicit: bool, vr: bytes, depth: int) -> int:
    """The place behind a sequence of undefined length that starts at `at`."""
    if depth > MAX_DEPTH or (explicit and vr != b"SQ"):
        raise _Odd
    while True:
        if at + 8 > len(data):
            raise _Short(at + 8)
        group, element, length = _IMPLICIT(data, at)
        at += 8
        tag = group << 16 | element
        if tag == SEQUENCE_END:
            return at
        if tag != ITEM:
            raise _Odd
        at = _item_end(data, at, explicit, depth) if length == UNDEFINED else at + length


def _item_end(data: bytes, at: int, explicit: bool, depth: int) -> int:
    """The place behind an item of undefined length whose elements start at `at`."""
    while True:
        if at + 8 > len(data):
            raise _Short(at + 8)
        tag, vr, at, length = _element(data, at, explicit)
        if tag == ITEM_END:
            return at
        at = _items_end(data, at, explicit, vr, depth + 1) if length == UNDEFINED else at + length


def _element(data: bytes, at: int, explicit: bool) -> tuple[int, bytes, int, int]:
    """Tag, VR, place of the value and its length."""
    group, element, length = _IMPLICIT(data, at)
    tag = group << 16 | element
    if not explicit or group == 0xFFFE:
        return tag, b"", at + 8, length
    vr = data[at + 4 : at + 6]
    if vr in _SHORT:
        return tag, vr, at + 8, length >> 16
    if vr not in _LONG:
        raise _Odd
    if at + 12 > len(data):
        raise _Short(at + 12)
    return tag, vr, at + 12, _FOUR(data, at + 8)[0]


# Values


_CLEAN = re.compile(rb"(?:[!-\[\]-~](?:[ -\[\]-~]*[!-\[\]-~])?)?\Z")
_DECIMAL = re.compile(rb" *[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)? *\Z")
_INTEGER = re.compile(rb" *[+-]?[0-9]+ *\Z")
_TEXT = frozenset({b"AE", b"CS", b"LO", b"SH", b"UI"})
_NUMBERS = {b"US": Struct("<H"), b"SS": Struct("<h"), b"FD": Struct("<d"), b"FL": Struct("<f")}


def value(header: Header, keyword: str) -> Any:
    """The element as text, numbers or a list of them; None where it is absent or empty; `ASK`."""
    found = header.elements.get(_tag(keyword))
    if found is None:
        return None
    vr, at, length = found
    if length == 0:
        return None
    if length < 0:
        return ASK
    raw = header.data[at : at + length]
    vr = vr or _implicit_vr(keyword)
    if vr in _NUMBERS:
        number = _NUMBERS[vr]
        if length % number.size:
            return ASK
        return _listed([n for (n,) in number.iter_unpack(raw)])
    if raw[-1:] in (b"\0", b" "):
        raw = raw[:-1]
    if vr in _TEXT:
        parts = raw.split(b"\\")
        return _listed([p.decode("ascii") for p in parts]) if all(map(_CLEAN.match, parts)) else ASK
    if vr == b"DS" and len(raw) < 1024:
        parts = raw.split(b"\\")
        return _listed([float(p) for p in parts]) if all(map(_DECIMAL.match, parts)) else ASK
    if vr == b"IS" and len(raw) < 1024:
        parts = raw.split(b"\\")
        return _listed([int(p) for p in parts]) if all(map(_INTEGER.match, parts)) else ASK
    return ASK


def _listed(values: list[Any]) -> Any:
    """Several values as a list, one by itself; the empty text is no value."""
    if len(values) != 1:
        return values
    return None if values[0] == "" else values[0]


@functools.cache
def _tag(keyword: str) -> int:
    from pydicom.datadict import tag_for_keyword

    tag = tag_for_keyword(keyword)
    assert tag is not None, keyword
    return int(tag)


@functools.cache
def tags_of(keywords: tuple[str, ...]) -> frozenset[int]:
    return frozenset(map(_tag, keywords))


@functools.cache
def _implicit_vr(keyword: str) -> bytes:
    """The dictionary's VR; where it leaves a choice, no VR that is known here."""
    return _dictionary_vr(_tag(keyword))


@functools.cache
def _dictionary_vr(tag: int) -> bytes:
    """The VR of a public element; empty where the dictionary does not know it."""
    from pydicom.datadict import dictionary_VR

    try:
        return dictionary_VR(tag).encode()
    except KeyError:
        return b""


# Who it may be about


def bearing(header: Header, keywords: Iterable[str]) -> tuple[tuple[int, ...], bool] | None:
    """Which elements of the data set may tell who somebody is: the tags of those that stand at
    the top and are not empty, and whether any stands within a sequence. Every element is looked at,
    private and nested ones too; one counts where its VR is PN or its keyword is among `keywords`.

    None where the VR of an element is not certain, or the data set is not plain to its end.
    """
    visit = _Visit(header.data, header.explicit, tags_of(tuple(keywords)))
    try:
        visit.elements(header.start, len(header.data), 0)
    except (_Odd, _Short, StructError, RecursionError):
        return None
    return tuple(visit.top), visit.nested


class _Visit:
    def __init__(self, data: bytes, explicit: bool, tags: frozenset[int]) -> None:
        self._data = data
        self._explicit = explicit
        self._tags = tags
        self.top: list[int] = []
        self.nested = False

    def elements(self, at: int, end: int, depth: int) -> int:
        """All elements up to `end`, or to the end of an item where `end` is -1; the place behind."""
        data, explicit, before = self._data, self._explicit, 0
        limit = len(data) if end < 0 else end
        while at < limit:
            tag, vr, at, length = _element(data, at, explicit)
            if tag == ITEM_END and end < 0:
                return at
            if tag <= before or tag >> 16 == 0xFFFE:
                raise _Odd
            before = tag
            if not explicit:
                vr = _dictionary_vr(tag)
            if not vr or vr == b"UN":
                # A library may know better what this is: then it may be a name.
                raise _Odd
            if vr == b"SQ":
                at = self._items(at, length, depth)
                continue
            if length == UNDEFINED:
                if tag != PIXEL_DATA:
                    raise _Odd
                at = self._fragments(at)
                continue
            if (vr == b"PN" or tag in self._tags) and length:
                if depth:
                    self.nested = True
                else:
                    self.top.append(tag)
            at += length
        if at != limit or end < 0:
            raise _Odd
        return at

    def _items(self, at: int, length: int, depth: int) -> int:
        if depth >= MAX_DEPTH:
            raise _Odd
        end = len(self._data) if length == UNDEFINED else at + length
        if end > len(self._data):
            raise _Odd
        while at < end:
            group, element, size = _IMPLICIT(self._data, at)
            tag = group << 16 | element
            at += 8
            if tag == SEQUENCE_END and length == UNDEFINED:
                return at
            if tag != ITEM:
                raise _Odd
            at = self.elements(at, -1 if size == UNDEFINED else at + size, depth + 1)
        if at != end or length == UNDEFINED:
            raise _Odd
        return at

    def _fragments(self, at: int) -> int:
        """Behind encapsulated pixel data."""
        while True:
            group, element, size = _IMPLICIT(self._data, at)
            tag = group << 16 | element
            at += 8
            if tag == SEQUENCE_END:
                return at
            if tag != ITEM or size == UNDEFINED:
                raise _Odd
            at += size
