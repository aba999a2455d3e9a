"""Below photographs: how they are shown, never how they are stored; and the grid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSlider,
    QWidget,
    QWidgetAction,
)

from workstation.domain.viewing import AS_IT_IS, GAMMA, PhotoLook
from workstation.i18n import tr
from workstation.ui.actions import hint


class PhotoBar(QWidget):
    """`look_wanted` carries a function from a look to the next one, for each photograph shown;
    `grid_wanted` whether the grid is to show."""

    look_wanted = Signal(object)
    grid_wanted = Signal(bool)

    def __init__(self, *, with_grid: bool) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.red_free = QPushButton(tr("Red-free"))
        self.red_free.setObjectName("red_free")
        self.red_free.setCheckable(True)
        self.red_free.setToolTip(
            tr("Show the green channel only; the stored pixels stay as they are")
        )
        self.red_free.clicked.connect(
            lambda on: self._want(lambda look: replace(look, red_free=on))
        )
        self.enhance = QPushButton(tr("Enhance"))
        self.enhance.setObjectName("enhance")
        self.enhance.setToolTip(
            tr("CLAHE, brightness, contrast, gamma: only the view changes, and it is recorded")
        )
        self.menu = QMenu(self)
        holder = QWidgetAction(self.menu)
        holder.setDefaultWidget(self._controls())
        self.menu.addAction(holder)
        self.enhance.setMenu(self.menu)
        self.grid = QPushButton("ETDRS")
        self.grid.setObjectName("grid")
        self.grid.setCheckable(True)
        self.show_letters()
        self.grid.clicked.connect(lambda on: self.grid_wanted.emit(on))
        self.reset = QPushButton(tr("Reset view"))
        self.reset.setObjectName("reset_look")
        self.reset.setToolTip(tr("Show the photographs as they are"))
        self.reset.clicked.connect(lambda: self._want(lambda _: AS_IT_IS))
        for button in (self.red_free, self.enhance, self.grid, self.reset):
            button.setStyleSheet("padding: 4px 6px;")
            row.addWidget(button)
        self.grid.setVisible(with_grid)
        self.show_look(AS_IT_IS)

    def show_letters(self) -> None:
        """The key in force, in the tooltip."""
        what = tr("Around the fovea, scaled by the disc drawn: an estimate")
        self.grid.setToolTip(f"{tr('ETDRS grid')} ({hint('grid')}). {what}")

    def _controls(self) -> QWidget:
        panel = QWidget()
        grid = QGridLayout(panel)
        self.clahe = QCheckBox(tr("CLAHE (local contrast)"))
        self.clahe.setObjectName("clahe")
        self.clahe.clicked.connect(lambda on: self._want(lambda look: replace(look, clahe=on)))
        grid.addWidget(self.clahe, 0, 0, 1, 3)
        self.sliders: dict[str, QSlider] = {}
        self._numbers: dict[str, QLabel] = {}
        low, high = (round(100 * v) for v in GAMMA)
        for n, (name, title, least, most) in enumerate(
            (
                ("brightness", tr("Brightness"), -100, 100),
                ("contrast", tr("Contrast"), -100, 100),
                ("gamma", tr("Gamma"), low, high),
            ),
            1,
        ):
            slider = QSlider(Qt.Orientation.Horizontal)
            slider.setObjectName(name)
            slider.setRange(least, most)
            slider.setMinimumWidth(180)
            slider.valueChanged.connect(lambda value, name=name: self._slid(name, value))
            number = QLabel()
            number.setMinimumWidth(36)
            self.sliders[name], self._numbers[name] = slider, number
            grid.addWidget(QLabel(title), n, 0)
            grid.addWidget(slider, n, 1)
            grid.addWidget(number, n, 2)
        return panel

    def _slid(self, name: str, value: int) -> None:
        if name == "gamma":
            self._want(lambda look: replace(look, gamma=value / 100))
        else:
            self._want(lambda look: replace(look, **{name: value}))

    def _want(self, change: Callable[[PhotoLook], PhotoLook]) -> None:
        self.look_wanted.emit(change)

    def show_look(self, look: PhotoLook) -> None:
        """Set the controls to a look, without asking for it."""
        self.red_free.setChecked(look.red_free)
        self.clahe.setChecked(look.clahe)
        values = {
            "brightness": look.brightness,
            "contrast": look.contrast,
            "gamma": round(look.gamma * 100),
        }
        for name, value in values.items():
            blocked = QSignalBlocker(self.sliders[name])
            self.sliders[name].setValue(value)
            blocked.unblock()
            self._numbers[name].setText(f"{look.gamma:.2f}" if name == "gamma" else f"{value:+d}")
        self.reset.setEnabled(look != AS_IT_IS)
