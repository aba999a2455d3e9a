"""A slice further until it is painted, 512 x 512 x 300 on 1024 x 1024; arguments: rounds, steps."""

import sys

import numpy as np
import pyqtgraph
import vtk
from painting import Blit, Graphics, finish, measured, our_pane, repainted, shown
from PySide6 import __version__ as pyside
from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter
from vtk.util.numpy_support import numpy_to_vtk

ROUNDS, STEPS = int(sys.argv[1]), int(sys.argv[2])
SIZE = (1024, 1024)
SLICES = 300


def ours(volume):
    pane = shown(our_pane(volume), SIZE)

    def step(k):
        pane.go_to_slice(k % SLICES)
        repainted(pane)

    return pane, step, 1


def blit(_):
    widget = shown(Blit(SIZE), SIZE)
    return widget, lambda k: repainted(widget), 1


def graphics(volume, smooth):
    widget = shown(Graphics(), SIZE)
    if smooth:
        widget.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        widget.item.setTransformationMode(Qt.TransformationMode.SmoothTransformation)

    def step(k):
        grey = np.clip(volume[k % SLICES] * (255.0 / 4000), 0, 255)
        widget.show_pixels(grey.astype(np.uint8))
        widget.fitInView(widget.item, Qt.AspectRatioMode.KeepAspectRatio)
        repainted(widget.viewport())

    return widget, step, 1


def graph(volume):
    widget = shown(pyqtgraph.GraphicsView(), SIZE)
    box = pyqtgraph.ViewBox(lockAspect=True, enableMouse=False)
    widget.setCentralItem(box)
    item = pyqtgraph.ImageItem(volume[0], axisOrder="row-major", levels=(0, 4000))
    box.addItem(item)

    def step(k):
        item.setImage(volume[k % SLICES], autoLevels=False)
        repainted(widget.viewport())

    return widget, step, 2


def graph_view(volume):
    widget = pyqtgraph.ImageView()
    widget.setImage(volume, axes={"t": 0, "y": 1, "x": 2}, levels=(0, 4000), autoRange=True)
    shown(widget, SIZE)

    def step(k):
        widget.setCurrentIndex(k % SLICES)
        repainted(widget)

    return widget, step, 4


def slice_mapper(volume):
    """vtkImageSlice, in a window of its own of the same size, off the screen."""
    slices, rows, cols = volume.shape
    data = vtk.vtkImageData()
    data.SetDimensions(cols, rows, slices)
    data.GetPointData().SetScalars(numpy_to_vtk(volume.ravel()))
    mapper = vtk.vtkImageSliceMapper()
    mapper.SetInputData(data)
    actor = vtk.vtkImageSlice()
    actor.SetMapper(mapper)
    actor.GetProperty().SetColorWindow(4000)
    actor.GetProperty().SetColorLevel(2000)
    renderer = vtk.vtkRenderer()
    renderer.AddViewProp(actor)
    renderer.GetActiveCamera().ParallelProjectionOn()
    renderer.ResetCamera()
    target = vtk.vtkRenderWindow()
    target.SetOffScreenRendering(1)
    target.SetSize(*SIZE)
    target.AddRenderer(renderer)
    holder = Blit((8, 8))
    holder.kept = (data, volume)

    def step(k):
        mapper.SetSliceNumber(k % SLICES)
        target.Render()
        target.WaitForCompletion()

    return holder, step, 4


def main():
    volume = np.random.default_rng(3).integers(0, 4000, (SLICES, 512, 512)).astype(np.uint16)
    made = {
        "ours": ours(volume),
        "blit of a ready picture": blit(volume),
        "pyqtgraph ImageItem": graph(volume),
        "pyqtgraph ImageView": graph_view(volume),
        "QGraphicsView, smooth": graphics(volume, True),
        "QGraphicsView, nearest": graphics(volume, False),
        "vtkImageSlice": slice_mapper(volume),
    }
    for widget, _, _ in made.values():
        widget.hide()
    versions = {"PySide6": pyside, "pyqtgraph": pyqtgraph.__version__,
                "VTK": vtk.vtkVersion.GetVTKVersion()}  # fmt: skip
    finish({"axial": measured(made, ROUNDS, STEPS), "versions": versions})


main()
