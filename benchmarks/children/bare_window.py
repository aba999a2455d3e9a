"""A bare Qt window that shows an image file, or a gradient, and can do nothing else: the floor."""

from clock import finish, stamp

stamp("interpreter")

import os
import sys

from PySide6 import __version__ as pyside
from PySide6.QtCore import QTimer
from PySide6.QtGui import QGradient, QGuiApplication, QImage, QPainter
from PySide6.QtWidgets import QApplication, QWidget


class Window(QWidget):
    def paintEvent(self, event):
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if len(sys.argv) > 1:
            painter.drawImage(self.rect(), load(sys.argv[1]))
        else:
            painter.fillRect(self.rect(), QGradient(QGradient.Preset.WarmFlame))
        painter.end()
        stamp("image painted")
        QTimer.singleShot(0, on_screen)


def load(path):
    if not path.endswith(".npy"):
        return QImage(path)
    import numpy as np

    volume = np.load(path, mmap_mode="r")
    plane = volume[len(volume) // 2].astype(np.float32)
    grey = np.clip((plane + 1350.0) * (255.0 / 1500.0), 0, 255).astype(np.uint8)
    rows, cols = grey.shape
    return QImage(grey.tobytes(), cols, rows, cols, QImage.Format.Format_Grayscale8).copy()


def on_screen():
    QGuiApplication.sync()
    stamp("on screen")
    finish({"PySide6": pyside}, lambda: QApplication.primaryScreen().grabWindow(0).toImage())


qt = QApplication(["bare"])
window = Window()
window.resize(1600, 960)
window.show()
QTimer.singleShot(60_000, lambda: os._exit(3))
sys.exit(qt.exec())
