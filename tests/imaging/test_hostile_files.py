"""Delivered files that are broken, lying or hostile: each gets a refusal, the program lives on."""

from __future__ import annotations

import io
import os
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
import pytest
from pydicom.dataset import FileDataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
)

from tests.imaging.files import dicom
from workstation.domain.errors import InvalidValue
from workstation.domain.intake import DecodedPlane, FileFacts, Refusal
from workstation.imaging import child, jpeg, probing
from workstation.imaging import intake as intake_module
from workstation.imaging.intake import ChildIntake, readable
from workstation.privacy.identity import HeaderIdentity, name_codes


@pytest.fixture(scope="module")
def intake() -> Iterator[ChildIntake]:
    made = ChildIntake()
    yield made
    made.close()


def quiet(*_: object) -> None:
    return None


def look(intake: ChildIntake, folder: Path, data: bytes | FileDataset, name: str = "f.dcm"):
    path = folder / name
    if isinstance(data, bytes):
        path.write_bytes(data)
    else:
        data.save_as(path, enforce_file_format=True)
    return next(intake.inspect(intake.find([path], quiet)))


GREY = (np.arange(64 * 48).reshape(64, 48) - 1000).astype(np.int16)
CODED = {
    JPEGLosslessSV1: lambda p: imagecodecs.ljpeg_encode(p.astype(np.uint16)),
    JPEGLSLossless: lambda p: imagecodecs.jpegls_encode(p.astype(np.uint16)),
    JPEG2000Lossless: lambda p: imagecodecs.jpeg2k_encode(p.astype(np.uint16), reversible=True),
    HTJ2KLossless: lambda p: imagecodecs.htj2k_encode(p.astype(np.uint16)),
}


@pytest.mark.parametrize(
    "syntax",
    [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian,
     DeflatedExplicitVRLittleEndian],
)  # fmt: skip
def test_native_pixels_come_out_exactly(intake: ChildIntake, tmp_path: Path, syntax: str) -> None:
    facts = look(intake, tmp_path, dicom(GREY, syntax))
    assert isinstance(facts, FileFacts)
    plane = intake.decode(facts)
    assert isinstance(plane, DecodedPlane) and np.array_equal(plane.pixels, GREY)


@pytest.mark.parametrize("syntax", list(CODED))
def test_lossless_codecs_come_out_exactly(intake: ChildIntake, tmp_path: Path, syntax: str) -> None:
    values = (GREY + 1000).astype(np.uint16)
    facts = look(intake, tmp_path, dicom(values, syntax, CODED[syntax](values)))
    assert isinstance(facts, FileFacts), facts
    plane = intake.decode(facts)
    assert isinstance(plane, DecodedPlane), plane
    assert np.array_equal(plane.pixels, values)


def test_unused_bits_are_dropped_and_the_sign_is_read(intake: ChildIntake, tmp_path: Path) -> None:
    stored = np.array([[0x0FFF, 0x07FF], [0x0800, 0xF001]], np.uint16)
    ds = dicom(stored, BitsStored=12, HighBit=11, PixelRepresentation=1)
    plane = intake.decode(look(intake, tmp_path, ds))
    assert plane.pixels.tolist() == [[-1, 2047], [-2048, 1]]


def test_planar_colour_and_ybr(intake: ChildIntake, tmp_path: Path) -> None:
    rgb = np.random.default_rng(1).integers(0, 255, (8, 6, 3), np.uint8)
    planar = dicom(rgb, PlanarConfiguration=1, PixelData=rgb.transpose(2, 0, 1).tobytes())
    assert np.array_equal(intake.decode(look(intake, tmp_path, planar)).pixels, rgb)
    grey_ybr = np.full((8, 6, 3), 128, np.uint8)
    ybr = dicom(grey_ybr, PhotometricInterpretation="YBR_FULL")
    assert np.array_equal(intake.decode(look(intake, tmp_path, ybr)).pixels, grey_ybr)


BAD = {
    "empty": (b"", "file.no_image"),
    "text": (b"hello" * 50, "file.no_image"),
    "dicm_only": (b"\0" * 128 + b"DICM", "dicom.damaged"),
    "jpeg_cut": (b"\xff\xd8\xff\xe0\0\x10JFIF", "photo.damaged"),
    "jpeg_huge": (b"\xff\xd8\xff\xc0\0\x11\x08\xff\xdc\xff\xdc\x03" + b"\1\x11\0" * 3, "image.too_large"),
    "png_cut": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "photo.damaged"),
    "png_huge": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
                 + b"\0" * 12, "image.too_large"),
}  # fmt: skip


@pytest.mark.parametrize("name", list(BAD))
def test_broken_files_are_named(intake: ChildIntake, tmp_path: Path, name: str) -> None:
    data, code = BAD[name]
    found = look(intake, tmp_path, data, name)
    assert isinstance(found, Refusal) and found.code == code


LIES = {
    "dicom.pixels_short": {"Rows": 500},
    "dicom.photometric": {"PhotometricInterpretation": "HSV"},
    "image.too_large": {"Rows": 65535, "Columns": 65535},
    "dicom.pixel_format": {"BitsAllocated": 32},
    "dicom.bits": {"BitsStored": 12, "HighBit": 15, "BitsAllocated": 8},
}


@pytest.mark.parametrize("code", list(LIES))
def test_lying_headers_are_named(intake: ChildIntake, tmp_path: Path, code: str) -> None:
    found = look(intake, tmp_path, dicom(GREY, **LIES[code]))
    if isinstance(found, FileFacts):
        found = intake.decode(found)
    assert isinstance(found, Refusal)
    assert found.code == code or (code == "dicom.bits" and found.code == "dicom.pixels_short")


def test_an_unknown_transfer_syntax_is_named(intake: ChildIntake, tmp_path: Path) -> None:
    found = look(intake, tmp_path, dicom(GREY, "1.2.840.10008.1.2.4.100", b"video"))
    assert isinstance(found, Refusal) and found.code == "dicom.transfer_syntax"
    assert "MPEG2" in str(found.params["syntax"])


def test_a_deflate_bomb_is_refused(intake: ChildIntake, tmp_path: Path, monkeypatch) -> None:
    buffer = io.BytesIO()
    dicom(GREY, DeflatedExplicitVRLittleEndian).save_as(buffer, enforce_file_format=True)
    data = buffer.getvalue()
    head = 144 + struct.unpack_from("<I", data, 140)[0]
    bomb = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = b"".join(bomb.compress(b"\0" * (1 << 20)) for _ in range(600)) + bomb.flush()
    found = look(intake, tmp_path, data[:head] + body)
    assert isinstance(found, Refusal) and found.code == "file.too_large"


def test_mutated_files_never_take_the_program_down(intake: ChildIntake, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    values = (GREY + 1000).astype(np.uint16)
    dicom(values, JPEGLSLossless, CODED[JPEGLSLossless](values)).save_as(
        buffer, enforce_file_format=True
    )
    seeds = [buffer.getvalue(), imagecodecs.jpeg8_encode(np.zeros((40, 40, 3), np.uint8)),
             imagecodecs.png_encode(np.zeros((40, 40, 3), np.uint8))]  # fmt: skip
    draw = np.random.default_rng(3)
    for n in range(90):
        data = bytearray(seeds[n % 3])
        for at in draw.integers(0, len(data), 6):
            data[at] = draw.integers(256)
        found = look(intake, tmp_path, bytes(data), f"m{n}")
        if isinstance(found, FileFacts):
            found = intake.decode(found)
        assert isinstance(found, (Refusal, DecodedPlane))


def test_a_child_that_dies_or_hangs_is_replaced(tmp_path: Path, monkeypatch) -> None:
    intake = ChildIntake()
    good = look(intake, tmp_path, dicom(GREY))
    assert isinstance(good, FileFacts)
    intake._child._process.kill()
    intake._child._process.join()
    assert isinstance(look(intake, tmp_path, dicom(GREY)), FileFacts)
    hanging = intake._child._process
    monkeypatch.setattr(intake._child._pipe, "poll", lambda _: False)
    found = look(intake, tmp_path, dicom(GREY))
    assert isinstance(found, Refusal) and found.code == "file.timeout"
    assert not hanging.is_alive()
    monkeypatch.undo()
    assert isinstance(look(intake, tmp_path, dicom(GREY)), FileFacts)
    intake.close()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes")
def test_a_file_that_hangs_among_many_is_refused_alone(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(child, "SECONDS_PER_CALL", 3)
    monkeypatch.setattr(child, "FILES_PER_REQUEST", 4)
    path = tmp_path / "f.dcm"
    dicom(GREY).save_as(path, enforce_file_format=True)
    os.mkfifo(tmp_path / "hangs")  # nobody ever writes to it
    good, hangs = (str(path), ""), (str(tmp_path / "hangs"), "")
    asked = [good, good, hangs, good, good, good, good]
    decoder = child.DecodingChild()
    found = list(decoder.inspect(asked))
    told = [one.code if isinstance(one, InvalidValue) else one["kind"] for one in found]
    assert told == ["dicom", "dicom", "file.timeout", "dicom", "dicom", "dicom", "dicom"]
    decoder.close()


def test_answers_nobody_waited_for_are_not_taken_for_others(tmp_path: Path) -> None:
    intake = ChildIntake()
    for n in range(30):
        dicom(GREY, PatientID=f"P{n}").save_as(tmp_path / f"{n:02d}.dcm", enforce_file_format=True)
    files = intake.find([tmp_path], quiet)
    stopped = intake.inspect(files)
    first = next(stopped)
    assert isinstance(first, FileFacts) and first.attributes["PatientID"] == "P0"
    stopped.close()
    (last,) = intake.inspect(files[-1:])
    assert isinstance(last, FileFacts) and last.attributes["PatientID"] == "P29"
    assert isinstance(intake.decode(last), DecodedPlane)
    intake.close()


def test_zip_archives_are_read_in_place(intake: ChildIntake, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    dicom(GREY).save_as(buffer, enforce_file_format=True)
    path = tmp_path / "交付.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("病例/../../escape.dcm", buffer.getvalue())
        archive.writestr("a/b.txt", b"text")
    files = intake.find([path], quiet)
    found = list(intake.inspect(files))
    assert isinstance(found[0], FileFacts) and isinstance(found[1], Refusal)
    assert not list(tmp_path.parent.rglob("escape.dcm"))


def gbk_zip(path: Path, name: str, data: bytes) -> Path:
    """An archive as Chinese Windows makes it: names in GBK, not flagged as anything."""
    stand_in = "X" * len(name.encode("gbk"))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(stand_in, data)
    path.write_bytes(path.read_bytes().replace(stand_in.encode(), name.encode("gbk")))
    return path


def test_names_in_gbk_are_read_and_checked(intake: ChildIntake, tmp_path: Path) -> None:
    photo = imagecodecs.jpeg8_encode(np.zeros((16, 16, 3), np.uint8))
    (file,) = intake.find([gbk_zip(tmp_path / "d.zip", "P7_张伟_OD.jpg", photo)], quiet)
    assert file.name == "d.zip/P7_张伟_OD.jpg"
    (facts,) = intake.inspect([file])
    assert isinstance(facts, FileFacts), facts
    assert [f.code for f in HeaderIdentity().findings(facts)] == ["identity.name_person"]


def test_names_that_are_no_utf8_are_readable() -> None:
    on_linux = "P7_张伟_OD.jpg".encode("gbk").decode("utf-8", "surrogateescape")
    assert readable(on_linux) == "P7_张伟_OD.jpg"
    neither = readable(b"P7_\xff\xff.jpg".decode("utf-8", "surrogateescape"))
    assert neither.startswith("P7_\\udcff") and neither.encode()
    assert readable("病例/a.jpg") == "病例/a.jpg"


def test_members_of_one_name_are_both_read(intake: ChildIntake, tmp_path: Path) -> None:
    path = tmp_path / "d.zip"
    with zipfile.ZipFile(path, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for n in range(2):
            archive.writestr("a.png", imagecodecs.png_encode(np.full((8, 8), n, np.uint8)))
    found = list(intake.inspect(intake.find([path], quiet)))
    assert len({f.sha256 for f in found if isinstance(f, FileFacts)}) == 2


def broken_zip(path: Path, how: str) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("é.png", b"data")
    data = bytearray(path.read_bytes())
    at = data.find(b"PK\1\2")
    if how == "version":
        data[at + 6 : at + 8] = struct.pack("<H", 99)
    elif how == "name":
        data = data.replace("é".encode(), b"\xff\xfe")
    else:
        data = data[: at + 10]
    path.write_bytes(bytes(data))


@pytest.mark.parametrize("how", ["version", "name", "cut"])
def test_broken_archives_are_named(intake: ChildIntake, tmp_path: Path, how: str) -> None:
    broken_zip(tmp_path / "b.zip", how)
    (file,) = intake.find([tmp_path / "b.zip"], quiet)
    (found,) = intake.inspect([file])
    assert isinstance(found, Refusal) and (found.name, found.code) == ("b.zip", "file.archive")


def test_archives_are_opened_once_and_capped(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "many.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for n in range(20):
            archive.writestr(f"{n}.png", imagecodecs.png_encode(np.full((4, 4), n, np.uint8)))
    intake = ChildIntake()
    files = intake.find([path], quiet)
    opened = []
    real = zipfile.ZipFile
    monkeypatch.setattr(probing.zipfile, "ZipFile", lambda p: opened.append(p) or real(p))
    archives = probing._LastArchive()
    monkeypatch.setattr(probing, "_ARCHIVE", archives)
    assert len({probing.inspect(f.location)["sha256"] for f in files}) == 20
    assert len(opened) == 1
    archives._archive.close()
    monkeypatch.undo()
    monkeypatch.setattr(intake_module, "MAX_ENTRIES", 19)
    with pytest.raises(InvalidValue, match="import.archive_entries"):
        intake.find([path], quiet)


def test_a_file_gone_after_it_was_listed_is_named(
    intake: ChildIntake, tmp_path: Path, monkeypatch
) -> None:
    (tmp_path / "here.png").write_bytes(imagecodecs.png_encode(np.zeros((4, 4), np.uint8)))
    monkeypatch.setattr(intake_module, "_is_file", lambda _: True)
    monkeypatch.setattr(Path, "rglob", lambda self, _: [self / "gone.png", self / "here.png"])
    gone, here = intake.find([tmp_path], quiet)
    first, second = intake.inspect([gone, here])
    assert first.code == "file.unreadable"
    assert isinstance(second, FileFacts)


PLACED = {"ImagePositionPatient": [0, 0, 0], "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
          "PixelSpacing": [11.25, 11.25], "RescaleSlope": "33.25", "RescaleIntercept": "44.25"}  # fmt: skip


@pytest.mark.parametrize(
    ("attribute", "old", "new"),
    [
        ("RescaleSlope", b"33.25", b"a.b.c"),
        ("RescaleSlope", b"33.25", b"3\\3.2"),
        ("RescaleSlope", b"33.25", b"nan  "),
        ("RescaleSlope", b"33.25", b"0    "),
        ("RescaleIntercept", b"44.25", b"1\\2  "),
        ("RescaleIntercept", b"44.25", b"inf  "),
        ("PixelSpacing", b"11.25\\11.25", b"0    \\0    "),
        ("PixelSpacing", b"11.25\\11.25", b"nan  \\1    "),
        ("PixelSpacing", b"11.25\\11.25", b"-1   \\1    "),
        ("PixelSpacing", b"11.25\\11.25", b"abcde\\fghij"),
        ("PatientID", b"AAxBB", b"AA\\BB"),
    ],
)
def test_values_that_decide_are_one_usable_number(
    intake: ChildIntake, tmp_path: Path, attribute: str, old: bytes, new: bytes
) -> None:
    buffer = io.BytesIO()
    dicom(GREY, **PLACED, PatientID="AAxBB").save_as(buffer, enforce_file_format=True)
    data = buffer.getvalue()
    good = look(intake, tmp_path, data, "good.dcm")
    assert isinstance(good, FileFacts)
    (plan,) = intake.stacks([good])
    assert (plan.slope, plan.intercept) == (33.25, 44.25)
    assert old in data
    found = look(intake, tmp_path, data.replace(old, new))
    assert isinstance(found, Refusal), found
    assert (found.code, found.params) == ("dicom.bad_value", {"attribute": attribute})


def test_decoded_pixels_say_what_file_they_are_of(intake: ChildIntake, tmp_path: Path) -> None:
    facts = look(intake, tmp_path, dicom(GREY))
    assert intake.decode(facts).source_sha256 == facts.sha256
    dicom(GREY + 1).save_as(tmp_path / "f.dcm", enforce_file_format=True)
    assert intake.decode(facts).source_sha256 != facts.sha256


def test_metadata_is_dropped_and_the_coded_image_kept() -> None:
    plain = imagecodecs.jpeg8_encode(
        np.random.default_rng(2).integers(0, 255, (32, 24, 3), np.uint8)
    )
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x3b\x01\x02\0\x0a\0\0\0\x1a\0\0\0\0\0\0\0Zhang Wei\0"
    app1 = b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
    comment = b"\xff\xfe" + struct.pack(">H", 7) + b"hello"
    dirty = plain[:2] + app1 + comment + plain[2:] + b"trailing secret"
    assert jpeg.metadata(dirty) == {"EXIF Artist": "Zhang Wei", "COM": "hello"}
    clean = jpeg.without_metadata(dirty)
    assert b"Zhang" not in clean and b"secret" not in clean and b"hello" not in clean
    assert np.array_equal(imagecodecs.jpeg8_decode(clean), imagecodecs.jpeg8_decode(plain))
    assert jpeg.without_metadata(clean) == clean


def test_identity_in_headers_is_found_and_not_repeated(intake: ChildIntake, tmp_path: Path) -> None:
    ds = dicom(GREY, PatientName="ZHANG^SAN", InstitutionName="Some Hospital")
    nested = pydicom.Dataset()
    nested.RequestingPhysician = "LI^SI"
    ds.RequestAttributesSequence = [nested]
    facts = look(intake, tmp_path, ds)
    findings = HeaderIdentity().findings(facts)
    assert {f.where for f in findings} == {"PatientName", "InstitutionName", "RequestingPhysician"}
    assert "ZHANG" not in repr(findings)
    for allowed in ("", "P1", "REMOVED", "Anonymous", "匿名"):
        clean = look(
            intake, tmp_path, dicom(GREY, PatientName=allowed, SpecificCharacterSet="ISO_IR 192")
        )
        assert HeaderIdentity().findings(clean) == ()


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("张伟_OD.jpg", True), ("13800138000.png", True), ("110101199003074233_L.jpg", True),
        ("a/0012345678.dcm", True), ("P001_OD_F1.jpg", False), ("右眼_黄斑_001.png", False),
        ("IMG0001.dcm", False), ("病例12_左眼.jpg", False),
    ],
)  # fmt: skip
def test_file_names_that_look_like_people(name: str, found: bool) -> None:
    assert bool(name_codes(name)) is found
