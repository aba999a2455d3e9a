"""One file for each way pixels are known to go wrong, shown as DCMTK shows it.

Where DCMTK cannot show a file, or shows it coarsely, the test says so and has another oracle.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
import pytest
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.uid import (
    JPEG2000,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
)

from tests.imaging.dcmtk import call, needs_dcmtk, picture, window_options
from tests.imaging.dicoms import Looking, palette, table, written
from workstation import messages
from workstation.domain.errors import InvalidValue, RuleViolation
from workstation.domain.image import Window
from workstation.imaging import probing
from workstation.imaging.viewing import ChildViewing
from workstation.services.rendering import RenderFile, render

draw = np.random.default_rng(20)
RAMP = (np.arange(48 * 64).reshape(48, 64) - 1500).astype(np.int16)
NOISE = draw.integers(-2000, 3000, (37, 53)).astype(np.int16)  # odd in both directions
RGB = np.stack(np.meshgrid(np.arange(0, 256, 7), np.arange(0, 256, 9)), -1).astype(np.uint8)
RGB = np.concatenate([RGB, 255 - RGB[..., :1]], -1)[:28, :36]
EVEN = np.ascontiguousarray(RGB)


def compare(
    path: Path, most: int = 0, options: list[str] | None = None, **how: object
) -> np.ndarray:
    """Our picture, no further from DCMTK's than `most` levels."""
    ours = render(Looking(), RenderFile(path, **how))  # type: ignore[arg-type]
    asked = window_options(ours.choice) if options is None else options
    theirs = picture(path, path.parent, asked, ours.view.frame)
    assert theirs.shape == ours.pixels.shape
    assert np.abs(theirs.astype(int) - ours.pixels).max() <= most
    return ours.pixels


# grey

HEADERS: dict[str, dict[str, object]] = {
    "signed": {},
    "slope and intercept": {"RescaleSlope": 2, "RescaleIntercept": -1024},
    "negative slope": {"RescaleSlope": -1, "RescaleIntercept": 7},
    "own window": {"WindowCenter": 40, "WindowWidth": 400},
    "window on modality values": {
        "WindowCenter": 40, "WindowWidth": 400, "RescaleSlope": 3, "RescaleIntercept": -900,
    },
    "fractions of a window": {"WindowCenter": 40.25, "WindowWidth": 333.5},
    "first of several windows": {"WindowCenter": [40, 400], "WindowWidth": [80, 2000]},
    "width 1": {"WindowCenter": 40, "WindowWidth": 1},
    "width 2": {"WindowCenter": 40, "WindowWidth": 2},
    "sigmoid": {"WindowCenter": 40, "WindowWidth": 400, "VOILUTFunction": "SIGMOID"},
    "monochrome1": {
        "PhotometricInterpretation": "MONOCHROME1", "WindowCenter": 40, "WindowWidth": 400,
    },
    "monochrome1, sigmoid": {
        "PhotometricInterpretation": "MONOCHROME1", "WindowCenter": 40, "WindowWidth": 400,
        "VOILUTFunction": "SIGMOID",
    },
    "monochrome1 said twice": {
        "PhotometricInterpretation": "MONOCHROME1", "PresentationLUTShape": "INVERSE",
        "WindowCenter": 40, "WindowWidth": 400,
    },
    "inverse shape": {"PresentationLUTShape": "INVERSE", "WindowCenter": 40, "WindowWidth": 400},
    "identity shape": {"PresentationLUTShape": "IDENTITY", "WindowCenter": 40, "WindowWidth": 400},
    "aspect left alone": {"PixelAspectRatio": [4, 3]},
}  # fmt: skip


@needs_dcmtk
@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian])
@pytest.mark.parametrize("header", list(HEADERS))
def test_grey(tmp_path: Path, header: str, syntax: str) -> None:
    for pixels in (RAMP, NOISE):
        compare(written(tmp_path / "a.dcm", pixels, syntax, **HEADERS[header]))


@needs_dcmtk
@pytest.mark.parametrize("window", [(40, 400), (-3.5, 17), (0, 1), (700, 3000.5)])
@pytest.mark.parametrize("function", [None, "LINEAR", "SIGMOID"])
def test_a_window_of_ones_own(
    tmp_path: Path, window: tuple[float, float], function: str | None
) -> None:
    path = written(tmp_path / "a.dcm", RAMP, RescaleSlope=2, RescaleIntercept=-1024)
    compare(path, window=window, function=function)


def test_linear_exact_is_not_linear(tmp_path: Path) -> None:
    """DCMTK has no LINEAR_EXACT: the closed form of C.11.2.1.3.2 is the oracle."""
    header = {"WindowCenter": 40, "WindowWidth": 10, "VOILUTFunction": "LINEAR_EXACT"}
    path = written(tmp_path / "a.dcm", RAMP, **header)
    values = RAMP.astype(float)
    expected = np.floor(np.clip(((values - 40) / 10 + 0.5) * 255, 0, 255))
    assert np.array_equal(render(Looking(), RenderFile(path)).pixels, expected)
    linear = render(Looking(), RenderFile(path, function="LINEAR")).pixels
    assert np.abs(linear - expected).max() > 20


@needs_dcmtk
@pytest.mark.parametrize(("stored", "high"), [(12, 11), (10, 9), (12, 15), (7, 6), (16, 15)])
@pytest.mark.parametrize("signed", [0, 1])
def test_unused_bits_hold_anything(tmp_path: Path, stored: int, high: int, signed: int) -> None:
    words = draw.integers(0, 65536, (31, 33)).astype(np.uint16)
    header = {"BitsStored": stored, "HighBit": high, "PixelRepresentation": signed}
    for syntax in (ExplicitVRLittleEndian, ExplicitVRBigEndian):
        compare(written(tmp_path / "a.dcm", words, syntax, **header))


@needs_dcmtk
@pytest.mark.parametrize("bits", [8, 12, 16])
def test_a_modality_table(tmp_path: Path, bits: int) -> None:
    """8 and 16 bits are what the standard allows; 12 occurs."""
    entries = np.sort(draw.integers(0, 1 << bits, 2000)).tolist()
    item = table([2000, -700, bits], entries, ModalityLUTType="US")
    compare(written(tmp_path / "a.dcm", RAMP, ModalityLUTSequence=[item], WindowCenter=90,
                    WindowWidth=150))  # fmt: skip


@needs_dcmtk
@pytest.mark.parametrize("bits", [8, 12, 16])
def test_a_voi_table(tmp_path: Path, bits: int) -> None:
    """DCMTK shifts entries of more than 8 bits where they are to be scaled: one level at most."""
    entries = np.sort(draw.integers(0, 1 << bits, 2000)).tolist()
    item = table([2000, -700, bits], entries, LUTExplanation="BONE")
    path = written(tmp_path / "a.dcm", RAMP, VOILUTSequence=[item])
    shown = compare(path, most=0 if bits == 8 else 1)
    places = np.clip(RAMP.astype(int) + 700, 0, 1999)
    expected = np.array(entries)[places] * 255.0 / ((1 << bits) - 1)
    assert np.abs(shown - expected).max() < 1
    # With inputs far above 255: 8-bit entries must not wrap.
    assert shown.max() == entries[-1] * 255 // ((1 << bits) - 1)


@needs_dcmtk
def test_8_bit_entries_of_a_voi_table_may_be_packed(tmp_path: Path) -> None:
    entries = draw.integers(0, 256, 301).astype(np.uint8)
    for data in (entries.tobytes() + b"\0", entries.astype("<u2").tobytes()):
        item = table([301, -100, 8], data)
        path = written(tmp_path / "a.dcm", RAMP, VOILUTSequence=[item])
        shown = render(Looking(), RenderFile(path)).pixels
        assert np.array_equal(shown, entries[np.clip(RAMP.astype(int) + 100, 0, 300)])


def test_the_first_window_comes_before_a_voi_table(tmp_path: Path) -> None:
    header = {"VOILUTSequence": [table([2, 0, 8], [0, 255])]}
    path = written(tmp_path / "a.dcm", RAMP, WindowCenter=5, WindowWidth=9, **header)
    assert render(Looking(), RenderFile(path)).choice == Window(5, 9)


def test_padding_is_black_and_outside_the_range(tmp_path: Path) -> None:
    """DCMTK knows no padding. Written as unsigned, 63536 is the -2000 of signed pixels."""
    pixels = RAMP.copy()
    pixels[:, :9] = -2000
    for header in ({"PixelPaddingValue": -2000}, {"PixelPaddingValue": -1990,
                   "PixelPaddingRangeLimit": -2100}):  # fmt: skip
        for monochrome in ("MONOCHROME1", "MONOCHROME2"):
            path = written(
                tmp_path / "a.dcm", pixels, PhotometricInterpretation=monochrome, **header
            )
            shown = render(Looking(), RenderFile(path))
            low, high = int(RAMP[:, 9:].min()), int(RAMP.max())
            assert shown.choice == Window((low + high + 1) / 2, high - low + 1)
            assert (shown.pixels[:, :9] == 0).all()
    path = written(tmp_path / "a.dcm", pixels)
    ds = pydicom.dcmread(path)
    ds.add(DataElement(0x00280120, "US", 63536))
    ds.save_as(path)
    assert (render(Looking(), RenderFile(path)).choice or Window(0, 1)).center != -2000
    assert (render(Looking(), RenderFile(path)).pixels[:, :9] == 0).all()


# frames


@needs_dcmtk
@pytest.mark.parametrize("frame", [1, 2, 3])
def test_frames_are_counted_from_one(tmp_path: Path, frame: int) -> None:
    pixels = draw.integers(0, 4096, (3, 21, 23)).astype(np.uint16)
    path = written(tmp_path / "a.dcm", pixels, NumberOfFrames=3, BitsStored=12, HighBit=11)
    compare(path, frame=frame)
    call("dcmcrle", path, tmp_path / "rle.dcm")
    compare(tmp_path / "rle.dcm", frame=frame)


def test_frames_are_read_one_by_one_while_the_file_is_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels = draw.integers(0, 4096, (5, 9, 11)).astype(np.uint16)
    path = written(tmp_path / "a.dcm", pixels, NumberOfFrames=5)
    read: list[object] = []
    real = probing.read_bytes
    monkeypatch.setattr(probing, "read_bytes", lambda where: read.append(where) or real(where))
    for n in (0, 3, 1):
        assert np.array_equal(probing.decode((str(path), ""), n).pixels, pixels[n])
    assert len(read) == 1
    written(path, pixels[::-1].copy(), NumberOfFrames=5)
    plane = probing.decode((str(path), ""), 0)
    assert np.array_equal(plane.pixels, pixels[4]) and len(read) == 2


@pytest.mark.parametrize("frame", [0, 4, -1])
def test_a_frame_that_is_not_there_is_refused(tmp_path: Path, frame: int) -> None:
    pixels = np.zeros((3, 4, 4), np.uint16)
    path = written(tmp_path / "a.dcm", pixels, NumberOfFrames=3)
    with pytest.raises(InvalidValue, match="dicom.no_frame"):
        render(Looking(), RenderFile(path, frame))


def test_each_frame_has_its_own_rescale_and_window(tmp_path: Path) -> None:
    """DCMTK applies no functional groups: the closed form is the oracle."""
    pixels = np.stack([RAMP, RAMP])

    def group(slope: float, intercept: float, window: tuple[float, float] | None) -> Dataset:
        item, transformation, voi = Dataset(), Dataset(), Dataset()
        transformation.RescaleSlope, transformation.RescaleIntercept = slope, intercept
        transformation.RescaleType = "US"
        item.PixelValueTransformationSequence = [transformation]
        if window is not None:
            voi.WindowCenter, voi.WindowWidth = window
            item.FrameVOILUTSequence = [voi]
        return item

    shared, voi = Dataset(), Dataset()
    voi.WindowCenter, voi.WindowWidth = 11, 100
    shared.FrameVOILUTSequence = [voi]
    path = written(
        tmp_path / "a.dcm", pixels, NumberOfFrames=2, SharedFunctionalGroupsSequence=[shared],
        PerFrameFunctionalGroupsSequence=[group(1, 0, None), group(2, -100, (500, 700))],
    )  # fmt: skip
    first, second = (render(Looking(), RenderFile(path, n)) for n in (1, 2))
    assert (first.choice, second.choice) == (Window(11, 100), Window(500, 700))
    same = written(tmp_path / "b.dcm", RAMP, RescaleSlope=2, RescaleIntercept=-100)
    expected = render(Looking(), RenderFile(same, window=(500, 700))).pixels
    assert np.array_equal(second.pixels, expected)


def test_one_bit_pixels_run_on_over_frames(tmp_path: Path) -> None:
    bits = draw.integers(0, 2, (3, 5, 7)).astype(np.uint8)
    packed = np.packbits(bits.ravel(), bitorder="little").tobytes()
    path = written(
        tmp_path / "a.dcm", bits, NumberOfFrames=3, BitsAllocated=1, BitsStored=1, HighBit=0,
        PixelData=packed,
    )  # fmt: skip
    for n in range(3):
        assert np.array_equal(render(Looking(), RenderFile(path, n + 1)).pixels, bits[n] * 255)


# transfer syntaxes


@needs_dcmtk
@pytest.mark.parametrize(
    ("program", "options"),
    [("dcmcrle", ()), ("dcmcjpeg", ("+el",)), ("dcmcjpeg", ("+e1",)), ("dcmcjpls", ()),
     ("dcmconv", ("+td",)), ("dcmconv", ("+tb",)), ("dcmconv", ("+ti",))],
    ids=["rle", ".57", ".70", "jpeg-ls", "deflated", "big endian", "implicit"],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["16 signed", "12", "8", "8 odd", "RGB"])
def test_lossless_families_are_one_picture(
    tmp_path: Path, program: str, options: tuple[str, ...], kind: str
) -> None:
    twelve = {"BitsStored": 12, "HighBit": 11}
    pixels, header = {
        "16 signed": (NOISE, {}),
        "12": (draw.integers(0, 4096, (19, 22)).astype(np.uint16), twelve),
        "8": (draw.integers(0, 256, (20, 22)).astype(np.uint8), {}),
        "8 odd": (draw.integers(0, 256, (9, 7)).astype(np.uint8), {}),
        "RGB": (RGB, {}),
    }[kind]
    plain = written(tmp_path / "plain0.dcm", pixels, **header)
    call(program, *options, plain, tmp_path / "a.dcm")
    shown = compare(tmp_path / "a.dcm")
    assert np.array_equal(shown, render(Looking(), RenderFile(plain)).pixels)


@needs_dcmtk
@pytest.mark.parametrize("kind", ["12", "16", "RGB"])
def test_jpeg_2000(tmp_path: Path, kind: str) -> None:
    pixels, header = {
        "12": (draw.integers(0, 4096, (33, 41)).astype(np.uint16),
               {"BitsStored": 12, "HighBit": 11}),
        "16": (draw.integers(0, 65536, (33, 41)).astype(np.uint16), {}),
        "RGB": (RGB, {"PhotometricInterpretation": "YBR_RCT"}),
    }[kind]  # fmt: skip
    bits = header.get("BitsStored")
    coded = imagecodecs.jpeg2k_encode(
        pixels, reversible=True, level=0, codecformat="j2k", bitspersample=bits
    )
    path = written(tmp_path / "a.dcm", pixels, JPEG2000Lossless, [coded], **header)
    shown = compare(path)
    plain = written(
        tmp_path / "b.dcm", pixels, **{k: v for k, v in header.items() if kind != "RGB"}
    )
    assert np.array_equal(shown, render(Looking(), RenderFile(plain)).pixels)


@needs_dcmtk
def test_lossy_jpeg_2000_in_colour(tmp_path: Path) -> None:
    coded = imagecodecs.jpeg2k_encode(EVEN, level=40, reversible=False, codecformat="j2k")
    header = {"PhotometricInterpretation": "YBR_ICT"}
    compare(written(tmp_path / "a.dcm", EVEN, JPEG2000, [coded], **header), most=1)


@pytest.mark.parametrize("kind", ["12", "16", "RGB"])
def test_htj2k_is_what_a_second_decoder_makes_of_it(tmp_path: Path, kind: str) -> None:
    """Neither DCMTK nor GDCM reads HTJ2K: OpenJPEG, through pydicom's plug-in, is the oracle."""
    pixels = {
        "12": draw.integers(0, 4096, (33, 41)).astype(np.uint16),
        "16": draw.integers(0, 65536, (33, 41)).astype(np.uint16),
        "RGB": RGB,
    }[kind]
    header: dict[str, object] = {"12": {"BitsStored": 12, "HighBit": 11}}.get(kind, {})
    coded = imagecodecs.htj2k_encode(pixels, reversible=True)
    if kind == "RGB":
        header = {"PhotometricInterpretation": "YBR_RCT"}
    path = written(tmp_path / "a.dcm", pixels, HTJ2KLossless, [coded], **header)
    ours = probing.decode((str(path), ""), 0)
    ds = pydicom.dcmread(path)
    theirs = pydicom.pixels.pixel_array(ds, decoding_plugin="pylibjpeg", raw=True)
    assert np.array_equal(ours.pixels, theirs) and np.array_equal(ours.pixels, pixels)
    assert "openjph" in ours.decoder


@pytest.mark.parametrize("bits", [8, 12, 16])
def test_signed_values_of_streams_that_know_no_sign(tmp_path: Path, bits: int) -> None:
    """Written as unsigned words of so many bits; pydicom's sign correction is a second oracle
    where the stream's precision is that of the header."""
    low = -(1 << (bits - 1))
    values = draw.integers(low, -low, (20, 24)).astype(np.int16)
    words = (values.astype(np.int32) & ((1 << bits) - 1)).astype(
        np.uint16 if bits > 8 else np.uint8
    )
    header = {"BitsAllocated": 16 if bits > 8 else 8, "BitsStored": bits, "HighBit": bits - 1,
              "PixelRepresentation": 1}  # fmt: skip
    encoders: dict[str, Callable[[], bytes]] = {
        JPEGLSLossless: lambda: imagecodecs.jpegls_encode(words),
        JPEG2000Lossless: lambda: imagecodecs.jpeg2k_encode(
            words, reversible=True, level=0, codecformat="j2k", bitspersample=bits
        ),
    }
    for syntax, encode in encoders.items():
        path = written(tmp_path / "a.dcm", words, syntax, [encode()], **header)
        ours = probing.decode((str(path), ""), 0).pixels
        assert np.array_equal(ours, values)
        if syntax == JPEG2000Lossless:
            assert np.array_equal(ours, pydicom.dcmread(path).pixel_array)


def test_each_deflated_frame_is_inflated_by_itself(tmp_path: Path) -> None:
    pixels = draw.integers(0, 65536, (2, 12, 10)).astype(np.uint16)
    coded = []
    for one in pixels:
        deflater = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
        data = deflater.compress(one.tobytes()) + deflater.flush()
        coded.append(data + b"\0" * (len(data) % 2))
    path = written(tmp_path / "a.dcm", pixels, JPEG2000Lossless, coded, NumberOfFrames=2)
    # pydicom does not write this syntax: its UID takes the place of one as long.
    data = path.read_bytes()
    assert data.count(JPEG2000Lossless.encode()) == 1
    path.write_bytes(data.replace(JPEG2000Lossless.encode(), b"1.2.840.10008.1.2.8.1\0"))
    for n in range(2):
        assert np.array_equal(probing.decode((str(path), ""), n).pixels, pixels[n])


@needs_dcmtk
def test_12_bit_jpeg(tmp_path: Path) -> None:
    smooth = (np.add.outer(np.arange(40), np.arange(48)) * 40).astype(np.uint16)
    path = written(tmp_path / "plain0.dcm", smooth, BitsStored=12, HighBit=11)
    call("dcmcjpeg", "+ee", path, tmp_path / "a.dcm")
    compare(tmp_path / "a.dcm", most=1)


# colour


@needs_dcmtk
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, DeflatedExplicitVRLittleEndian])
def test_planar_rgb(tmp_path: Path, syntax: str) -> None:
    data = RGB.transpose(2, 0, 1).tobytes()
    shown = compare(written(tmp_path / "a.dcm", RGB, syntax, PlanarConfiguration=1, PixelData=data))
    assert np.array_equal(shown, RGB)


def test_bytes_in_words_of_the_other_order(tmp_path: Path) -> None:
    """8-bit pixels as OW in big endian: each two bytes stand the other way round."""
    pixels = draw.integers(0, 256, (2, 5, 7)).astype(np.uint8)
    raw = pixels.tobytes()
    turned = np.frombuffer(raw, "<u2").astype(">u2").tobytes()
    path = written(tmp_path / "a.dcm", pixels, ExplicitVRBigEndian, NumberOfFrames=2)
    ds = pydicom.dcmread(path)
    ds.PixelData = turned
    ds["PixelData"].VR = "OW"
    ds.save_as(path)
    for n in range(2):
        assert np.array_equal(probing.decode((str(path), ""), n).pixels, pixels[n])


@needs_dcmtk
@pytest.mark.parametrize("model", ["YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_422"])
def test_uncompressed_luminance_and_chrominance(tmp_path: Path, model: str) -> None:
    """DCMTK uses coefficients of four digits and drops fractions: two levels at most."""
    ybr = draw.integers(16, 236, (6, 8, 3)).astype(np.uint8)
    header: dict[str, object] = {"PhotometricInterpretation": model}
    if model.endswith("422"):
        pairs = np.concatenate(
            [ybr[:, 0::2, :1], ybr[:, 1::2, :1], ybr[:, 0::2, 1:]], axis=-1
        )  # Y1 Y2 Cb Cr
        header["PixelData"] = pairs.tobytes()
    compare(written(tmp_path / "a.dcm", ybr, **header), most=2)


@needs_dcmtk
@pytest.mark.parametrize("stated", ["RGB", "YBR_FULL", "YBR_FULL_422"])
@pytest.mark.parametrize("coded_as", ["RGB", "YCbCr 4:4:4", "YCbCr 4:2:2"])
def test_a_jpeg_is_shown_in_the_colours_its_stream_says(
    tmp_path: Path, stated: str, coded_as: str
) -> None:
    """Whatever the header says: a green picture is a mistake of many viewers. DCMTK goes by the
    header; it agrees where header and stream do."""
    options = {
        "RGB": {"colorspace": "RGB", "outcolorspace": "RGB"},
        "YCbCr 4:4:4": {"subsampling": "444"},
        "YCbCr 4:2:2": {"subsampling": "422"},
    }[coded_as]
    smooth = np.stack(
        [np.add.outer(np.arange(48) * a, np.arange(64) * b) for a, b in ((2, 1), (1, 2), (3, 0))],
        -1,
    ).astype(np.uint8)
    coded = imagecodecs.jpeg8_encode(smooth, level=95, **options)
    coded += b"\0" * (len(coded) % 2)
    path = written(
        tmp_path / "a.dcm", smooth, JPEGBaseline8Bit, [coded], PhotometricInterpretation=stated
    )
    ours = render(Looking(), RenderFile(path)).pixels
    assert np.abs(ours.astype(int) - smooth).mean() < 6
    if stated.startswith("YBR") and coded_as == "YCbCr 4:4:4":
        compare(path, most=1)


@needs_dcmtk
def test_wavelets_in_luminance_and_chrominance_are_converted(tmp_path: Path) -> None:
    ybr = draw.integers(16, 236, (16, 16, 3)).astype(np.uint8)
    coded = imagecodecs.jpeg2k_encode(ybr, reversible=True, level=0, codecformat="j2k", mct=False)
    header = {"PhotometricInterpretation": "YBR_FULL"}
    compare(written(tmp_path / "a.dcm", ybr, JPEG2000Lossless, [coded], **header), most=2)


def entries(count: int, bits: int, words: bool) -> list[bytes]:
    top = (1 << bits) - 1
    ramps = [np.linspace(0, top, count), np.linspace(top, 0, count), np.arange(count) % (top + 1)]
    kind = "<u2" if bits == 16 or words else "u1"
    return [r.astype(kind).tobytes() + b"\0" * (count % 2 if kind == "u1" else 0) for r in ramps]


@needs_dcmtk
@pytest.mark.parametrize(
    ("count", "first", "bits", "words"),
    [(256, 0, 16, True), (256, 0, 8, False), (200, 30, 16, True), (201, 30, 8, False),
     (256, -128, 16, True), (256, 0, 8, True)],
)  # fmt: skip
def test_palettes_of_8_bit_pixels(
    tmp_path: Path, count: int, first: int, bits: int, words: bool
) -> None:
    pixels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    header = palette([count, first % 65536, bits], entries(count, bits, words))
    if first < 0:
        header |= {"PixelRepresentation": 1}
    if first < 0:  # the descriptor is signed then, as the pixels are
        for colour in ("Red", "Green", "Blue"):
            header[f"{colour}PaletteColorLookupTableDescriptor"] = [count, first, bits]
    compare(written(tmp_path / "a.dcm", pixels, **header))


@needs_dcmtk
@pytest.mark.parametrize("bits", [8, 16])
def test_palettes_of_more_than_256_entries(tmp_path: Path, bits: int) -> None:
    pixels = draw.integers(0, 1200, (30, 30)).astype(np.uint16)
    compare(
        written(
            tmp_path / "a.dcm", pixels, **palette([1000, 10, bits], entries(1000, bits, bits == 8))
        )
    )


def test_a_segmented_palette(tmp_path: Path) -> None:
    """DCMTK 3.6.7 cannot read one: the same palette written out is the oracle, and pydicom."""
    words = np.array([0, 2, 0, 4096, 1, 254, 65535], "<u2").tobytes()
    pixels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    path = written(tmp_path / "a.dcm", pixels, **palette([256, 0, 16], [words] * 3, True))
    shown = render(Looking(), RenderFile(path)).pixels
    ds = pydicom.dcmread(path)
    theirs = pydicom.pixels.apply_color_lut(ds.pixel_array, ds)
    assert np.abs((theirs >> 8).astype(int) - shown).max() <= 1
    assert shown[0, 0].tolist() == [0] * 3 and shown[-1, -1].tolist() == [255] * 3


def test_a_window_on_colour_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "a.dcm", RGB)
    for how in ({"window": (1.0, 2.0)}, {"function": "SIGMOID"}):
        with pytest.raises(RuleViolation, match="render.window_on_colour"):
            render(Looking(), RenderFile(path, **how))  # type: ignore[arg-type]


# overlays


def overlaid(
    path: Path, mask: np.ndarray, origin: list[int], pixels: np.ndarray = RAMP, **more: object
) -> Path:
    written(path, pixels, **more)
    ds = pydicom.dcmread(path)
    rows, cols = mask.shape[-2:]
    ds.add_new(0x60000010, "US", rows)
    ds.add_new(0x60000011, "US", cols)
    ds.add_new(0x60000040, "CS", "G")
    ds.add_new(0x60000050, "SS", origin)
    ds.add_new(0x60000100, "US", 1)
    ds.add_new(0x60000102, "US", 0)
    packed = np.packbits(mask.ravel().astype(np.uint8), bitorder="little").tobytes()
    ds.add_new(0x60003000, "OW", packed + b"\0" * (len(packed) % 2))
    if mask.ndim == 3:
        ds.add_new(0x60000015, "IS", len(mask))
        ds.add_new(0x60000051, "US", 2)
    ds.save_as(path)
    return path


@needs_dcmtk
@pytest.mark.parametrize("origin", [[1, 1], [5, 9], [-3, -4], [40, 60]])
def test_an_overlay_lies_where_dcmtk_has_it(tmp_path: Path, origin: list[int]) -> None:
    mask = draw.integers(0, 2, (11, 13))
    path = overlaid(tmp_path / "a.dcm", mask, origin)
    ours = render(Looking(), RenderFile(path, overlays=True))
    off = compare(path)
    shown = compare(path, options=["+O", "0", *window_options(ours.choice)], overlays=True)
    assert not np.array_equal(shown, off)


def test_an_overlay_of_frames_starts_at_its_first_frame(tmp_path: Path) -> None:
    mask = draw.integers(0, 2, (2, *RAMP.shape))
    pixels = np.stack([RAMP] * 4)
    path = overlaid(tmp_path / "a.dcm", mask, [1, 1], pixels, NumberOfFrames=4)
    for frame, own in ((1, None), (2, 0), (3, 1), (4, None)):
        off = render(Looking(), RenderFile(path, frame)).pixels
        shown = render(Looking(), RenderFile(path, frame, overlays=True)).pixels
        expected = off if own is None else np.where(mask[own], 255, off)
        assert np.array_equal(shown, expected)


@needs_dcmtk
def test_an_overlay_in_unused_bits(tmp_path: Path) -> None:
    mask = draw.integers(0, 2, (16, 16)).astype(np.uint16)
    words = draw.integers(0, 4096, (16, 16)).astype(np.uint16) | mask << 14
    path = written(tmp_path / "a.dcm", words, BitsStored=12, HighBit=11)
    ds = pydicom.dcmread(path)
    for tag, vr, value in ((0x60000010, "US", 16), (0x60000011, "US", 16), (0x60000040, "CS", "G"),
                           (0x60000050, "SS", [1, 1]), (0x60000100, "US", 16),
                           (0x60000102, "US", 14)):  # fmt: skip
        ds.add_new(tag, vr, value)
    ds.save_as(path)
    ours = render(Looking(), RenderFile(path, overlays=True))
    assert (ours.pixels[mask == 1] == 255).all()
    compare(path, options=["+O", "0", *window_options(ours.choice)], overlays=True)


# what is said of bad input

BAD: dict[str, tuple[dict[str, object], str]] = {
    "window function": ({"window": (1.0, 2.0), "function": "CUBIC"}, "window.function"),
    "window width": ({"window": (1.0, 0.5)}, "window.width"),
    "no number": ({"window": (float("nan"), 5.0)}, "window.width"),
}


@pytest.mark.parametrize("case", list(BAD))
def test_windows_that_are_none_are_refused(tmp_path: Path, case: str) -> None:
    how, code = BAD[case]
    path = written(tmp_path / "a.dcm", RAMP)
    with pytest.raises(InvalidValue, match=code):
        render(Looking(), RenderFile(path, **how))  # type: ignore[arg-type]


def test_a_window_of_the_file_that_is_none_is_passed_over(tmp_path: Path) -> None:
    for header in ({"WindowCenter": [5, 6], "WindowWidth": [0, 7]},
                   {"WindowCenter": [5, 6], "WindowWidth": [0.5, 7]}):  # fmt: skip
        path = written(tmp_path / "a.dcm", RAMP, **header)
        assert render(Looking(), RenderFile(path)).choice == Window(6, 7)


def test_tables_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    for header, code in (
        ({"VOILUTSequence": [table([9, 0, 8], [1, 2])]}, "lut.short"),
        ({"ModalityLUTSequence": [Dataset()]}, "lut.descriptor"),
        (palette([256, 0, 16], [b"\0\0"] * 3), "lut.short"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "lut.descriptor"),
    ):
        path = written(tmp_path / "a.dcm", RAMP.astype(np.uint16), **header)
        with pytest.raises(InvalidValue, match=code):
            render(Looking(), RenderFile(path))


def test_floating_point_pixels_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "a.dcm", RAMP)
    ds = pydicom.dcmread(path)
    del ds.PixelData
    ds.FloatPixelData = np.zeros(RAMP.shape, "<f4").tobytes()
    ds.save_as(path)
    with pytest.raises(InvalidValue, match="dicom.float_pixels"):
        render(Looking(), RenderFile(path))


def seeds(folder: Path) -> list[bytes]:
    """A small file for each decoder and table."""
    grey, colour = NOISE.astype(np.uint16), EVEN
    lut = table([50, -10, 8], list(range(50)))
    files = [
        written(folder / "0", grey, JPEGLSLossless, [imagecodecs.jpegls_encode(grey)]),
        written(folder / "1", grey, JPEG2000Lossless,
                [imagecodecs.jpeg2k_encode(grey, reversible=True, codecformat="j2k")]),
        written(folder / "2", grey, HTJ2KLossless, [imagecodecs.htj2k_encode(grey)]),
        written(folder / "3", colour, JPEGBaseline8Bit, [imagecodecs.jpeg8_encode(colour)]),
        written(folder / "4", grey, "1.2.840.10008.1.2.4.70", [imagecodecs.ljpeg_encode(grey)]),
        written(folder / "5", grey, VOILUTSequence=[lut], ModalityLUTSequence=[lut]),
        written(folder / "6", colour[..., 0].copy(),
                **palette([256, 0, 16], [np.array([0, 1, 9, 1, 255, 99], "<u2").tobytes()] * 3, True)),
        overlaid(folder / "7", np.ones((9, 9)), [-3, 5]),
    ]  # fmt: skip
    lengths = struct.pack("<16I", 2, 64, 64 + len(RUNS), *[0] * 13)
    files.append(written(folder / "8", np.zeros((8, 16), np.uint16), "1.2.840.10008.1.2.5",
                         [lengths + RUNS + RUNS]))  # fmt: skip
    return [path.read_bytes() for path in files]


@pytest.mark.parametrize("kept", [0.3, 0.7, 0.97])
def test_streams_that_were_cut_are_refused(tmp_path: Path, kept: float) -> None:
    """Some decoders fill up what is missing and say nothing."""
    smooth = np.cumsum(draw.integers(-5, 6, (90, 110)), 1)
    grey = (smooth - smooth.min()).astype(np.uint16)
    colour = np.stack([grey % 256] * 3, -1).astype(np.uint8)
    for syntax, pixels, coded in (
        (JPEGLSLossless, grey, imagecodecs.jpegls_encode(grey)),
        (JPEG2000Lossless, grey, imagecodecs.jpeg2k_encode(grey, codecformat="j2k")),
        (HTJ2KLossless, grey, imagecodecs.htj2k_encode(grey)),
        ("1.2.840.10008.1.2.4.70", grey, imagecodecs.ljpeg_encode(grey)),
        (JPEGBaseline8Bit, colour, imagecodecs.jpeg8_encode(colour)),
    ):
        whole = written(tmp_path / "w.dcm", pixels, syntax, [coded])
        assert probing.decode((str(whole), ""), 0).pixels.shape == pixels.shape
        part = coded[: int(len(coded) * kept) // 2 * 2]
        for end in (b"", b"\xff\xd9"):
            path = written(tmp_path / "a.dcm", pixels, syntax, [part + end])
            with pytest.raises(InvalidValue, match="dicom.undecodable|photo.damaged"):
                probing.decode((str(path), ""), 0)


RUNS = bytes([129, 7])  # one run of 128


def test_mutated_files_of_every_decoder_end_in_a_picture_or_a_sentence(tmp_path: Path) -> None:
    """Whatever the bytes: the program lives, and what it is told is a code or 8-bit levels."""
    viewing, made = ChildViewing(), seeds(tmp_path)
    mutate = np.random.default_rng(7)
    for n, seed in enumerate(made):
        render(Looking(), RenderFile(tmp_path / str(n), overlays=n == 7))
        for _ in range(3):
            data = bytearray(seed)
            for at in mutate.integers(300, len(data), 5):
                data[at] = mutate.integers(256)
            (tmp_path / "m.dcm").write_bytes(bytes(data))
            try:
                shown = render(viewing, RenderFile(tmp_path / "m.dcm", overlays=n == 7))
            except InvalidValue as error:
                assert error.code in messages.ERRORS
            else:
                assert shown.pixels.dtype == np.uint8


@needs_dcmtk
def test_an_overlay_in_words_of_the_other_order(tmp_path: Path) -> None:
    mask = draw.integers(0, 2, (11, 13))
    path = overlaid(tmp_path / "a.dcm", mask, [5, 9])
    turned = tmp_path / "b.dcm"
    call("dcmconv", "+tb", path, turned)
    assert pydicom.dcmread(turned).file_meta.TransferSyntaxUID == ExplicitVRBigEndian
    expected = render(Looking(), RenderFile(path, overlays=True)).pixels
    assert np.array_equal(render(Looking(), RenderFile(turned, overlays=True)).pixels, expected)


def test_a_stream_of_fewer_bits_than_its_header_is_read(tmp_path: Path) -> None:
    """The header says 12 of 16 bits; the stream needed no more than 8."""
    values = draw.integers(0, 256, (16, 16)).astype(np.uint8)
    coded = [imagecodecs.jpegls_encode(values)]
    path = written(tmp_path / "a.dcm", values.astype(np.uint16), JPEGLSLossless, coded,
                   BitsStored=12, HighBit=11)  # fmt: skip
    view = ChildViewing().view(path, 1, overlays=False)
    assert view.pixels.dtype == np.uint16 and np.array_equal(view.pixels, values)


@pytest.mark.parametrize("samples", [1, 3])
def test_a_stream_of_more_bits_than_its_header_is_refused(tmp_path: Path, samples: int) -> None:
    """Cut down to the bits of the header its values would be others."""
    shape = (16, 16) if samples == 1 else (16, 16, 3)
    values = draw.integers(0, 65_536, shape).astype(np.uint16)
    coded = [imagecodecs.jpeg2k_encode(values, reversible=True)]
    path = written(tmp_path / "a.dcm", values.astype(np.uint8), JPEG2000Lossless, coded)
    with pytest.raises(InvalidValue, match="dicom.bits"):
        ChildViewing().view(path, 1, overlays=False)
