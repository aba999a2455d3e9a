"""Transfer syntaxes that are read, and which codec decodes each."""

from __future__ import annotations

from typing import Any

DEFLATED = "1.2.840.10008.1.2.1.99"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
NATIVE = frozenset({"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", BIG_ENDIAN, DEFLATED})
RLE = "1.2.840.10008.1.2.5"
DEFLATED_FRAME = "1.2.840.10008.1.2.8.1"
JPEG_8 = frozenset({"1.2.840.10008.1.2.4.50"})
JPEG_12 = frozenset({"1.2.840.10008.1.2.4.51"})
JPEG_LOSSLESS = frozenset({"1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70"})
JPEG_LS = frozenset({"1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81"})
JPEG_2000 = frozenset({"1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91"})
HTJ2K = frozenset({f"1.2.840.10008.1.2.4.{n}" for n in (201, 202, 203)})
LOSSY = (
    JPEG_8
    | JPEG_12
    | {"1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.91", "1.2.840.10008.1.2.4.203"}
)
_CODECS = (
    ("dicomrle", frozenset({RLE})),
    ("jpeg8", JPEG_8 | JPEG_12),
    ("ljpeg", JPEG_LOSSLESS),
    ("jpegls", JPEG_LS),
    ("jpeg2k", JPEG_2000),
    ("htj2k", HTJ2K),
)
KNOWN = NATIVE | {DEFLATED_FRAME} | frozenset().union(*(uids for _, uids in _CODECS))


def codec_of(syntax: str) -> str | None:
    """The codec's name in imagecodecs; None where the pixels are not compressed by one."""
    return next((codec for codec, uids in _CODECS if syntax in uids), None)


def name_of(uid: Any) -> str:
    """What a UID is called; the UID itself where it has no name."""
    from pydicom.uid import UID

    text = str(uid or "")
    return UID(text).name if text else "?"
