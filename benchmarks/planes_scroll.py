"""B04, planes: stepping through 300 slices in three linked planes with a mark on them, painted;
beside the viewers VTK has for it, on the same screen.
"""

import itertools

import numpy as np
from support import volumes
from support.measure import CannotRun, Line, Result, interleaved, timed

VIEWER, RESLICE = "vtkImageViewer2", "vtkResliceImageViewer"
BLIT = "blit of ready pictures"
SIDE = 512
STEPS = 5


def run(context):
    from PySide6.QtWidgets import QApplication

    application = QApplication([])
    volumes.quiet()
    volume = volumes.volume()
    rounds = 5 if context.quick else 25
    lines = []
    for axis in ("axial", "coronal", "sagittal"):
        pane, state, keep = _pane(axis, volume)
        candidates = {"ours": _ours(pane, state), BLIT: _blit()}
        for name, kind in ((VIEWER, "vtkImageViewer2"), (RESLICE, "vtkResliceImageViewer")):
            candidates[name] = _viewer(kind, axis)
        found = interleaved({name: timed(work) for name, work in candidates.items()}, rounds)
        found = {name: [t / STEPS for t in times] for name, times in found.items()}
        remarks = dict.fromkeys((VIEWER, RESLICE), "software OpenGL here")
        lines.append(
            Line(
                f"one {axis} step, {SIDE} x {SIDE} pixels", found.pop("ours"), found, remarks,
                b_number="B04", floor=BLIT, different_engine=(VIEWER, RESLICE),
            )
        )  # fmt: skip
        pane.hide()
        del keep
    application.processEvents()
    return Result(lines, ["ours with crosshair, letters and a mark's outline; the peers without"])


def _pane(axis, volume):
    from workstation.display.volume import Axis, LabelBox
    from workstation.domain.image import Image, ImageKind, Window
    from workstation.ui.canvas.plane_view import PlaneView, VolumeMark
    from workstation.ui.canvas.reslice import Reslicer
    from workstation.ui.state.mpr_state import MprState
    from workstation.ui.state.view_state import ViewState

    image = Image(
        "i", "c", "S0001", ImageKind.STACK, "CT", volumes.SIZE, volumes.SIZE, volumes.SLICES, 1,
        "int16", (), windows=(Window(40.0, 400.0),),
    )  # fmt: skip
    state, view = MprState(volume), ViewState()
    pane = PlaneView(Axis(axis), image, state, view, Reslicer(volume))
    bits = (volumes.labels()[40:120, 150:260, 100:240] > 0).astype(np.uint8)
    pane.set_marks([VolumeMark("N-1", "#ffcc00", LabelBox(bits, (100, 150, 40)))])
    pane.resize(SIDE, SIDE)
    _painted(pane)
    return pane, state, view


def _ours(pane, state):
    turns = itertools.cycle([1] * 60 + [-1] * 60)

    def work():
        for _ in range(STEPS):
            state.step(pane.axis, next(turns))
            pane.repaint()

    return work


def _painted(pane):
    """Shown, and on the screen: before, `repaint` does nothing."""
    from PySide6.QtTest import QTest

    pane.show()
    if not QTest.qWaitForWindowExposed(pane, 5000):
        raise CannotRun("the pane is not on the screen")


def _blit():
    from PySide6.QtGui import QImage, QPainter
    from PySide6.QtWidgets import QWidget

    pictures = []
    for n in range(8):
        pixels = np.random.default_rng(n).integers(0, 255, (SIDE, SIDE, 4), np.uint8)
        pictures.append(
            QImage(pixels.data, SIDE, SIDE, SIDE * 4, QImage.Format.Format_RGB32).copy()
        )

    class Pane(QWidget):
        at = 0

        def paintEvent(self, event):
            QPainter(self).drawImage(0, 0, pictures[self.at % 8])

    pane = Pane()
    pane.resize(SIDE, SIDE)
    _painted(pane)

    def work():
        for _ in range(STEPS):
            pane.at += 1
            pane.repaint()

    return work


def _viewer(kind, axis):
    """A viewer of VTK in a window beside the screen; `Render` is what its scroll wheel calls."""
    import vtkmodules.vtkRenderingOpenGL2  # noqa: F401
    from vtkmodules import vtkInteractionImage
    from vtkmodules.vtkRenderingCore import vtkRenderWindow

    viewer = getattr(vtkInteractionImage, kind)()
    window = vtkRenderWindow()
    window.SetOffScreenRendering(1)
    viewer.SetRenderWindow(window)
    viewer.SetInputData(volumes.image_data(volumes.voxels()))
    viewer.SetSize(SIDE, SIDE)
    viewer.SetColorWindow(400)
    viewer.SetColorLevel(40)
    {"axial": viewer.SetSliceOrientationToXY, "coronal": viewer.SetSliceOrientationToXZ,
     "sagittal": viewer.SetSliceOrientationToYZ}[axis]()  # fmt: skip
    viewer.Render()
    middle = (viewer.GetSliceMin() + viewer.GetSliceMax()) // 2
    turns = itertools.cycle([*range(60), *range(60, 0, -1)])

    def work():
        for _ in range(STEPS):
            viewer.SetSlice(middle + next(turns))
            viewer.Render()

    return work
