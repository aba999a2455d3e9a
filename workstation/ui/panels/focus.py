"""Who has the keys after a click on a control around an image: the image, as before."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QAbstractSlider, QComboBox, QWidget


def leave_focus(holder: QWidget) -> None:
    """Controls inside are still reached by Tab; a click on them takes no keys from the image."""
    for widget in holder.findChildren(QWidget):
        control = isinstance(widget, QAbstractButton | QAbstractSlider | QComboBox)
        if control and widget.focusPolicy() & Qt.FocusPolicy.ClickFocus:
            widget.setFocusPolicy(Qt.FocusPolicy.TabFocus)
