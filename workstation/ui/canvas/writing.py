"""What is written on a pane: the image, the slice, zoom, window, millimetres, the patient's sides,
and that the picture is turned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter

from workstation.domain.geometry import EdgeLetters, ViewTurn
from workstation.domain.image import Image, ImageKind, SpacingKind
from workstation.i18n import tr
from workstation.messages import spacing_text

TEXT = QColor("#d6d8da")
EDGE = QColor(0, 0, 0, 200)
MARGIN = 10


def write(painter: QPainter, at: QPointF, text: str, color: QColor = TEXT) -> None:
    """Light text with a dark edge: it is read on lung and on bone.

    Drawn three times, which is quick; stroking the letters' outlines takes as long as the picture.
    """
    painter.setPen(EDGE)
    for dx, dy in ((-1, -1), (1, 1)):
        painter.drawText(at + QPointF(dx, dy), text)
    painter.setPen(color)
    painter.drawText(at, text)


def message(painter: QPainter, room: QRect, text: str) -> None:
    """A sentence in the middle of a pane without a picture."""
    painter.setPen(QColor("#9aa0a6"))
    flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
    painter.drawText(room.adjusted(20, 20, -20, -20), flags, text)


def head_line(image: Image, z: int) -> str:
    """Number of the image and what of it is seen."""
    line = image.number
    if image.kind is ImageKind.PHOTOGRAPH:
        line += "  " + (str(image.eye) if image.eye else tr("eye unknown"))
        if image.field:
            line += "  " + tr("field {field}", field=image.field)
    elif image.kind is ImageKind.RADIOGRAPH:
        line += f"  {image.laterality} {image.view}".rstrip()
    if image.slices > 1:
        if image.is_clip:
            line += "  " + tr("frame {n}/{total}", n=z + 1, total=image.slices)
        else:
            line += "  " + tr("slice {n}/{total}", n=z + 1, total=image.slices)
        if not image.is_target:
            line += "  " + tr("view only")
    return line


def foot_line(image: Image, percent: float, window: tuple[float, float]) -> str:
    """Zoom true to the screen's pixels, the window, and what a millimetre is here."""
    line = f"{percent:.0f} %" if percent >= 10 else f"{percent:.1f} %"
    if image.samples == 1:
        center, width = window
        line += f"   W {width:.0f}  L {center:.0f}"
    kind = image.spacing.kind if image.spacing is not None else SpacingKind.UNKNOWN
    if kind not in (SpacingKind.PATIENT, SpacingKind.UNKNOWN):
        line += "   " + tr("mm: {kind}", kind=spacing_text(kind))
    return line


def badges(turn: ViewTurn, inverted: bool) -> str:
    """What is not as stored; empty where all is."""
    said = []
    if turn.flipped:
        said.append("⇄ " + tr("flipped"))
    if turn.quarter_turns:
        said.append("↻ " + tr("turned {degrees}°", degrees=90 * turn.quarter_turns))
    if inverted:
        said.append("◐ " + tr("inverted"))
    return "   ".join(said)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text at its place: the left end of its base line."""

    at: QPointF
    text: str

    def box(self, metrics: QFontMetricsF) -> QRectF:
        wide, height = metrics.horizontalAdvance(self.text), metrics.height()
        return QRectF(self.at.x(), self.at.y() - metrics.ascent(), wide, height)


def lines(room: QRect, metrics: QFontMetricsF, head: str, foot: str, badge: str) -> list[Line]:
    """The lines of a pane; the badge goes under the head where both have no room beside each
    other."""
    out = [Line(QPointF(MARGIN, 20), head), Line(QPointF(MARGIN, room.height() - MARGIN), foot)]
    if badge:
        left = room.width() - MARGIN - metrics.horizontalAdvance(badge)
        beside = left > out[0].box(metrics).right() + MARGIN
        out.append(Line(QPointF(left, 20 if beside else 20 + metrics.height()), badge))
    return out


def letter_places(
    room: QRect, letters: EdgeLetters, metrics: QFontMetricsF, written: Sequence[Line] = ()
) -> dict[str, QRectF]:
    """Where the letters of the four edges stand, beside nothing that is written: edge ->
    rectangle."""
    taken = [line.box(metrics).adjusted(-4, 0, 4, 0) for line in written]
    height = metrics.height()
    middle_x, middle_y = room.width() / 2, room.height() / 2
    out = {}
    for edge in ("left", "right", "top", "bottom"):
        wide = metrics.horizontalAdvance(getattr(letters, edge))
        if not wide:
            continue
        x = {"left": MARGIN, "right": room.width() - MARGIN - wide}.get(edge, middle_x - wide / 2)
        y = {"top": 4.0, "bottom": room.height() - 4 - height}.get(edge, middle_y - height / 2)
        place = QRectF(x, y, wide, height)
        # At most once for each line: towards the middle of the pane.
        for _ in taken:
            if any(place.intersects(box) for box in taken):
                place.translate(0, height if y < middle_y else -height)
        out[edge] = place
    return out


def letters_in_words(letters: str) -> str:
    """The long form of an edge's letters, for the tooltip."""
    words = {
        "L": tr("patient’s left"),
        "R": tr("patient’s right"),
        "A": tr("front of the patient"),
        "P": tr("back of the patient"),
        "H": tr("towards the head"),
        "F": tr("towards the feet"),
    }
    return f"{letters}: " + ", ".join(words[letter] for letter in letters)
