"""A delivery in which nearly everything is wrong: each bad file has its sentence, the good ones are
imported, and the program neither dies nor grows."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import JPEG2000Lossless, JPEGBaseline8Bit, generate_uid

from tests.imaging.dicoms import table
from tests.imaging.files import dicom, enhanced_mr, item
from tests.studies import Team, document, shipped
from workstation.domain.intake import FileFacts, Refusal
from workstation.imaging.intake import ChildIntake
from workstation.messages import refusal, warning
from workstation.services import importing
from workstation.services.importing import ImportFiles

GREY = np.arange(12 * 10, dtype=np.int16).reshape(12, 10)
AXIAL = [1, 0, 0, 0, 1, 0]
MAX_GROWTH = 50 << 20


def quiet(*_: object) -> None:
    return None


@contextmanager
def grows_little() -> Iterator[None]:
    """Fails where this process at any time held 50 MB more than before (Linux says its peak)."""
    status = Path("/proc/self/status")
    if not status.is_file():
        yield
        return

    def held(line: str) -> int:
        (found,) = [v for v in status.read_text().splitlines() if v.startswith(line)]
        return int(found.split()[1]) << 10

    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted anew
    before = held("VmRSS")
    yield
    assert held("VmHWM") - before < MAX_GROWTH


def data(ds: Dataset) -> bytes:
    buffer = io.BytesIO()
    ds.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def slice_(z: float, series: str = "2.25.7", **changes: object) -> Dataset:
    said = {"ImagePositionPatient": [0, 0, z], "ImageOrientationPatient": AXIAL,
            "PixelSpacing": [0.5, 0.5], "SeriesInstanceUID": series,
            "StudyInstanceUID": "2.25.1", "SOPInstanceUID": generate_uid()}  # fmt: skip
    return dicom(GREY + int(10 * z), **(said | changes))


def without_pixels(modality: str, sop_class: str) -> bytes:
    ds = dicom(GREY, Modality=modality, SOPClassUID=sop_class)
    del ds.PixelData
    return data(ds)


def nested(depth: int) -> bytes:
    """Sequences in sequences, of undefined length, each with one item."""
    opening = b"\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    closing = b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0"
    whole = data(slice_(0))
    at = whole.index(b"\x08\x00\x60\x00CS")  # before Modality
    return whole[:at] + opening * depth + closing * depth + whole[at:]


def wide(count: int) -> bytes:
    """One sequence of very many empty items."""
    whole = data(slice_(0))
    at = whole.index(b"\x08\x00\x60\x00CS")
    items = b"\xfe\xff\x00\xe0\0\0\0\0" * count
    return (
        whole[:at] + b"\x08\x00\x40\x11SQ\0\0" + struct.pack("<I", len(items)) + items + whole[at:]
    )


def lying(**changes: object) -> bytes:
    return data(slice_(0, **changes))


def patched(old: bytes, new: bytes) -> bytes:
    """A value no writer would write, put in the place of one of the same length."""
    whole = data(slice_(0, PixelSpacing=["11.25", "11.25"]))
    assert len(old) == len(new) and old in whole
    return whole.replace(old, new, 1)


def broken_jpeg() -> bytes:
    coded = imagecodecs.jpeg8_encode(np.full((12, 10), 7, np.uint8))
    return data(dicom(np.zeros((12, 10), np.uint8), JPEGBaseline8Bit, coded[:60] + b"\0" * 40,
                      PixelSpacing=[1, 1], ImagePositionPatient=[0, 0, 0],
                      ImageOrientationPatient=AXIAL))  # fmt: skip


def other_size() -> bytes:
    """A stream of 40 000 x 40 000 in a header of 12 x 10: the header of the stream is a lie."""
    coded = bytearray(imagecodecs.jpeg2k_encode(np.zeros((12, 10), np.uint16), reversible=True))
    at = coded.index(b"\xff\x51")  # SIZ
    coded[at + 6 : at + 14] = struct.pack(">II", 40_000, 40_000)
    coded[at + 22 : at + 30] = struct.pack(">II", 40_000, 40_000)
    return data(dicom(np.zeros((12, 10), np.uint16), JPEG2000Lossless, bytes(coded),
                      PixelSpacing=[1, 1], ImagePositionPatient=[0, 0, 0],
                      ImageOrientationPatient=AXIAL))  # fmt: skip


BAD = {
    "zero_spacing": lambda: patched(b"11.25\\11.25", b"0    \\0    "),
    "negative_spacing": lambda: patched(b"11.25\\11.25", b"-1   \\-1   "),
    "huge_spacing": lambda: patched(b"11.25\\11.25", b"99999\\99999"),
    "nan_spacing": lambda: patched(b"11.25\\11.25", b"nan  \\nan  "),
    "no_frames": lambda: lying(NumberOfFrames=-1),
    "many_frames": lambda: lying(NumberOfFrames=2_000_000_000),
    "tiny_frames": lambda: lying(Rows=1, Columns=1, NumberOfFrames=2_000_000_000),
    "shared_frames": lambda: data(enhanced_mr(
        NumberOfFrames=30_000, PerFrameFunctionalGroupsSequence=[], Rows=1, Columns=1)),
    "more_frames": lambda: lying(NumberOfFrames=3),
    "more_rows": lambda: lying(Rows=5000),
    "largest": lambda: lying(Rows=65535, Columns=65535, PixelSpacing=[0.01, 0.01]),
    "no_rows": lambda: lying(Rows=0),
    "truncated": lambda: data(slice_(0))[:-60],
    "half_header": lambda: data(slice_(0))[:300],
    "report": lambda: without_pixels("SR", "1.2.840.10008.5.1.4.1.1.88.11"),
    "key_objects": lambda: without_pixels("KO", "1.2.840.10008.5.1.4.1.1.88.59"),
    "structures": lambda: without_pixels("RTSTRUCT", "1.2.840.10008.5.1.4.1.1.481.3"),
    "presentation": lambda: without_pixels("PR", "1.2.840.10008.5.1.4.1.1.11.1"),
    "broken_jpeg": broken_jpeg,
    "other_size": other_size,
    "parallel": lambda: lying(ImageOrientationPatient=[1, 0, 0, 1, 0, 0]),
    "not_unit": lambda: lying(ImageOrientationPatient=[3, 0, 0, 0, 3, 0]),
    "no_place": lambda: lying(ImagePositionPatient=None),
    "frames_not_described": lambda: data(enhanced_mr(NumberOfFrames=5, Modality="CT")),
    "deep": lambda: nested(3000),
    "mr": lambda: data(enhanced_mr()),
    "text": lambda: b"not an image at all",
}  # fmt: skip


@pytest.fixture(scope="module")
def intake() -> Iterator[ChildIntake]:
    made = ChildIntake()
    yield made
    made.close()


def test_each_bad_file_has_its_sentence_and_the_rest_is_imported(tmp_path: Path) -> None:
    source = tmp_path / "src"
    source.mkdir()
    for name, make in BAD.items():
        (source / f"{name}.dcm").write_bytes(make())
    for n in range(4):
        slice_(2.0 * n, "2.25.77").save_as(source / f"good{n}.dcm", enforce_file_format=True)
    team = Team(tmp_path / "study", shipped("lung_nodule_ct"))
    workspace = team["coordinator"]
    command = ImportFiles((source,), "Coordinator", None)
    with grows_little():
        result, _ = importing.run_import(workspace, command, lambda: 10**12, quiet)
    assert [(i.slices, i.number) for i in result.images] == [(4, "S0001")]
    assert {r.name.removesuffix(".dcm") for r in result.refusals} == set(BAD)
    for refused in result.refusals:
        assert refusal(refused) and "{" not in refusal(refused)
    codes = {r.name.removesuffix(".dcm"): r.code for r in result.refusals}
    for name, code in (
        ("zero_spacing", "dicom.bad_value"), ("huge_spacing", "dicom.bad_value"),
        ("many_frames", "image.too_large"), ("tiny_frames", "image.too_large"),
        ("shared_frames", "image.too_large"), ("largest", "image.too_large"),
        ("no_rows", "image.no_size"), ("no_frames", "image.no_size"),
        ("more_rows", "dicom.pixels_short"), ("report", "dicom.no_pixels"),
        ("presentation", "dicom.no_pixels"), ("parallel", "stack.orientation"),
        ("not_unit", "stack.orientation"), ("frames_not_described", "dicom.frames_described"),
        ("mr", "import.wrong_modality"), ("text", "file.no_image"), ("deep", "dicom.damaged"),
    ):  # fmt: skip
        assert (name, codes[name]) == (name, code)
    with workspace.reading() as uow:
        (record,) = uow.imports.all()
        assert len(record.refusals) == len(BAD)
    team.close()


def test_very_many_items_are_read_or_refused(intake: ChildIntake, tmp_path: Path) -> None:
    """A hundred thousand empty items: the child may refuse or take long, the parent does not grow."""
    path = tmp_path / "wide.dcm"
    path.write_bytes(wide(100_000))
    with grows_little():
        found = next(intake.inspect(intake.find([path], quiet)))
    assert isinstance(found, (FileFacts, Refusal))


def test_a_picture_with_an_unusable_spacing_has_no_millimetres(tmp_path: Path) -> None:
    """Elsewhere than in CT the picture is read all the same: without millimetres, and said so."""
    source = tmp_path / "src"
    source.mkdir()
    values = ["0\\0", "-1\\-1", "nan\\nan", "99999\\99999", "1", "a\\b"]
    for n, value in enumerate(values):
        whole = data(dicom((GREY + n).astype(np.uint16), Modality="DX", StudyInstanceUID="2.25.1",
                           ImagerPixelSpacing=["11.25", "11.25"]))  # fmt: skip
        (source / f"{n}.dcm").write_bytes(
            whole.replace(b"11.25\\11.25", value.encode().ljust(11), 1)
        )
    team = Team(tmp_path / "study", document(modality="radiography"))
    command = ImportFiles((source,), "Coordinator", None)
    result, _ = importing.run_import(team["coordinator"], command, lambda: 10**12, quiet)
    assert result.refusals == () and len(result.images) == len(values)
    for image in result.images:
        assert image.spacing is None and image.warnings == ("spacing.unusable:ImagerPixelSpacing",)
        assert "ImagerPixelSpacing" in warning(image.warnings[0])
    team.close()


def test_a_mixed_series_is_taken_apart(tmp_path: Path) -> None:
    """One series number for two patients, two sizes and two directions."""
    source = tmp_path / "src"
    source.mkdir()
    files = [slice_(z) for z in range(3)]
    files += [slice_(z, PatientID="P2", StudyInstanceUID="2.25.2") for z in range(2)]
    files += [slice_(z, ImageOrientationPatient=[0, 1, 0, 0, 0, -1],
                     ImagePositionPatient=[z, 0, 0]) for z in range(4)]  # fmt: skip
    small = dicom(GREY[:6], **{k: slice_(9)[k].value for k in (
        "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SeriesInstanceUID",
        "StudyInstanceUID", "SOPInstanceUID")})  # fmt: skip
    for n, one in enumerate([*files, small]):
        one.save_as(source / f"{n}.dcm", enforce_file_format=True)
    team = Team(tmp_path / "study", shipped("lung_nodule_ct"))
    command = ImportFiles((source,), "Coordinator", None)
    result, _ = importing.run_import(team["coordinator"], command, lambda: 10**12, quiet)
    assert result.refusals == () and len(result.case_numbers) == 2
    assert sorted(i.slices for i in result.images) == [1, 2, 3, 4]
    team.close()


def test_bundled_objects_that_are_no_images_are_named(intake: ChildIntake) -> None:
    folder = Path(pydicom.__file__).parent / "data" / "test_files"
    names = ("rtplan.dcm", "rtstruct.dcm", "test-SR.dcm", "reportsi.dcm", "waveform_ecg.dcm",
             "MR_truncated.dcm", "nested_priv_SQ.dcm")  # fmt: skip
    for file in intake.find([folder / name for name in names], quiet):
        found = next(intake.inspect([file]))
        if isinstance(found, FileFacts):
            found = intake.decode(found)
        assert isinstance(found, Refusal), file.name
        assert refusal(found)


def test_regions_and_views_that_are_no_sequences_are_refused_or_unknown(
    intake: ChildIntake, tmp_path: Path
) -> None:
    ds = dicom(GREY.astype(np.uint16), Modality="US")
    ds.SequenceOfUltrasoundRegions = item(RegionSpatialFormat=1)
    path = tmp_path / "us.dcm"
    ds.save_as(path, enforce_file_format=True)
    facts = next(intake.inspect(intake.find([path], quiet)))
    assert isinstance(facts, FileFacts)
    plan = intake.picture(facts)
    assert plan.spacing is None and plan.warnings == ("spacing.region_units",)


def long_text() -> bytes:
    """A manufacturer's name of 60 MB, in a place where 64 characters are allowed."""
    whole = data(slice_(0, Manufacturer="Q" * 64))
    head = whole.index(b"\x08\x00\x70\x00LO")
    meant = whole[head : head + 72]
    text = b"\x08\x00\x70\x00UN\0\0" + struct.pack("<I", 60 << 20) + b"Q" * (60 << 20)
    return whole.replace(meant, text, 1)


def many_tables() -> bytes:
    """As many VOI tables as fit: 60 of 65536 entries."""
    item = table([0, 0, 16], struct.pack("<H", 40_000) * 65_536)
    return data(slice_(0, VOILUTSequence=[item] * 60))


@pytest.mark.parametrize(
    ("make", "code"), [(long_text, "dicom.bad_value"), (many_tables, "file.too_much_memory")]
)
def test_a_header_that_says_too_much_is_refused(
    intake: ChildIntake, tmp_path: Path, make: Callable[[], bytes], code: str
) -> None:
    path = tmp_path / "big.dcm"
    path.write_bytes(make())
    with grows_little():
        found = next(intake.inspect(intake.find([path], quiet)))
    assert isinstance(found, Refusal) and found.code == code
