"""What the buttons of the mouse do on an image, as the viewers people come from have it.

The left button (the right one of a left-handed person) belongs to the tool in hand; without one it
does what stands here. A click without moving chooses, or opens the menu.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from PySide6.QtCore import Qt

from workstation.settings import BRIGHTENS, DARKENS

Button = Qt.MouseButton


class Drag(StrEnum):
    """What dragging with a button does."""

    WINDOW = "window"
    PAN = "pan"
    ZOOM = "zoom"
    SLICES = "slices"
    NOTHING = "nothing"


ROLES: Mapping[str, tuple[Drag, Drag, Drag]] = MappingProxyType(
    {
        "workstation": (Drag.WINDOW, Drag.PAN, Drag.ZOOM),
        "weasis": (Drag.WINDOW, Drag.PAN, Drag.NOTHING),
        "pacs": (Drag.SLICES, Drag.PAN, Drag.WINDOW),
    }
)


@dataclass(frozen=True, slots=True)
class MouseRoles:
    """Raises KeyError for an unknown name, ValueError for an unknown direction."""

    name: str = "workstation"
    left_handed: bool = False
    drag_up: str = DARKENS

    def __post_init__(self) -> None:
        ROLES[self.name]
        if self.drag_up not in (DARKENS, BRIGHTENS):
            raise ValueError(self.drag_up)

    def drag(self, button: Button) -> Drag:
        """What dragging with that button does where no tool is in hand."""
        left, middle, right = ROLES[self.name]
        if button is Button.MiddleButton:
            return middle
        if button is self.first:
            return left
        return right if button is self.second else Drag.NOTHING

    @property
    def first(self) -> Button:
        """The button of the tool in hand."""
        return Button.RightButton if self.left_handed else Button.LeftButton

    @property
    def second(self) -> Button:
        """The button whose click opens the menu."""
        return Button.LeftButton if self.left_handed else Button.RightButton

    @property
    def level_sign(self) -> int:
        """1 where dragging up raises the level (the picture darkens), else -1."""
        return 1 if self.drag_up == DARKENS else -1


_in_force = MouseRoles()


def mouse_roles() -> MouseRoles:
    return _in_force


def use_mouse(roles: MouseRoles) -> None:
    """Read anew at every press: nothing has to be told."""
    global _in_force
    _in_force = roles
