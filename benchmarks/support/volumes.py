"""A chest of simple bodies, 300 x 512 x 512 voxels of int16, the same in every run."""

import functools

import numpy as np

SLICES, SIZE = 300, 512
SPACING, STEP = 0.68, 1.0


@functools.cache
def voxels():
    z, y, x = np.ogrid[0:SLICES, 0:SIZE, 0:SIZE]
    out = np.full((SLICES, SIZE, SIZE), -1000, np.int16)

    def put(value, middle, axes, ends=None):
        away = ((x - middle[0]) / axes[0]) ** 2 + ((y - middle[1]) / axes[1]) ** 2
        if ends is not None:
            away = away + ((z - ends[0]) / ends[1]) ** 2
        out[np.broadcast_to(away < 1, out.shape)] = value

    put(40, (256, 256), (220, 160))
    for side in (150, 360):
        put(-850, (side, 256), (80, 110), (150, 140))
    put(400, (256, 370), (30, 26))
    for n in range(14):
        angle = np.pi * (0.1 + 0.13 * n)
        put(600, (256 + 195 * np.cos(angle), 256 + 130 * np.sin(angle)), (12, 8))
    rng = np.random.Generator(np.random.PCG64(5))
    out += rng.integers(-20, 20, out.shape, np.int16)
    out.flags.writeable = False
    return out


def volume():
    from workstation.display.volume import Volume

    steps = ((SPACING, 0.0, 0.0), (0.0, SPACING, 0.0), (0.0, 0.0, STEP))
    return Volume(voxels(), (-174.0, -174.0, 0.0), steps)


def labels(count=13):
    """(z, y, x) uint8: bodies numbered from 1, of 12 to 30 mm, where they do not meet."""
    z, y, x = np.ogrid[0:SLICES, 0:SIZE, 0:SIZE]
    out = np.zeros((SLICES, SIZE, SIZE), np.uint8)
    for n in range(count):
        middle = (110 + 95 * (n % 4), 150 + 100 * (n // 4 % 3), 60 + 70 * (n // 5))
        radius = 12 + 1.5 * n
        rows = slice(max(0, int(middle[1] - radius)), int(middle[1] + radius) + 2)
        cols = slice(max(0, int(middle[0] - radius)), int(middle[0] + radius) + 2)
        deep = slice(max(0, int(middle[2] - radius)), int(middle[2] + radius) + 2)
        away = (
            (x[:, :, cols] - middle[0]) ** 2
            + (y[:, rows] - middle[1]) ** 2
            + (z[deep] - middle[2]) ** 2
        )
        out[deep, rows, cols][away < radius**2] = n + 1
    return out


def image_data(array, spacing=(SPACING, SPACING, STEP)):
    """A vtkImageData over an array (z, y, x), as VTK's own examples make it; keep the array."""
    from vtkmodules.util.numpy_support import numpy_to_vtk
    from vtkmodules.vtkCommonDataModel import vtkImageData

    data = vtkImageData()
    data.SetDimensions(*array.shape[::-1])
    data.SetSpacing(*spacing)
    data.GetPointData().SetScalars(numpy_to_vtk(array.ravel()))
    return data


def quiet():
    from vtkmodules.vtkCommonCore import vtkLogger, vtkObject

    vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_OFF)
    vtkObject.GlobalWarningDisplayOff()
