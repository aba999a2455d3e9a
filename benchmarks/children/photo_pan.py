"""Panning a 12-Mpx photograph, a step until it is painted; arguments: rounds, steps."""

import sys

import numpy as np
import pyqtgraph
from painting import HEIGHT, WIDTH, Blit, Graphics, finish, measured, our_pane, repainted, shown
from PySide6 import __version__ as pyside
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QPainter, QTransform

ROUNDS, STEPS = int(sys.argv[1]), int(sys.argv[2])
ROWS, COLS = 3000, 4000


def way(k):
    """A hand's path: 7 device pixels a step, there and back."""
    at = k % 80
    at = at if at < 40 else 80 - at
    return 7.0 * at, 3.0 * at


def ours(pixels, zoom):
    pane = shown(our_pane(pixels[None], 3))
    pane.view.set(zoom=zoom, center=((COLS - 1) / 2, (ROWS - 1) / 2))
    start = pane.transform().on_grid(ROWS, COLS)

    def step(k):
        pane.look_from(start.moved(way(k)))
        repainted(pane)

    return pane, step, 1


def blit(*_):
    widget = shown(Blit())
    return widget, lambda k: repainted(widget), 1


def graphics(pixels, zoom, smooth):
    widget = shown(Graphics())
    widget.show_pixels(pixels)
    widget.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
    mode = Qt.TransformationMode.SmoothTransformation
    widget.item.setTransformationMode(mode if smooth else Qt.TransformationMode.FastTransformation)
    widget.setTransform(QTransform.fromScale(zoom, zoom))
    widget.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    widget.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    widget.setSceneRect(-COLS, -ROWS, 3 * COLS, 3 * ROWS)
    middle = widget.mapFromScene(QPointF(COLS / 2, ROWS / 2)) - QPoint(WIDTH // 2, HEIGHT // 2)
    across, down = widget.horizontalScrollBar(), widget.verticalScrollBar()
    begin = across.value() + middle.x(), down.value() + middle.y()

    def step(k):
        dx, dy = way(k)
        across.setValue(round(begin[0] - dx))
        down.setValue(round(begin[1] - dy))
        # All of it, as the others do; scrolling what is on the screen is another matter.
        repainted(widget.viewport())

    return widget, step, 2


def graph(pixels, zoom):
    widget = shown(pyqtgraph.GraphicsView())
    box = pyqtgraph.ViewBox(lockAspect=True, enableMouse=False, invertY=True)
    widget.setCentralItem(box)
    box.addItem(pyqtgraph.ImageItem(pixels, axisOrder="row-major"))
    wide, tall = WIDTH / zoom, HEIGHT / zoom

    def step(k):
        dx, dy = way(k)
        left, top = COLS / 2 - wide / 2 - dx / zoom, ROWS / 2 - tall / 2 - dy / zoom
        box.setRange(xRange=(left, left + wide), yRange=(top, top + tall), padding=0)
        repainted(widget.viewport())

    return widget, step, 4


def main():
    pixels = np.random.default_rng(5).integers(0, 256, (ROWS, COLS, 3)).astype(np.uint8)
    answer = {"pans": {}, "versions": {"PySide6": pyside, "pyqtgraph": pyqtgraph.__version__}}
    for name, zoom in (("fitted", 0.39), ("50 %", 0.5), ("100 %", 1.0), ("300 %", 3.0)):
        made = {
            "ours": ours(pixels, zoom),
            "blit of a ready picture": blit(),
            "QGraphicsView, one pixmap, smooth": graphics(pixels, zoom, True),
            "QGraphicsView, one pixmap, nearest": graphics(pixels, zoom, False),
            "pyqtgraph ImageItem": graph(pixels, zoom),
        }
        for widget, _, _ in made.values():
            widget.hide()
        answer["pans"][name] = measured(made, ROUNDS, STEPS)
    finish(answer)


main()
