"""Colour profiles of delivered pictures, against LittleCMS in sixteen bits."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from tests.imaging.dicoms import written
from tests.studies import Team, document
from workstation.display.colour import GRID, through_profile
from workstation.imaging import colour_profile, probing
from workstation.services import importing
from workstation.services.importing import ImportFiles

SRGB = imagecodecs.cms_profile("srgb")
PROFILES = {
    "Adobe RGB": imagecodecs.cms_profile("adobergb"),
    "gamma 1.8": imagecodecs.cms_profile(
        "rgb", gamma=1.8, whitepoint=[0.3127, 0.3290, 1.0],
        primaries=[0.625, 0.34, 1, 0.28, 0.595, 1, 0.155, 0.07, 1],
    ),
}  # fmt: skip
WIDE = PROFILES["Adobe RGB"]
STEPS = np.arange(0, 256, 15)
CHART = np.stack(np.meshgrid(STEPS, STEPS, STEPS, indexing="ij"), -1).reshape(54, -1, 3)
CHART = CHART.astype(np.uint8)


def table(profile: bytes) -> np.ndarray:
    made = colour_profile.table_of(profile)
    assert made
    return np.frombuffer(made, np.uint8).reshape(GRID, GRID, GRID, 3)


def exact(rgb: np.ndarray, profile: bytes) -> np.ndarray:
    """LittleCMS without any table, in sixteen bits: sRGB from 0 to 1."""
    wide = imagecodecs.cms_transform(
        rgb.astype(np.uint16) * 257, profile, SRGB, colorspace="rgb", outcolorspace="rgb",
        intent=1, flags=256,
    )  # fmt: skip
    return wide / 65535.0


@pytest.mark.parametrize("name", list(PROFILES))
def test_a_colour_chart_is_within_one_delta_e(name: str) -> None:
    """Every patch of a chart of 18 levels an axis; of arbitrary colours all but one in 2000, which
    lie where a channel is cut off at white."""
    profile = PROFILES[name]
    arbitrary = np.random.default_rng(1).integers(0, 256, (200, 200, 3)).astype(np.uint8)
    for rgb, share in ((CHART, 0.0), (arbitrary, 0.0005)):
        shown = through_profile(rgb, table(profile)) / 255.0
        apart = deltaE_ciede2000(rgb2lab(shown), rgb2lab(exact(rgb, profile)))
        assert (apart > 1.0).mean() <= share
        untouched = deltaE_ciede2000(rgb2lab(rgb / 255.0), rgb2lab(exact(rgb, profile)))
        assert untouched.max() > 5  # the chart tells the profile from none


def test_srgb_needs_no_table_and_what_is_no_rgb_profile_gives_none() -> None:
    assert colour_profile.table_of(SRGB) == b""
    for broken in (b"", b"unreadable", WIDE[:200], bytes(600), WIDE[:16] + b"CMYK" + WIDE[20:],
                   WIDE[:16] + b"GRAY" + WIDE[20:]):  # fmt: skip
        assert colour_profile.table_of(broken) is None


def jpeg_with(profile: bytes, rgb: np.ndarray, parts: int = 2) -> bytes:
    """The profile in numbered segments, in the wrong order."""
    plain = imagecodecs.jpeg8_encode(rgb, level=95)
    size = -(-len(profile) // parts)
    segments = []
    for n in range(parts):
        data = b"ICC_PROFILE\0" + bytes([n + 1, parts]) + profile[n * size : (n + 1) * size]
        segments.append(b"\xff\xe2" + struct.pack(">H", len(data) + 2) + data)
    return plain[:2] + b"".join(reversed(segments)) + plain[2:]


def png_with(profile: bytes, rgb: np.ndarray) -> bytes:
    plain = imagecodecs.png_encode(rgb)
    body = b"iCCP" + b"name\0\0" + zlib.compress(profile)
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return plain[:33] + chunk + plain[33:]


def tiff_with(profile: bytes, rgb: np.ndarray) -> bytes:
    return imagecodecs.tiff_encode(rgb, iccprofile=profile)


@pytest.mark.parametrize("make", [jpeg_with, png_with, tiff_with])
def test_profiles_of_photographs_are_found(tmp_path: Path, make) -> None:
    for profile, expected, warnings in (
        (WIDE, table(WIDE).tobytes(), ()),
        (SRGB, b"", ()),
        (WIDE[:300], b"", ("photo.profile_unusable",)),
    ):
        (tmp_path / "a").write_bytes(make(profile, CHART))
        plane = probing.decode((str(tmp_path / "a"), ""), 0)
        assert (plane.colour_table, plane.warnings) == (expected, warnings)
        assert b"ICC_PROFILE" not in plane.coded


def test_the_profile_of_a_dicom_image_is_found(tmp_path: Path) -> None:
    path = written(tmp_path / "a.dcm", CHART, ICCProfile=WIDE)
    plane = probing.decode((str(path), ""), 0)
    assert plane.colour_table == table(WIDE).tobytes()
    assert np.array_equal(plane.pixels, CHART)  # the pixels stay as they are
    grey = written(tmp_path / "b.dcm", CHART[..., 0].copy(), ICCProfile=WIDE)
    assert probing.decode((str(grey), ""), 0).colour_table == b""


def test_an_imported_photograph_keeps_its_table_and_its_decoder(tmp_path: Path) -> None:
    team = Team(tmp_path / "study", document())
    try:
        for name, profile in (("P1_OD.jpg", WIDE), ("P2_OD.jpg", SRGB)):
            (tmp_path / name).write_bytes(jpeg_with(profile, CHART))
        (tmp_path / "P2_OD.jpg").write_bytes(jpeg_with(SRGB, CHART[::-1].copy()))
        command = ImportFiles(
            (tmp_path / "P1_OD.jpg", tmp_path / "P2_OD.jpg"), "Coordinator",
            team.opener.photo_mapping("{patient}_{eye}", None),
        )  # fmt: skip
        result, _ = importing.run_import(
            team["coordinator"], command, lambda: 10**12, lambda *_: None
        )
        with team["coordinator"].reading() as uow:
            images = [uow.images.get(image.image_id) for image in result.images]
        tables = [team["coordinator"].pixels.colour_table(image) for image in images]
        found = [t for t in tables if t is not None]
        assert len(found) == 1 and np.array_equal(found[0], table(WIDE))
        assert all(i.decoder.startswith("imagecodecs ") and "jpeg" in i.decoder for i in images)
        kept = {p.blob_id for image in images for p in image.stored}
        assert {p.name for p in (team.folder / "blobs").glob("??/*")} == kept and len(kept) == 3
    finally:
        team.close()
