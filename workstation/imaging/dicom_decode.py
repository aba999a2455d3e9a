"""Frames of a DICOM file to canonical pixels: RGB, or stored grey values.

`imagecodecs` decodes every compressed transfer syntax; what its streams say of colour and sign is
held against the header here, because writers mix them up.
"""

from __future__ import annotations

import itertools
import struct
import sys
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

from workstation.display import colour
from workstation.display.stored import stored_values
from workstation.domain.errors import InvalidValue
from workstation.imaging import dicom_tables, jpeg
from workstation.imaging.syntaxes import (
    BIG_ENDIAN,
    DEFLATED_FRAME,
    JPEG_8,
    JPEG_12,
    JPEG_2000,
    JPEG_LOSSLESS,
    JPEG_LS,
    NATIVE,
    RLE,
    codec_of,
    name_of,
)

Words = npt.NDArray[np.generic]
FULL = ("YBR_FULL", "YBR_FULL_422")
PARTIAL = ("YBR_PARTIAL_422", "YBR_PARTIAL_420")
# The wavelet decoders undo these themselves (PS3.5 8.2.4).
_UNDONE = ("YBR_RCT", "YBR_ICT")


def decoder_of(syntax: str) -> str:
    """Which decoder, of which version, makes the pixels of a syntax."""
    import imagecodecs

    codec = codec_of(syntax)
    if codec is None:
        return "uncompressed"
    library = str(getattr(imagecodecs, f"{codec}_version")())
    return f"imagecodecs {imagecodecs.__version__} {library}"


def decoded_frame(dataset: Any, frame: int) -> Words:
    """Canonical pixels of a frame (0-based): uint8 (rows, cols, 3) RGB, or stored values
    (rows, cols). A palette image comes out as its RGB, a YBR one too.

    Raises InvalidValue where the frame is not there, short, damaged or not of the size stated.
    """
    words, space, precision = frame_words(dataset, frame)
    if space == "PALETTE COLOR":
        palette = dicom_tables.palette_of(dataset)
        return palette.rgb(_stored(words, dataset, precision))
    if int(dataset.get("SamplesPerPixel", 1)) == 1:
        return _stored(words, dataset, precision)
    rgb = words.astype(np.uint8, copy=False)
    if space in FULL:
        return colour.rgb_of_full(rgb)
    if space in PARTIAL:
        return colour.rgb_of_partial(rgb)
    return np.ascontiguousarray(rgb)


def _stored(words: Words, dataset: Any, precision: int | None) -> Words:
    allocated = int(dataset.BitsAllocated)
    bits = int(dataset.get("BitsStored", allocated))
    high = int(dataset.get("HighBit", bits - 1))
    signed = int(dataset.get("PixelRepresentation", 0)) == 1
    if precision is not None and signed and precision < bits:
        # An unsigned stream of fewer bits than the header says: its own top bit is the sign.
        bits, high = precision, precision - 1
    return stored_values(words, max(allocated, 8), bits, high, signed)


def frame_words(dataset: Any, frame: int) -> tuple[Words, str, int | None]:
    """The frame's words (rows, cols) or (rows, cols, 3), unmasked; the colour model they are in;
    and, of a stream that knows no sign, its precision in bits."""
    frames = int(dataset.get("NumberOfFrames", 1) or 1)
    if not 0 <= frame < frames:
        raise InvalidValue("dicom.no_frame", frame=frame + 1, frames=frames)
    syntax = str(dataset.file_meta.get("TransferSyntaxUID", ""))
    photometric = str(dataset.PhotometricInterpretation)
    samples = int(dataset.get("SamplesPerPixel", 1))
    precision = None
    if syntax in NATIVE:
        words, space = _native(dataset, dataset.PixelData, syntax, frame), photometric
    else:
        words, space, precision = _encapsulated(dataset, syntax, frame, photometric)
    size = (int(dataset.Rows), int(dataset.Columns))
    if words.shape != (size if samples == 1 else (*size, 3)):
        raise InvalidValue("dicom.frame_size")
    allocated, found = int(dataset.BitsAllocated), words.dtype.itemsize * 8
    if found > max(allocated, 8):
        raise InvalidValue("dicom.bits", stored=found, high=found - 1, allocated=allocated)
    return words, space, precision


def _native(dataset: Any, raw: bytes, syntax: str, frame: int) -> Words:
    """A frame of uncompressed pixel data, without touching the others."""
    rows, cols = int(dataset.Rows), int(dataset.Columns)
    samples, bits = int(dataset.get("SamplesPerPixel", 1)), int(dataset.BitsAllocated)
    if bits == 1:
        return _single_bits(raw, frame, rows, cols, _swapped(dataset, syntax))
    halved = samples == 3 and str(dataset.PhotometricInterpretation).endswith("_422")
    size = rows * cols * 2 if halved else rows * cols * samples * bits // 8
    start, end = frame * size, (frame + 1) * size
    if len(raw) < end:
        raise InvalidValue("dicom.pixels_short", found=len(raw), needed=end)
    if bits == 8 and _swapped(dataset, syntax):
        # Bytes stand in words of the other order: whole words are turned, then cut out.
        part = dicom_tables.turned(raw[start - start % 2 : end + end % 2])[start % 2 :][:size]
    else:
        part = raw[start:end]
    order = ">" if syntax == BIG_ENDIAN else "<"
    flat = np.frombuffer(part, np.dtype(f"{order}u{bits // 8}"))
    if halved:
        return colour.unpacked_422(flat.astype(np.uint8, copy=False), rows, cols)
    if samples == 1:
        return flat.reshape(rows, cols)
    if int(dataset.get("PlanarConfiguration", 0) or 0) == 1:
        return colour.planes_together(flat.reshape(3, rows, cols))
    return flat.reshape(rows, cols, 3)


def _swapped(dataset: Any, syntax: str) -> bool:
    return syntax == BIG_ENDIAN and str(dataset["PixelData"].VR) == "OW"


def _single_bits(raw: bytes, frame: int, rows: int, cols: int, swapped: bool) -> Words:
    """Pixels of one bit, the lowest of a byte first, frames on without a gap (PS3.5 8.1.1)."""
    first = frame * rows * cols
    end = first + rows * cols
    if len(raw) * 8 < end:
        raise InvalidValue("dicom.pixels_short", found=len(raw), needed=-(-end // 8))
    start = first // 16 * 2
    part = raw[start : -(-end // 16) * 2]
    part = dicom_tables.turned(part) if swapped else part
    bits = np.unpackbits(np.frombuffer(part, np.uint8), bitorder="little")
    return bits[first - start * 8 :][: rows * cols].reshape(rows, cols)


def _encapsulated(
    dataset: Any, syntax: str, frame: int, photometric: str
) -> tuple[Words, str, int | None]:
    """Decoded frame, the colour model it is in, and the precision of an unsigned stream."""
    from pydicom.encaps import get_frame

    count = int(dataset.get("NumberOfFrames", 1) or 1)
    try:
        coded = get_frame(dataset.PixelData, frame, number_of_frames=count)
        return _decoded(dataset, syntax, coded, photometric)
    except (InvalidValue, MemoryError):
        raise
    except Exception as error:
        raise InvalidValue("dicom.undecodable", syntax=name_of(syntax)) from error


def _decoded(
    dataset: Any, syntax: str, coded: bytes, photometric: str
) -> tuple[Words, str, int | None]:
    import imagecodecs

    if syntax == RLE:
        return _run_lengths(dataset, coded), photometric, None
    if syntax == DEFLATED_FRAME:
        return _inflated_frame(dataset, coded), photometric, None
    if syntax in JPEG_8 or syntax in JPEG_12:
        if int(dataset.get("SamplesPerPixel", 1)) == 1:
            return _whole_jpeg(coded), photometric, None
        as_is = "RGB" if jpeg.is_rgb(coded, photometric) else None
        return _whole_jpeg(coded, colorspace=as_is, outcolorspace="RGB"), "RGB", None
    if syntax in JPEG_LOSSLESS:
        pixels = imagecodecs.ljpeg_decode(coded)
        return np.asarray(pixels), photometric, jpeg.precision(coded)
    if syntax in JPEG_LS:
        return np.asarray(imagecodecs.jpegls_decode(coded)), photometric, jpeg.precision(coded)
    space = "RGB" if photometric in _UNDONE else photometric
    if syntax in JPEG_2000:
        return np.asarray(imagecodecs.jpeg2k_decode(coded)), space, _wavelet_precision(coded)
    return _whole_htj2k(coded), space, _wavelet_precision(coded)


def _whole_jpeg(coded: bytes, **colours: str | None) -> Words:
    """The picture of a stream whose data reach to its end: the decoder fills up what is missing,
    with no word of it. Raises InvalidValue otherwise."""
    import imagecodecs

    pixels = np.asarray(imagecodecs.jpeg8_decode(coded, **colours))
    if jpeg.huffman(coded):
        longer = imagecodecs.jpeg8_decode(jpeg.with_more_data(coded), **colours)
        if not np.array_equal(pixels, longer):
            raise InvalidValue("photo.damaged", kind="jpeg")
    return pixels


def _whole_htj2k(coded: bytes) -> Words:
    """The picture of a stream that is whole. The decoder passes over what is cut off, and reports
    other damage as an exception nobody can catch; both are held against it here."""
    import imagecodecs

    damage: list[object] = []
    before, sys.unraisablehook = sys.unraisablehook, damage.append
    try:
        pixels = np.asarray(imagecodecs.htj2k_decode(coded))
    finally:
        sys.unraisablehook = before
    if damage or not _ends_with_its_tiles(coded):
        raise ValueError("damaged codestream")
    return pixels


def _ends_with_its_tiles(coded: bytes) -> bool:
    """Whether the end of a codestream follows its last tile-part (ISO/IEC 15444-1 A.4.2, A.4.4)."""
    at = coded.find(b"\xff\x90\x00\x0a")
    while at >= 0 and coded[at : at + 2] == b"\xff\x90" and at + 12 <= len(coded):
        (length,) = struct.unpack_from(">I", coded, at + 6)
        if length == 0:  # the last one may leave its length open
            return coded.rstrip(b"\0").endswith(b"\xff\xd9")
        if length < 14:
            return False
        at += length
    return coded[at : at + 2] == b"\xff\xd9"


def _run_lengths(dataset: Any, coded: bytes) -> Words:
    """PS3.5 annex G: a segment for each byte of each sample, the highest byte first."""
    import imagecodecs

    rows, cols = int(dataset.Rows), int(dataset.Columns)
    samples, width = int(dataset.get("SamplesPerPixel", 1)), int(dataset.BitsAllocated) // 8
    if len(coded) < 64:
        raise InvalidValue("dicom.undecodable", syntax=name_of(RLE))
    count, *starts = struct.unpack_from("<16I", coded)
    starts = starts[: samples * width]
    in_order = all(a < b for a, b in itertools.pairwise([63, *starts, len(coded)]))
    if count != samples * width or not in_order:
        raise InvalidValue("dicom.undecodable", syntax=name_of(RLE))
    flat = np.frombuffer(imagecodecs.dicomrle_decode(coded, f"<u{width}"), f"<u{width}")
    needed = rows * cols * samples
    if flat.size < needed:
        raise InvalidValue("dicom.pixels_short", found=int(flat.nbytes), needed=needed * width)
    if samples == 1:
        return flat[:needed].reshape(rows, cols)
    return colour.planes_together(flat[:needed].reshape(3, rows, cols))


def _inflated_frame(dataset: Any, coded: bytes) -> Words:
    """PS3.5 A.4.14: each frame deflated by itself; it inflates to no more than a frame."""
    rows, cols = int(dataset.Rows), int(dataset.Columns)
    bits = rows * cols * int(dataset.get("SamplesPerPixel", 1)) * int(dataset.BitsAllocated)
    raw = zlib.decompressobj(-zlib.MAX_WBITS).decompress(coded, -(-bits // 8) + 1)
    return _native(dataset, raw, DEFLATED_FRAME, 0)


def _wavelet_precision(coded: bytes) -> int | None:
    """Bits of the first component of a JPEG 2000 codestream; None where it is signed.

    The size marker follows the start of the codestream at once (ISO/IEC 15444-1 A.5.1).
    """
    at = coded.find(b"\xff\x4f\xff\x51")
    if at < 0 or at + 43 > len(coded):
        return None
    depth = coded[at + 42]
    return None if depth & 0x80 else (depth & 0x7F) + 1


def overlay_mask(dataset: Any, frame: int) -> npt.NDArray[np.uint8]:
    """The frame's overlays laid together, 0 or 1 (rows, cols)."""
    words = np.zeros(0, np.uint8)
    if any((group, 0x0010) in dataset for group in dicom_tables.OVERLAY_GROUPS):
        words = frame_words(dataset, frame)[0]
    return dicom_tables.overlays(dataset, words, frame).astype(np.uint8)
