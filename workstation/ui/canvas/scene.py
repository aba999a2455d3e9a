"""The volume and its marks in three dimensions, drawn by VTK beside the screen and read back.

World coordinates are patient space LPS in mm. The camera projects in parallel, so that a picture
can be made strip by strip and a millimetre is the same everywhere on it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from workstation.display.volume import LabelBox, Vector, Volume
from workstation.domain.errors import EnvironmentProblem
from workstation.ui.canvas.reslice import image_data

Rgb = tuple[float, float, float]
SOFTWARE = ("llvmpipe", "softpipe", "swrast", "software", "microsoft basic render")
# While a hand turns it: one ray for so many pixels each way.
COARSE_PIXELS = 2.0
MARGIN = 2


@dataclass(frozen=True, slots=True)
class Look:
    """How values become colour and opacity, both at modality values; `brightest` shows the
    brightest value along each ray instead, and takes its range from the volume."""

    colors: tuple[tuple[float, Rgb], ...] = ()
    opacity: tuple[tuple[float, float], ...] = ()
    brightest: bool = False


LOOKS = {
    "bone": Look(
        ((120, (0.55, 0.32, 0.22)), (300, (0.86, 0.72, 0.56)), (900, (1.0, 0.97, 0.9))),
        ((130, 0.0), (220, 0.25), (400, 0.8), (1000, 0.95)),
    ),
    "lung": Look(
        ((-900, (0.45, 0.6, 0.8)), (-600, (0.9, 0.7, 0.6)), (0, (1.0, 0.88, 0.8))),
        ((-840, 0.0), (-700, 0.06), (-520, 0.22), (-350, 0.1), (-200, 0.0), (3000, 0.0)),
    ),
    "soft": Look(
        ((-120, (0.75, 0.6, 0.4)), (40, (0.75, 0.36, 0.3)), (250, (0.95, 0.85, 0.75))),
        ((-20, 0.0), (30, 0.03), (120, 0.18), (300, 0.6), (1000, 0.85)),
    ),
    "mip": Look(brightest=True),
}  # fmt: skip


def prepare() -> None:
    """Load what the 3-D view needs, once and in any thread; nothing VTK says goes anywhere but
    into the exceptions of this module."""
    from vtkmodules import (  # noqa: F401  the factories of the drawing classes
        vtkFiltersCore,
        vtkRenderingOpenGL2,
        vtkRenderingVolume,
        vtkRenderingVolumeOpenGL2,
    )
    from vtkmodules.vtkCommonCore import vtkLogger, vtkObject, vtkSMPTools

    vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_OFF)
    vtkObject.GlobalWarningDisplayOff()
    vtkSMPTools.SetBackend("STDThread")


class Scene:
    """One volume, as a coarse copy for turning and a fine one for looking, and the surfaces of its
    marks.

    Raises EnvironmentProblem("volume.no_opengl") where nothing can be drawn.
    """

    def __init__(self, volume: Volume, coarse: Volume, fine: Volume) -> None:
        from vtkmodules.vtkRenderingCore import vtkRenderer, vtkRenderWindow

        prepare()
        self._window = vtkRenderWindow()
        if self._window.GetClassName() == "vtkOSOpenGLRenderWindow":
            # What is left when there is neither a screen nor EGL; drawing with it would crash.
            raise EnvironmentProblem("volume.no_opengl")
        self._window.SetOffScreenRendering(1)
        self._window.SetMultiSamples(0)
        if not self._window.SupportsOpenGL():
            raise EnvironmentProblem("volume.no_opengl")
        self._renderer = vtkRenderer()
        self._renderer.SetBackground(0.0, 0.0, 0.0)
        self._window.AddRenderer(self._renderer)
        self._window.SetSize(16, 16)
        self._window.Render()
        told = self._window.ReportCapabilities().lower()
        self.software = any(name in told for name in SOFTWARE)
        self._volumes = {False: fine, True: coarse}
        self._props = {rough: self._prop(one, rough) for rough, one in self._volumes.items()}
        self._surfaces: list[Any] = []
        self.regions_shown = True
        # Marks are counted in the voxels of the volume itself.
        self._spacing = volume.spacing
        self._directions = np.array(volume.to_patient_matrix)
        self._directions[:3, :3] /= np.array(volume.spacing)
        self._center = fine.center
        # What the volume spans along its columns, rows and slices, as vectors in mm.
        self._sides = np.array(volume.steps) * np.array(volume.voxels.shape[::-1])[:, None]
        self._radius = float(np.linalg.norm(np.abs(self._sides).sum(axis=0))) / 2
        camera = self._renderer.GetActiveCamera()
        camera.ParallelProjectionOn()
        self.reset()

    def _prop(self, volume: Volume, rough: bool) -> Any:
        from vtkmodules.vtkRenderingCore import vtkVolume
        from vtkmodules.vtkRenderingVolume import vtkFixedPointVolumeRayCastMapper
        from vtkmodules.vtkRenderingVolumeOpenGL2 import vtkOpenGLGPUVolumeRayCastMapper

        apart = min(volume.spacing)
        if self.software:
            mapper = vtkFixedPointVolumeRayCastMapper()
            mapper.AutoAdjustSampleDistancesOff()
            mapper.LockSampleDistanceToInputSpacingOff()
            mapper.SetImageSampleDistance(COARSE_PIXELS if rough else 1.0)
        else:
            mapper = vtkOpenGLGPUVolumeRayCastMapper()
            mapper.AutoAdjustSampleDistancesOff()
        mapper.SetSampleDistance(apart)
        mapper.SetInputData(image_data(volume))
        prop = vtkVolume()
        prop.SetMapper(mapper)
        prop.SetUserMatrix(_matrix(volume.to_patient_matrix))
        self._renderer.AddVolume(prop)
        return prop

    # what is seen

    def set_look(self, name: str) -> None:
        from vtkmodules.vtkCommonDataModel import vtkPiecewiseFunction
        from vtkmodules.vtkRenderingCore import vtkColorTransferFunction, vtkVolumeProperty

        look = LOOKS[name]
        fine = self._volumes[False]
        if look.brightest:
            rough = self._volumes[True].voxels
            low, high = float(np.percentile(rough, 50)), float(rough.max())
            colors: Sequence[tuple[float, Rgb]] = ((low, (0, 0, 0)), (high, (1, 1, 1)))
            opacity: Sequence[tuple[float, float]] = ((low, 0.0), (high, 1.0))
        else:
            colors = [((v - fine.intercept) / fine.slope, c) for v, c in look.colors]
            opacity = [((v - fine.intercept) / fine.slope, a) for v, a in look.opacity]
        color, opaque = vtkColorTransferFunction(), vtkPiecewiseFunction()
        for value, rgb in colors:
            color.AddRGBPoint(value, *rgb)
        for value, alpha in opacity:
            opaque.AddPoint(value, alpha)
        shared = vtkVolumeProperty()
        shared.SetColor(color)
        shared.SetScalarOpacity(opaque)
        # Opacity is meant for 1 mm along a ray.
        shared.SetScalarOpacityUnitDistance(1.0)
        shared.SetInterpolationTypeToLinear()
        if not look.brightest:
            shared.ShadeOn()
            shared.SetAmbient(0.4)
            shared.SetDiffuse(0.9)
            shared.SetSpecular(0.2)
        for prop in self._props.values():
            prop.SetProperty(shared)
            if look.brightest:
                prop.GetMapper().SetBlendModeToMaximumIntensity()
            else:
                prop.GetMapper().SetBlendModeToComposite()

    def set_regions(self, regions: Sequence[tuple[LabelBox, str]]) -> None:
        """Surfaces of marked regions in their colours (#rrggbb)."""
        from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper

        for actor in self._surfaces:
            self._renderer.RemoveActor(actor)
        self._surfaces = []
        for region, color in regions:
            mapper = vtkPolyDataMapper()
            mapper.SetInputData(surface(region, self._spacing))
            mapper.ScalarVisibilityOff()
            actor = vtkActor()
            actor.SetMapper(mapper)
            actor.SetUserMatrix(_matrix(self._directions))
            shown = actor.GetProperty()
            shown.SetColor(*(int(color[n : n + 2], 16) / 255 for n in (1, 3, 5)))
            actor.SetVisibility(self.regions_shown)
            self._renderer.AddActor(actor)
            self._surfaces.append(actor)

    def show_regions(self, on: bool) -> None:
        self.regions_shown = on
        for actor in self._surfaces:
            actor.SetVisibility(on)

    # camera

    def reset(self) -> None:
        """From the front, the head up, all of it in view."""
        center = np.array(self._center)
        camera = self._renderer.GetActiveCamera()
        camera.SetFocalPoint(*center)
        camera.SetPosition(*(center + np.array([0.0, -4.0 * self._radius, 0.0])))
        camera.SetViewUp(0.0, 0.0, 1.0)
        camera.SetParallelScale(self._radius)
        self._fits = False

    def _fit(self, aspect: float) -> None:
        """All of the volume in view as it was set up, for a picture of this width to height."""
        if self._fits:
            return
        right, up, _ = self.frame()
        wide, high = (float(np.abs(self._sides @ np.array(v)).sum()) for v in (right, up))
        self._renderer.GetActiveCamera().SetParallelScale(max(high, wide / aspect) * 0.55)
        self._fits = True

    def turn(self, right: float, down: float) -> None:
        """Turn what is seen by degrees, as if it were held by its front."""
        camera = self._renderer.GetActiveCamera()
        camera.Azimuth(-right)
        camera.Elevation(down)
        camera.OrthogonalizeViewUp()

    def zoom(self, factor: float) -> None:
        camera = self._renderer.GetActiveCamera()
        scale = camera.GetParallelScale() / factor
        camera.SetParallelScale(min(self._radius * 20, max(self._radius / 50, scale)))

    def pan(self, right: float, down: float) -> None:
        """By parts of the height of the picture."""
        camera = self._renderer.GetActiveCamera()
        sideways, up, _ = self.frame()
        size = 2 * camera.GetParallelScale()
        shift = (-right * np.array(sideways) + down * np.array(up)) * size
        camera.SetFocalPoint(*(np.array(camera.GetFocalPoint()) + shift))
        camera.SetPosition(*(np.array(camera.GetPosition()) + shift))

    @property
    def height_mm(self) -> float:
        """What the height of the picture is in the patient."""
        return 2 * float(self._renderer.GetActiveCamera().GetParallelScale())

    def frame(self) -> tuple[Vector, Vector, Vector]:
        """Unit vectors of the screen in patient space: right, up, and towards the viewer."""
        camera = self._renderer.GetActiveCamera()
        ahead = np.array(camera.GetDirectionOfProjection())
        up = np.array(camera.GetViewUp())
        up = up - ahead * (up @ ahead)
        up /= np.linalg.norm(up)
        right = np.cross(ahead, up)
        return tuple(right.tolist()), tuple(up.tolist()), tuple((-ahead).tolist())

    # pictures

    def picture(
        self, cols: int, rows: int, rough: bool, first: int = 0, count: int | None = None
    ) -> npt.NDArray[np.uint8]:
        """RGB (count, cols, 3): the rows from `first` of a picture of `cols` x `rows` pixels."""
        from vtkmodules.util.numpy_support import vtk_to_numpy
        from vtkmodules.vtkRenderingCore import vtkWindowToImageFilter

        count = rows if count is None else count
        self._fit(cols / rows)
        # The rows at the border of a picture are drawn from rays that meet it: they are cut off.
        first, drawn = first - MARGIN, count + 2 * MARGIN
        for kind, prop in self._props.items():
            prop.SetVisibility(kind is rough)
        camera = self._renderer.GetActiveCamera()
        scale, focus = camera.GetParallelScale(), np.array(camera.GetFocalPoint())
        place = np.array(camera.GetPosition())
        _, up, _ = self.frame()
        # The middle of the strip, in parts of the picture's height above its middle.
        above = 0.5 - (first + drawn / 2) / rows
        shift = np.array(up) * (above * 2 * scale)
        camera.SetFocalPoint(*(focus + shift))
        camera.SetPosition(*(place + shift))
        camera.SetParallelScale(scale * drawn / rows)
        self._renderer.ResetCameraClippingRange()
        self._window.SetSize(cols, drawn)
        self._window.Render()
        reader = vtkWindowToImageFilter()
        reader.SetInput(self._window)
        reader.ReadFrontBufferOff()
        reader.ShouldRerenderOff()
        reader.Update()
        camera.SetFocalPoint(*focus)
        camera.SetPosition(*place)
        camera.SetParallelScale(scale)
        found = vtk_to_numpy(reader.GetOutput().GetPointData().GetScalars())
        pixels = found.reshape(drawn, cols, 3)[::-1]
        return np.ascontiguousarray(pixels[MARGIN : MARGIN + count])

    def warm_up(self) -> None:
        """Make what the first pictures would make: gradients above all, which take long. To be
        called in the thread that made the scene, which then lets go of it for another."""
        for rough in (True, False):
            self.picture(32, 24, rough)
        self._fits = False
        self._window.ReleaseCurrent()

    def release(self) -> None:
        """Free the window and everything in it."""
        self._renderer.RemoveAllViewProps()
        for prop in self._props.values():
            prop.GetMapper().RemoveAllInputs()
            prop.ReleaseGraphicsResources(self._window)
        self._props, self._surfaces, self._volumes = {}, [], {}
        self._window.RemoveRenderer(self._renderer)
        self._window.Finalize()


def surface(region: LabelBox, spacing: Vector) -> Any:
    """A closed smooth surface (vtkPolyData) around a marked region, in mm along the voxel axes."""
    from vtkmodules.util.numpy_support import numpy_to_vtk
    from vtkmodules.vtkCommonDataModel import vtkImageData
    from vtkmodules.vtkFiltersCore import vtkSurfaceNets3D, vtkTriangleMeshPointNormals

    bits = np.pad(region.bits, 1)
    data = vtkImageData()
    data.SetDimensions(*bits.shape[::-1])
    data.SetSpacing(*spacing)
    data.SetOrigin(*((c - 1) * s for c, s in zip(region.corner, spacing, strict=True)))
    # The voxels are copied: they are few, and the surface lives on.
    data.GetPointData().SetScalars(numpy_to_vtk(bits.ravel(), deep=True))
    nets = vtkSurfaceNets3D()
    nets.SetInputData(data)
    nets.SetValue(0, 1)
    nets.SetOutputMeshTypeToTriangles()
    # Each round of smoothing costs a small body about half a percent of its volume.
    nets.SetNumberOfIterations(4)
    normals = vtkTriangleMeshPointNormals()
    normals.SetInputConnection(nets.GetOutputPort())
    normals.Update()
    return normals.GetOutput()


def _matrix(values: npt.NDArray[np.float64]) -> Any:
    from vtkmodules.vtkCommonMath import vtkMatrix4x4

    out = vtkMatrix4x4()
    for (row, col), value in np.ndenumerate(values):
        out.SetElement(row, col, float(value))
    return out


def strip_rows(rows: int, last_rows: int, last_seconds: float, wanted_seconds: float) -> int:
    """How many rows the next strip may have, from how long the last took; never half as many again,
    as some strips hold nothing."""
    if last_rows == 0:
        return max(1, rows // 24)
    fit = last_rows * wanted_seconds / max(last_seconds, 1e-4)
    return max(4, min(math.floor(fit), last_rows * 3 // 2, rows))
