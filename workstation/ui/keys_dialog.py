"""All keys on one page, made of the action table."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from workstation.i18n import tr
from workstation.ui.actions import all_actions, key_text


class KeysDialog(QDialog):
    """Grouped as in the table; the mouse is explained below."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("All keys"))
        self.resize(760, 640)
        content = QWidget()
        grid = QGridLayout(content)
        grid.setHorizontalSpacing(24)
        groups = list(dict.fromkeys(a.group for a in all_actions()))
        half = (len(groups) + 1) // 2
        for side, some in enumerate((groups[:half], groups[half:])):
            row = 0
            for group in some:
                head = QLabel(tr(group))
                head.setProperty("role", "section")
                grid.addWidget(head, row, side * 2, 1, 2)
                row += 1
                for action in (a for a in all_actions() if a.group == group):
                    name = QLabel(", ".join(dict.fromkeys(key_text(k) for k in action.keys)))
                    name.setMinimumWidth(90)
                    grid.addWidget(name, row, side * 2)
                    text = QLabel(tr(action.title))
                    text.setWordWrap(True)
                    text.setProperty("role", "muted")
                    grid.addWidget(text, row, side * 2 + 1)
                    row += 1
        mouse = QLabel(
            tr(
                "Mouse: drag changes the window (no tool in hand; right widens, up darkens), middle "
                "button moves, right button zooms, wheel zooms a photograph and turns the slices of "
                "a series (with Ctrl it zooms, with Shift ten slices), double click shows one pane "
                "alone and all of them again."
            )
        )
        mouse.setWordWrap(True)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(content)
        column = QVBoxLayout(self)
        column.addWidget(area, 1)
        column.addWidget(mouse)
