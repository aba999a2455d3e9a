"""A picture with a colour profile of its own is shown in sRGB; what is stored stays as it is."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from workstation.display.colour import GRID, through_profile
from workstation.domain.image import Image, ImageKind, PlaneRef
from workstation.ui.canvas.planes import Plane, PlaneLoader

COLOURS = np.random.default_rng(5).integers(0, 256, (40, 60, 3)).astype(np.uint8)


def darker() -> np.ndarray:
    """A table that halves every level."""
    axis = (np.linspace(0, 255, GRID) / 2).astype(np.uint8)
    return np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1)


def photograph(*, profile: bool) -> Image:
    table = PlaneRef("t", "raw+zstd", "h", 9) if profile else None
    return Image("i", "c", "F1", ImageKind.PHOTOGRAPH, "OP", 40, 60, 1, 3, "uint8", (),
                 colour_table=table)  # fmt: skip


def loaded(qtbot: QtBot, image: Image) -> Plane:
    loader = PlaneLoader(
        lambda *_: COLOURS, table=lambda i: darker() if i.colour_table is not None else None
    )
    loader.take(image, 0)
    qtbot.waitUntil(lambda: loader.has(image, 0))
    plane = loader.take(image, 0)
    loader.close(wait=True)
    assert isinstance(plane, Plane)
    return plane


@pytest.mark.parametrize("profile", [True, False])
def test_the_profile_is_seen_and_not_stored(qtbot: QtBot, profile: bool) -> None:
    before = COLOURS.copy()
    plane = loaded(qtbot, photograph(profile=profile))
    assert np.array_equal(plane.stored, before)
    seen = plane.levels[0][..., 2::-1]  # the screen's order is blue, green, red
    expected = through_profile(before, darker()) if profile else before
    assert np.array_equal(seen, expected)
    assert np.array_equal(expected, before) != profile
