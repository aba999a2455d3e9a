"""`workstation info`: what delivered files make, in words and as JSON, without any patient."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import UltrasoundMultiFrameImageStorage

from tests.imaging.files import dicom, enhanced_mr
from tests.studies import opener
from workstation.cli.commands import main

SECRET = "ZHANG^SAN"


def save(folder: Path, name: str, data: Dataset) -> None:
    data.save_as(folder / name, enforce_file_format=True)


@pytest.fixture
def delivered(tmp_path: Path) -> Path:
    folder = tmp_path / "delivered"
    folder.mkdir()
    grey = np.zeros((8, 6), np.int16)
    for n in range(3):
        save(folder, f"ct{n}.dcm", dicom(
            grey, SeriesInstanceUID="2.25.5", SOPInstanceUID=f"2.25.10{n}", PatientName=SECRET,
            PatientID="SECRET-7", ImagePositionPatient=[0, 0, 2.5 * n], PixelSpacing=[0.5, 0.4],
            ImageOrientationPatient=[1, 0, 0, 0, 1, 0], WindowCenter=40, WindowWidth=400))  # fmt: skip
    cine = np.zeros((5 * 8, 6), np.uint8)
    save(folder, "us.dcm", dicom(
        cine, SOPClassUID=UltrasoundMultiFrameImageStorage, Modality="US", Rows=8,
        NumberOfFrames=5, FrameTime=20, SeriesInstanceUID="2.25.6"))  # fmt: skip
    save(folder, "mg.dcm", dicom(
        np.zeros((8, 6), np.uint16), Modality="MG", ImagerPixelSpacing=[0.1, 0.1],
        ImageLaterality="R", ViewPosition="MLO", PatientOrientation=["P", "FL"],
        SeriesInstanceUID="2.25.7"))  # fmt: skip
    save(folder, "mr.dcm", enhanced_mr())
    (folder / "notes.txt").write_text("hello")
    return folder


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(opener(), list(arguments)) == 0
    return capsys.readouterr().out


def test_series_are_told_as_json(delivered: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys, "info", str(delivered), "--json")
    assert SECRET not in text and "SECRET-7" not in text and "2.25" not in text
    data = json.loads(text)
    assert data["files"] == 7
    assert [(r["name"], r["code"]) for r in data["refused"]] == [("notes.txt", "file.no_image")]
    by: dict[str, Any] = {row["first_file"]: row for row in data["series"]}
    ct = by["ct0.dcm"]
    assert (ct["slices"], ct["files"], ct["kind"]) == (3, 3, "stack")
    assert ct["geometry"] == {
        "origin": [0, 0, 0], "row_direction": [1, 0, 0], "col_direction": [0, 1, 0],
        "positions_mm": [0, 2.5, 5], "step_mm": 2.5, "tilt_deg": 0,
    }  # fmt: skip
    assert ct["letters"] == {"left": "R", "right": "L", "top": "A", "bottom": "P"}
    assert ct["spacing"] == {"kind": "patient", "row_mm": 0.5, "col_mm": 0.4}
    assert ct["windows"][0] | {"explanation": ""} == {
        "center": 40, "width": 400, "function": "LINEAR", "explanation": "",
    }  # fmt: skip
    assert ct["transfer_syntax"] == ["Explicit VR Little Endian"] and ct["warnings"] == []
    us = by["us.dcm"]
    assert (us["slices"], us["frame_time_ms"], us["geometry"]) == (5, 20, None)
    assert us["spacing"]["kind"] == "unknown" and set(us["letters"].values()) == {""}
    mg = by["mg.dcm"]
    assert (mg["kind"], mg["laterality"], mg["view"]) == ("picture", "R", "MLO")
    assert mg["spacing"]["kind"] == "detector"
    assert mg["letters"] == {"left": "A", "right": "P", "top": "HR", "bottom": "FL"}
    stacks = [row for row in data["series"] if row["first_file"] == "mr.dcm"]
    assert [(s["part"], s["slices"], s["geometry"]["step_mm"]) for s in stacks] == [
        ("1", 3, 2.0), ("2", 3, 2.0)
    ]  # fmt: skip


def test_series_are_told_in_words(delivered: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys, "--quiet", "info", str(delivered))
    assert "MG R MLO  6 x 8 x 1  mg.dcm" in text
    assert "Pixel spacing: 0.1 x 0.1 mm, at detector" in text
    assert "Edges: left R, right L, top A, bottom P" in text and "Edges: not known" in text
    assert "Slices every 2.5 mm" in text and "Frames every 20 ms" in text
    assert "notes.txt: This is no DICOM, JPEG, PNG or TIFF image." in text
    assert text.rstrip().endswith("5 series and pictures; 1 of 7 files refused.")
    assert "未知" in told(capsys, "--quiet", "--language", "zh_CN", "info", str(delivered))


def test_a_source_that_is_not_there_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(opener(), ["info", str(tmp_path / "nothing")]) == 2
    assert "does not exist" in capsys.readouterr().err


def test_bundled_files_of_another_project(capsys: pytest.CaptureFixture[str]) -> None:
    """Real headers: a slice of CT, one of MR, an ultrasound clip that was made smaller after its
    scale was written."""
    folder = Path(pydicom.__file__).parent / "data" / "test_files"
    names = ("CT_small.dcm", "MR_small.dcm", "examples_ybr_color.dcm")
    text = told(capsys, "info", *(str(folder / n) for n in names), "--json")
    by = {row["first_file"]: row for row in json.loads(text)["series"]}
    assert by["CT_small.dcm"]["spacing"] == {"kind": "patient", "row_mm": 0.661468,
                                             "col_mm": 0.661468}  # fmt: skip
    assert by["MR_small.dcm"]["letters"]["left"] == "R"
    clip = by["examples_ybr_color.dcm"]
    assert clip["slices"] == 30 and clip["spacing"]["kind"] == "unknown"
    assert [w["code"].partition(":")[0] for w in clip["warnings"]] == ["spacing.region_outside"]
