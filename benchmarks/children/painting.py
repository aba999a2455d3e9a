"""What the children that paint share: one pane size, interleaved rounds, our pane and the floor."""

import json
import os
import statistics
import sys
import time

import numpy as np
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication, QGraphicsScene, QGraphicsView, QWidget

from workstation.domain.image import Image, ImageKind, Window
from workstation.ui.canvas.image_view import ImageView
from workstation.ui.canvas.planes import prepared
from workstation.ui.state.view_state import ViewState

WIDTH, HEIGHT = 1600, 1200
application = QApplication.instance() or QApplication(["benchmark"])


class Blit(QWidget):
    """The floor: a picture that is ready is painted."""

    def __init__(self, size=(WIDTH, HEIGHT)):
        super().__init__()
        pixels = np.random.default_rng(0).integers(0, 255, (size[1], size[0], 4)).astype(np.uint8)
        pixels[..., 3] = 255
        self.pixels = pixels
        self.picture = QImage(pixels.data, size[0], size[1], QImage.Format.Format_RGB32)

    def paintEvent(self, event):
        QPainter(self).drawImage(0, 0, self.picture)


class Graphics(QGraphicsView):
    """The tutorial's way: a scene with one pixmap."""

    def __init__(self):
        self.board = QGraphicsScene()
        super().__init__(self.board)
        self.item = self.board.addPixmap(_pixmap(np.zeros((8, 8), np.uint8)))
        self.setFrameStyle(0)

    def show_pixels(self, pixels):
        self.item.setPixmap(_pixmap(pixels))


def _pixmap(pixels):
    from PySide6.QtGui import QPixmap

    rows, cols = pixels.shape[:2]
    kind = QImage.Format.Format_Grayscale8 if pixels.ndim == 2 else QImage.Format.Format_RGB888
    pixels = np.ascontiguousarray(pixels)
    return QPixmap.fromImage(QImage(pixels.data, cols, rows, pixels.strides[0], kind))


WHOLE = Window(2000.0, 4000.0)


def our_pane(planes, samples=1, window=WHOLE):
    """The product's pane on an array (slices, rows, cols[, 3])."""
    slices, rows, cols = planes.shape[:3]
    kind = ImageKind.STACK if slices > 1 else ImageKind.RADIOGRAPH
    if samples == 3:
        kind = ImageKind.PHOTOGRAPH
    image = Image("i", "c", "S0001", kind, "CT", rows, cols, slices, samples, str(planes.dtype),
                  (), windows=(window or Window(2000.0, 4000.0),) if samples == 1 else ())  # fmt: skip
    large = rows * cols > 1 << 20
    made = [prepared(p) for p in planes] if large else list(planes)
    pane = ImageView(ViewState(), lambda _, z: made[z])
    pane.set_image(image)
    return pane


def shown(widget, size=(WIDTH, HEIGHT)):
    widget.resize(*size)
    widget.move(0, 0)
    widget.show()
    application.processEvents()
    return widget


def repainted(widget):
    """Paint now and have it on the screen."""
    widget.repaint()
    application.processEvents()


def measured(candidates, rounds, steps):
    """name -> milliseconds a step, one number a round; each round starts with another one."""
    names = list(candidates)
    found = {name: [] for name in names}
    for n in range(rounds + 1):
        turn = n % len(names)
        for name in names[turn:] + names[:turn]:
            widget, step, fewer = candidates[name]
            widget.raise_()
            widget.show()
            application.processEvents()
            taken = []
            for k in range(max(2, steps // fewer)):
                start = time.perf_counter()
                step(k)
                taken.append((time.perf_counter() - start) * 1000)
            if n:
                found[name].append(statistics.median(taken))
            if len(names) > 1:
                widget.hide()
    return found


def finish(answer):
    print("\n" + json.dumps(answer))
    sys.stdout.flush()
    os._exit(0)
