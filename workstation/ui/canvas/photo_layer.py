"""Over a photograph: the ETDRS grid, and the badge of a view that is not the picture as it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QWidget

from workstation.domain.fundus import DISC, FOVEA, EtdrsGrid, Lacking, etdrs_grid
from workstation.domain.image import Image, ImageKind
from workstation.domain.marks import Mark
from workstation.domain.viewing import AS_IT_IS, PhotoLook
from workstation.i18n import tr
from workstation.ui.canvas.layer import CASING, Layer, Pane, write
from workstation.ui.state.view_state import ViewState

GRID, BADGE = QColor("#d6d8da"), QColor("#e0a83c")
DIAGONAL = 0.5**0.5
# In a narrower ring the names of the fields would hide them.
LEAST_RING_PX = 56


def lacking_text(lacking: Lacking) -> str:
    """Why there is no grid or ratio."""
    return {
        Lacking.DISC: tr("no disc marked"),
        Lacking.CUP: tr("no cup marked"),
        Lacking.FOVEA: tr("no fovea marked"),
        Lacking.SEVERAL: tr("marked more than once"),
        Lacking.OUTSIDE: tr("cup not inside the disc"),
    }[lacking]


def look_text(look: PhotoLook) -> str:
    """What of the view is changed, by name."""
    changed = {
        tr("red-free"): look.red_free,
        tr("CLAHE"): look.clahe,
        tr("brightness"): look.brightness != 0,
        tr("contrast"): look.contrast != 0,
        tr("gamma"): look.gamma != 1.0,
    }
    return ", ".join(name for name, on in changed.items() if on)


class PhotoLayer(Layer):
    """`marks` gives the marks of an image from which the grid is made."""

    def __init__(self, view: ViewState, marks: Callable[[Image], Sequence[Mark]]) -> None:
        self._view = view
        self._marks = marks
        self._made: tuple[tuple[Mark, ...], EtdrsGrid | Lacking] | None = None

    def paint(self, painter: QPainter, pane: Pane) -> None:
        image = pane.image
        if image is None or image.kind is not ImageKind.PHOTOGRAPH or not self._view.grid:
            return
        grid = self._grid(image)
        if isinstance(grid, Lacking):
            widget = cast(QWidget, pane)
            text = tr("ETDRS grid: {why}", why=lacking_text(grid))
            write(painter, widget, QPointF(2, 28), [text], BADGE)
        else:
            self._draw(painter, pane, grid)

    def _grid(self, image: Image) -> EtdrsGrid | Lacking:
        """Made anew only where fovea or disc changed: a repaint rasterises no disc."""
        marks = tuple(m for m in self._marks(image) if m.class_code in (FOVEA, DISC))
        same = self._made is not None and len(self._made[0]) == len(marks)
        if (
            self._made is None
            or not same
            or any(a is not b for a, b in zip(self._made[0], marks, strict=True))
        ):
            self._made = marks, etdrs_grid(image, marks)
        return self._made[1]

    def always(self, painter: QPainter, pane: Pane) -> None:
        """The badge stays when marks are hidden: the picture is no less changed then."""
        if pane.image is None or self._view.look == AS_IT_IS:
            return
        widget = cast(QWidget, pane)
        text = tr("changed view: {what}", what=look_text(self._view.look))
        write(painter, widget, QPointF(widget.width(), widget.height() - 44), [text], BADGE)

    def _draw(self, painter: QPainter, pane: Pane, grid: EtdrsGrid) -> None:
        center = pane.to_screen(grid.center)
        cx, cy = grid.center
        inner, middle, outer = grid.radii
        lines = [
            (
                pane.to_screen((cx + dx * inner, cy + dy * inner)),
                pane.to_screen((cx + dx * outer, cy + dy * outer)),
            )
            for dx in (-DIAGONAL, DIAGONAL)
            for dy in (-DIAGONAL, DIAGONAL)
        ]
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen in (QPen(CASING, 2.4), QPen(GRID, 0.9)):
            painter.setPen(pen)
            for radius in (inner, middle, outer):
                reach = pane.to_screen((cx + radius, cy)).x() - center.x()
                painter.drawEllipse(center, reach, reach)
            for start, end in lines:
                painter.drawLine(start, end)
        widget = cast(QWidget, pane)
        roomy = abs(pane.to_screen((cx + outer - middle, cy)).x() - center.x()) >= LEAST_RING_PX
        for dx, dy in ((0, -1), (0, 1), (-1, 0), (1, 0)) if roomy else ():
            side = grid.side(dx, dy)
            away = (middle + outer) / 2
            at = pane.to_screen((cx + dx * away, cy + dy * away))
            if side is not None and widget.rect().contains(at.toPoint()):
                write(painter, widget, at - QPointF(12, 16), [_side_text(side)], GRID)
        if widget.rect().contains(center.toPoint()):
            said = [tr("ETDRS (estimated)")]
            if grid.contradicted:
                said.append(tr("stated eye and side of the disc disagree"))
            elif grid.nasal is None:
                said.append(tr("eye unknown"))
            corner = pane.to_screen((cx + DIAGONAL * outer, cy + DIAGONAL * outer))
            write(painter, widget, corner, said, GRID)


def _side_text(side: str) -> str:
    return {
        "S": tr("superior"),
        "I": tr("inferior"),
        "N": tr("nasal"),
        "T": tr("temporal"),
    }[side]
