"""Measures on a pane: how they are drawn, laid down point by point and moved by their handles."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import ClassVar, cast

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from workstation.domain.image import Image
from workstation.domain.marks import PolygonShape
from workstation.domain.measures import (
    POINTS,
    Measure,
    MeasureKind,
    ellipse,
    ellipse_box,
    moved_axis,
    short_axis,
)
from workstation.ui.canvas.layer import CASING, Layer, Pane, write
from workstation.ui.canvas.tool import Point, Stroke, Surface, ToolKind
from workstation.ui.state.reading_session import ReadingSession

COLOR, CHOSEN = QColor("#f2e36b"), QColor("#ffffff")
GRIP_PX = 8.0
PREVIEW = "-"


class MeasureStroke(Stroke):
    """Lays down the points of one kind: each by a click, or two by dragging from one to the
    other. The last point applies it."""

    kind: ClassVar[MeasureKind]
    whole_pane = True

    def __init__(self, surface: Surface) -> None:
        super().__init__(surface)
        self.points: list[Point] = []
        self.cursor: Point | None = None

    def placed(self, at: Point) -> Point:
        """Where the next point goes for a pointer at a place."""
        return at

    def press(self, at: Point) -> bool:
        self.points.append(self.placed(at))
        self.cursor = None
        return self._applied()

    def move(self, at: Point, pressed: bool) -> None:
        del pressed
        self.cursor = self.placed(at)

    def release(self, at: Point) -> bool:
        if self.points and math.dist(at, self.points[-1]) > self.grip / 2:
            self.points.append(self.placed(at))
        return self._applied()

    def back(self) -> None:
        if self.points:
            self.points.pop()

    def _applied(self) -> bool:
        if len(self.points) < POINTS[self.kind]:
            return False
        s = self.surface
        s.session.add_measure(s.image.image_id, self.kind, tuple(self.points), s.z)
        return True

    def provisional(self) -> Measure | None:
        """The measure as it would be with the pointer's place as the last point."""
        points = [*self.points, *([self.cursor] if self.cursor else [])]
        if len(points) != POINTS[self.kind]:
            return None
        s = self.surface
        return Measure(PREVIEW, s.image.image_id, self.kind, tuple(points), s.z)

    def outline(self) -> list[Point]:
        if self.provisional() is not None:
            return []
        apart = self.kind in (MeasureKind.COBB, MeasureKind.BIDIRECTIONAL)
        if apart and len(self.points) >= 2:
            return self.points[:2]
        return [*self.points, *([self.cursor] if self.cursor else [])]


def lines_of(measure: Measure) -> list[list[Point]]:
    """What is drawn of a measure: lines of image places."""
    p = list(measure.points)
    match measure.kind:
        case MeasureKind.DISTANCE | MeasureKind.ANGLE:
            return [p]
        case MeasureKind.COBB | MeasureKind.BIDIRECTIONAL:
            return [p[:2], p[2:]]
        case MeasureKind.ELLIPSE:
            around = ellipse(p[0], p[1])
            return [[*around, around[0]]]
        case MeasureKind.RECTANGLE:
            (x0, y0), (x1, y1) = p
            return [[(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]]
        case MeasureKind.PROBE:
            return []


def with_handle(measure: Measure, image: Image, index: int, at: Point) -> Measure:
    """The measure with one of its points moved to a place; axes stay at a right angle."""
    points = list(measure.points)
    if measure.kind is not MeasureKind.BIDIRECTIONAL:
        points[index] = at
        return replace(measure, points=tuple(points))
    if index < 2:
        points[index] = at
        return replace(measure, points=moved_axis(image, measure.points, (points[0], points[1])))
    other = 5 - index
    # The end that is held leads; the other keeps its distance from the long axis.
    points[other] = _beside(image, measure.points, points[other], at)
    points[index] = short_axis(image, (points[0], points[1]), points[other], at)
    return replace(measure, points=tuple(points))


def _beside(image: Image, points: tuple[Point, ...], kept: Point, at: Point) -> Point:
    """`kept` shifted along the long axis until it stands opposite `at`."""
    foot = short_axis(image, (points[0], points[1]), kept, at)
    return kept[0] + at[0] - foot[0], kept[1] + at[1] - foot[1]


class MeasureLayer(Layer):
    """The session's measures of the pane's image and slice, and the one being laid down."""

    def __init__(
        self,
        session: ReadingSession,
        lines: Callable[[Measure, Image], list[str]],
        *,
        read_only: bool,
    ) -> None:
        self._session = session
        self._lines = lines
        self._read_only = read_only
        self._held: tuple[Measure, int] | None = None
        self._moved: Measure | None = None

    def _here(self, pane: Pane) -> list[Measure]:
        if pane.image is None:
            return []
        here = (pane.image.image_id, pane.slice())
        found = [m for m in self._session.body.measures if (m.image_id, m.z) == here]
        moved = self._moved
        return [moved if moved and m.measure_id == moved.measure_id else m for m in found]

    def paint(self, painter: QPainter, pane: Pane) -> None:
        if pane.image is None:
            return
        for measure in self._here(pane):
            chosen = measure.measure_id == self._session.selection
            self._draw(painter, pane, measure, CHOSEN if chosen else COLOR, handles=chosen)
        if isinstance(pane.stroke, MeasureStroke):
            growing = pane.stroke.provisional()
            if growing is not None:
                self._draw(painter, pane, growing, CHOSEN, handles=False)

    def _draw(
        self, painter: QPainter, pane: Pane, measure: Measure, color: QColor, *, handles: bool
    ) -> None:
        widget = cast(QWidget, pane)
        ends = [pane.to_screen(p) for p in measure.points]
        lines = [QPolygonF([pane.to_screen(p) for p in line]) for line in lines_of(measure)]
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen in (QPen(CASING, 3.2), QPen(color, 1.4)):
            painter.setPen(pen)
            for line in lines:
                painter.drawPolyline(line)
            if measure.kind is MeasureKind.PROBE:
                (at,) = ends
                for dx, dy in ((1, 0), (0, 1)):
                    for side in (-1, 1):
                        away = QPointF(dx * side, dy * side)
                        painter.drawLine(at + away * 3, at + away * 9)
            if handles and measure.kind is not MeasureKind.PROBE:
                for end in ends:
                    painter.drawRect(QRectF(end.x() - 3, end.y() - 3, 6, 6))
        reach = QRectF(widget.rect())
        if any(reach.contains(end) for end in ends):
            assert pane.image is not None
            lowest = max(ends, key=lambda end: (end.y(), end.x()))
            write(painter, widget, lowest, self._lines(measure, pane.image), color)

    def press(self, pane: Pane, at: QPointF) -> bool:
        if pane.stroke is not None or (
            pane.tool is not None and pane.tool.kind is not ToolKind.MEASURE
        ):
            return False
        near = [
            (_gap(pane.to_screen(point), at), measure, index)
            for measure in self._here(pane)
            for index, point in enumerate(measure.points)
        ]
        near = [hit for hit in near if hit[0] <= GRIP_PX]
        if near:
            _, measure, index = min(near, key=lambda hit: hit[0])
            self._session.select(measure.measure_id)
            self._held = None if self._read_only else (measure, index)
            return True
        if pane.tool is not None:
            return False
        for measure in self._here(pane):
            if any(_near_line(pane, line, at) for line in lines_of(measure)):
                self._session.select(measure.measure_id)
                return True
        return False

    def drag(self, pane: Pane, at: QPointF) -> None:
        if self._held is not None and pane.image is not None:
            measure, index = self._held
            self._moved = with_handle(measure, pane.image, index, pane.to_image(at))
            pane.update()

    def release(self, pane: Pane) -> None:
        moved, self._moved, self._held = self._moved, None, None
        if moved is not None:
            self._session.change_measure(moved)
        pane.update()


class EllipseLayer(Layer):
    """Handles of the ellipse that is chosen: its four ends and its middle, while nothing or the
    ellipse tool is in hand. It stays a polygon, as it was stored."""

    def __init__(self, session: ReadingSession) -> None:
        self._session = session
        self._held: tuple[int, tuple[Point, Point]] | None = None
        self._box: tuple[Point, Point] | None = None

    def _chosen_box(self, pane: Pane) -> tuple[Point, Point] | None:
        mark = self._session.mark(self._session.selection)
        if mark is None or pane.image is None or mark.image_id != pane.image.image_id:
            return None
        if pane.tool is not None and pane.tool.tool_id != "ellipse":
            return None
        return ellipse_box(mark.shape) if mark.slices == (pane.slice(),) else None

    def paint(self, painter: QPainter, pane: Pane) -> None:
        box = self._chosen_box(pane)
        if box is None:
            return
        painter.setBrush(Qt.BrushStyle.NoBrush)
        shown = self._box or box
        for pen in (QPen(CASING, 3.2), QPen(CHOSEN, 1.4)):
            painter.setPen(pen)
            for place in _handles(shown):
                at = pane.to_screen(place)
                painter.drawRect(QRectF(at.x() - 3, at.y() - 3, 6, 6))
            if self._box is not None:
                around = ellipse(*self._box)
                painter.drawPolygon(QPolygonF([pane.to_screen(p) for p in around]))

    def press(self, pane: Pane, at: QPointF) -> bool:
        box = self._chosen_box(pane)
        if box is None or pane.stroke is not None:
            return False
        gaps = [_gap(pane.to_screen(place), at) for place in _handles(box)]
        if min(gaps) > GRIP_PX:
            return False
        self._held = gaps.index(min(gaps)), box
        return True

    def drag(self, pane: Pane, at: QPointF) -> None:
        if self._held is None:
            return
        index, ((x0, y0), (x1, y1)) = self._held
        x, y = pane.to_image(at)
        match index:
            case 0:
                dx, dy = x - (x0 + x1) / 2, y - (y0 + y1) / 2
                self._box = (x0 + dx, y0 + dy), (x1 + dx, y1 + dy)
            case 1:
                self._box = (min(x, x1 - 1), y0), (x1, y1)
            case 2:
                self._box = (x0, y0), (max(x, x0 + 1), y1)
            case 3:
                self._box = (x0, min(y, y1 - 1)), (x1, y1)
            case _:
                self._box = (x0, y0), (x1, max(y, y0 + 1))
        pane.update()

    def release(self, pane: Pane) -> None:
        box, self._box, self._held = self._box, None, None
        mark = self._session.mark(self._session.selection)
        if box is not None and mark is not None:
            shape = PolygonShape(ellipse(*box), pane.slice())
            self._session.reshape(mark.mark_id, shape)
        pane.update()


def _handles(box: tuple[Point, Point]) -> Sequence[Point]:
    """Middle, left, right, top, bottom."""
    (x0, y0), (x1, y1) = box
    cx, cy = (x0 + x1) / 2, (y0 + y1) / 2
    return (cx, cy), (x0, cy), (x1, cy), (cx, y0), (cx, y1)


def _gap(a: QPointF, b: QPointF) -> float:
    return math.hypot(a.x() - b.x(), a.y() - b.y())


def _near_line(pane: Pane, line: Sequence[Point], at: QPointF) -> bool:
    """Whether a screen place is within reach of a line of image places."""
    corners = [pane.to_screen(p) for p in line]
    for a, b in zip(corners, corners[1:], strict=False):
        dx, dy = b.x() - a.x(), b.y() - a.y()
        length = dx * dx + dy * dy
        along = ((at.x() - a.x()) * dx + (at.y() - a.y()) * dy) / length if length else 0.0
        along = min(1.0, max(0.0, along))
        if _gap(QPointF(a.x() + along * dx, a.y() + along * dy), at) <= GRIP_PX * 0.75:
            return True
    return False
