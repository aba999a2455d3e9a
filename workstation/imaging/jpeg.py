"""JPEG streams: walk the segments, drop all metadata, keep the coded image bit for bit."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from workstation.domain.errors import InvalidValue

SOI, EOI, SOS, DNL = 0xD8, 0xD9, 0xDA, 0xDC
APP0, APP1, APP2, APP14, APP15, COM = 0xE0, 0xE1, 0xE2, 0xEE, 0xEF, 0xFE
_SOF = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
_BARE = frozenset({0x01, *range(0xD0, 0xD8)})


@dataclass(frozen=True, slots=True)
class Segment:
    """One marker segment; `data` has the payload without length, `coded` what follows a scan."""

    marker: int
    data: bytes
    coded: bytes = b""


def segments(stream: bytes) -> Iterator[Segment]:
    """All segments from after SOI to before EOI. Raises InvalidValue for a broken stream."""
    if stream[:2] != b"\xff\xd8":
        raise InvalidValue("photo.damaged", kind="jpeg")
    at = 2
    while True:
        if at + 2 > len(stream) or stream[at] != 0xFF:
            raise InvalidValue("photo.damaged", kind="jpeg")
        while at + 1 < len(stream) and stream[at + 1] == 0xFF:
            at += 1
        marker = stream[at + 1]
        at += 2
        if marker == EOI:
            return
        if marker in _BARE:
            continue
        if at + 2 > len(stream):
            raise InvalidValue("photo.damaged", kind="jpeg")
        (length,) = struct.unpack_from(">H", stream, at)
        data = stream[at + 2 : at + length]
        if length < 2 or len(data) != length - 2:
            raise InvalidValue("photo.damaged", kind="jpeg")
        at += length
        coded = b""
        if marker == SOS:
            end = _scan_end(stream, at)
            coded, at = stream[at:end], end
        yield Segment(marker, data, coded)


def _scan_end(stream: bytes, at: int) -> int:
    """Where the entropy-coded data ends: the next marker that is no restart or stuffed zero."""
    while True:
        at = stream.find(b"\xff", at)
        if at < 0 or at + 1 >= len(stream):
            raise InvalidValue("photo.damaged", kind="jpeg")
        if stream[at + 1] == 0 or 0xD0 <= stream[at + 1] <= 0xD7:
            at += 2
        elif stream[at + 1] == 0xFF:
            at += 1
        else:
            return at


@dataclass(frozen=True, slots=True)
class Frame:
    """What the frame header says of the image."""

    rows: int
    cols: int
    samples: int
    bits: int
    lossless: bool


def frame(stream: bytes) -> Frame:
    """The frame header. Raises InvalidValue where there is none."""
    for segment in segments(stream):
        if segment.marker in _SOF and len(segment.data) >= 6:
            bits, rows, cols, samples = struct.unpack_from(">BHHB", segment.data)
            return Frame(rows, cols, samples, bits, segment.marker in (0xC3, 0xC7, 0xCB, 0xCF))
    raise InvalidValue("photo.damaged", kind="jpeg")


_SOF_LS = 0xF7


def precision(stream: bytes) -> int | None:
    """Bits of a sample as the frame header of a JPEG or JPEG-LS stream says; None without one."""
    for segment in segments(stream):
        if (segment.marker in _SOF or segment.marker == _SOF_LS) and segment.data:
            return segment.data[0]
    return None


def without_metadata(stream: bytes) -> bytes:
    """The stream with every metadata segment and all bytes after its end dropped.

    Kept are the tables, frames and scans as they are, and APP14, which says how colours are coded.
    """
    parts = [b"\xff\xd8"]
    for segment in segments(stream):
        if APP0 <= segment.marker <= APP15 and segment.marker != APP14:
            continue
        if segment.marker == COM:
            continue
        header = struct.pack(">BBH", 0xFF, segment.marker, len(segment.data) + 2)
        parts += [header, segment.data, segment.coded]
    parts.append(b"\xff\xd9")
    return b"".join(parts)


_SEQUENTIAL = frozenset({0xC0, 0xC1})
_HUFFMAN = _SEQUENTIAL | {0xC2}
# Enough bytes for any coded block; no 0xFF among them, so that they are no marker.
_MORE = bytes(range(1, 255, 4)) * 4
_TAIL = 64


def huffman(stream: bytes) -> bool:
    """Whether the scans are Huffman coded and lossy: only of those the end can be told.

    Arithmetic coding may leave out what it ends with.
    """
    return any(segment.marker in _HUFFMAN for segment in segments(stream))


def with_more_data(stream: bytes) -> bytes:
    """The stream with further data at the end of each scan and restart interval.

    A decoder that is through with the image by then does not look at them: a whole picture decodes
    as before, one that was cut off does not.
    """
    return _recoded(stream, lambda coded: coded + _MORE)


def with_other_end(stream: bytes) -> bytes | None:
    """The stream with the last bytes of its last scan exchanged; None where that tells nothing.

    They belong to the last blocks of a whole picture, which decodes otherwise then. Where nothing
    changes, the picture was complete long before: data in between are lost, or its size is not
    that of its data. (The last scan of a progressive picture may hold next to nothing.)
    """
    listed = list(segments(stream))
    if not listed or listed[-1].marker != SOS:
        return None
    if not any(segment.marker in _SEQUENTIAL for segment in listed):
        return None
    last = re.split(rb"\xff[\xd0-\xd7]", listed[-1].coded)[-1]
    tail = last[-_TAIL:]
    if last[:-_TAIL].endswith(b"\xff"):
        tail = tail[1:]  # its stuffed zero
    if len(last) <= _TAIL:
        return None
    whole = _recoded(stream, lambda coded: coded)
    other = bytes(b ^ 0x55 if b not in (0xAA, 0xFF) else 0x33 for b in tail)
    return whole[: -2 - len(tail)] + other + b"\xff\xd9"


def _recoded(stream: bytes, change: Callable[[bytes], bytes]) -> bytes:
    parts = [b"\xff\xd8"]
    for segment in segments(stream):
        header = struct.pack(">BBH", 0xFF, segment.marker, len(segment.data) + 2)
        parts += [header, segment.data]
        if segment.marker == SOS:
            intervals = re.split(rb"(\xff[\xd0-\xd7])", segment.coded)
            parts += [p if n % 2 else change(p) for n, p in enumerate(intervals)]
    parts.append(b"\xff\xd9")
    return b"".join(parts)


_PROFILE = b"ICC_PROFILE\0"


def profile(stream: bytes) -> bytes:
    """The ICC profile, put together from its numbered APP2 segments; empty where there is none."""
    parts = [
        (segment.data[len(_PROFILE)], segment.data[len(_PROFILE) + 2 :])
        for segment in segments(stream)
        if segment.marker == APP2 and segment.data.startswith(_PROFILE) and len(segment.data) > 14
    ]
    return b"".join(data for _, data in sorted(parts, key=lambda part: part[0]))


def is_rgb(stream: bytes, photometric: str) -> bool:
    """Whether the three components of a coded image are RGB, to be taken as they are.

    The stream comes first: an Adobe segment says it, a JFIF one stands for YCbCr, so do halved
    components; then the components' names; only then the header of the file around it.
    """
    names = b""
    for segment in segments(stream):
        if segment.marker == APP14 and segment.data[:5] == b"Adobe" and len(segment.data) >= 12:
            return segment.data[11] == 0
        if segment.marker == APP0 and segment.data[:5] == b"JFIF\0":
            return False
        if segment.marker in _SOF and len(segment.data) >= 15:
            if len({segment.data[n] for n in (7, 10, 13)}) > 1:
                return False
            names = bytes(segment.data[n] for n in (6, 9, 12))
        if segment.marker == SOS:
            break
    return names == b"RGB" or photometric == "RGB"


def metadata(stream: bytes) -> dict[str, str]:
    """Text found in EXIF, XMP, IPTC and comments, by where it stands; for the identity check."""
    found: dict[str, str] = {}
    for segment in segments(stream):
        if segment.marker == COM:
            found["COM"] = _text(segment.data)
        elif segment.marker == APP1 and segment.data[:6] == b"Exif\0\0":
            found.update({f"EXIF {k}": v for k, v in tiff_text(segment.data[6:]).items()})
        elif segment.marker == APP1 and b"adobe.com/xap" in segment.data[:40]:
            found["XMP"] = _text(segment.data)
        elif segment.marker == 0xED:
            found["IPTC"] = _text(segment.data)
    return {k: v for k, v in found.items() if v.strip()}


_TEXT_TAGS = {
    0x010E: "ImageDescription",
    0x013B: "Artist",
    0x8298: "Copyright",
    0x9C9B: "XPTitle",
    0x9C9C: "XPComment",
    0x9C9D: "XPAuthor",
    0x9C9E: "XPKeywords",
    0x9C9F: "XPSubject",
    0x9286: "UserComment",
    0xA430: "CameraOwnerName",
    0xFDE8: "OwnerName",
}
ORIENTATION = 0x0112
_TIFF_PROFILE = 34675


def tiff_profile(data: bytes) -> bytes:
    """The ICC profile of a TIFF file; empty where there is none."""
    return next((value for tag, _, value in _entries(data) if tag == _TIFF_PROFILE), b"")


def tiff_text(data: bytes) -> dict[str, str]:
    """Identity-bearing text tags of a TIFF block (EXIF, or a TIFF file's first directory)."""
    out: dict[str, str] = {}
    for tag, kind, value in _entries(data):
        if tag in _TEXT_TAGS and kind in (1, 2, 7):
            encoded = value[8:] if tag == 0x9286 else value
            text = encoded.decode(
                "utf-16-le" if tag >= 0x9C9B and kind == 1 else "utf-8", "replace"
            )
            out[_TEXT_TAGS[tag]] = text.replace("\0", "").strip()
        elif tag == 0x8825:
            out["GPS"] = "present"
    return out


def orientation(stream: bytes) -> int:
    """EXIF orientation 1-8; 1 where none is given."""
    for segment in segments(stream):
        if segment.marker == APP1 and segment.data[:6] == b"Exif\0\0":
            for tag, kind, value in _entries(segment.data[6:]):
                if tag == ORIENTATION and kind == 3 and len(value) >= 2:
                    little = segment.data[6:8] == b"II"
                    return int.from_bytes(value[:2], "little" if little else "big")
    return 1


_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 9: 4, 10: 8}


def _entries(data: bytes) -> list[tuple[int, int, bytes]]:
    """(tag, type, bytes) of the first directory and the Exif directory it points to."""
    order = "<" if data[:2] == b"II" else ">"
    out: list[tuple[int, int, bytes]] = []
    try:
        (first,) = struct.unpack_from(order + "I", data, 4)
        todo, seen = [first], set()
        while todo and len(seen) < 4:
            at = todo.pop()
            if at in seen:
                continue
            seen.add(at)
            (count,) = struct.unpack_from(order + "H", data, at)
            for n in range(min(count, 512)):
                tag, kind, length, value = struct.unpack_from(order + "HHII", data, at + 2 + 12 * n)
                size = _SIZES.get(kind, 0) * length
                where = at + 10 + 12 * n if size <= 4 else value
                limit = 4 << 20 if tag == _TIFF_PROFILE else 65536
                out.append((tag, kind, data[where : where + min(size, limit)]))
                if tag == 0x8769:
                    todo.append(value)
    except struct.error:
        return out
    return out


@dataclass(frozen=True, slots=True)
class TiffHead:
    """What a TIFF's first directory says of its image; -1 for a colour model it does not name."""

    rows: int
    cols: int
    samples: int
    photometric: int
    orientation: int
    pages: int


def tiff_head(data: bytes) -> TiffHead | None:
    """None where it does not say how large the image is."""
    order = "little" if data[:2] == b"II" else "big"
    found = {
        tag: int.from_bytes(value[: _SIZES[kind]], order)  # type: ignore[arg-type]
        for tag, kind, value in _entries(data)
        if tag in (256, 257, 262, ORIENTATION, 277) and kind in (3, 4)
    }
    if 256 not in found or 257 not in found:
        return None
    return TiffHead(
        found[257],
        found[256],
        found.get(277, 1),
        found.get(262, -1),
        found.get(ORIENTATION, 1),
        _pages(data),
    )


def _pages(data: bytes) -> int:
    """How many directories are chained; more than one is not counted any further."""
    order = "<" if data[:2] == b"II" else ">"
    try:
        (first,) = struct.unpack_from(order + "I", data, 4)
        (count,) = struct.unpack_from(order + "H", data, first)
        (second,) = struct.unpack_from(order + "I", data, first + 2 + 12 * count)
    except struct.error:
        return 1  # cut right after the entries
    return 1 if second in (0, first) else 2


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace").replace("\0", " ").strip()
