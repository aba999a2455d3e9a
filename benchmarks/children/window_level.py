"""A window step until it is painted; arguments: rounds, steps, the sizes of the images."""

import sys
import time

import cv2
import numpy as np
import pyqtgraph
import vtk
from painting import Blit, Graphics, application, finish, measured, our_pane, repainted, shown
from PySide6 import __version__ as pyside
from vtk.util.numpy_support import numpy_to_vtk

from workstation.display.grey import GreyChain
from workstation.display.kernels import grey_pixels, through
from workstation.domain.image import Window

ROUNDS, STEPS, SIZES = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]


def window(k):
    return 2000.0 + 10 * k, 4000.0 - 7 * k


def ours(pixels):
    pane = shown(our_pane(pixels[None]))

    def step(k):
        pane.view.set(window=window(k))
        repainted(pane)

    return pane, step, 1


def blit(_):
    widget = shown(Blit())
    return widget, lambda k: repainted(widget), 1


def graphics(pixels):
    """Tutorials' way: numpy in float, a pixmap, Qt scales it."""
    widget = shown(Graphics())
    widget.show_pixels(np.zeros(pixels.shape, np.uint8))
    widget.fitInView(widget.item, application_ratio())

    def step(k):
        center, width = window(k)
        grey = np.clip((pixels - (center - width / 2)) * (255.0 / width), 0, 255)
        widget.show_pixels(grey.astype(np.uint8))
        repainted(widget.viewport())

    return widget, step, 8


def application_ratio():
    from PySide6.QtCore import Qt

    return Qt.AspectRatioMode.KeepAspectRatio


def graph(pixels, **more):
    widget = shown(pyqtgraph.GraphicsView())
    box = pyqtgraph.ViewBox(lockAspect=True, enableMouse=False)
    widget.setCentralItem(box)
    item = pyqtgraph.ImageItem(pixels, axisOrder="row-major", **more)
    box.addItem(item)

    def step(k):
        center, width = window(k)
        item.setLevels((center - width / 2, center + width / 2))
        repainted(widget.viewport())

    return widget, step, 4


def image_slice(pixels):
    """vtkImageSlice in a window of its own of the same size, off the screen."""
    rows, cols = pixels.shape
    data = vtk.vtkImageData()
    data.SetDimensions(cols, rows, 1)
    data.GetPointData().SetScalars(numpy_to_vtk(pixels.ravel()))
    mapper = vtk.vtkImageSliceMapper()
    mapper.SetInputData(data)
    actor = vtk.vtkImageSlice()
    actor.SetMapper(mapper)
    renderer = vtk.vtkRenderer()
    renderer.AddViewProp(actor)
    renderer.GetActiveCamera().ParallelProjectionOn()
    renderer.ResetCamera()
    target = vtk.vtkRenderWindow()
    target.SetOffScreenRendering(1)
    target.SetSize(1600, 1200)
    target.AddRenderer(renderer)
    holder = Blit((8, 8))
    holder.kept = (data, pixels)

    def step(k):
        center, width = window(k)
        actor.GetProperty().SetColorLevel(center)
        actor.GetProperty().SetColorWindow(width)
        target.Render()
        target.WaitForCompletion()

    return holder, step, 16


def drags(pixels):
    made = {
        "ours": ours(pixels),
        "blit of a ready picture": blit(pixels),
        "pyqtgraph ImageItem": graph(pixels),
        "pyqtgraph, autoDownsample": graph(pixels, autoDownsample=True),
        "QGraphicsView, pixmap + numpy": graphics(pixels),
        "vtkImageSlice": image_slice(pixels),
    }
    for widget, _, _ in made.values():
        widget.hide()
    return measured(made, ROUNDS, STEPS)


def kernels():
    """20 Mpx u16 to screen pixels (ours), or to grey bytes (the others)."""
    pixels = np.random.default_rng(1).integers(0, 4096, (4000, 5000)).astype(np.uint16)
    picture = np.empty(pixels.shape, np.int32)
    grey = np.empty(pixels.shape, np.uint8)
    table = GreyChain().table("uint16", Window(2000.0, 4000.0))
    screen = grey_pixels(table)
    source = np.zeros_like(picture)
    data = vtk.vtkImageData()
    data.SetDimensions(5000, 4000, 1)
    data.GetPointData().SetScalars(numpy_to_vtk(pixels.ravel()))
    colors = vtk.vtkImageMapToWindowLevelColors()
    colors.SetInputData(data)
    colors.SetLevel(2000.0)
    colors.SetOutputFormatToLuminance()

    def with_vtk(k):
        colors.SetWindow(4000.0 + k % 7)
        colors.Update()

    def in_float(_):
        values = pixels.astype(np.float32)
        values *= 255.0 / 3999.0
        np.clip(values, 0, 255, out=values)
        grey[...] = values

    def with_opencv(_):
        cv2.convertScaleAbs(cv2.subtract(pixels, 1), grey, 255.0 / 3999.0)

    work = {
        "ours": (lambda k: through(pixels, screen, picture), 1),
        "copying that many bytes": (lambda k: np.copyto(picture, source), 1),
        "numpy, float32": (in_float, 2),
        "numpy, table[pixels]": (lambda k: table[pixels], 2),
        "OpenCV, linear only": (with_opencv, 1),
        "vtkImageMapToWindowLevelColors": (with_vtk, 4),
    }
    holder = Blit((8, 8))
    steps = {name: (holder, step, fewer) for name, (step, fewer) in work.items()}
    return measured(steps, ROUNDS, max(4, STEPS // 3))


def main():
    random = np.random.default_rng(7)
    answer = {"drags": {}, "versions": {
        "PySide6": pyside, "pyqtgraph": pyqtgraph.__version__, "OpenCV": cv2.__version__,
        "VTK": vtk.vtkVersion.GetVTKVersion(),
    }}  # fmt: skip
    for name in SIZES:
        cols, rows = map(int, name.split(" x "))
        pixels = random.integers(0, 4096, (rows, cols)).astype(np.uint16)
        answer["drags"][name] = drags(pixels)
    answer["kernels"] = kernels()
    finish(answer)


started = time.perf_counter()
assert application is not None
main()
