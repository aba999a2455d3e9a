"""How an image is looked at in one pane: zoom, place, slice, window, turn."""

from __future__ import annotations

from enum import IntEnum

from PySide6.QtCore import QObject, Signal

from workstation.domain.geometry import ViewTurn
from workstation.domain.viewing import AS_IT_IS


class MarksShown(IntEnum):
    """The three states of the space bar."""

    FILLED = 0
    OUTLINE = 1
    HIDDEN = 2


class ViewState(QObject):
    """Place is the image point (x, y) in the middle of the pane; zoom is screen per image pixel.

    `zoom` None means: fit the image. `window` is (centre, width) in modality values, None the
    image's own: of those its file offers the one with the number `offered`, or with `whole_range`
    from the smallest to the largest value. `turn` and `inverted` are for viewing only: pixels and
    marks stay as they are. `look` is how a photograph is shown, `grid` whether its ETDRS grid is.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.zoom: float | None = None
        self.center = (0.0, 0.0)
        self.z = 0
        self.window: tuple[float, float] | None = None
        self.offered = 0
        self.whole_range = False
        self.inverted = False
        self.turn = ViewTurn()
        self.look = AS_IT_IS
        self.grid = False
        self.shown = MarksShown.OUTLINE
        self.opacity = 1.0

    def set(self, **values: object) -> None:
        """Change some of it; one signal."""
        for name, value in values.items():
            setattr(self, name, value)
        self.changed.emit()

    def cycle_marks(self) -> None:
        self.set(shown=MarksShown((self.shown + 1) % 3))
