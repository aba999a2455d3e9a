"""The 3-D view: pictures of known bodies, strips that make one picture, turning, surfaces, release."""

from __future__ import annotations

import gc
import math
import os
import subprocess
import sys
import weakref

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from workstation.display.volume import LabelBox, Volume, reduced
from workstation.domain.errors import EnvironmentProblem
from workstation.ui.canvas.scene import LOOKS, Scene, strip_rows, surface
from workstation.ui.canvas.volume_view import VolumeView

SPACING = (0.8, 0.8, 1.6)
SHAPE = (40, 80, 80)


def ball(radius: float, shift: tuple[float, float, float] = (0, 0, 0)) -> npt.NDArray[np.bool_]:
    """Voxels within `radius` mm of a place `shift` mm from the middle (x, y, z)."""
    z, y, x = np.indices(SHAPE).astype(float)
    middle = [(n - 1) / 2 for n in SHAPE[::-1]]
    parts = (
        ((one - m) * s - d) ** 2
        for one, m, s, d in zip((x, y, z), middle, SPACING, shift, strict=True)
    )
    return np.asarray(sum(parts) <= radius**2)


def body(bits: npt.NDArray[np.bool_]) -> Volume:
    """1200 HU where there is something, air elsewhere; rows lead left, columns back, z up."""
    voxels = np.where(bits, 1200, -1000).astype(np.int16)
    voxels.flags.writeable = False
    steps = ((SPACING[0], 0.0, 0.0), (0.0, SPACING[1], 0.0), (0.0, 0.0, SPACING[2]))
    return Volume(voxels, (-30.0, 40.0, 100.0), steps)


def scene_of(volume: Volume, look: str = "bone") -> Scene:
    try:
        scene = Scene(volume, reduced(volume, 40), volume)
    except EnvironmentProblem:
        pytest.skip("no OpenGL here (libegl1 and libgl1)")
    scene.set_look(look)
    return scene


def lit(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    return np.asarray(picture.max(axis=2) > 30)


def test_a_ball_is_round_and_as_large_as_it_is() -> None:
    """The camera projects in parallel: 18 mm radius is 18 mm on the picture, both ways."""
    scene = scene_of(body(ball(18.0)))
    seen = lit(scene.picture(300, 200, rough=False))
    rows, cols = np.nonzero(seen)
    per_mm = 200 / scene.height_mm
    for extent in (rows, cols):
        assert (np.ptp(extent) + 1) / per_mm == pytest.approx(36.0, rel=0.06)
    assert (rows.mean(), cols.mean()) == pytest.approx((99.5, 149.5), abs=2)
    scene.release()


def test_from_the_front_right_is_left_and_the_head_is_up() -> None:
    """Something small to the patient's left, at the head: on the right and above the middle."""
    scene = scene_of(body(ball(6.0, (15.0, 0.0, 18.0))))
    rows, cols = np.nonzero(lit(scene.picture(200, 200, rough=False)))
    assert cols.mean() > 110 and rows.mean() < 90
    right, up, towards = scene.frame()
    assert right == pytest.approx((1, 0, 0)) and up == pytest.approx((0, 0, 1))
    assert towards == pytest.approx((0, -1, 0))
    # Turned half round the left is on the left.
    scene.turn(180, 0)
    _, cols = np.nonzero(lit(scene.picture(200, 200, rough=False)))
    assert cols.mean() < 90
    scene.release()


@pytest.mark.parametrize("look", LOOKS)
def test_strips_make_the_picture(look: str) -> None:
    scene = scene_of(body(ball(18.0)), look)
    scene.turn(30, 20)
    whole = scene.picture(160, 120, rough=False)
    strips = [scene.picture(160, 120, False, first, 30) for first in range(0, 120, 30)]
    joined = np.concatenate(strips)
    differing = np.abs(joined.astype(int) - whole).max(axis=2) > 40
    assert joined.shape == whole.shape and differing.mean() < 0.01
    scene.release()


def test_the_coarse_picture_shows_the_same() -> None:
    scene = scene_of(body(ball(18.0)))
    fine = lit(scene.picture(200, 160, rough=False))
    coarse = lit(scene.picture(200, 160, rough=True))
    assert (fine ^ coarse).mean() < 0.05 and fine.any()
    scene.release()


def test_a_surface_encloses_its_voxels() -> None:
    """Volume of the mesh against 4/3 pi r^3, from voxels that are no cubes."""
    from vtkmodules.vtkFiltersCore import vtkMassProperties

    radius = 12.0
    bits = ball(radius)
    z, y, x = (slice(int(a.min()), int(a.max()) + 1) for a in np.nonzero(bits))
    region = LabelBox(bits[z, y, x].astype(np.uint8), (x.start, y.start, z.start))
    mesh = surface(region, SPACING)
    measured = vtkMassProperties()
    measured.SetInputData(mesh)
    measured.Update()
    assert measured.GetVolume() == pytest.approx(4 / 3 * math.pi * radius**3, rel=0.04)
    low, high = np.array(mesh.GetBounds()).reshape(3, 2).T
    middle = [(n - 1) / 2 * s for n, s in zip(SHAPE[::-1], SPACING, strict=True)]
    assert (low + high) / 2 == pytest.approx(middle, abs=0.5)


def test_marks_stand_where_their_voxels_are() -> None:
    volume = body(np.zeros(SHAPE, bool))
    scene = scene_of(volume)
    bits = np.ones((4, 8, 8), np.uint8)
    scene.set_regions([(LabelBox(bits, (60, 36, 30)), "#00ff00")])
    rows, cols = np.nonzero(lit(scene.picture(200, 200, rough=False)))
    place = np.array(volume.to_patient((63.5, 39.5, 31.5))) - volume.center
    per_mm = 200 / scene.height_mm
    assert cols.mean() - 99.5 == pytest.approx(place[0] * per_mm, abs=2)
    assert 99.5 - rows.mean() == pytest.approx(place[2] * per_mm, abs=2)
    scene.show_regions(False)
    assert not lit(scene.picture(200, 200, rough=False)).any()
    scene.release()


def test_dragging_turns_coarse_and_rest_makes_it_fine(qtbot: QtBot) -> None:
    view = VolumeView()
    qtbot.addWidget(view)
    view.resize(300, 220)
    view.show()
    scene = scene_of(body(ball(18.0, (5.0, 0.0, 0.0))))
    view.show_scene(scene)
    qtbot.waitUntil(lambda: view.refined)
    before = scene.frame()
    first = view.grab().toImage()
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    qtbot.mouseMove(view, QPoint(190, 110))
    assert not view.refined and scene.frame() != before
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(190, 110))
    qtbot.waitUntil(lambda: view.refined)
    assert view.grab().toImage() != first
    scene.reset()
    assert scene.frame()[0] == pytest.approx(before[0])
    view.release()
    assert view.scene is None


def test_release_frees_the_voxels() -> None:
    volume = body(ball(10.0))
    held = weakref.ref(volume)
    scene = scene_of(volume)
    scene.picture(64, 48, rough=False)
    scene.release()
    del volume, scene
    gc.collect()
    assert held() is None


def test_a_sentence_instead_of_a_picture(qtbot: QtBot) -> None:
    view = VolumeView()
    qtbot.addWidget(view)
    view.resize(200, 150)
    view.show()
    view.say("No OpenGL")
    shown = view.grab().toImage()
    colors = {shown.pixelColor(x, y).name() for x in range(0, 200) for y in range(60, 90)}
    assert len(colors) > 2


NO_OPENGL = """
import numpy as np
from workstation.display.volume import Volume
from workstation.domain.errors import EnvironmentProblem
from workstation.ui.canvas.scene import Scene
v = np.zeros((4, 4, 4), np.int16)
v.flags.writeable = False
one = Volume(v, (0, 0, 0), ((1, 0, 0), (0, 1, 0), (0, 0, 1)))
try:
    Scene(one, one, one)
except EnvironmentProblem as problem:
    print(problem.code)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="EGL is of Linux")
def test_without_opengl_there_is_a_sentence_and_no_crash() -> None:
    settings = {k: v for k, v in os.environ.items() if k != "DISPLAY"}
    settings["__EGL_VENDOR_LIBRARY_FILENAMES"] = "/nonexistent"
    done = subprocess.run(
        [sys.executable, "-c", NO_OPENGL], env=settings, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "volume.no_opengl", "")


def test_strips_grow_and_shrink_with_the_time_they_take() -> None:
    assert strip_rows(600, 0, 0.0, 0.05) == 25
    assert strip_rows(600, 50, 0.1, 0.05) == 25
    assert strip_rows(600, 50, 0.001, 0.05) == 75
    assert strip_rows(600, 8, 5.0, 0.05) == 4
