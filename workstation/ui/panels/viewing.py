"""The row under the panes: which of them follow one another, the magnifier, and the film."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QWidget

from workstation.domain.image import Image
from workstation.i18n import tr
from workstation.ui.actions import hint
from workstation.ui.canvas.cine import Cine, rate_of
from workstation.ui.canvas.image_view import ImageView
from workstation.ui.canvas.links import PAN, SLICE, WINDOW, ZOOM, Links
from workstation.ui.canvas.planes import PlaneLoader

RATES = (2, 5, 10, 15, 20, 25, 30)
LENSES = (0.0, 2.0, 3.0, 4.0)


class ViewBar(QWidget):
    """`attend` a pane: the film plays there."""

    lens_wanted = Signal(float)

    def __init__(self, links: Links, loader: PlaneLoader) -> None:
        super().__init__()
        self.lens = 0.0
        self._links = links
        self._loader = loader
        self._pane: ImageView | None = None
        self.cine: Cine | None = None
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 2, 4, 0)
        row.setSpacing(4)
        self._link_label = QLabel(tr("Linked:"))
        self._link_label.setProperty("role", "muted")
        row.addWidget(self._link_label)
        self.switches: dict[str, QPushButton] = {}
        for name, icon, word, tip in (
            (SLICE, "▤", tr("slice"), tr("The other panes show the slice at the same place")),
            (ZOOM, "⤢", tr("zoom"), tr("The other panes are zoomed by as much")),
            (PAN, "✥", tr("place"), tr("The other panes are moved by as much")),
            (WINDOW, "◐", tr("window"), tr("The other panes take the same window")),
        ):
            button = _small(f"{icon} {word}", f"link:{name}", tip)
            button.setCheckable(True)
            button.setChecked(links.is_on(name))
            button.toggled.connect(lambda on, n=name: links.switch(n, on))
            self.switches[name] = button
            row.addWidget(button)
        row.addStretch(1)
        self.play = _small("▶", "cine", "")
        self.play.clicked.connect(self.play_or_pause)
        self.rate = QComboBox()
        self.rate.setObjectName("rate")
        self.rate.setToolTip(tr("Frames a second"))
        for rate in RATES:
            self.rate.addItem(tr("{count} /s", count=rate), float(rate))
        self.rate.activated.connect(self._set_rate)
        self.fro = _small("⇄", "to_and_fro", tr("To and fro instead of round and round"))
        self.fro.setCheckable(True)
        self.fro.toggled.connect(self._set_fro)
        self.missed = QLabel()
        self.missed.setProperty("role", "muted")
        self.missed.setToolTip(tr("Frames that were not there in time and were left out"))
        for widget in (self.play, self.rate, self.fro, self.missed):
            row.addWidget(widget)
        self.magnifier = _small("", "magnifier", "")
        self.show_letters()
        self.magnifier.setCheckable(True)
        self.magnifier.clicked.connect(self.next_lens)
        row.addWidget(self.magnifier)
        links.changed.connect(self._show)
        self._show()

    def show_letters(self) -> None:
        """The keys in force, in the tooltips."""
        self.play.setToolTip(f"{tr('Play or pause the stack')} ({hint('cine')})")
        self.magnifier.setToolTip(f"{tr('Magnifier')} ({hint('magnifier')})")

    # the magnifier

    def next_lens(self) -> None:
        """None, twice, three, four times as large."""
        self.lens = LENSES[(LENSES.index(self.lens) + 1) % len(LENSES)]
        self.lens_wanted.emit(self.lens)
        self._show()

    # the film

    def attend(self, pane: ImageView) -> None:
        """Play in this pane; another image's film ends."""
        if pane.image is None or pane is self._pane:
            return
        if pane.image.slices < 2 and self.cine is not None:
            return
        self.leave()
        self._pane = pane
        if pane.image.slices > 1:
            self.cine = _film(pane, pane.image, self._loader)
            self.cine.changed.connect(self._show)
        self._show()

    def leave(self) -> None:
        """No pane any more: the film ends."""
        if self.cine is not None:
            self.cine.pause()
            self.cine.deleteLater()
        self.cine = self._pane = None
        self._show()

    def hideEvent(self, event: QHideEvent) -> None:
        """Another desk is looked at."""
        if self.cine is not None:
            self.cine.pause()

    def play_or_pause(self) -> None:
        if self.cine is None or self._pane is None:
            return
        if self.cine.playing:
            self.cine.pause()
        else:
            self.cine.play(self._pane.slice())

    def _set_rate(self) -> None:
        if self.cine is not None and self._pane is not None:
            self.cine.set_rate(float(self.rate.currentData()), self._pane.slice())

    def _set_fro(self, on: bool) -> None:
        if self.cine is not None and self._pane is not None:
            self.cine.set_to_and_fro(on, self._pane.slice())

    def _show(self) -> None:
        several = self._links.several
        self._link_label.setVisible(several)
        for name, button in self.switches.items():
            button.setVisible(several and (name != SLICE or self.cine is not None))
            button.setChecked(self._links.is_on(name))
        for widget in (self.play, self.rate, self.fro, self.missed):
            widget.setVisible(self.cine is not None)
        self.magnifier.setText(f"⌕ {self.lens:.0f}x" if self.lens else f"⌕ {tr('Magnifier')}")
        self.magnifier.setChecked(self.lens > 0)
        if self.cine is None:
            return
        self.play.setText("▮▮" if self.cine.playing else "▶")
        self.fro.setChecked(self.cine.to_and_fro)
        place = self.rate.findData(self.cine.rate)
        if place < 0:
            self.rate.addItem(tr("{count} /s", count=f"{self.cine.rate:.3g}"), self.cine.rate)
            place = self.rate.count() - 1
        self.rate.setCurrentIndex(place)
        missed = self.cine.dropped
        self.missed.setText(tr("{count} left out", count=missed) if missed else "")


def _film(pane: ImageView, image: Image, loader: PlaneLoader) -> Cine:
    return Cine(image.slices, rate_of(image), pane.go_to_slice, lambda z: loader.has(image, z))


def _small(text: str, name: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(name)
    button.setToolTip(tip)
    button.setStyleSheet("padding: 2px 7px;")
    return button
