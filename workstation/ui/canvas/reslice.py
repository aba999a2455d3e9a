"""Oblique planes and slabs of a volume, by VTK on the voxels where they lie."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from workstation.display.volume import Plane, Projection, Sampling, Volume, index_map

# Samples across a slab are no further apart than this part of the smallest voxel side.
ACROSS = 1.0


class Reslicer:
    """Planes through one volume; whoever drops it frees all it holds."""

    def __init__(self, volume: Volume) -> None:
        from vtkmodules.vtkCommonMath import vtkMatrix4x4
        from vtkmodules.vtkImagingCore import vtkImageReslice

        self._volume = volume
        self._axes = vtkMatrix4x4()
        self._filter = vtkImageReslice()
        self._filter.SetInputData(image_data(volume))
        self._filter.SetOutputDimensionality(2)
        self._filter.SetInterpolationModeToLinear()
        self._filter.BorderOn()
        self._filter.SetOutputSpacing(1, 1, 1)
        self._filter.SetOutputOrigin(0, 0, 0)
        self._filter.SetOutputScalarType(10)  # VTK_FLOAT: not rounded before the window

    def values(
        self,
        plane: Plane,
        sampling: Sampling,
        thickness_mm: float,
        projection: Projection,
        outside: float,
    ) -> npt.NDArray[np.float32]:
        """Stored values (rows, cols) at the pixels of a sampling, linear between voxel centres;
        `outside` more than half a voxel beyond the last."""
        from vtkmodules.util.numpy_support import vtk_to_numpy

        count, apart = samples_across(self._volume, thickness_mm)
        inverse = self._volume.to_index_matrix[:3, :3]
        matrix = index_map(self._volume, plane, sampling)
        through = inverse @ np.array(plane.normal) * apart
        for row in range(3):
            for col, value in enumerate((matrix[row, 0], matrix[row, 1], through[row])):
                self._axes.SetElement(row, col, float(value))
            self._axes.SetElement(row, 3, float(matrix[row, 2]))
        one = self._filter
        one.SetResliceAxes(self._axes)
        one.SetOutputExtent(0, sampling.cols - 1, 0, sampling.rows - 1, 0, 0)
        one.SetSlabNumberOfSlices(count)
        if projection is Projection.MAXIMUM:
            one.SetSlabModeToMax()
        elif projection is Projection.MINIMUM:
            one.SetSlabModeToMin()
        else:
            one.SetSlabModeToMean()
        one.SetBackgroundLevel(outside)
        self._axes.Modified()
        one.Modified()
        one.Update()
        found = vtk_to_numpy(one.GetOutput().GetPointData().GetScalars())
        return found.reshape(sampling.rows, sampling.cols)


def samples_across(volume: Volume, thickness_mm: float) -> tuple[int, float]:
    """How many planes make a slab, and their distance in mm."""
    finest = min(volume.spacing) * ACROSS
    count = 1 + math.ceil(thickness_mm / finest - 1e-6) if thickness_mm > 0 else 1
    return count, thickness_mm / (count - 1) if count > 1 else finest


def image_data(volume: Volume) -> Any:
    """A vtkImageData over the voxels themselves, in index coordinates; it keeps them alive."""
    from vtkmodules.util.numpy_support import numpy_to_vtk
    from vtkmodules.vtkCommonDataModel import vtkImageData

    slices, rows, cols = volume.voxels.shape
    data = vtkImageData()
    data.SetDimensions(cols, rows, slices)
    data.GetPointData().SetScalars(numpy_to_vtk(np.ascontiguousarray(volume.voxels).ravel()))
    return data
