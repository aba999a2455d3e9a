"""DICOM files written for tests: plain, and enhanced with functional groups."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    CTImageStorage,
    EnhancedMRImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)


def dicom(
    pixels: np.ndarray,
    syntax: str = ExplicitVRLittleEndian,
    coded: bytes | None = None,
    **changes: object,
) -> FileDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = "2.25.1"
    meta.TransferSyntaxUID = syntax
    ds = FileDataset(
        "",
        {},
        file_meta=meta,
        preamble=b"\0" * 128,
        is_implicit_VR=False,
        is_little_endian=syntax != ExplicitVRBigEndian,
    )
    if syntax == ImplicitVRLittleEndian:
        ds = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    ds.SOPClassUID, ds.SOPInstanceUID, ds.Modality = CTImageStorage, "2.25.1", "CT"
    ds.PatientID, ds.PatientName = "P1", ""
    ds.Rows, ds.Columns = pixels.shape[:2]
    ds.SamplesPerPixel = 1 if pixels.ndim == 2 else 3
    ds.PhotometricInterpretation = "MONOCHROME2" if pixels.ndim == 2 else "RGB"
    bits = pixels.dtype.itemsize * 8
    ds.BitsAllocated = ds.BitsStored = bits
    ds.HighBit = bits - 1
    ds.PixelRepresentation = int(pixels.dtype.kind == "i")
    if pixels.ndim == 3:
        ds.PlanarConfiguration = 0
    order = ">" if syntax == ExplicitVRBigEndian else "<"
    raw = pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()
    ds.PixelData = encapsulate([coded]) if coded is not None else raw
    ds["PixelData"].VR = "OB" if coded is not None or bits == 8 else "OW"
    for keyword, value in changes.items():
        setattr(ds, keyword, value)
    return ds


def item(**values: Any) -> list[Dataset]:
    """A sequence of one item."""
    made = Dataset()
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return [made]


def enhanced_mr(pixels: np.ndarray | None = None, **changes: Any) -> FileDataset:
    """Six frames, rows 5 and columns 4: stacks "1" and "2" of three slices, 2 mm apart, in an
    order of no place. Frame n is filled with n where no pixels are given."""
    order = [(2, "1"), (0, "2"), (1, "1"), (0, "1"), (2, "2"), (1, "2")]
    if pixels is None:
        pixels = np.repeat(np.arange(6, dtype=np.uint16), 20).reshape(30, 4)
    ds = dicom(pixels, SOPClassUID=EnhancedMRImageStorage, Modality="MR", Rows=5,
               NumberOfFrames=6, SeriesInstanceUID="2.25.8")  # fmt: skip
    ds.SharedFunctionalGroupsSequence = item(
        PixelMeasuresSequence=item(PixelSpacing=[0.7, 0.6], SliceThickness=2),
        PlaneOrientationSequence=item(ImageOrientationPatient=[0, 1, 0, 0, 0, -1]),
    )
    ds.PerFrameFunctionalGroupsSequence = [
        item(
            PlanePositionSequence=item(ImagePositionPatient=[-2.0 * z, 0, 0]),
            FrameContentSequence=item(StackID=stack),
            FrameVOILUTSequence=item(WindowCenter=50 + z, WindowWidth=100),
            PixelValueTransformationSequence=item(
                RescaleSlope=1 + z, RescaleIntercept=0, RescaleType="US"
            ),
        )[0]
        for z, stack in order
    ]
    for keyword, value in changes.items():
        setattr(ds, keyword, value)
    return ds
