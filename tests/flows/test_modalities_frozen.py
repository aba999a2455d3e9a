"""Mammograms, MR and ultrasound from delivered files to a frozen version that can be verified and
opened with common tools."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import imagecodecs
import nibabel
import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import UltrasoundMultiFrameImageStorage

from tests.imaging.files import dicom, enhanced_mr
from tests.studies import Team, document, shipped
from workstation.domain.image import Image
from workstation.domain.marks import BoxShape, Mark
from workstation.domain.reading import ReadingBody
from workstation.domain.schema import Level, Scope
from workstation.services import assigning, freezing, importing, reading
from workstation.services.importing import ImportFiles

CASE = Scope(Level.CASE)
PIXELS = np.random.default_rng(3).integers(0, 4000, (20, 16)).astype(np.uint16)


def quiet(*_: object) -> None:
    return None


def frozen(
    folder: Path, protocol: dict[str, Any], files: dict[str, Dataset], answers: dict[str, str],
    class_code: str,
) -> tuple[tuple[Image, ...], Path]:  # fmt: skip
    """Import, read by two who agree on answers and one mark, freeze; images and the frozen case."""
    source = folder / "src"
    source.mkdir()
    for name, data in files.items():
        data.save_as(source / name, enforce_file_format=True)
    team = Team(folder / "s.study", protocol)
    coordinator = team["coordinator"]
    command = ImportFiles((source,), "Coordinator", None)
    result, _ = importing.run_import(coordinator, command, lambda: 10**12, quiet)
    assert result.refusals == ()
    case_id = result.images[0].case_id
    importing.include(coordinator, case_id)
    with coordinator.reading() as uow:
        people = {p.login: p.person_id for p in uow.people.all()}
        images = uow.images.of_case(case_id)
    assigning.assign(coordinator, [(case_id, (people["reader-a"], people["reader-b"]))])
    target = next(i for i in images if i.is_target)
    mark = Mark("m", target.image_id, class_code, 1, BoxShape(1.0, 1.0, 3.0, 3.0))
    given: dict[Scope, dict[str, str]] = {CASE: answers}
    if protocol["verdict_unit"] == "image":
        given = {Scope(Level.IMAGE, i.image_id): answers for i in images}
    for login in ("reader-a", "reader-b"):
        opened = reading.open_case(team[login], case_id)
        reading.save_draft(team[login], opened.reading.reading_id, ReadingBody(given, (mark,)))
        reading.submit(team[login], opened.reading.reading_id)
    version = freezing.freeze(coordinator, freezing.Freeze(folder / "out"), quiet)[0]
    check = team.opener.check_folder(folder / "out" / version.version, quiet)
    assert check.holds, check.problems
    team.close()
    return images, folder / "out" / version.version / "data" / "cases" / "case-0001"


def entries(case: Path) -> list[dict[str, Any]]:
    return list(json.loads((case / "labels.json").read_text("utf-8"))["images"])


def test_mammograms(tmp_path: Path) -> None:
    files = {
        f"{side}{view}.dcm": dicom(
            PIXELS + n, Modality="MG", StudyInstanceUID="2.25.1", ImageLaterality=side,
            ViewPosition=view, ImagerPixelSpacing=[0.07, 0.07],
        )
        for n, (side, view) in enumerate((s, v) for s in "RL" for v in ("CC", "MLO"))
    }  # fmt: skip
    images, case = frozen(tmp_path, shipped("mammography"), files,
                          {"quality": "acceptable", "findings": "present"}, "MASS")  # fmt: skip
    found = entries(case)
    assert {(e["laterality"], e["view"]) for e in found} == {
        ("R", "CC"), ("R", "MLO"), ("L", "CC"), ("L", "MLO")
    }  # fmt: skip
    assert all(e["kind"] == "radiograph" and e["spacing"]["kind"] == "detector" for e in found)
    pictures = [imagecodecs.png_decode(p.read_bytes()) for p in case.glob("*.png")]
    assert sorted(int(p[0, 0]) - int(PIXELS[0, 0]) for p in pictures) == [0, 1, 2, 3]
    assert all(p.dtype == np.uint16 for p in pictures) and len(images) == 4


def test_an_enhanced_mr_series(tmp_path: Path) -> None:
    _, case = frozen(tmp_path, shipped("mr_lesion"), {"mr.dcm": enhanced_mr()},
                     {"quality": "acceptable", "lesions": "present"}, "LESION")  # fmt: skip
    (entry,) = entries(case)  # the target series alone
    assert entry["slice_rescale"] == [["1.0", "0.0"], ["2.0", "0.0"], ["3.0", "0.0"]]
    (file,) = case.glob("*.nii")
    volume = nibabel.load(file)
    assert volume.shape == (4, 5, 3)
    # LPS row (0, 1, 0), column (0, 0, -1), normal (-1, 0, 0), as RAS columns.
    assert volume.affine[:3, :3] == pytest.approx(
        np.array([[0, 0, 2.0], [-0.6, 0, 0], [0, -0.7, 0]]), abs=1e-6
    )


def test_an_ultrasound_clip_in_colour(tmp_path: Path) -> None:
    clip = np.random.default_rng(4).integers(0, 255, (3 * 6, 8, 3), np.uint8)
    cine = dicom(clip, SOPClassUID=UltrasoundMultiFrameImageStorage, Modality="US", Rows=6,
                 NumberOfFrames=3, FrameTime=25, StudyInstanceUID="2.25.1")  # fmt: skip
    protocol = document(modality="ultrasound")
    _, case = frozen(tmp_path, protocol, {"us.dcm": cine},
                     {"diagnosis": "normal", "referral": "no"}, "LESION")  # fmt: skip
    (entry,) = entries(case)
    assert entry["frame_time_ms"] == "25.0" and entry["geometry"] is None
    (file,) = case.glob("*.nii")
    colours = np.asarray(nibabel.load(file).dataobj)
    assert np.array_equal(colours["R"][:, :, 1].T, clip[6:12, :, 0])
