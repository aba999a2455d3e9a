"""B05: an oblique plane of 512 x 512 through 300 slices, linear; beside vtkImageReslice as it comes
and scipy.

The oblique plane is VTK's own filter on our matrices, so that peer is information; planes along
the grid are ours.
"""

import numpy as np
from support import volumes
from support.measure import CannotRun, Line, Result, interleaved, timed

VTK = "vtkImageReslice, default threads"
VTK_GRID = "vtkImageReslice"
AFFINE, COORDINATES = "scipy affine_transform", "scipy map_coordinates"
GATHER = "gather of the nearest voxels"
SIDE = 512


def run(context):
    from workstation.display.volume import (
        Axis,
        Projection,
        Sampling,
        grid_section,
        index_map,
        standard_planes,
    )
    from workstation.ui.canvas.reslice import Reslicer

    volumes.quiet()
    volume = volumes.volume()
    rounds = 7 if context.quick else 31
    plane = standard_planes(volume)[Axis.AXIAL]
    plane = plane.turned((1.0, 0.0, 0.0), 0.52).turned((0.0, 1.0, 0.0), 0.3)
    half = (SIDE - 1) / 2 * volumes.SPACING
    sampling = Sampling(-half, -half, volumes.SPACING, SIDE, SIDE)
    reslicer = Reslicer(volume)

    def ours():
        return reslicer.values(plane, sampling, 0.0, Projection.MEAN, -2000.0)

    matrix = index_map(volume, plane, sampling)
    peers = {
        VTK: _vtk(volume, plane, sampling),
        AFFINE: _affine(volume, matrix),
        COORDINATES: _coordinates(volume, matrix),
        GATHER: _gather(volume, matrix),
    }
    seen = peers[COORDINATES]()
    inside = seen > -2000
    for name in (VTK, AFFINE):
        if np.abs(peers[name]().astype(float) - ours())[inside & (peers[name]() > -2000)].max() > 1:
            raise CannotRun(f"{name} shows another plane")
    found = interleaved(
        {"ours": timed(ours)} | {name: timed(work) for name, work in peers.items()}, rounds
    )
    lines = [
        Line(
            "oblique plane 512 x 512", found.pop("ours"), found, b_number="B05", floor=GATHER,
            different_engine=(AFFINE, COORDINATES),
        )
    ]  # fmt: skip
    for axis, straight in standard_planes(volume).items():
        found = interleaved(
            {
                "ours": timed(lambda p=straight: np.ascontiguousarray(
                    grid_section(volume, p).values)),
                VTK_GRID: timed(_vtk(volume, straight, sampling)),
            },
            rounds,
        )  # fmt: skip
        lines.append(
            Line(f"{axis} plane", found.pop("ours"), found, b_number="B05",
                 different_engine=(VTK_GRID,))
        )  # fmt: skip
    slab = interleaved(
        {"ours": timed(lambda: grid_section(
            volume, standard_planes(volume)[Axis.CORONAL], 14.0, Projection.MAXIMUM))},
        rounds,
    )  # fmt: skip
    lines.append(Line("coronal MIP of 14 mm", slab["ours"], b_number="B05"))
    return Result(lines, ["planes along the grid copy voxels; none is interpolated"])


def _vtk(volume, plane, sampling):
    """The filter set up as its documentation shows it."""
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkImagingCore import vtkImageReslice

    data = volumes.image_data(volume.voxels)
    data.SetOrigin(*volume.origin)
    one = vtkImageReslice()
    one.SetInputData(data)
    one.SetOutputDimensionality(2)
    one.SetInterpolationModeToLinear()
    one.SetResliceAxesDirectionCosines(*plane.right, *plane.down, *plane.normal)
    one.SetResliceAxesOrigin(*plane.center)
    one.SetOutputSpacing(sampling.step_mm, sampling.step_mm, 1.0)
    one.SetOutputOrigin(sampling.u0, sampling.v0, 0.0)
    one.SetOutputExtent(0, sampling.cols - 1, 0, sampling.rows - 1, 0, 0)
    one.SetBackgroundLevel(-2000)

    def work():
        one.Modified()
        one.Update()
        scalars = one.GetOutput().GetPointData().GetScalars()
        return vtk_to_numpy(scalars).reshape(sampling.rows, sampling.cols)

    return work


def _places(matrix):
    rows, cols = np.mgrid[0:SIDE, 0:SIDE]
    return [m[0] * cols + m[1] * rows + m[2] for m in matrix]


def _coordinates(volume, matrix):
    from scipy.ndimage import map_coordinates

    x, y, z = _places(matrix)
    return lambda: map_coordinates(volume.voxels, [z, y, x], order=1, cval=-2000, output=np.int16)


def _affine(volume, matrix):
    from scipy.ndimage import affine_transform

    turned = np.zeros((3, 3))
    turned[:, 1] = matrix[::-1, 1]
    turned[:, 2] = matrix[::-1, 0]
    offset = matrix[::-1, 2]
    return lambda: affine_transform(
        volume.voxels, turned, offset, (1, SIDE, SIDE), np.int16, order=1, cval=-2000
    )[0]


def _gather(volume, matrix):
    slices, rows, cols = volume.voxels.shape
    x, y, z = (np.rint(p).astype(np.int64) for p in _places(matrix))
    inside = (x >= 0) & (x < cols) & (y >= 0) & (y < rows) & (z >= 0) & (z < slices)
    index = np.where(inside, (z * rows + y) * cols + x, 0).ravel()
    flat = volume.voxels.ravel()
    out = np.empty(index.size, np.int16)
    return lambda: np.take(flat, index, out=out)
