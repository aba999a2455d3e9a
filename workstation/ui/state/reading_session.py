"""The open draft: every edit is a step that can be undone, and is saved at once."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from workstation.domain.marks import Mark, Shape
from workstation.domain.measures import Measure, MeasureKind, Point
from workstation.domain.reading import ReadingBody
from workstation.domain.schema import Scope
from workstation.domain.viewing import Viewing
from workstation.i18n import tr


class _Step(QUndoCommand):
    """From one body to the next; bodies are immutable and share what did not change."""

    def __init__(
        self, session: ReadingSession, text: str, body: ReadingBody, typing: str = ""
    ) -> None:
        super().__init__(text)
        self._session = session
        self._before = session.body
        self._after = body
        self._typing = typing

    def id(self) -> int:
        """Letters typed into one answer are one step."""
        return 1 if self._typing else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, _Step) or other._typing != self._typing:
            return False
        self._after = other._after
        return True

    def redo(self) -> None:
        self._session.show(self._after)

    def undo(self) -> None:
        self._session.show(self._before)


class ReadingSession(QObject):
    """Owns the draft's body. `save(body)` is called after every step and must return at once.

    `selection` is the id of a mark or of a measure. The record of viewing is no step: it is not
    undone, and goes along with the next body that is saved.
    """

    changed = Signal()
    selected = Signal(str)

    def __init__(self, body: ReadingBody, save: Callable[[ReadingBody], None]) -> None:
        super().__init__()
        self.body = body
        self.stack = QUndoStack(self)
        self.selection = ""
        self.viewing: tuple[Viewing, ...] = body.viewing
        self._save = save
        self._numbers: dict[tuple[str, str], int] = {}
        for mark in body.marks:
            self._count(mark)

    def _count(self, mark: Mark) -> None:
        key = (mark.image_id, mark.class_code)
        self._numbers[key] = max(self._numbers.get(key, 0), mark.number)

    def show(self, body: ReadingBody) -> None:
        """Make a body the current one and have it saved."""
        self.body = body = replace(body, viewing=self.viewing)
        if self.mark(self.selection) is None and self.measure(self.selection) is None:
            self.select("")
        self._save(body)
        self.changed.emit()

    def save_viewing(self) -> None:
        """Have the record of viewing saved where it goes beyond what was saved with a step."""
        if self.body.viewing != self.viewing:
            self.body = replace(self.body, viewing=self.viewing)
            self._save(self.body)

    def select(self, mark_id: str) -> None:
        if mark_id != self.selection:
            self.selection = mark_id
            self.selected.emit(mark_id)

    def mark(self, mark_id: str) -> Mark | None:
        return next((m for m in self.body.marks if m.mark_id == mark_id), None)

    def measure(self, measure_id: str) -> Measure | None:
        return next((m for m in self.body.measures if m.measure_id == measure_id), None)

    def answer(self, scope: Scope, question: str, value: Any, *, typed: bool = False) -> None:
        """Give, change or (None) take back an answer; `typed` letters make one step together."""
        if self.body.answer(scope, question) != value:
            body = self.body.with_answer(scope, question, value)
            typing = f"{scope}/{question}" if typed else ""
            self.stack.push(_Step(self, tr("answer"), body, typing))

    def add(self, image_id: str, class_code: str, shape: Shape) -> Mark:
        """A new mark with a number that was not used in this session."""
        return self._add(Mark(str(uuid.uuid4()), image_id, class_code, 1, shape))

    def copy(self, mark: Mark) -> Mark:
        """A new mark of one's own with another's shape and attributes."""
        return self._add(replace(mark, mark_id=str(uuid.uuid4()), note=""))

    def _add(self, mark: Mark) -> Mark:
        number = self._numbers.get((mark.image_id, mark.class_code), 0) + 1
        mark = replace(mark, number=number)
        self._count(mark)
        body = self.body.with_marks((*self.body.marks, mark))
        self.stack.push(_Step(self, tr("draw {mark}", mark=f"{mark.class_code}-{number}"), body))
        self.select(mark.mark_id)
        return mark

    def put(self, text: str, marks: tuple[Mark, ...]) -> None:
        """Replace all marks in one step."""
        if marks != self.body.marks:
            self.stack.push(_Step(self, text, self.body.with_marks(marks)))

    def change(self, text: str, mark: Mark) -> None:
        """Replace one mark by its changed self."""
        self.put(text, tuple(mark if m.mark_id == mark.mark_id else m for m in self.body.marks))

    def add_measure(
        self, image_id: str, kind: MeasureKind, points: tuple[Point, ...], z: int
    ) -> Measure:
        """A new measure, chosen."""
        measure = Measure(str(uuid.uuid4()), image_id, kind, points, z)
        self._put_measures(tr("measure"), (*self.body.measures, measure))
        self.select(measure.measure_id)
        return measure

    def change_measure(self, measure: Measure) -> None:
        """Replace one measure by its changed self."""
        kept = [measure if m.measure_id == measure.measure_id else m for m in self.body.measures]
        self._put_measures(tr("move measure"), tuple(kept))

    def _put_measures(self, text: str, measures: tuple[Measure, ...]) -> None:
        if measures != self.body.measures:
            self.stack.push(_Step(self, text, self.body.with_measures(measures)))

    def reshape(self, mark_id: str, shape: Shape) -> None:
        """Give a mark another outline."""
        mark = self.mark(mark_id)
        if mark is not None:
            self.change(tr("reshape {mark}", mark=mark.name), replace(mark, shape=shape))

    def set_attribute(self, mark_id: str, code: str, value: Any) -> None:
        mark = self.mark(mark_id)
        if mark is not None and mark.attributes.get(code) != value:
            given = {**mark.attributes, code: value}
            self.change(tr("attribute"), replace(mark, attributes=given))

    def reclassify(self, mark_id: str, class_code: str) -> None:
        """Give a mark another class, with the next number of it; its attributes go."""
        mark = self.mark(mark_id)
        if mark is None or mark.class_code == class_code:
            return
        number = self._numbers.get((mark.image_id, class_code), 0) + 1
        changed = replace(mark, class_code=class_code, number=number, attributes={})
        self._count(changed)
        self.change(tr("class of {mark}", mark=f"{mark.class_code}-{mark.number}"), changed)

    def delete(self, mark_id: str) -> None:
        """Take a mark or a measure away."""
        mark = self.mark(mark_id)
        rest_measures = tuple(m for m in self.body.measures if m.measure_id != mark_id)
        self._put_measures(tr("delete measure"), rest_measures)
        if mark is not None:
            name = f"{mark.class_code}-{mark.number}"
            rest = tuple(m for m in self.body.marks if m.mark_id != mark_id)
            self.put(tr("delete {mark}", mark=name), rest)
