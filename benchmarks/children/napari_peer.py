"""napari, from process start to its first painted image; argument: an image file."""

from clock import finish, stamp

stamp("interpreter")

import os
import sys

import napari

stamp("program imported")

from qtpy import API_NAME
from qtpy.QtCore import QTimer
from qtpy.QtGui import QGuiApplication


def drawn(_event=None):
    if len(viewer.layers):
        stamp("image painted")
        QTimer.singleShot(0, on_screen)


def on_screen():
    QGuiApplication.sync()
    stamp("on screen")
    finish(
        {"napari": napari.__version__, "napari's Qt": API_NAME},
        lambda: QGuiApplication.primaryScreen().grabWindow(0).toImage(),
    )


viewer = napari.Viewer()
stamp("window made")
canvas = viewer.window._qt_viewer.canvas
canvas._scene_canvas.events.draw.connect(drawn, position="last")
viewer.open(sys.argv[1], plugin="napari")
stamp("image opened")
QTimer.singleShot(60_000, lambda: os._exit(3))
napari.run()
