"""The button that puts the planes of a case's stack in the place of its slices, and back."""

from __future__ import annotations

from PySide6.QtWidgets import QBoxLayout, QPushButton

from workstation.domain.image import Image, ImageKind
from workstation.i18n import tr
from workstation.ui.actions import show_key
from workstation.ui.panels.mpr import MprPanel, why_not
from workstation.ui.panels.own_read import OwnRead
from workstation.ui.state.app_state import AppState
from workstation.ui.window_choices import window_choices


class MprSwitch(QPushButton):
    """`offer` it the open read; it is there for stacks only, and says why where it cannot."""

    def __init__(self, app: AppState) -> None:
        super().__init__()
        self.setObjectName("mpr")
        self.panel: MprPanel | None = None
        self._app = app
        self._read: OwnRead | None = None
        self._image: Image | None = None
        self.clicked.connect(self._toggle)
        self.offer(None)

    def offer(self, read: OwnRead | None) -> None:
        """The read whose stack it opens; None closes what is open."""
        self._close()
        # Frames of a clip lie nowhere: no planes are offered, and nothing need be explained.
        stacks = [i for i in read.targets if i.kind is ImageKind.STACK] if read else []
        stacks = [i for i in stacks if not i.is_clip]
        self._read, self._image = (read, stacks[0]) if stacks else (None, None)
        self.setVisible(self._image is not None)
        reason = why_not(self._image) if self._image is not None else ""
        self.setEnabled(not reason)
        self.setToolTip(reason or tr("Axial, coronal, sagittal and oblique planes, and 3-D"))
        self._name()

    def _name(self) -> None:
        title = tr("Slice view") if self.panel is not None else tr("MPR / 3-D")
        show_key(self, "mpr", title)

    def _toggle(self) -> None:
        if self.panel is not None:
            self._close()
        elif self._read is not None and self._image is not None:
            self._open(self._read, self._image)
        self._name()

    def _open(self, read: OwnRead, image: Image) -> None:
        bench = read.bench
        self.panel = MprPanel(
            self._app,
            image,
            lambda: bench.own_marks(image),
            bench.view_of(image),
            window_choices(image),
        )
        self.panel.read_out.connect(self._app.read_out)
        self.panel.closed.connect(self._toggle)
        read.session.changed.connect(self.panel.refresh)
        place = read.layout()
        assert isinstance(place, QBoxLayout)
        place.insertWidget(0, self.panel, 1)
        bench.step_aside(True)
        self.panel.show()  # now, so that it can have the focus
        self.panel.setFocus()

    def _close(self) -> None:
        if self.panel is None or self._read is None:
            return
        self._read.session.changed.disconnect(self.panel.refresh)
        self.panel.hide()
        self.panel.release()
        self.panel.deleteLater()
        self.panel = None
        self._read.bench.step_aside(False)
        self._read.bench.focus_first()
