"""Studies of each modality: what an import takes, how files become cases and images, and that they
freeze; against the values written into the files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import imagecodecs
import nibabel
import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import UltrasoundMultiFrameImageStorage

from tests.imaging.dicoms import table
from tests.imaging.files import dicom, enhanced_mr, item
from tests.studies import Team, document, shipped
from workstation.display.grey import GreyChain
from workstation.domain.arbitration import ReferenceStandard
from workstation.domain.case import Subject
from workstation.domain.image import Image, ImageKind, SpacingKind, Window
from workstation.domain.reading import ReadingBody
from workstation.exchange.dataset_folder import nifti_bytes, png_bytes
from workstation.services import importing
from workstation.services.freezing import FrozenCase, _image_entry, _readme
from workstation.services.importing import ImportFiles, ImportResult
from workstation.services.reading import ordered_images

DRAW = np.random.default_rng(5)


@pytest.fixture
def team(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Team]:
    protocol = request.param
    made = Team(tmp_path / "study", protocol if isinstance(protocol, dict) else shipped(protocol))
    yield made
    made.close()


def quiet(*_: object) -> None:
    return None


def take(team: Team, folder: Path, files: dict[str, Dataset]) -> ImportResult:
    source = folder / "src"
    source.mkdir()
    for name, data in files.items():
        data.save_as(source / name, enforce_file_format=True)
    command = ImportFiles((source,), "Coordinator", None)
    return importing.run_import(team["coordinator"], command, lambda: 10**12, quiet)[0]


def mammogram(side: str, view: str, **changes: Any) -> Dataset:
    values = DRAW.integers(0, 4096, (20, 16)).astype(np.uint16)
    return dicom(values, Modality="MG", StudyInstanceUID="2.25.1", ImagerPixelSpacing=[0.07, 0.07],
                 ImageLaterality=side, ViewPosition=view, PhotometricInterpretation="MONOCHROME1",
                 PatientOrientation=["P", "FR"], **changes)  # fmt: skip


@pytest.mark.parametrize("team", ["mammography"], indirect=True)
def test_a_mammography_study_is_one_case_of_its_views(team: Team, tmp_path: Path) -> None:
    by_code = mammogram("R", "")
    by_code.ViewCodeSequence = item(CodeValue="399162004", CodingSchemeDesignator="SCT",
                                    CodeMeaning="cranio-caudal")  # fmt: skip
    files = {"a.dcm": mammogram("L", "MLO"), "b.dcm": by_code, "c.dcm": mammogram("L", "CC"),
             "d.dcm": mammogram("R", "MLO"), "e.dcm": dicom(np.zeros((4, 4), np.int16))}  # fmt: skip
    result = take(team, tmp_path, files)
    assert [(r.name, r.code) for r in result.refusals] == [("e.dcm", "import.wrong_modality")]
    assert len(result.case_numbers) == 1
    shown = [i.side for i in ordered_images(result.images)]
    assert shown == ["R CC", "L CC", "R MLO", "L MLO"]
    for image in result.images:
        assert (image.kind, image.number[0]) == (ImageKind.RADIOGRAPH, "R")
        assert image.is_target and image.monochrome1 and image.slices == 1
        assert image.patient_orientation == ("P", "FR")
        assert image.spacing is not None and image.spacing.kind is SpacingKind.DETECTOR
        file = next(f for n, f in files.items() if n[0] in "abcd" and (
            f.ImageLaterality, f.get("ViewPosition") or "CC") == (image.laterality, image.view))  # fmt: skip
        kept = team["coordinator"].pixels.plane(image)
        assert np.array_equal(kept, file.pixel_array)
        assert np.array_equal(imagecodecs.png_decode(png_bytes(kept)), file.pixel_array)
        assert _image_entry(image, "x")["laterality"] == image.laterality
    importing.include(team["coordinator"], result.images[0].case_id)
    again = take(team, tmp_path / "src", {"a.dcm": files["a.dcm"]})
    assert [r.code for r in again.refusals] == ["import.duplicate"]


@pytest.mark.parametrize("team", ["chest_radiography"], indirect=True)
def test_chest_radiographs_and_values_with_a_sign(team: Team, tmp_path: Path) -> None:
    signed = (np.arange(30).reshape(6, 5) - 12).astype(np.int16)
    grey = np.arange(30, dtype=np.uint16).reshape(6, 5)
    result = take(team, tmp_path, {
        "pa.dcm": dicom(grey, Modality="DX", ViewPosition="PA", PixelSpacing=[0.2, 0.1],
                        ImagerPixelSpacing=[0.3, 0.15], StudyInstanceUID="2.25.1"),
        "lat.dcm": dicom(signed, Modality="CR", ViewPosition="LL", StudyInstanceUID="2.25.2"),
    })  # fmt: skip
    assert result.refusals == () and len(result.case_numbers) == 2
    by_view = {i.view: i for i in result.images}
    pa, lateral = by_view["PA"], by_view["LL"]
    assert pa.spacing is not None and pa.spacing.kind is SpacingKind.PATIENT
    assert lateral.spacing is None and lateral.dtype == "int16"
    pixels = team["coordinator"].pixels
    extension, make = team["coordinator"].dataset_folder.encode(lateral, pixels)
    volume = nibabel.Nifti1Image.from_bytes(make())
    assert extension == "nii" and np.array_equal(np.asarray(volume.dataobj)[..., 0].T, signed)
    assert team["coordinator"].dataset_folder.encode(pa, pixels)[0] == "png"


@pytest.mark.parametrize("team", [document(modality="ultrasound")], indirect=True)
def test_ultrasound_clips_and_frames_are_all_read(team: Team, tmp_path: Path) -> None:
    clip = DRAW.integers(0, 255, (4 * 6, 8, 3), np.uint8)
    region = item(RegionSpatialFormat=1, RegionDataType=1, RegionFlags=0, RegionLocationMinX0=0,
                  RegionLocationMinY0=0, RegionLocationMaxX1=7, RegionLocationMaxY1=5,
                  PhysicalUnitsXDirection=3, PhysicalUnitsYDirection=3, PhysicalDeltaX=0.02,
                  PhysicalDeltaY=0.03)  # fmt: skip
    result = take(team, tmp_path, {
        "clip.dcm": dicom(clip, SOPClassUID=UltrasoundMultiFrameImageStorage, Modality="US", Rows=6,
                          NumberOfFrames=4, CineRate=25, StudyInstanceUID="2.25.1",
                          SequenceOfUltrasoundRegions=region),
        "frame.dcm": dicom(clip[:6], Modality="US", StudyInstanceUID="2.25.1"),
    })  # fmt: skip
    assert result.refusals == () and len(result.case_numbers) == 1
    by_kind = {i.kind: i for i in result.images}
    cine, frame = by_kind[ImageKind.STACK], by_kind[ImageKind.RADIOGRAPH]
    assert cine.is_target and frame.is_target and cine.frame_time_ms == 40.0
    assert (cine.slices, cine.samples, cine.geometry) == (4, 3, None)
    assert cine.spacing is not None
    assert (cine.spacing.row_mm, cine.spacing.col_mm) == pytest.approx((0.3, 0.2))
    assert frame.spacing is None
    pixels = team["coordinator"].pixels
    for n in range(4):
        assert np.array_equal(pixels.plane(cine, n), clip[6 * n : 6 * n + 6])
    frozen = nibabel.Nifti1Image.from_bytes(nifti_bytes(cine, pixels))
    colours = np.asarray(frozen.dataobj)
    assert colours.shape == (8, 6, 4)
    assert np.array_equal(colours["G"][:, :, 2].T, clip[12:18, :, 1])
    assert _image_entry(cine, "x")["frame_time_ms"] == "40.0"


@pytest.mark.parametrize("team", ["mr_lesion"], indirect=True)
def test_an_enhanced_mr_object_gives_its_stacks_in_order(team: Team, tmp_path: Path) -> None:
    result = take(team, tmp_path, {"mr.dcm": enhanced_mr(StudyInstanceUID="2.25.1")})
    assert result.refusals == () and len(result.case_numbers) == 1
    first, second = sorted(result.images, key=lambda i: i.series_description)
    assert sorted((first.is_target, second.is_target)) == [False, True]
    pixels = team["coordinator"].pixels
    # Frame n is filled with n: the frames of each stack lie in the order of their places.
    for image, frames in ((first, (3, 2, 0)), (second, (1, 5, 4))):
        assert [int(pixels.plane(image, z)[0, 0]) for z in range(3)] == list(frames)
        assert image.slice_rescale == ((1.0, 0.0), (2.0, 0.0), (3.0, 0.0))
        assert [w[0].center for w in image.slice_windows] == [50.0, 51.0, 52.0]
        assert image.geometry is not None and image.geometry.step_mm == pytest.approx(2.0)
        header = nibabel.Nifti1Image.from_bytes(nifti_bytes(image, pixels)).header
        assert header["scl_slope"] == 0 or np.isnan(header["scl_slope"])
        entry = json.loads(json.dumps(_image_entry(image, "x")))
        assert entry["slice_rescale"] == [["1.0", "0.0"], ["2.0", "0.0"], ["3.0", "0.0"]]
    assert len(first.source_sha256) == 1


@pytest.mark.parametrize("team", ["lung_nodule_ct"], indirect=True)
def test_what_ct_does_not_take(team: Team, tmp_path: Path) -> None:
    place = {"ImagePositionPatient": [0, 0, 0], "ImageOrientationPatient": [1, 0, 0, 0, 1, 0]}
    grey = np.zeros((4, 4), np.int16)
    result = take(team, tmp_path, {
        "mr.dcm": enhanced_mr(),
        "no_place.dcm": dicom(grey, PixelSpacing=[1, 1]),
        "no_mm.dcm": dicom(grey, **place),
        "many.dcm": dicom(np.zeros((8, 4), np.int16), Rows=4, NumberOfFrames=2),
    })  # fmt: skip
    assert result.images == ()
    assert {r.name: r.code for r in result.refusals} == {
        "mr.dcm": "import.wrong_modality", "no_place.dcm": "dicom.missing",
        "no_mm.dcm": "dicom.missing", "many.dcm": "dicom.missing",
    }  # fmt: skip


def test_a_fundus_study_takes_single_photographs(tmp_path: Path) -> None:
    team = Team(tmp_path / "study", document())
    many = dicom(np.zeros((12, 5, 3), np.uint8), Modality="OP", Rows=6, NumberOfFrames=2)
    spaced = dicom(np.full((6, 5, 3), 7, np.uint8), Modality="OP", PixelSpacing=[0.01, 0.01],
                   ImageLaterality="L", PixelAspectRatio=[4, 3])  # fmt: skip
    result = take(team, tmp_path, {"many.dcm": many, "one.dcm": spaced})
    assert [(r.name, r.code) for r in result.refusals] == [("many.dcm", "import.several_frames")]
    (image,) = result.images
    assert image.spacing is not None and image.spacing.kind is SpacingKind.NOMINAL
    assert image.side == "OS" and image.aspect == (4, 3)
    team.close()


def test_how_a_side_is_called() -> None:
    base = Image("i", "c", "R0001", ImageKind.RADIOGRAPH, "MG", 2, 2, 1, 1, "uint8", ())
    assert base.side == ""
    assert replace(base, laterality="L").side == "L"
    assert replace(base, laterality="L", view="CC").side == "L CC"
    assert replace(base, view="PA").side == "PA"


@pytest.mark.parametrize("team", ["mr_lesion"], indirect=True)
def test_slices_of_several_depths_keep_their_values(team: Team, tmp_path: Path) -> None:
    """Small unsigned, large unsigned: no slice is wrapped into another sign."""
    place = {
        "Modality": "MR",
        "PixelSpacing": [1, 1],
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
    }
    low = np.arange(20, dtype=np.uint8).reshape(4, 5)
    high = (np.arange(20).reshape(4, 5) + 60_000).astype(np.uint16)
    result = take(team, tmp_path, {
        "a.dcm": dicom(low, ImagePositionPatient=[0, 0, 0], SeriesInstanceUID="2.25.3", **place),
        "b.dcm": dicom(high, ImagePositionPatient=[0, 0, 2], SeriesInstanceUID="2.25.3", **place),
    })  # fmt: skip
    assert result.refusals == ()
    (image,) = result.images
    assert image.dtype == "uint16" and image.decoder == "uncompressed"
    pixels = team["coordinator"].pixels
    assert np.array_equal(pixels.plane(image, 0), low)
    assert np.array_equal(pixels.plane(image, 1), high)


@pytest.mark.parametrize("team", ["mr_lesion"], indirect=True)
def test_slices_no_depth_holds_together_are_refused(team: Team, tmp_path: Path) -> None:
    place = {
        "Modality": "MR",
        "PixelSpacing": [1, 1],
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
    }
    signed = np.full((4, 5), -7, np.int16)
    high = np.full((4, 5), 60_000, np.uint16)
    result = take(team, tmp_path, {
        "a.dcm": dicom(signed, ImagePositionPatient=[0, 0, 0], SeriesInstanceUID="2.25.3", **place),
        "b.dcm": dicom(high, ImagePositionPatient=[0, 0, 2], SeriesInstanceUID="2.25.3", **place),
    })  # fmt: skip
    assert result.images == ()
    assert [(r.name, r.code) for r in result.refusals] == [
        ("a.dcm", "stack.depths"), ("b.dcm", "stack.depths")
    ]  # fmt: skip


@pytest.mark.parametrize("team", ["dr_screening"], indirect=True)
def test_a_grey_photograph_of_12_bits_is_shown_as_its_file_says(team: Team, tmp_path: Path) -> None:
    grey = np.linspace(0, 4095, 20).astype(np.uint16).reshape(4, 5)
    as_op = {"Modality": "OP", "ImageLaterality": "R", "BitsStored": 12, "HighBit": 11}
    result = take(team, tmp_path, {
        "plain.dcm": dicom(grey, **as_op),
        "own.dcm": dicom(grey // 2, WindowCenter=1000, WindowWidth=500, **as_op),
    })  # fmt: skip
    assert result.refusals == ()
    plain, own = sorted(result.images, key=lambda i: len(i.windows))
    assert plain.windows == () and [(w.center, w.width) for w in own.windows] == [(1000, 500)]
    shown = GreyChain.of(plain).grey(team["coordinator"].pixels.plane(plain))
    assert (shown.min(), shown.max()) == (0, 255)


@pytest.mark.parametrize("team", [document(modality="ultrasound")], indirect=True)
def test_what_is_found_while_decoding_a_clip_is_kept(team: Team, tmp_path: Path) -> None:
    clip = DRAW.integers(0, 255, (4 * 6, 8, 3), np.uint8)
    result = take(team, tmp_path, {
        "clip.dcm": dicom(clip, SOPClassUID=UltrasoundMultiFrameImageStorage, Modality="US", Rows=6,
                          NumberOfFrames=4, ICCProfile=b"no profile at all" * 20),
    })  # fmt: skip
    assert [i.warnings for i in result.images] == [("photo.profile_unusable",)]


@pytest.mark.parametrize("team", ["mammography"], indirect=True)
def test_a_frozen_radiograph_says_how_its_values_are_shown(team: Team, tmp_path: Path) -> None:
    """The PNG holds stored values: polarity, windows and padding are not in it."""
    lut = [table([3, 0, 12], [7, 2000, 4095], ModalityLUTType="US")]
    values = (np.arange(20) % 3).astype(np.uint16).reshape(4, 5)
    result = take(team, tmp_path, {
        "a.dcm": dicom(values, Modality="MG", PhotometricInterpretation="MONOCHROME1", WindowWidth=100,
                       WindowCenter=50, PixelPaddingValue=0, ModalityLUTSequence=lut),
    })  # fmt: skip
    (image,) = result.images
    entry = _image_entry(image, "x")
    assert entry["inverted"] is True and entry["padding"] == [0, 0]
    assert entry["windows"] == [{"center": "50.0", "width": "100.0", "function": "LINEAR"}]
    assert entry["modality_lut"] == {"first": 0, "bits": 12, "entries": [7, 2000, 4095]}


def test_photographs_and_ct_are_frozen_as_before() -> None:
    """Their windows were known and not frozen: the fingerprint of a version made anew stays."""
    window = (Window(40.0, 400.0),)
    plain = Image("i", "c", "F0001", ImageKind.PHOTOGRAPH, "OP", 4, 5, 1, 1, "uint8", ())
    ct = replace(plain, kind=ImageKind.STACK, modality="CT", dtype="int16")
    for image in (plain, ct):
        shown = replace(image, windows=window, padding=(-2000, -2000))
        assert _image_entry(shown, "x") == _image_entry(image, "x")


def test_the_words_of_versions_frozen_before_stand() -> None:
    """The page is part of every version's fingerprint: new kinds of images add to it."""
    plain = Image("i", "c", "F0001", ImageKind.PHOTOGRAPH, "OP", 4, 5, 1, 1, "uint8", ())
    told = replace(plain, kind=ImageKind.RADIOGRAPH, modality="MG", windows=(Window(1.0, 2.0),))
    reference = ReferenceStandard("c", "consensus", ReadingBody(), {}, {})

    def page(image: Image) -> str:
        return _readme([FrozenCase(Subject("s", "P", "", ""), (image,), reference, 2)])

    known = "dd087999622cbd173d452c9f4810943deb91571e3475479f2c8d8ea8014273cb"
    assert hashlib.sha256(page(plain).encode()).hexdigest() == known
    assert page(told).startswith(page(plain)) and "inverted" in page(told)


@pytest.mark.parametrize("team", ["mr_lesion"], indirect=True)
def test_a_voi_table_of_one_slice_is_not_that_of_the_others(team: Team, tmp_path: Path) -> None:
    place = {
        "Modality": "MR",
        "PixelSpacing": [1, 1],
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
    }
    grey = np.arange(20, dtype=np.uint16).reshape(4, 5)
    files = {
        f"{n}.dcm": dicom(grey + n, ImagePositionPatient=[0, 0, n], SeriesInstanceUID="2.25.3",
                          VOILUTSequence=[table([2, n, 8], [0, 255])], **place)
        for n in range(2)
    }  # fmt: skip
    assert [i.voi_luts for i in take(team, tmp_path, files).images] == [()]


@pytest.mark.parametrize("team", ["mr_lesion"], indirect=True)
@pytest.mark.parametrize("first", [[0, 1], [1, 2]])
def test_a_series_known_in_part_says_which_files_are(
    team: Team, tmp_path: Path, first: list[int]
) -> None:
    """Slices that were never delivered are not called known, and known ones are not taken twice."""
    place = {
        "Modality": "MR",
        "PixelSpacing": [1, 1],
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
    }
    files = {
        f"{n}.dcm": dicom(np.full((4, 5), n, np.uint16), ImagePositionPatient=[0, 0, n],
                          SeriesInstanceUID="2.25.3", **place)
        for n in range(3)
    }  # fmt: skip
    assert len(take(team, tmp_path, {f"{n}.dcm": files[f"{n}.dcm"] for n in first}).images) == 1
    result = take(team, tmp_path / "src", files)
    assert result.images == ()
    assert {int(r.name[0]): r.code for r in result.refusals} == {
        n: "import.duplicate" if n in first else "stack.partly_known" for n in range(3)
    }
    assert {r.params["image"] for r in result.refusals} == {"S0001"}


@pytest.mark.parametrize("team", ["dr_screening"], indirect=True)
def test_a_photograph_whose_header_names_both_eyes_has_an_unknown_eye(
    team: Team, tmp_path: Path
) -> None:
    grey = np.arange(20, dtype=np.uint8).reshape(4, 5)
    result = take(team, tmp_path, {
        "a.dcm": dicom(grey, Modality="OP", ImageLaterality="R", Laterality="L"),
        "b.dcm": dicom(grey + 1, Modality="OP", ImageLaterality="R", Laterality="R"),
    })  # fmt: skip
    assert {str(i.eye) for i in result.images} == {"None", "OD"}
