"""Every file that comes with pydicom: shown as DCMTK shows it, or refused for a reason."""

from __future__ import annotations

import fnmatch
import warnings
from pathlib import Path

import numpy as np
import pydicom
import pytest

from tests.imaging.dcmtk import needs_dcmtk, picture, window_options
from tests.imaging.dicoms import Looking
from workstation.domain.errors import InvalidValue
from workstation.services.rendering import RenderFile, render

FOLDER = Path(pydicom.__file__).parent / "data"
FILES = [
    path.relative_to(FOLDER).as_posix()
    for name in ("test_files", "palettes")
    for path in sorted((FOLDER / name).rglob("*"))
    if path.is_file() and path.suffix in ("", ".dcm")
]
# Why a file is not shown. Patterns of paths; the code of the refusal, and what is the matter.
REFUSED = {
    "palettes/*": ("dicom.no_pixels", "a palette and no image"),
    "*/DICOMDIR*": ("dicom.no_pixels", "a directory and no image"),
    "*/TINY_ALPHA/PT*": ("dicom.no_pixels", "images from which the pixels were taken"),
    "*/*NoMeta.dcm": ("file.no_image", "without preamble and meta header"),
    "*/no_meta.dcm": ("file.no_image", "without preamble and meta header"),
    "*/rtstruct.dcm": ("file.no_image", "without preamble and meta header"),
    "*/TINY_ALPHA/README": ("file.no_image", "a text"),
    "*/meta_missing_tsyntax.dcm": ("dicom.damaged", "does not say its transfer syntax"),
    "*/nested_priv_SQ.dcm": ("image.no_size", "private elements and no image"),
    "*/rtdose*.dcm": ("dicom.pixel_format", "32-bit dose and no picture"),
    "*/SC_rgb_rle_16bit*.dcm": ("dicom.pixel_format", "16-bit colour would have to be reduced"),
    "*/SC_rgb_rle_32bit*.dcm": ("dicom.pixel_format", "32-bit colour would have to be reduced"),
    "*/MR_truncated.dcm": ("dicom.pixels_short", "cut in its pixels"),
    "*/JPEG2000-embedded-sequence-delimiter.dcm": (
        "dicom.undecodable",
        "a delimiter was written over the codestream's header; GDCM and OpenJPEG refuse it too",
    ),
    "*/badVR.dcm": ("dicom.bad_value", "a number of frames that is none"),
    "*/UN_sequence.dcm": ("dicom.no_pixels", "a sequence and no image"),
    "*/empty_charset_LEI.dcm": ("dicom.no_pixels", "text and no image"),
    "*/no_meta_group_length.dcm": ("dicom.no_pixels", "a plan and no image"),
    "*/priv_SQ.dcm": ("dicom.no_pixels", "private elements and no image"),
    "*/reportsi*.dcm": ("dicom.no_pixels", "a report and no image"),
    "*/rtplan*.dcm": ("dicom.no_pixels", "a plan and no image"),
    "*/test-SR.dcm": ("dicom.no_pixels", "a report and no image"),
    "*/waveform_ecg.dcm": ("dicom.no_pixels", "an electrocardiogram and no image"),
}
# Where DCMTK is the coarse one: by how many levels at most, and why.
COARSE = {
    "*/SC_ybr_full_422_uncompressed.dcm": (
        1,
        "DCMTK converts YBR by tables with coefficients of four digits and drops fractions",
    ),
    "*/77654033/CR?/*": (1, "DCMTK cuts modality values of a slope of 0.68 to whole numbers"),
}
# DCMTK cannot read the file: another program unpacks it first.
UNPACKED = {"*/SC_rgb_jpeg.dcm": ("gdcmconv", "--raw")}


def entry(table: dict, name: str):
    return next((value for pattern, value in table.items() if fnmatch.fnmatch(name, pattern)), None)


def test_every_reason_is_of_a_file() -> None:
    for table in (REFUSED, COARSE, UNPACKED):
        for pattern in table:
            assert fnmatch.filter(FILES, pattern), pattern


@needs_dcmtk
@pytest.mark.parametrize("name", FILES)
def test_a_bundled_file(name: str, tmp_path: Path) -> None:
    refused = entry(REFUSED, name)
    path = FOLDER / name
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom warns of what is wrong in some of them
        if refused is not None:
            with pytest.raises(InvalidValue) as caught:
                render(Looking(), RenderFile(path))
            assert caught.value.code == refused[0], refused[1]
            return
        frames = render(Looking(), RenderFile(path)).view.image.slices
        for frame in {1, frames}:
            ours = render(Looking(), RenderFile(path, frame))
            theirs = picture(
                path, tmp_path, window_options(ours.choice), frame, entry(UNPACKED, name) or ()
            )
            assert theirs.shape == ours.pixels.shape
            most, _ = entry(COARSE, name) or (0, "")
            assert np.abs(theirs.astype(int) - ours.pixels).max() <= most
