"""The demo images as files a site would deliver: DICOM OP, JPEG, PNG with a list; CT series."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import imagecodecs
import numpy as np
import numpy.typing as npt

from workstation.demo.ct import SPACING_MM, STEP_MM, CtScene
from workstation.demo.fundus import FundusScene

# pydicom takes 0.1 s to load and every start of the window comes through here: it is imported
# where files are written.
if TYPE_CHECKING:
    from pydicom.dataset import Dataset, FileDataset

IMPLEMENTATION_UID = "2.25.214748364700000000000000000000000001"


def uid(*parts: object) -> str:
    """A UID under 2.25 that depends on its parts alone."""
    digest = hashlib.sha256("|".join(map(str, parts)).encode()).digest()
    return f"2.25.{int.from_bytes(digest[:16], 'big')}"


@dataclass(frozen=True, slots=True)
class DeliveredPhoto:
    """A photograph on its way to a file: patient pseudonym, field, centre."""

    patient: str
    field: str
    centre: str
    scene: FundusScene

    @property
    def name(self) -> str:
        return f"{self.patient}_{self.scene.eye}_F{self.field}"


def write_photos(folder: Path, photos: Sequence[DeliveredPhoto]) -> None:
    """Every third photograph as DICOM, JPEG, PNG in turn; the list `photos.csv` beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for n, photo in enumerate(photos):
        kind = ("dcm", "jpg", "png")[n % 3]
        path = folder / f"{photo.name}.{kind}"
        pixels = photo.scene.image
        if kind == "dcm":
            _write_op(path, photo)
        elif kind == "jpg":
            path.write_bytes(imagecodecs.jpeg8_encode(pixels, level=92))
        else:
            path.write_bytes(imagecodecs.png_encode(pixels, level=4))
        rows.append([path.name, photo.patient, photo.scene.eye, photo.field, photo.centre])
    with (folder / "photos.csv").open("w", encoding="utf-8-sig", newline="") as out:
        csv.writer(out).writerows([["file", "patient", "eye", "field", "centre"], *rows])


def _file(path: Path, sop_class: str, instance: str, syntax: str) -> FileDataset:
    from pydicom.dataset import FileDataset, FileMetaDataset

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = sop_class
    meta.MediaStorageSOPInstanceUID = instance
    meta.TransferSyntaxUID = syntax
    meta.ImplementationClassUID = IMPLEMENTATION_UID
    meta.ImplementationVersionName = "DEMO"
    dataset = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID = sop_class
    dataset.SOPInstanceUID = instance
    return dataset


def _patient(dataset: Dataset, patient: str, study: str, series: str, modality: str) -> None:
    dataset.PatientName = ""
    dataset.PatientID = patient
    dataset.PatientBirthDate = ""
    dataset.PatientSex = ""
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = "Drawn by a program; no patient"
    dataset.StudyInstanceUID = study
    dataset.SeriesInstanceUID = series
    dataset.StudyDate = dataset.StudyTime = dataset.AccessionNumber = ""
    dataset.ReferringPhysicianName = ""
    dataset.StudyID = "1"
    dataset.SeriesNumber = 1
    dataset.Modality = modality
    dataset.Manufacturer = "Demo"
    dataset.ManufacturerModelName = "Drawn"


def _write_op(path: Path, photo: DeliveredPhoto) -> None:
    """An Ophthalmic Photography 8 Bit image with a JPEG stream inside."""
    from pydicom.dataset import Dataset
    from pydicom.encaps import encapsulate
    from pydicom.uid import JPEGBaseline8Bit, OphthalmicPhotography8BitImageStorage

    scene = photo.scene
    dataset = _file(
        path,
        OphthalmicPhotography8BitImageStorage,
        uid("op", photo.name),
        JPEGBaseline8Bit,
    )
    _patient(dataset, photo.patient, uid("study", photo.patient), uid("series", photo.name), "OP")
    dataset.ImageType = ["ORIGINAL", "PRIMARY"]
    dataset.InstanceNumber = 1
    dataset.ImageLaterality = "R" if scene.eye == "OD" else "L"
    dataset.NumberOfFrames = 1
    dataset.HorizontalFieldOfView = 45.0
    dataset.BurnedInAnnotation = "NO"
    anatomy = Dataset()
    anatomy.CodeValue, anatomy.CodingSchemeDesignator = "5665001", "SCT"
    anatomy.CodeMeaning = "Retina"
    dataset.AnatomicRegionSequence = [anatomy]
    coded = imagecodecs.jpeg8_encode(scene.image, level=94)
    dataset.Rows, dataset.Columns = scene.image.shape[:2]
    dataset.SamplesPerPixel = 3
    dataset.PhotometricInterpretation = "YBR_FULL_422"
    dataset.PlanarConfiguration = 0
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit = 7
    dataset.PixelRepresentation = 0
    dataset.LossyImageCompression = "01"
    dataset.LossyImageCompressionMethod = "ISO_10918_1"
    dataset.LossyImageCompressionRatio = f"{scene.image.nbytes / len(coded):.1f}"
    dataset.PixelData = encapsulate([coded])
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    dataset.save_as(path, enforce_file_format=True)


def write_ct(folder: Path, patient: str, scene: CtScene, thick_too: bool) -> None:
    """A CT series in shuffled file order; `thick_too` adds a coarser view-only series."""
    folder.mkdir(parents=True, exist_ok=True)
    study, frame = uid("ct", patient), uid("frame", patient)
    _series(folder, patient, study, frame, "thin", scene.volume, STEP_MM)
    if thick_too:
        thick = scene.volume[: len(scene.volume) // 3 * 3].reshape(-1, 3, *scene.volume.shape[1:])
        averaged = np.rint(thick.mean(axis=1)).astype(np.int16)
        _series(folder, patient, study, frame, "thick", averaged, STEP_MM * 3)


def _series(
    folder: Path,
    patient: str,
    study: str,
    frame: str,
    name: str,
    volume: npt.NDArray[np.int16],
    step_mm: float,
) -> None:
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

    order = np.random.Generator(np.random.PCG64(len(volume))).permutation(len(volume))
    for n, z in enumerate(order):
        path = folder / f"{name}-{n + 1:03d}.dcm"
        dataset = _file(path, CTImageStorage, uid("ct", patient, name, z), ExplicitVRLittleEndian)
        _patient(dataset, patient, study, uid("ctseries", patient, name), "CT")
        dataset.FrameOfReferenceUID = frame
        dataset.PositionReferenceIndicator = ""
        dataset.ImageType = ["DERIVED", "PRIMARY", "AXIAL"]
        dataset.BodyPartExamined = "CHEST"
        dataset.InstanceNumber = int(n + 1)
        dataset.KVP = "120"
        dataset.SliceThickness = f"{step_mm:.2f}"
        dataset.ConvolutionKernel = "B50" if name == "thin" else "B30"
        dataset.ImagePositionPatient = [
            f"{-SPACING_MM * 255.5:.3f}", f"{-SPACING_MM * 255.5:.3f}", f"{float(z) * step_mm:.3f}",
        ]  # fmt: skip
        dataset.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
        dataset.PixelSpacing = [f"{SPACING_MM}", f"{SPACING_MM}"]
        dataset.Rows, dataset.Columns = volume.shape[1:]
        dataset.SamplesPerPixel = 1
        dataset.PhotometricInterpretation = "MONOCHROME2"
        dataset.BitsAllocated = dataset.BitsStored = 16
        dataset.HighBit = 15
        dataset.PixelRepresentation = 1
        dataset.RescaleIntercept, dataset.RescaleSlope = "0", "1"
        dataset.RescaleType = "HU"
        dataset.WindowCenter, dataset.WindowWidth = ["-600", "40"], ["1500", "400"]
        dataset.WindowCenterWidthExplanation = ["LUNG", "SOFT TISSUE"]
        dataset.PixelData = volume[z].astype("<i2").tobytes()
        dataset["PixelData"].VR = "OW"
        dataset.save_as(path, enforce_file_format=True)
