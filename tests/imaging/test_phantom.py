"""A CT phantom through the whole import: a sphere of known size and value in an oblique, anisotropic
stack comes back where it was put, as large and as dense as it was made."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from tests.imaging.files import dicom
from tests.studies import Team, shipped
from workstation.domain.geometry import EdgeLetters, edges_of
from workstation.domain.image import SpacingKind
from workstation.services import importing
from workstation.services.importing import ImportFiles

ROW_MM, COL_MM, STEP_MM = 0.8, 0.5, 1.25
ROWS, COLS, SLICES = 96, 128, 64
RADIUS_MM, INSIDE_HU, OUTSIDE_HU = 17.3, 138, -812
CENTRE = np.array([11.4, -23.7, 305.2])
SLOPE, INTERCEPT = 2.0, -1024.0


def frame() -> np.ndarray:
    """Columns: row direction, column direction, normal; 20 degrees about x, then 35 about z."""
    a, b = np.radians([20.0, 35.0])
    about_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    about_z = np.array([[np.cos(b), -np.sin(b), 0], [np.sin(b), np.cos(b), 0], [0, 0, 1]])
    return about_z @ about_x


def origin_of_first(turn: np.ndarray) -> np.ndarray:
    middle = np.array(
        [(COLS - 1) / 2 * COL_MM, (ROWS - 1) / 2 * ROW_MM, (SLICES - 1) / 2 * STEP_MM]
    )
    return CENTRE + turn @ np.array([0.31, -0.22, 0.17]) - turn @ middle


def write(folder: Path) -> None:
    turn = frame()
    start = origin_of_first(turn)
    y, x = np.mgrid[:ROWS, :COLS]
    for z in random.Random(2).sample(range(SLICES), SLICES):
        origin = start + turn[:, 2] * z * STEP_MM
        places = (
            origin + turn[:, 0] * (x * COL_MM)[..., None] + turn[:, 1] * (y * ROW_MM)[..., None]
        )
        inside = np.linalg.norm(places - CENTRE, axis=-1) <= RADIUS_MM
        hu = np.where(inside, INSIDE_HU, OUTSIDE_HU)
        stored = ((hu - INTERCEPT) / SLOPE).astype(np.int16)
        dicom(
            stored, StudyInstanceUID="2.25.1", SeriesInstanceUID="2.25.2",
            SOPInstanceUID=f"2.25.{100 + z}", InstanceNumber=SLICES - z,
            ImagePositionPatient=[f"{v:.9f}" for v in origin],
            ImageOrientationPatient=[f"{v:.12f}" for v in (*turn[:, 0], *turn[:, 1])],
            PixelSpacing=[ROW_MM, COL_MM], RescaleSlope=SLOPE, RescaleIntercept=INTERCEPT,
        ).save_as(folder / f"slice{z}.dcm", enforce_file_format=True)  # fmt: skip


def test_a_sphere_comes_back_as_it_was_made(tmp_path: Path) -> None:
    source = tmp_path / "src"
    source.mkdir()
    write(source)
    team = Team(tmp_path / "study", shipped("lung_nodule_ct"))
    command = ImportFiles((source,), "Coordinator", None)
    result, _ = importing.run_import(team["coordinator"], command, lambda: 10**12, lambda *_: None)
    assert result.refusals == ()
    (image,) = result.images
    assert image.warnings == () and image.is_target
    spacing, geometry = image.spacing, image.geometry
    assert spacing is not None and geometry is not None
    assert (spacing.row_mm, spacing.col_mm, spacing.kind) == (ROW_MM, COL_MM, SpacingKind.PATIENT)
    assert geometry.step_mm == pytest.approx(STEP_MM, abs=1e-6) and geometry.tilt_deg == 0

    pixels = team["coordinator"].pixels
    stored = np.stack([pixels.plane(image, z) for z in range(image.slices)])
    hu = stored * image.slope + image.intercept
    assert np.unique(hu).tolist() == [OUTSIDE_HU, INSIDE_HU]

    sphere = hu > 0
    volume = sphere.sum() * spacing.row_mm * spacing.col_mm * geometry.step_mm
    assert volume == pytest.approx(4 / 3 * np.pi * RADIUS_MM**3, rel=0.01)

    # Its centre in the patient, within half a pixel along each axis.
    z, y, x = (float(v.mean()) for v in np.nonzero(sphere))
    row, col = np.array(geometry.row_direction), np.array(geometry.col_direction)
    normal = np.cross(row, col)
    place = (
        np.array(geometry.origin)
        + row * x * spacing.col_mm + col * y * spacing.row_mm + normal * z * geometry.step_mm
    )  # fmt: skip
    off = frame().T @ (place - CENTRE)
    assert (np.abs(off) < 0.5 * np.array([COL_MM, ROW_MM, STEP_MM])).all()

    # Its diameter along each axis, within half a pixel at either end.
    for axis, size in ((0, geometry.step_mm), (1, spacing.row_mm), (2, spacing.col_mm)):
        along = np.nonzero(sphere.any(axis=tuple({0, 1, 2} - {axis})))[0]
        found = (along[-1] - along[0] + 1) * size
        assert abs(found - 2 * RADIUS_MM) < size

    # Rows lead 35 degrees from left to back; columns 20 degrees out of that plane to the head.
    assert edges_of(image) == EdgeLetters("RA", "LP", "ALF", "PRH")
    team.close()
