"""JPEG pictures of which data are missing: the decoder fills up with grey and says nothing."""

from __future__ import annotations

import struct
from pathlib import Path

import cv2
import imagecodecs
import numpy as np
import pytest

from workstation.domain.errors import InvalidValue
from workstation.imaging import probing

NOISE = np.random.default_rng(1).integers(0, 255, (96, 128, 3), np.uint8)
SCENES = {
    "noise": NOISE,
    "black": np.zeros_like(NOISE),
    "grey": np.full_like(NOISE, 128),
    "bordered": np.pad(NOISE, ((40, 40), (40, 40), (0, 0))),
}
KINDS = {
    "baseline": [],
    "progressive": [cv2.IMWRITE_JPEG_PROGRESSIVE, 1],
    "restarts": [cv2.IMWRITE_JPEG_RST_INTERVAL, 4],
    "optimized": [cv2.IMWRITE_JPEG_OPTIMIZE, 1],
    "all": [cv2.IMWRITE_JPEG_PROGRESSIVE, 1, cv2.IMWRITE_JPEG_RST_INTERVAL, 4],
}


def coded(scene: str, kind: str) -> bytes:
    return cv2.imencode(".jpg", SCENES[scene], [cv2.IMWRITE_JPEG_QUALITY, 90, *KINDS[kind]])[
        1
    ].tobytes()


def looked_at(tmp_path: Path, data: bytes) -> tuple[str, ...]:
    """Warnings, or the code of the refusal."""
    path = tmp_path / "p.jpg"
    path.write_bytes(data)
    try:
        return probing.decode((str(path), ""), 0).warnings
    except InvalidValue as error:
        return (error.code,)


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("kind", KINDS)
def test_whole_pictures_are_taken(tmp_path: Path, scene: str, kind: str) -> None:
    assert looked_at(tmp_path, coded(scene, kind)) == ()


def test_an_arithmetic_coded_picture_is_taken(tmp_path: Path) -> None:
    """A minimal one: no encoder at hand writes them, so its scan holds nothing but zeros."""
    segments = [
        (0xDB, b"\0" + b"\1" * 64),
        (0xC9, struct.pack(">BHHB", 8, 16, 16, 1) + b"\1\x11\0"),
        (0xDA, b"\1\1\0\0\x3f\0"),
    ]
    data = b"\xff\xd8" + b"".join(
        struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body for marker, body in segments
    )
    data += b"\0\0\xff\xd9"
    imagecodecs.jpeg8_decode(data)
    assert looked_at(tmp_path, data) == ()


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_cut_in_half_and_closed_is_refused(tmp_path: Path, kind: str) -> None:
    whole = coded("noise", kind)
    cut = whole[: len(whole) * 2 // 3] + b"\xff\xd9"
    imagecodecs.jpeg8_decode(cut)  # says nothing
    assert looked_at(tmp_path, cut) == ("photo.damaged",)


@pytest.mark.parametrize(
    ("size", "said"),
    [
        ((192, 128), "photo.damaged"),
        ((48, 128), "photo.maybe_damaged"),
        ((96, 64), "photo.maybe_damaged"),
    ],
)
def test_a_header_of_another_size_is_seen(tmp_path: Path, size: tuple[int, int], said: str) -> None:
    data = bytearray(coded("noise", "baseline"))
    at = data.find(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", *size)
    assert looked_at(tmp_path, bytes(data)) == (said,)


@pytest.mark.parametrize("share", [0.4, 0.6, 0.8])
def test_a_hole_in_the_scan_is_seen(tmp_path: Path, share: float) -> None:
    data = bytearray(coded("noise", "baseline"))
    at = int(len(data) * share)
    data[at : at + 2000] = b"\0" * 2000
    assert looked_at(tmp_path, bytes(data)) in (("photo.damaged",), ("photo.maybe_damaged",))
