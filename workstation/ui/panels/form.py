"""The protocol's form: one block per image, eye and case, questions shown where they apply."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QApplication,
    QButtonGroup,
    QCheckBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from workstation.domain.image import Image
from workstation.domain.protocol import Protocol
from workstation.domain.reading import case_scopes
from workstation.domain.schema import Level, Question, QuestionKind, Scope, asked
from workstation.i18n import language, tr
from workstation.ui.state.reading_session import ReadingSession

SHORT = 14


def scope_title(scope: Scope, images: Sequence[Image]) -> str:
    if scope.level is Level.CASE:
        return tr("Case")
    if scope.level is Level.EYE:
        return scope.key
    image = next(i for i in images if i.image_id == scope.key)
    return f"{image.number}  {image.side}".strip()


def answer_text(question: Question, value: Any) -> str:
    """An answer in words; a dash where none was given."""
    if value is None:
        return "–"
    labels = {o.code: o.label.text(language()) for o in question.options}
    if isinstance(value, tuple):
        return ", ".join(labels.get(v, str(v)) for v in value)
    if question.kind is QuestionKind.NUMBER:
        return f"{value:g} {question.unit}".strip()
    return labels.get(value, str(value))


class QuestionField(QWidget):
    """One question; `show_value` never announces."""

    chosen = Signal(object)

    def __init__(self, question: Question) -> None:
        super().__init__()
        self.question = question
        # Spare room goes below the last question, not between them.
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 2, 0, 6)
        layout.setSpacing(3)
        self.title = QLabel(question.label.text(language()))
        self.title.setWordWrap(True)
        layout.addWidget(self.title)
        if question.help is not None:
            self.setToolTip(question.help.text(language()))
        self._build(layout)

    def _build(self, layout: QVBoxLayout) -> None:
        q = self.question
        self._buttons: dict[str, QPushButton] = {}
        if q.kind in (QuestionKind.NOMINAL, QuestionKind.ORDINAL):
            labels = [o.label.text(language()) for o in q.options]
            row = max(map(len, labels)) <= SHORT and len(labels) <= 3
            box = QHBoxLayout() if row else QVBoxLayout()
            box.setSpacing(3)
            group = QButtonGroup(self)
            group.setExclusive(False)
            for option, text in zip(q.options, labels, strict=True):
                button = QPushButton(text)
                button.setCheckable(True)
                button.setObjectName(f"{q.code}={option.code}")
                button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
                button.clicked.connect(
                    lambda on, c=option.code: self.chosen.emit(c if on else None)
                )
                group.addButton(button)
                box.addWidget(button)
                self._buttons[option.code] = button
            layout.addLayout(box)
        elif q.kind is QuestionKind.MULTI:
            self._checks = {o.code: QCheckBox(o.label.text(language())) for o in q.options}
            for check in self._checks.values():
                check.clicked.connect(self._multi)
                layout.addWidget(check)
        elif q.kind is QuestionKind.NUMBER:
            self._number = QDoubleSpinBox()
            low = q.minimum if q.minimum is not None else -1e6
            # One step below the range stands for "not answered".
            self._number.setRange(low - 1, q.maximum if q.maximum is not None else 1e6)
            self._number.setSpecialValueText(tr("not answered"))
            self._number.setSuffix(f" {q.unit}" if q.unit else "")
            self._number.valueChanged.connect(
                lambda v: self.chosen.emit(None if v == self._number.minimum() else v)
            )
            layout.addWidget(self._number)
        else:
            self._text = QPlainTextEdit()
            self._text.setMaximumHeight(64)
            self._text.setTabChangesFocus(True)
            self._text.textChanged.connect(
                lambda: self.chosen.emit(self._text.toPlainText().strip() or None)
            )
            layout.addWidget(self._text)

    def _multi(self) -> None:
        value = tuple(code for code, check in self._checks.items() if check.isChecked())
        self.chosen.emit(value or None)

    def show_value(self, value: Any) -> None:
        self.blockSignals(True)
        q = self.question
        if q.kind in (QuestionKind.NOMINAL, QuestionKind.ORDINAL):
            for code, button in self._buttons.items():
                button.setChecked(code == value)
        elif q.kind is QuestionKind.MULTI:
            for code, check in self._checks.items():
                check.setChecked(value is not None and code in value)
        elif q.kind is QuestionKind.NUMBER:
            self._number.setValue(self._number.minimum() if value is None else float(value))
        elif self._text.toPlainText().strip() != (value or ""):
            self._text.setPlainText(value or "")
        self.blockSignals(False)

    def choose_nth(self, n: int) -> bool:
        """The digit keys: the n-th option from 1."""
        if not self._buttons or not 1 <= n <= len(self._buttons):
            return False
        self.chosen.emit(list(self._buttons)[n - 1])
        return True


class FormPanel(QScrollArea):
    """All questions of the case in reading order; writes to the session."""

    scope_wanted = Signal(object)

    def __init__(self, protocol: Protocol, images: Sequence[Image]) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._protocol = protocol
        self._session: ReadingSession | None = None
        self._fields: dict[tuple[Scope, str], QuestionField] = {}
        self._heads: dict[Scope, QPushButton] = {}
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(8, 4, 8, 8)
        for scope in case_scopes(images):
            questions = protocol.schema.at(scope.level)
            if not questions:
                continue
            head = QPushButton(scope_title(scope, images))
            head.setFlat(True)
            head.setStyleSheet("text-align: left; font-size: 15px; font-weight: 600;")
            head.clicked.connect(lambda _=False, s=scope: self.scope_wanted.emit(s))
            layout.addWidget(head)
            self._heads[scope] = head
            for question in questions:
                field = QuestionField(question)
                field.chosen.connect(lambda v, s=scope, q=question: self._answered(s, q, v))
                self._fields[scope, question.code] = field
                layout.addWidget(field)
        layout.addStretch()
        self.setWidget(content)

    def set_session(self, session: ReadingSession, read_only: bool) -> None:
        self._session = session
        session.changed.connect(self.refresh)
        self.widget().setEnabled(not read_only)
        self.refresh()

    def _answered(self, scope: Scope, question: Question, value: Any) -> None:
        if self._session is not None:
            typed = question.kind is QuestionKind.TEXT
            self._session.answer(scope, question.code, value, typed=typed)

    def refresh(self) -> None:
        if self._session is None:
            return
        body = self._session.body
        for scope in self._heads:
            given = body.answers.get(scope, {})
            shown = {q.code for q in asked(self._protocol.schema, scope, given)}
            for (other, code), field in self._fields.items():
                if other == scope:
                    field.setVisible(code in shown)
                    field.show_value(given.get(code))

    def go_to(self, scope: Scope, code: str) -> None:
        """Scroll to a question and put the focus there."""
        field = self._fields.get((scope, code))
        if field is not None:
            self.ensureWidgetVisible(field, 0, 60)
            target = next(iter(field._buttons.values()), field)
            target.setFocus(Qt.FocusReason.TabFocusReason)

    def digit(self, n: int) -> bool:
        """A digit answers the question that has the focus; False where none has."""
        focused = QApplication.focusWidget()
        for field in self._fields.values():
            if focused is not None and field.isVisible() and field.isAncestorOf(focused):
                return field.choose_nth(n)
        return False
