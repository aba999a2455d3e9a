"""The office window: worklist and form on an ordinary monitor, so that images have the diagnostic
ones to themselves. Where it stood is remembered for the screens of this station.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import shiboken6
from PySide6.QtCore import QByteArray, Qt, Signal, SignalInstance
from PySide6.QtGui import QAction, QCloseEvent, QGuiApplication
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QWidget

from workstation import settings
from workstation.i18n import tr

QWIDGETSIZE_MAX = (1 << 24) - 1  # Qt's "no limit"
OPEN, CLOSED = "open", "closed"
# What is kept for a station, in order.
NAMES = ("main", "office", "state")


@runtime_checkable
class HasSides(Protocol):
    """A desk whose panels beside the images can be put elsewhere."""

    sides_changed: SignalInstance

    def sides(self) -> Sequence[QWidget]:
        """The panels as they are now, from left to right."""


@dataclass(frozen=True)
class _Home:
    """Where a panel belongs while the office window is closed."""

    layout: QBoxLayout
    index: int
    stretch: int
    widest: int


class OfficeWindow(QWidget):
    """Holds the side panels of a desk; its keys are the desk's. Closing puts them back."""

    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setObjectName("office")
        self.setWindowTitle(tr("Worklist and form"))
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        self._held: dict[QWidget, _Home] = {}

    def hold(self, panels: Sequence[QWidget], desk: QWidget | None) -> None:
        """Hold just these; what is held no longer goes back where it came from."""
        for panel in [p for p in self._held if p not in panels]:
            self._give_back(panel)
        for n, panel in enumerate(panels):
            if panel not in self._held:
                self._held[panel] = _home_of(panel)
                self._row.insertWidget(n, panel, 1 if n else 0)
                panel.setMaximumWidth(QWIDGETSIZE_MAX)
                panel.show()
        for action in self.actions():
            self.removeAction(action)
        if desk is not None:
            found = desk.findChildren(QAction)
            self.addActions([a for a in found if a.objectName().startswith("action:")])

    def _give_back(self, panel: QWidget) -> None:
        home = self._held.pop(panel)
        if not shiboken6.isValid(panel):
            return
        panel.setMaximumWidth(home.widest)
        if shiboken6.isValid(home.layout):
            home.layout.insertWidget(home.index, panel, home.stretch)
            panel.show()
        else:  # its desk is gone
            panel.setParent(None)
            panel.deleteLater()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.hold((), None)
        event.accept()
        self.closed.emit()


def _home_of(panel: QWidget) -> _Home:
    parent = panel.parentWidget()
    layout = parent.layout() if parent is not None else None
    found = _containing(layout, panel)
    assert found is not None, "a side panel stands in a row"
    index = found.indexOf(panel)
    return _Home(found, index, found.stretch(index), panel.maximumWidth())


def _containing(layout: object, panel: QWidget) -> QBoxLayout | None:
    if not isinstance(layout, QBoxLayout):
        return None
    if layout.indexOf(panel) >= 0:
        return layout
    inner = [layout.itemAt(n) for n in range(layout.count())]
    found = (_containing(i.layout(), panel) for i in inner if i is not None)
    return next((f for f in found if f is not None), None)


# Where windows stood


def station() -> str:
    """The screens of this station, as they lie: another set of screens is another station."""
    found = []
    for screen in QGuiApplication.screens():
        at = screen.geometry()
        found.append(f"{screen.name()} {at.width()}x{at.height()}+{at.x()}+{at.y()}")
    return " | ".join(sorted(found))


def restore(window: QWidget, name: str) -> bool:
    """Put a window where it stood on this station; False where that is not known."""
    kept = dict(zip(NAMES, settings.load().places.get(station(), ()), strict=False)).get(name, "")
    return bool(kept) and window.restoreGeometry(QByteArray.fromBase64(kept.encode()))


def office_was_open() -> bool:
    """Whether worklist and form had a window of their own when this station was left."""
    return settings.load().places.get(station(), ("", "", CLOSED))[-1] == OPEN


def remember(main: QWidget, office: QWidget | None) -> None:
    """Keep where the windows stand; of an office window that is closed, where it was last."""
    own = settings.load()
    before = own.places.get(station(), ("", "", CLOSED))
    kept = (
        _geometry(main),
        before[1] if office is None else _geometry(office),
        CLOSED if office is None else OPEN,
    )
    settings.save(replace(own, places={**own.places, station(): kept}))


def _geometry(window: QWidget) -> str:
    return bytes(window.saveGeometry().toBase64().data()).decode()


def place_first(office: QWidget, main: QWidget) -> None:
    """Where nothing is known: on a screen the main window is not on, else over its right side."""
    others = [s for s in QGuiApplication.screens() if s is not main.screen()]
    if others:
        office.setGeometry(others[0].availableGeometry())
        return
    room = main.screen().availableGeometry()
    office.setGeometry(room.right() - 620, room.top() + 60, 600, min(900, room.height() - 120))
