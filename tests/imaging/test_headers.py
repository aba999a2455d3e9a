"""The header reader says what pydicom says, or that pydicom has to be asked."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from workstation.imaging import headers, probing
from workstation.imaging.attributes import read

WANTED = probing.ATTRIBUTES + probing.IDENTITY
BUNDLED = sorted((Path(pydicom.__file__).parent / "data").rglob("*.dcm"))


def agree(data: bytes, header: headers.Header) -> tuple[int, int]:
    """Compare all wanted values with pydicom's; how many were answered, and how many not."""
    ds = pydicom.dcmread(io.BytesIO(data))
    answered = asked = 0
    for keyword in WANTED:
        value = headers.value(header, keyword)
        if value is headers.ASK:
            asked += 1
            continue
        known = read(ds, keyword)
        assert value == (None if known in ("", []) else known), keyword
        assert type(value) is type(known) or value is None, keyword
        answered += 1
    if header.pixels is None:
        assert "PixelData" not in ds
    elif header.pixels[1] >= 0:
        at, length = header.pixels
        assert data[at : at + length] == ds.PixelData
    return answered, asked


def identity(data: bytes, header: headers.Header) -> bool:
    """Whether the shorter way to identity-bearing elements was sure; it must find the same."""
    whole = probing._dicom_identity(pydicom.dcmread(io.BytesIO(data)), None)
    assert probing._dicom_identity(pydicom.dcmread(io.BytesIO(data)), header) == whole
    borne = headers.bearing(header, probing.IDENTITY)
    return borne is not None and not borne[1]


def test_all_bundled_files() -> None:
    answered = asked = read = sure = 0
    for path in BUNDLED:
        data = path.read_bytes()
        header = headers.whole_header(data, WANTED)
        partly = headers.read_header(path, WANTED)
        assert (header is None) == (partly is None), path.name
        if header is None or partly is None:
            continue
        assert header.elements == partly.elements and header.pixels == partly.pixels
        read += 1
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = agree(data, header)
            sure += identity(data, header)
        answered, asked = answered + found[0], asked + found[1]
    # Big endian, deflated and damaged files are left to pydicom; most others are not.
    assert read > 0.7 * len(BUNDLED)
    assert asked < 0.05 * answered
    assert sure > 0.5 * len(BUNDLED)


TEXT = st.text(st.characters(codec="ascii", exclude_characters="\\\x1b"), max_size=12)
NAMES = st.sampled_from(["", " ", "ANON", "Wang^Xiaoming", "王^小明"])
VALUES = {
    "PatientID": TEXT,
    "Manufacturer": TEXT,
    "PatientName": NAMES,
    "OperatorsName": NAMES,
    "InstitutionName": st.sampled_from(["", "Hospital", "医院"]),
    "ImageType": st.lists(st.sampled_from(["ORIGINAL", "PRIMARY", ""]), max_size=4),
    "Rows": st.integers(0, 65535),
    "PixelRepresentation": st.integers(0, 1),
    "PixelSpacing": st.lists(st.integers(1, 9999).map(lambda n: n / 1000), min_size=1, max_size=3),
    "NumberOfFrames": st.integers(-5, 10**6),
    "RescaleIntercept": st.integers(-9999, 9999).map(lambda n: n / 4),
    "WindowCenter": st.lists(st.integers(-900, 900), max_size=3),
}


@st.composite
def data_sets(draw: Any, depth: int = 0) -> Dataset:
    ds = Dataset()
    for keyword, values in VALUES.items():
        if draw(st.booleans()):
            setattr(ds, keyword, draw(values))
    if draw(st.booleans()):
        block = ds.private_block(0x0029, "MAKER", create=True)
        block.add_new(1, "PN", draw(NAMES))
        block.add_new(2, "LO", "plain")
    if depth < 3 and draw(st.booleans()):
        items = draw(st.lists(data_sets(depth=depth + 1), max_size=2))
        ds.RequestAttributesSequence = Sequence(items)
        ds["RequestAttributesSequence"].is_undefined_length = draw(st.booleans())
        for item in items:
            item.is_undefined_length_sequence_item = draw(st.booleans())
    return ds


def written(ds: Dataset, implicit: bool) -> bytes:
    ds.SOPClassUID, ds.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", "2.25.1"
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.BitsAllocated, ds.PixelData = 8, b"\1\2\3\4"
    ds["PixelData"].VR = "OB"
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
    out = io.BytesIO()
    ds.save_as(out, enforce_file_format=True, implicit_vr=implicit, little_endian=True)
    return out.getvalue()


@settings(max_examples=150)
@given(data_sets(), st.booleans())
@pytest.mark.filterwarnings("ignore")
def test_any_data_set(ds: Dataset, implicit: bool) -> None:
    data = written(ds, implicit)
    header = headers.whole_header(data, WANTED)
    assert header is not None
    agree(data, header)
    identity(data, header)


@pytest.mark.parametrize("implicit", [False, True])
@pytest.mark.parametrize("undefined", [False, True])
def test_a_name_deep_inside_is_never_passed_over(implicit: bool, undefined: bool) -> None:
    inner, middle, outer = Dataset(), Dataset(), Dataset()
    inner.PatientName = "Wang^Xiaoming"
    middle.RequestAttributesSequence = Sequence([Dataset(), inner])
    outer.RequestAttributesSequence = Sequence([middle])
    outer["RequestAttributesSequence"].is_undefined_length = undefined
    middle["RequestAttributesSequence"].is_undefined_length = undefined
    data = written(outer, implicit)
    header = headers.whole_header(data, WANTED)
    assert header is not None
    assert headers.bearing(header, probing.IDENTITY) == ((), True)
    found = probing._dicom_identity(pydicom.dcmread(io.BytesIO(data)), header)
    assert found == {"PatientName": "Wang^Xiaoming"}


def test_an_element_of_unknown_kind_is_left_to_pydicom() -> None:
    ds = Dataset()
    ds.OtherPatientNames = "Wang^Xiaoming"
    tag = b"\x10\x00\x01\x10"
    # As an archive sends it that did not know the element.
    data = written(ds, False).replace(tag + b"PN\x0e\0", tag + b"UN\0\0\x0e\0\0\0")
    header = headers.whole_header(data, WANTED)
    assert (
        b"UN" in data and header is not None and headers.bearing(header, probing.IDENTITY) is None
    )
    assert headers.value(header, "OtherPatientNames") is headers.ASK


def test_explicit_elements_under_an_implicit_syntax_are_left_to_pydicom() -> None:
    data = written(Dataset(), False)
    explicit, implicit = (str(u).encode() for u in (ExplicitVRLittleEndian, ImplicitVRLittleEndian))
    wrong = data.replace(explicit + b"\0", implicit + b"\0\0\0")
    assert len(wrong) == len(data) and headers.whole_header(wrong, WANTED) is None


def test_no_more_of_a_file_is_read_than_it_takes(tmp_path: Path) -> None:
    ds = Dataset()
    ds.PatientID = "P1"
    path = tmp_path / "big.dcm"
    path.write_bytes(written(ds, False).replace(b"\1\2\3\4", b"") + bytes(100_000))
    data = path.read_bytes()
    at = data.index(b"\xe0\x7f\x10\x00")
    path.write_bytes(data[: at + 8] + (100_000).to_bytes(4, "little") + data[at + 12 :])
    header = headers.read_header(path, WANTED)
    assert header is not None and header.pixels == (at + 12, 100_000)
    assert len(header.data) == headers.FIRST_BYTES
    path.write_bytes(path.read_bytes()[:-1])  # pixels cut short: not for this reader to judge
    assert headers.read_header(path, WANTED) is None


@settings(max_examples=400)
@given(st.binary(max_size=300))
def test_random_bytes_never_crash(noise: bytes) -> None:
    for syntax in (b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2\0"):
        meta = b"\x02\x00\x10\x00UI" + len(syntax).to_bytes(2, "little") + syntax
        for data in (noise, bytes(128) + b"DICM" + noise, bytes(128) + b"DICM" + meta + noise):
            header = headers.whole_header(data, WANTED)
            if header is not None:
                headers.bearing(header, probing.IDENTITY)
                for keyword in WANTED:
                    headers.value(header, keyword)


@settings(max_examples=150)
@given(data_sets(), st.booleans(), st.data())
@pytest.mark.filterwarnings("ignore")
def test_a_damaged_header_never_crashes(ds: Dataset, implicit: bool, data: st.DataObject) -> None:
    whole = bytearray(written(ds, implicit))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(132, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(whole[: data.draw(st.integers(132, len(whole)))])
    header = headers.whole_header(cut, WANTED)
    if header is not None:
        headers.bearing(header, probing.IDENTITY)
        for keyword in WANTED:
            headers.value(header, keyword)
