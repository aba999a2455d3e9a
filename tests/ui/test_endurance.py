"""Hours of work lose no reference.

PySide6 6.12.0 on Python 3.11 takes one reference to None with every void call into Qt, and ends
the process after some 5,000 of them with "deallocating None"; short tests pass all the same. From
Python 3.12 on these objects are immortal.
"""

from __future__ import annotations

import sys

import pytest
from PySide6.QtCore import QObject, QRect, Qt, Signal
from PySide6.QtGui import QImage, QPaintEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

ROUNDS = 100_000
# Other code of the process may let go of some in the meantime; one in ten rounds would be far more.
SLACK = 500


class Pane(QWidget):
    painted = 0

    def paintEvent(self, event: QPaintEvent) -> None:
        self.painted += 1


class Sender(QObject):
    told = Signal(bool)


@pytest.mark.skipif(
    sys.version_info >= (3, 12), reason="None, True and False are immortal from Python 3.12 on"
)
def test_repaints_and_signals_take_no_references(qapp: QApplication, qtbot: QtBot) -> None:
    pane, sender = Pane(), Sender()
    qtbot.addWidget(pane)
    pane.resize(8, 8)
    with qtbot.waitExposed(pane):
        pane.show()
    picture = QImage(8, 8, QImage.Format.Format_RGB32)
    heard: list[bool] = []
    sender.told.connect(lambda on: heard.append(on) if len(heard) < 2 else None)
    before = [sys.getrefcount(one) for one in (None, True, False)]
    for n in range(ROUNDS):
        pane.repaint(QRect(0, 0, 8, 8))
        pane.setEnabled(n % 2 == 0)
        pane.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent, n % 2 == 1)
        picture.fill(n % 255)
        sender.told.emit(n % 2 == 0)
        if n % 20 == 0:
            qapp.processEvents()
    after = [sys.getrefcount(one) for one in (None, True, False)]
    assert pane.painted >= ROUNDS
    assert heard == [True, False]
    lost = {
        str(one): old - new
        for one, old, new in zip((None, True, False), before, after, strict=True)
        if old - new > SLACK
    }
    assert not lost
