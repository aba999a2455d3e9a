"""DICOM files as the tests want them, and a viewing without a child process."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from workstation.domain.intake import FileFacts, FileView, SourceFile
from workstation.imaging import probing
from workstation.imaging.series import with_tables
from workstation.imaging.viewing import image_of

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


def written(
    path: Path,
    pixels: npt.NDArray[np.generic],
    syntax: str = ExplicitVRLittleEndian,
    coded: list[bytes] | None = None,
    **changes: object,
) -> Path:
    """A file of grey (rows, cols), grey frames (n, rows, cols) with NumberOfFrames, or RGB pixels;
    `changes` are attributes by keyword, or by tag as a data element."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = SECONDARY_CAPTURE
    meta.MediaStorageSOPInstanceUID = "2.25.1"
    meta.TransferSyntaxUID = syntax
    big = syntax == ExplicitVRBigEndian
    ds = FileDataset(
        "", {}, file_meta=meta, preamble=b"\0" * 128,
        is_implicit_VR=syntax == ImplicitVRLittleEndian, is_little_endian=not big,
    )  # fmt: skip
    ds.SOPClassUID, ds.SOPInstanceUID, ds.Modality = SECONDARY_CAPTURE, "2.25.1", "OT"
    frames = "NumberOfFrames" in changes
    ds.Rows, ds.Columns = pixels.shape[int(frames) :][:2]
    samples = 1 if pixels.ndim == 2 + int(frames) else 3
    ds.SamplesPerPixel = samples
    ds.PhotometricInterpretation = "MONOCHROME2" if samples == 1 else "RGB"
    bits = pixels.dtype.itemsize * 8
    ds.BitsAllocated = ds.BitsStored = bits
    ds.HighBit = bits - 1
    ds.PixelRepresentation = int(pixels.dtype.kind == "i")
    if samples == 3:
        ds.PlanarConfiguration = 0
    order = ">" if big else "<"
    raw = pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()
    ds.PixelData = raw + b"\0" * (len(raw) % 2) if coded is None else encapsulate(coded)
    ds["PixelData"].VR = "OB" if coded is not None or bits == 8 else "OW"
    for keyword, value in changes.items():
        setattr(ds, keyword, value)
    if "PixelData" in changes:
        ds["PixelData"].VR = "OB" if bits == 8 else "OW"
    ds.save_as(path, enforce_file_format=True)
    return path


def table(descriptor: list[int], entries: list[int] | bytes, **more: object) -> Dataset:
    """An item of a ModalityLUTSequence or VOILUTSequence."""
    item = Dataset()
    item.add_new(0x00283002, "SS" if descriptor[1] < 0 else "US", descriptor)
    item.add_new(0x00283006, "OW" if isinstance(entries, bytes) else "US", entries)
    for keyword, value in more.items():
        setattr(item, keyword, value)
    return item


def palette(
    descriptor: list[int], tables: list[bytes], segmented: bool = False
) -> dict[str, object]:
    """Attributes of a palette image."""
    out: dict[str, object] = {"PhotometricInterpretation": "PALETTE COLOR"}
    for colour, data in zip(("Red", "Green", "Blue"), tables, strict=True):
        name = f"{colour}PaletteColorLookupTable"
        out[f"{name}Descriptor"] = descriptor
        out[f"Segmented{name}Data" if segmented else f"{name}Data"] = data
    return out


class Looking:
    """The `FileViewing` port in this process: what the child does, without a child."""

    def view(self, path: Path, frame: int, *, overlays: bool) -> FileView:
        location = (str(path), "")
        found = probing.inspect(location)
        facts = FileFacts(
            SourceFile(path.name, 0, location), found["kind"], found["sha256"], found["rows"],
            found["cols"], found["frames"], found["samples"], with_tables(found["attributes"]),
        )  # fmt: skip
        plane = probing.decode(location, frame - 1)
        mask = None
        if overlays:
            mask = probing.overlays(location, frame - 1).pixels.astype(np.bool_)
        return FileView(image_of(facts, plane), frame, plane.pixels, mask, "", "")

    def png(self, pixels: npt.NDArray[np.uint8]) -> bytes:
        raise NotImplementedError
