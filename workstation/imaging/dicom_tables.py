"""Look-up tables and overlays as a DICOM header states them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from workstation.display import overlay
from workstation.display.palette import Palette, table_of, unsegmented
from workstation.domain.errors import InvalidValue
from workstation.domain.image import LookupTable

OVERLAY_GROUPS = range(0x6000, 0x6020, 2)
_COLOURS = ("Red", "Green", "Blue")


def grey_tables(dataset: Any) -> dict[str, Any]:
    """`modality_lut` and `voi_luts` of a grey image, as far as it has them, as plain JSON.

    Raises InvalidValue ("lut...") for a table that cannot be used.
    """
    out: dict[str, Any] = {}
    signed = int(dataset.get("PixelRepresentation", 0) or 0) == 1
    for item in (dataset.get("ModalityLUTSequence") or ())[:1]:
        out["modality_lut"] = plain(_table(item, signed, dataset, item.get("LUTExplanation")))
        signed = False  # the table's output is not
    if "modality_lut" not in out:
        signed = signed or float(dataset.get("RescaleIntercept") or 0) < 0
    tables = [
        plain(_table(item, signed, dataset, item.get("LUTExplanation")))
        for item in dataset.get("VOILUTSequence") or ()
    ]
    if tables:
        out["voi_luts"] = tables
    return out


def plain(table: LookupTable) -> dict[str, Any]:
    return {
        "first": table.first,
        "bits": table.bits,
        "entries": list(table.entries),
        "explanation": table.explanation,
    }


def lookup_table(found: Mapping[str, Any]) -> LookupTable:
    """The table of `plain`. Raises InvalidValue where it is none."""
    entries = tuple(int(n) for n in found["entries"])
    return LookupTable(int(found["first"]), int(found["bits"]), entries, str(found["explanation"]))


def _table(item: Any, signed: bool, dataset: Any, explanation: Any) -> LookupTable:
    descriptor = _numbers(item.get("LUTDescriptor"))
    if len(descriptor) != 3 or "LUTData" not in item:
        raise InvalidValue("lut.descriptor", values=descriptor[:4])
    words = _words(item["LUTData"], descriptor, dataset)
    return table_of(descriptor, words, signed, str(explanation or ""))


def _numbers(value: Any) -> list[int]:
    if value is None or isinstance(value, (str, bytes)):
        return []
    try:
        return [int(n) for n in value]
    except TypeError:
        return [int(value)]


def _words(element: Any, descriptor: list[int], dataset: Any) -> list[int]:
    """The words of a table: 16 bits each, or 8 where there are only as many bytes as entries."""
    data = element.value
    if not isinstance(data, (bytes, bytearray)):
        return [n % 65536 for n in _numbers(data)]
    order = ">" if _big_endian(dataset) else "<"
    words = np.frombuffer(data[: len(data) // 2 * 2], f"{order}u2")
    count = descriptor[0] % 65536 or 65536
    if descriptor[2] <= 8 and len(data) < 2 * count:
        return list(words.astype("<u2").tobytes())
    return list(words.tolist())


def _big_endian(dataset: Any) -> bool:
    return str(dataset.file_meta.get("TransferSyntaxUID", "")) == "1.2.840.10008.1.2.2"


def turned(part: bytes) -> bytes:
    """Bytes that stand in 16-bit words of the other order, as they stand in little endian."""
    if len(part) % 2:
        part += b"\0"
    return np.frombuffer(part, "<u2").astype(">u2").tobytes()


def palette_of(dataset: Any) -> Palette:
    """The palette of a PALETTE COLOR image, written out or in segments.

    Raises InvalidValue where a table is missing or cannot be used.
    """
    signed = int(dataset.get("PixelRepresentation", 0) or 0) == 1
    return Palette(*(_colour(dataset, colour, signed) for colour in _COLOURS))


def _colour(dataset: Any, colour: str, signed: bool) -> LookupTable:
    name = f"{colour}PaletteColorLookupTable"
    descriptor = _numbers(dataset.get(f"{name}Descriptor"))
    if len(descriptor) != 3:
        raise InvalidValue("lut.descriptor", values=descriptor[:4])
    segmented = f"Segmented{name}Data"
    if segmented in dataset:
        words, word_bytes = _segment_words(dataset[segmented], descriptor, dataset)
        count = descriptor[0] % 65536 or 65536
        return table_of(descriptor, unsegmented(words, word_bytes, count), signed)
    if f"{name}Data" not in dataset:
        raise InvalidValue("lut.descriptor", values=descriptor)
    return table_of(descriptor, _words(dataset[f"{name}Data"], descriptor, dataset), signed)


def _segment_words(element: Any, descriptor: list[int], dataset: Any) -> tuple[list[int], int]:
    """Words of a segmented table and their bytes: 8 bits where the entries have 8."""
    data = bytes(element.value)
    words = np.frombuffer(data[: len(data) // 2 * 2], ">u2" if _big_endian(dataset) else "<u2")
    if descriptor[2] <= 8:
        return list(words.astype("<u2").tobytes()), 1
    return list(words.tolist()), 2


def overlays(dataset: Any, words: np.ndarray, frame: int) -> np.ndarray:
    """All overlays of a frame laid together: bool (rows, cols).

    `words` are the frame's pixel words, unmasked: retired overlays lie in their unused bits.
    Raises InvalidValue where an overlay's data is short.
    """
    rows, cols = int(dataset.Rows), int(dataset.Columns)
    out = np.zeros((rows, cols), np.bool_)
    for group in OVERLAY_GROUPS:
        if (group, 0x0010) in dataset:
            out |= _overlay(dataset, group, words, frame)
    return out


def _overlay(dataset: Any, group: int, words: np.ndarray, frame: int) -> np.ndarray:
    def value(element: int, default: Any) -> Any:
        found = dataset.get((group, element))
        return default if found is None or found.value in (None, "") else found.value

    rows, cols = int(dataset.Rows), int(dataset.Columns)
    height, width = int(value(0x0010, 0)), int(value(0x0011, 0))
    top, left = (list(_numbers(value(0x0050, [1, 1]))) + [1, 1])[:2]
    frames = int(value(0x0015, 1))
    own = frame - (int(value(0x0051, 1)) - 1)  # the overlay's frame that lies on this one
    several = (group, 0x0015) in dataset or (group, 0x0051) in dataset
    if several and not 0 <= own < frames:
        return np.zeros((rows, cols), np.bool_)
    if (group, 0x3000) in dataset:
        element = dataset[group, 0x3000]
        data = bytes(element.value)
        if _big_endian(dataset) and element.VR == "OW":
            data = turned(data)
        mask = overlay.unpacked(data, height, width, own if several else 0)
    elif int(value(0x0100, 1)) > 1 and words.ndim == 2:
        bit = int(value(0x0102, 0))
        mask = (words.astype(np.int64) >> bit & 1).astype(np.bool_)[:height, :width]
    else:
        raise InvalidValue("overlay.short", found=0, needed=height * width)
    return overlay.placed(mask, (top, left), rows, cols)
