"""Whole imports of odd deliveries: what is taken, whose it becomes, and what is said of the rest."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import imagecodecs
import numpy as np
import pytest

from tests.imaging.dicoms import table, written
from tests.studies import Team, document
from workstation.display.grey import GreyChain
from workstation.domain.image import LookupTable
from workstation.services import importing
from workstation.services.importing import ImportFiles, ImportResult


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    made = Team(tmp_path / "study", document())
    yield made
    made.close()


def quiet(*_: object) -> None:
    return None


def photograph(seed: int, rows: int = 24, cols: int = 32) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 255, (rows, cols, 3), np.uint8)
    return imagecodecs.jpeg8_encode(pixels, level=90)


def take(
    team: Team,
    source: Path,
    listed: str | None = None,
    progress: Callable[[int, int, str], None] = quiet,
) -> ImportResult:
    pattern, list_file = "{patient}_{eye}", None
    if listed is not None:
        pattern, list_file = None, source.parent / "list.csv"
        list_file.write_text(listed, "utf-8")
    mapping = team.opener.photo_mapping(pattern, list_file)
    command = ImportFiles((source,), "Coordinator", mapping)
    return importing.run_import(team["coordinator"], command, lambda: 10**12, progress)[0]


def test_same_names_in_several_folders_stay_apart(team: Team, tmp_path: Path) -> None:
    source = tmp_path / "src"
    for n, visit in enumerate(("visit_A", "visit_B", "visit_C")):
        (source / visit).mkdir(parents=True)
        (source / visit / "IMG_0001.jpg").write_bytes(photograph(n))
    result = take(
        team, source, "file,patient,eye\nvisit_A/IMG_0001.jpg,P001,OD\ngone.jpg,P002,OD\n"
    )
    assert len(result.images) == 1 and result.unmatched == ("gone.jpg",)
    assert [r.code for r in result.refusals] == ["import.no_patient"] * 2
    result = take(team, source, "file,patient,eye\nIMG_0001.jpg,P001,OD\n")
    assert [r.code for r in result.refusals] == ["import.ambiguous_name"] * 3


def test_a_name_that_says_no_eye_refuses_that_file_only(team: Team, tmp_path: Path) -> None:
    source = tmp_path / "src"
    source.mkdir()
    (source / "P1_OD.jpg").write_bytes(photograph(1))
    (source / "P2_Re.jpg").write_bytes(photograph(2))
    result = take(team, source)
    assert len(result.images) == 1
    assert [(r.name, r.code) for r in result.refusals] == [("P2_Re.jpg", "mapping.eye")]


def test_a_file_changed_meanwhile_is_not_taken(team: Team, tmp_path: Path) -> None:
    source = tmp_path / "src"
    source.mkdir()
    path = source / "P1_OD.jpg"
    path.write_bytes(photograph(1))

    def change(_: int, __: int, step: str) -> None:
        if step == "read":
            path.write_bytes(photograph(2))

    result = take(team, source, progress=change)
    assert result.images == () and [r.code for r in result.refusals] == ["import.changed"]


def test_two_imports_at_once_take_an_image_once(team: Team, tmp_path: Path) -> None:
    source = tmp_path / "src"
    source.mkdir()
    for n in range(3):
        (source / f"P{n}_OD.jpg").write_bytes(photograph(n))
    faster: list[ImportResult] = []

    def meanwhile(done: int, _: int, step: str) -> None:
        # The slower import has looked at the store by then, and found nothing.
        if step == "read" and done == 2 and not faster:
            faster.append(take(team, source))

    slower = take(team, source, progress=meanwhile)
    assert len(faster[0].images) == 3 and slower.images == () and slower.case_numbers == ()
    assert [(r.name, r.code) for r in slower.refusals] == [
        (f"P{n}_OD.jpg", "import.duplicate") for n in range(3)
    ]
    with team["coordinator"].reading() as uow:
        assert len(uow.cases.all()) == 3
        kept = {plane.blob_id for image in uow.images.all() for plane in image.planes}
    assert {p.name for p in (team.folder / "blobs").glob("??/*")} == kept


def tiff(pages: int = 1, photometric: int = 1, samples: int = 1, **tags: int) -> bytes:
    """A small uncompressed TIFF, written by hand to say what no writer would."""
    rows, cols = 6, 8
    pixels = np.arange(rows * cols * samples, dtype=np.uint8).tobytes()
    out, last = bytearray(b"II*\0\0\0\0\0"), 4
    for _ in range(pages):
        at = len(out)
        out += pixels
        bits = len(out)
        out += struct.pack(f"<{samples}H", *[8] * samples)
        colours = len(out)
        out += b"\0" * 1536 if photometric == 3 else b""
        entries = {256: cols, 257: rows, 258: bits if samples > 2 else 8, 259: 1, 262: photometric,
                   273: at, 274: tags.get("orientation", 1), 277: samples, 278: rows,
                   279: len(pixels)}  # fmt: skip
        out[last : last + 4] = struct.pack("<I", len(out))
        listed = [(t, 4, samples if t == 258 and samples > 2 else 1, v) for t, v in entries.items()]
        listed = [(t, 3 if t in (258, 259, 262, 274, 277) else k, n, v) for t, k, n, v in listed]
        if photometric == 3:
            listed.append((320, 3, 768, colours))
        out += struct.pack("<H", len(listed))
        out += b"".join(struct.pack("<HHII", *entry) for entry in listed)
        last = len(out)
        out += b"\0\0\0\0"
    return bytes(out)


def apng() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head, body = struct.pack(">IIBBBBB", 8, 6, 8, 0, 0, 0, 0), zlib.compress(b"\0" * 54)
    chunks = [(b"IHDR", head), (b"acTL", b"\0\0\0\2\0\0\0\0"), (b"IDAT", body), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*c) for c in chunks)


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("P1_OD.tif", tiff(photometric=3), "photo.colour_model"),
        ("P1_OD.tif", tiff(photometric=8, samples=3), "photo.colour_model"),
        ("P1_OD.tif", tiff(photometric=5, samples=4), "photo.colour_model"),
        ("P1_OD.tif", tiff(pages=3), "photo.several_pages"),
        ("P1_OD.png", apng(), "photo.several_pages"),
    ],
    ids=["palette", "lab", "cmyk", "pages", "apng"],
)
def test_pictures_that_would_be_shown_wrong_are_refused(
    team: Team, tmp_path: Path, name: str, data: bytes, code: str
) -> None:
    (tmp_path / name).write_bytes(data)
    result = take(team, tmp_path / name)
    assert result.images == () and [r.code for r in result.refusals] == [code]


def test_tiffs_are_taken_as_they_are_meant(team: Team, tmp_path: Path) -> None:
    for n, data in enumerate((tiff(), tiff(photometric=2, samples=3))):
        (tmp_path / f"P{n}_OD.tif").write_bytes(data)
        (image,) = take(team, tmp_path / f"P{n}_OD.tif").images
        assert (image.monochrome1, image.warnings, image.samples) == (False, (), 1 + 2 * n)
        assert team["coordinator"].pixels.plane(image).ravel()[:3].tolist() == [0, 1, 2]


def test_a_tiff_of_which_white_is_zero_or_turned_says_so(team: Team, tmp_path: Path) -> None:
    (tmp_path / "P1_OD.tif").write_bytes(tiff(photometric=0, orientation=6))
    (image,) = take(team, tmp_path / "P1_OD.tif").images
    assert image.monochrome1 and image.warnings == ("photo.exif_orientation",)


def test_a_picture_with_data_lost_in_between_is_marked(team: Team, tmp_path: Path) -> None:
    data = bytearray(photograph(3, 96, 128))
    data[len(data) // 2 : len(data) // 2 + 200] = b"\0" * 200
    (tmp_path / "P1_OD.jpg").write_bytes(bytes(data))
    result = take(team, tmp_path / "P1_OD.jpg")
    assert [i.warnings for i in result.images] == [("photo.maybe_damaged",)] or [
        r.code for r in result.refusals
    ] == ["photo.damaged"]


def test_tables_of_a_ct_come_into_the_study(tmp_path: Path) -> None:
    """They were refused, and ignored; how a stored slice is shown does not depend on the path."""
    made = Team(tmp_path / "study", document(modality="ct", verdict_unit="case"))
    pixels = (np.arange(20 * 24).reshape(20, 24) - 100).astype(np.int16)
    for n in range(2):
        written(
            tmp_path / f"{n}.dcm", pixels + n, Modality="CT", SOPInstanceUID=f"2.25.{n + 9}",
            PatientID="P1", StudyInstanceUID="2.25.5", SeriesInstanceUID="2.25.6",
            PixelSpacing=[1, 1], ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
            ImagePositionPatient=[0, 0, n], PresentationLUTShape="INVERSE",
            ModalityLUTSequence=[table([3, -1, 12], [7, 2000, 4095], ModalityLUTType="US")],
            VOILUTSequence=[table([2, 9, 8], [0, 255], LUTExplanation="BONE")],
        )  # fmt: skip
    try:
        (image,) = take(made, tmp_path).images
        assert image.modality_lut == LookupTable(-1, 12, (7, 2000, 4095))
        assert image.voi_luts == (LookupTable(9, 8, (0, 255), "BONE"),)
        assert image.inverse_shape and image.decoder == "uncompressed"
        with made["coordinator"].reading() as uow:
            kept = uow.images.get(image.image_id)
        assert kept == image
        plane = made["coordinator"].pixels.plane(kept, 0)
        assert np.array_equal(GreyChain.of(kept).grey(plane), np.where(pixels < 0, 255, 0))
    finally:
        made.close()


def test_what_is_recorded_stays_readable_whatever_fails_afterwards(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cleaning up after a recorded import may fail; its images are not cleaned up for that."""
    source = tmp_path / "src"
    source.mkdir()
    (source / "P0_OD.jpg").write_bytes(photograph(0))
    faster: list[ImportResult] = []
    blobs = team["coordinator"].blobs
    remove = type(blobs).remove
    fails = [True]

    def failing(self: object, blob_ids: list[str]) -> None:
        if fails.pop() if fails else False:
            raise OSError("in use")
        remove(self, blob_ids)  # type: ignore[arg-type]

    def meanwhile(done: int, _: int, step: str) -> None:
        if step == "read" and done == 1 and not faster:
            faster.append(take(team, source / "P0_OD.jpg"))
            monkeypatch.setattr(type(blobs), "remove", failing)

    (source / "P1_OD.jpg").write_bytes(photograph(1))
    with pytest.raises(OSError, match="in use"):
        take(team, source, progress=meanwhile)
    with team["coordinator"].reading() as uow:
        images = uow.images.all()
    assert len(images) == 2
    for image in images:
        assert team["coordinator"].pixels.plane(image).any()
