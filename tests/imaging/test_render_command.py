"""`workstation render` as it is typed: what it writes, what it says, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import imagecodecs
import numpy as np
import pytest

from tests.imaging.dicoms import palette, written
from workstation.bootstrap import Opener
from workstation.cli.commands import main

RAMP = (np.arange(24 * 32).reshape(24, 32) - 300).astype(np.int16)
RGB = np.random.default_rng(3).integers(0, 256, (10, 12, 3)).astype(np.uint8)


def run(*arguments: object) -> int:
    return main(Opener(), [str(a) for a in arguments])


def test_a_picture_and_what_is_said_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(
        tmp_path / "a.dcm", RAMP, RescaleSlope=2, RescaleIntercept=-10,
        PhotometricInterpretation="MONOCHROME1", PixelAspectRatio=[4, 3],
    )  # fmt: skip
    out = tmp_path / "a.png"
    assert run("--json", "render", path, "--out", out, "--window", "-100", "300.5") == 0
    said = json.loads(capsys.readouterr().out)
    shown = imagecodecs.png_decode(out.read_bytes())
    assert shown.shape == (24, 32) and shown.dtype == np.uint8 and shown[0, 0] == 255
    assert said["window"] == {"center": -100, "width": 300.5} and said["function"] == "LINEAR"
    assert (said["photometric"], said["inverted"], said["frames"]) == ("MONOCHROME1", True, 1)
    assert said["decoder"] == "uncompressed"
    assert said["transfer_syntax"] == "Explicit VR Little Endian"
    assert [p.name for p in tmp_path.iterdir() if p.suffix == ".part"] == []
    assert run("render", path, "--out", out) == 0
    assert "32 x 24, frame 1 of 1, C 157.5 W 1535 LINEAR" in capsys.readouterr().out


def test_the_function_may_be_said_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "a.dcm", RAMP, WindowCenter=7, WindowWidth=70)
    out = tmp_path / "a.png"
    assert run("--json", "render", path, "--out", out, "--function", "sigmoid") == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["window"], said["function"]) == ({"center": 7, "width": 70}, "SIGMOID")


@pytest.mark.parametrize("kind", ["png", "jpeg", "tiff"])
@pytest.mark.parametrize("colour", [True, False])
def test_photographs_come_out_as_they_are(tmp_path: Path, kind: str, colour: bool) -> None:
    pixels = RGB if colour else RGB[..., 0]
    encoded = {
        "png": imagecodecs.png_encode,
        "jpeg": imagecodecs.jpeg8_encode,
        "tiff": imagecodecs.tiff_encode,
    }[kind](np.ascontiguousarray(pixels))
    (tmp_path / "in").write_bytes(encoded)
    assert run("render", tmp_path / "in", "--out", tmp_path / "out.png", "--overlays") == 0
    shown = imagecodecs.png_decode((tmp_path / "out.png").read_bytes())
    expected = imagecodecs.jpeg8_decode(encoded) if kind == "jpeg" else pixels
    assert np.array_equal(shown, expected)


def test_a_palette_image_comes_out_in_colour(tmp_path: Path) -> None:
    table = np.arange(256, dtype=np.uint8)
    header = palette([256, 0, 8], [table.tobytes(), table[::-1].tobytes(), bytes(256)])
    path = written(tmp_path / "a.dcm", RGB[..., 0].copy(), **header)
    assert run("render", path, "--out", tmp_path / "out.png") == 0
    shown = imagecodecs.png_decode((tmp_path / "out.png").read_bytes())
    grey = RGB[..., 0]
    assert np.array_equal(shown, np.stack([grey, 255 - grey, grey * 0], -1))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--frame", "2"], "There is no frame 2; the file has 1, counted from 1."),
        (["--frame", "0"], "There is no frame 0; the file has 1, counted from 1."),
        (["--window", "1", "0"], "A window of width 0.0 is not defined for LINEAR."),
        (["--window", "1", "5", "--function", "cubic"], "“CUBIC” is no window function; there are "
         "LINEAR, LINEAR_EXACT and SIGMOID."),
    ],
)  # fmt: skip
def test_what_cannot_be_shown_is_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    path = written(tmp_path / "a.dcm", RAMP)
    assert run("render", path, "--out", tmp_path / "a.png", *arguments) == 2
    assert capsys.readouterr().err.strip() == sentence
    assert not (tmp_path / "a.png").exists()


def test_files_that_cannot_be_shown_are_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = {
        "colour": (written(tmp_path / "c.dcm", RGB), "The image is in colour (RGB)"),
        "video": (written(tmp_path / "v.dcm", RAMP, "1.2.840.10008.1.2.4.100", [b"12"]), "MPEG2"),
        "damaged": (written(tmp_path / "d.dcm", RAMP.astype(np.uint16), "1.2.840.10008.1.2.4.70",
                            [b"\xff\xd8\xff\xd9"]), "JPEG Lossless"),
        "short": (written(tmp_path / "s.dcm", RAMP, Rows=4000), "too short"),
        "huge": (written(tmp_path / "h.dcm", RAMP, Rows=65535, Columns=65535), "too large"),
        "nothing": (tmp_path / "gone.dcm", "cannot be read"),
        "folder": (tmp_path, "cannot be read"),
    }  # fmt: skip
    for name, (path, part) in cases.items():
        extra = ["--window", "1", "2"] if name == "colour" else []
        assert run("render", path, "--out", tmp_path / "a.png", *extra) == 2, name
        said = capsys.readouterr().err
        assert part in said and said.count("\n") == 1, (name, said)
    good = written(tmp_path / "g.dcm", RAMP)
    assert run("render", good, "--out", tmp_path / "no" / "a.png") == 2
    assert "no" in capsys.readouterr().err
