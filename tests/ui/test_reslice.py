"""Oblique planes and slabs against scipy on the same places."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from workstation.display.volume import (
    Plane,
    Projection,
    Sampling,
    Volume,
    index_map,
    standard_planes,
)
from workstation.ui.canvas.reslice import Reslicer, samples_across

OUTSIDE = -5000.0


def volume() -> Volume:
    voxels = np.random.default_rng(4).integers(-1024, 3071, (30, 40, 50), np.int16)
    voxels.flags.writeable = False
    tilt = math.radians(12)
    step = (0.0, 2.0 * math.sin(tilt), 2.0 * math.cos(tilt))
    return Volume(voxels, (-20.0, 7.0, 100.0), ((0.8, 0, 0), (0, 0.5, 0), step), tilt_deg=12.0)


def oblique(of: Volume) -> Plane:
    plane = next(iter(standard_planes(of).values()))
    return plane.turned((1.0, 0.0, 0.0), 0.5).turned((0.0, 1.0, 0.0), -0.3)


def expected(of: Volume, plane: Plane, sampling: Sampling, behind: float) -> np.ndarray:
    moved = plane.moved(
        tuple(np.array(plane.center) + behind * np.array(plane.normal))  # type: ignore[arg-type]
    )
    matrix = index_map(of, moved, sampling)
    rows, cols = np.mgrid[0 : sampling.rows, 0 : sampling.cols]
    x, y, z = (m[0] * cols + m[1] * rows + m[2] for m in matrix)
    found = map_coordinates(of.voxels, [z, y, x], order=1, output=np.float64, cval=np.nan)
    return np.asarray(found)


def test_an_oblique_plane_is_linear_between_voxels() -> None:
    of = volume()
    plane = oblique(of)
    sampling = Sampling(-15.0, -14.0, 0.31, 100, 90)
    wanted = expected(of, plane, sampling, 0.0)
    inside = np.isfinite(wanted)
    assert inside.mean() > 0.2
    found = Reslicer(of).values(plane, sampling, 0.0, Projection.MEAN, OUTSIDE)
    assert np.abs(found - wanted)[inside].max() < 0.1


@pytest.mark.parametrize("projection", Projection)
def test_a_slab_is_centred_on_the_plane(projection: Projection) -> None:
    of = volume()
    plane = oblique(of)
    sampling = Sampling(-5.0, -5.0, 0.4, 25, 25)
    count, apart = samples_across(of, 6.0)
    layers = np.stack(
        [expected(of, plane, sampling, (n - (count - 1) / 2) * apart) for n in range(count)]
    )
    reduce = {
        Projection.MEAN: np.mean, Projection.MAXIMUM: np.max, Projection.MINIMUM: np.min,
    }[projection]  # fmt: skip
    wanted = reduce(layers, axis=0)
    assert np.isfinite(wanted).all()
    found = Reslicer(of).values(plane, sampling, 6.0, projection, OUTSIDE)
    assert np.abs(found - wanted).max() < 0.1


def test_outside_the_voxels_there_is_nothing() -> None:
    of = volume()
    far = Sampling(500.0, 500.0, 1.0, 8, 8)
    found = Reslicer(of).values(oblique(of), far, 0.0, Projection.MEAN, OUTSIDE)
    assert (found == OUTSIDE).all()
