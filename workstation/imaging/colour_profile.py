"""ICC profiles of delivered pictures: found in the file, made into a table from RGB to sRGB."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from workstation.display.colour import GRID, is_identity
from workstation.imaging import jpeg

MAX_PROFILE = 4 << 20
RELATIVE_COLORIMETRIC = 1
_NO_OPTIMISATION = 256


def of_photo(data: bytes) -> bytes:
    """The profile embedded in a JPEG, PNG or TIFF; empty where there is none."""
    if data[:2] == b"\xff\xd8":
        return jpeg.profile(data)
    if data[:4] == b"\x89PNG":
        return _of_png(data)
    return jpeg.tiff_profile(data)


def of_dicom(dataset: Any) -> bytes:
    """ICCProfile (0028,2000), or that of the first optical path; empty where there is none."""
    for holder in (dataset, *(dataset.get("OpticalPathSequence") or ())[:1]):
        found = holder.get("ICCProfile")
        if found:
            return bytes(found)
    return b""


def _of_png(data: bytes) -> bytes:
    for kind, body in _chunks(data):
        if kind == b"iCCP":
            _, _, rest = body.partition(b"\0")
            try:
                return zlib.decompressobj().decompress(rest[1:], MAX_PROFILE)
            except zlib.error:
                return b"unreadable"  # there is one: it is told of
    return b""


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Chunks of a PNG before its picture."""
    at = 8
    while at + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind in (b"IDAT", b"IEND"):
            return
        yield kind, data[at + 8 : at + 8 + length]
        at += 12 + length


def table_of(profile: bytes) -> bytes | None:
    """33 x 33 x 33 x 3 levels of sRGB, relative colorimetric, as `display.colour` takes them.

    Empty where the profile is sRGB's own or an equal; None where it is none for RGB pictures, or
    broken.
    """
    import imagecodecs

    if not 128 < len(profile) <= MAX_PROFILE or profile[16:20] != b"RGB ":
        return None
    axis = np.rint(np.linspace(0, 65535, GRID)).astype(np.uint16)
    points = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1)
    try:
        out = imagecodecs.cms_transform(
            points.reshape(GRID, GRID * GRID, 3),
            profile,
            imagecodecs.cms_profile("srgb"),
            colorspace="rgb",
            outcolorspace="rgb",
            intent=RELATIVE_COLORIMETRIC,
            flags=_NO_OPTIMISATION,
        )
    except (RuntimeError, ValueError, TypeError):
        return None
    levels = np.rint(out.reshape(GRID, GRID, GRID, 3) / 257.0).astype(np.uint8)
    return b"" if is_identity(levels) else levels.tobytes()
