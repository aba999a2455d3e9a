"""What the buttons and the wheel of the mouse do on a pane; settings replace the value."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import Qt


class Drag(StrEnum):
    """What dragging with a button does; `tool` is the window while no tool is in hand."""

    TOOL = "tool"
    WINDOW = "window"
    PAN = "pan"
    ZOOM = "zoom"
    SLICES = "slices"


class Wheel(StrEnum):
    """`slices` on a stack; an image that is none has nothing to turn and is zoomed."""

    SLICES = "slices"
    ZOOM = "zoom"


@dataclass(frozen=True, slots=True)
class MouseRoles:
    """`vertical_window_sign` 1: dragging up raises the level, which darkens; -1 the reverse.

    A click of the right button without movement opens the menu, whatever dragging with it does.
    """

    left: Drag = Drag.TOOL
    middle: Drag = Drag.PAN
    right: Drag = Drag.ZOOM
    wheel: Wheel = Wheel.SLICES
    vertical_window_sign: int = 1

    def of(self, button: Qt.MouseButton) -> Drag | None:
        return {
            Qt.MouseButton.LeftButton: self.left,
            Qt.MouseButton.MiddleButton: self.middle,
            Qt.MouseButton.RightButton: self.right,
        }.get(button)
