"""The ruling panel: the items, the choices for the current one, the reason, the signature."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from workstation.domain.arbitration import Choice
from workstation.i18n import N_, language, tr
from workstation.messages import reason_text
from workstation.services import arbitrating
from workstation.services.arbitrating import DisputeItem
from workstation.ui.actions import show_key
from workstation.ui.panels.form import QuestionField, answer_text, scope_title
from workstation.ui.state.reading_session import ReadingSession
from workstation.ui.state.ruling_session import RulingSession
from workstation.ui.theme import AMBER, GREEN, MUTED

CHOICES = (
    (Choice.ADOPT_X, "adopt_x", N_("X")),
    (Choice.ADOPT_Y, "adopt_y", N_("Y")),
    (Choice.MINE, "keep_mine", N_("Mine")),
    (Choice.UNION, "union", N_("∪ union")),
    (Choice.INTERSECTION, "intersection", N_("∩ intersection")),
    (Choice.NOTHING, "nothing", N_("Nothing there")),
    (Choice.UNDECIDABLE, "undecidable", N_("Undecidable")),
)
SURENESS = (N_("unsure"), N_("rather sure"), N_("sure"), N_("very sure"))


class RulingPanel(QWidget):
    """Follows the ruling session. Emits `sign_wanted` and `edit_wanted`."""

    sign_wanted = Signal()
    edit_wanted = Signal()

    def __init__(self, ruling: RulingSession, own: ReadingSession, *, read_only: bool) -> None:
        super().__init__()
        self.ruling = ruling
        self._own = own
        self._read_only = read_only
        self._schema = ruling.opened.protocol.schema
        outer = QVBoxLayout(self)
        outer.setContentsMargins(8, 6, 8, 0)
        column = outer
        self.head = QLabel()
        self.head.setProperty("role", "section")
        column.addWidget(self.head)
        self.list = QListWidget()
        self.list.setObjectName("items")
        self.list.currentRowChanged.connect(ruling.go)
        self.list.setMinimumHeight(90)
        column.addWidget(self.list, 1)
        # A question with many answers scrolls here instead of making the window higher.
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        self.middle = QScrollArea()
        self.middle.setWidgetResizable(True)
        self.middle.setFrameShape(QFrame.Shape.NoFrame)
        self.middle.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.middle.setWidget(content)
        outer.addWidget(self.middle, 3)
        self.signed = QLabel(self._signed_text())
        self.signed.setWordWrap(True)
        self.signed.setVisible(ruling.opened.ruling is not None)
        column.addWidget(self.signed)
        self.title = QLabel()
        self.title.setWordWrap(True)
        self.title.setProperty("role", "section")
        self.reasons = QLabel()
        self.reasons.setWordWrap(True)
        self.reasons.setProperty("role", "problem")
        column.addWidget(self.title)
        column.addWidget(self.reasons)
        self.buttons: dict[Choice, QPushButton] = {}
        rows = [QHBoxLayout() for _ in range(5)]
        for n, (choice, _, text) in enumerate(CHOICES):
            button = QPushButton(tr(text))
            button.setCheckable(True)
            button.setObjectName(f"choice:{choice}")
            button.setMinimumHeight(32)
            button.clicked.connect(lambda _=False, c=choice: self._decide(c))
            self.buttons[choice] = button
            rows[n if n < 3 else 3 + (n - 3) // 2].addWidget(button)
        for row in rows:
            row.setSpacing(4)
            column.addLayout(row)
        self.edit = QPushButton()
        show_key(self.edit, "edit", tr("Redraw …"), bracketed=True)
        self.edit.setObjectName("edit")
        self.edit.clicked.connect(self.edit_wanted)
        column.addWidget(self.edit)
        self._other = QVBoxLayout()
        column.addLayout(self._other)
        column.addStretch()
        self._field: QuestionField | None = None
        self._field_of: tuple[str, ...] = ()
        self._build_foot(outer)
        ruling.changed.connect(self.refresh)
        ruling.moved.connect(self.refresh)
        self.refresh()

    def _build_foot(self, column: QVBoxLayout) -> None:
        self.reason = QComboBox()
        self.reason.setObjectName("reason")
        self.reason.addItem(tr("Reason of the ruling …"), "")
        for option in self.ruling.opened.protocol.reason_codes:
            self.reason.addItem(option.label.text(language()), option.code)
        self.reason.currentIndexChanged.connect(self.refresh)
        self.note = QLineEdit()
        self.note.setObjectName("note")
        self.note.textChanged.connect(self.refresh)
        self.note.setPlaceholderText(tr("Note (needed if it is neither X nor Y)"))
        sure = QHBoxLayout()
        sure.setSpacing(3)
        self.sure = QButtonGroup(self)
        for level, name in enumerate(SURENESS, 1):
            button = QPushButton(tr(name))
            button.setCheckable(True)
            button.setObjectName(f"sure:{level}")
            button.setStyleSheet("padding: 4px 4px;")
            button.setChecked(level == 3)
            self.sure.addButton(button, level)
            sure.addWidget(button)
        self.lacking = QPushButton()
        self.lacking.setFlat(True)
        self.lacking.setObjectName("lacking")
        self.lacking.setStyleSheet("text-align: left; color: #e0a83c;")
        self.lacking.clicked.connect(self.go_to_lacking)
        self.sign = QPushButton()
        show_key(self.sign, "finish", tr("Sign ruling"))
        self.sign.setProperty("primary", True)
        self.sign.setObjectName("sign")
        self.sign.clicked.connect(self.sign_wanted)
        column.addWidget(self.reason)
        column.addLayout(sure)
        for widget in (self.note, self.lacking, self.sign):
            column.addWidget(widget)
        for widget in (self.reason, self.note, self.sign, self.lacking, self.edit):
            widget.setVisible(not self._read_only)
        for button in self.sure.buttons():
            button.setVisible(not self._read_only)

    def _signed_text(self) -> str:
        """Reason, certainty and note of a signed ruling."""
        ruled = self.ruling.opened.ruling
        if ruled is None:
            return ""
        labels = {
            o.code: o.label.text(language()) for o in self.ruling.opened.protocol.reason_codes
        }
        text = tr(
            "Ruled {at}: {reason}, {sure}.",
            at=ruled.signed_at.astimezone().strftime("%Y-%m-%d %H:%M"),
            reason=labels.get(ruled.reason_code, ruled.reason_code),
            sure=tr(SURENESS[ruled.confidence - 1]),
        )
        return f"{text} {ruled.note}".strip()

    @property
    def confidence(self) -> int:
        return self.sure.checkedId()

    # showing

    def name(self, item: DisputeItem) -> str:
        """What an item is about, without its place."""
        if item.question:
            return self._schema.question(item.question).label.text(language())
        label = self._schema.lesion_class(item.class_code).label.text(language())
        return f"{item.class_code} {label}"

    def _row(self, item: DisputeItem, wanted: set[tuple[str, ...]]) -> tuple[str, str]:
        """Text and colour of an item in the list: shape and word, not colour alone."""
        decision = self.ruling.decision(item)
        place = scope_title(item.scope, self.ruling.opened.images)
        text = f"{place} · {self.name(item)}"
        if decision is not None:
            words = {c: t for c, _, t in CHOICES}
            chosen = tr(words[decision.choice]) if decision.choice in words else tr("agreed")
            return f"✓ {text}: {chosen}", GREEN
        if item.key in wanted:
            return f"◆ {text}", AMBER
        if item.disputed:
            return f"– {text}: {tr('not asked by this ruling')}", MUTED
        if not item.question and not item.x_marks and not item.y_marks:
            return f"○ {text}: {tr('only you marked this; left out')}", MUTED
        return f"= {text}: {tr('not in dispute')}", MUTED

    def refresh(self) -> None:
        ruling = self.ruling
        lacking = ruling.unresolved()
        wanted = {item.key for item in lacking}
        disputed = [i for i in ruling.items if i.disputed]
        undecided = sum(1 for i in disputed if i.key in wanted)
        self.head.setText(
            tr("{count} disputed, {open} to decide", count=len(disputed), open=undecided)
        )
        blocked = QSignalBlocker(self.list)
        self.list.clear()
        for item in ruling.items:
            text, color = self._row(item, wanted)
            row = QListWidgetItem(text)
            row.setToolTip(text)
            row.setForeground(QColor(color))
            self.list.addItem(row)
        self.list.setCurrentRow(ruling.index)
        current = self.list.currentItem()
        if current is not None:
            self.list.scrollToItem(current)
        blocked.unblock()
        self._show_current()
        missing = ""
        if lacking:
            missing = tr("To decide: {item}", item=self.name(lacking[0]))
        elif not self.reason.currentData():
            missing = tr("Choose the reason of the ruling.")
        elif ruling.needs_note and not self.note.text().strip():
            missing = tr("Matches neither reader: say why in the note.")
        self.lacking.setText(missing)
        self.lacking.setVisible(bool(missing) and not self._read_only)
        self.sign.setEnabled(not missing)

    def _show_current(self) -> None:
        item = self.ruling.current
        self._show_field(item)
        if item is None:
            self.title.setText(tr("X and Y agree in everything."))
            self.reasons.clear()
            for button in self.buttons.values():
                button.hide()
            self.edit.hide()
            return
        place = scope_title(item.scope, self.ruling.opened.images)
        self.title.setText(f"{place} · {self.name(item)}")
        self.reasons.setText("◆ " + ", ".join(reason_text(str(r)) for r in item.reasons))
        self.reasons.setVisible(item.disputed)
        decision = self.ruling.decision(item)
        offered = arbitrating.allowed(item)
        for choice, button in self.buttons.items():
            button.setVisible(choice in offered)
            button.setEnabled(not self._read_only and self._possible(item, choice))
            button.setChecked(decision is not None and decision.choice is choice)
        for choice, action, text in CHOICES[:3]:
            value = self._value(item, choice)
            show_key(self.buttons[choice], action, f"{tr(text)}:  {value}", bracketed=True)
        for choice, action, text in CHOICES[3:]:
            show_key(self.buttons[choice], action, tr(text), bracketed=True)
        self.edit.setVisible(not self._read_only and not item.question)

    def _possible(self, item: DisputeItem, choice: Choice) -> bool:
        if choice is not Choice.MINE:
            return True
        return item.mine_value is not None if item.question else bool(item.mine_marks)

    def _value(self, item: DisputeItem, choice: Choice) -> str:
        """What X, Y or oneself said of the item."""
        if item.question:
            values = {
                Choice.ADOPT_X: item.x_value,
                Choice.ADOPT_Y: item.y_value,
                Choice.MINE: item.mine_value,
            }
            return answer_text(self._schema.question(item.question), values[choice])
        ids = {
            Choice.ADOPT_X: item.x_marks,
            Choice.ADOPT_Y: item.y_marks,
            Choice.MINE: item.mine_marks,
        }[choice]
        if not ids:
            return tr("nothing")
        opened = self.ruling.opened
        bodies = {Choice.ADOPT_X: opened.x, Choice.ADOPT_Y: opened.y, Choice.MINE: self._own.body}
        body = bodies[choice]
        assert body is not None
        return ", ".join(f"{m.class_code}-{m.number}" for m in body.marks if m.mark_id in ids)

    def _show_field(self, item: DisputeItem | None) -> None:
        """For a question: the field itself, for an answer that is neither X's nor Y's."""
        key = item.key if item is not None and item.question and not self._read_only else ()
        if key != self._field_of:
            self._field_of = key
            while self._other.count():
                old = self._other.takeAt(0).widget()
                if old is not None:
                    old.hide()
                    old.deleteLater()
            self._field = None
            if key and item is not None:
                caption = QLabel(tr("or an answer of my own:"))
                caption.setProperty("role", "muted")
                self._other.addWidget(caption)
                self._field = QuestionField(self._schema.question(item.question))
                self._field.title.hide()
                self._field.chosen.connect(lambda value, i=item: self._own_answer(i, value))
                self._other.addWidget(self._field)
        if self._field is not None and item is not None:
            # One's blind read stands at "Mine"; here only what is decided looks decided.
            decision = self.ruling.decision(item)
            mine = decision is not None and decision.choice is Choice.MINE
            own = self._own.body.answer(item.scope, item.question)
            self._field.show_value(own if mine else None)

    # acting

    def _decide(self, choice: Choice) -> None:
        if not self.ruling.decide(choice):
            self.refresh()

    def _own_answer(self, item: DisputeItem, value: object) -> None:
        self._own.answer(item.scope, item.question, value)
        if value is not None:
            self.ruling.rule_mine()

    def go_to_lacking(self) -> None:
        lacking = self.ruling.unresolved()
        if lacking:
            self.ruling.go([i.key for i in self.ruling.items].index(lacking[0].key))
        elif not self.reason.currentData():
            self.reason.setFocus()
            self.reason.showPopup()
        else:
            self.note.setFocus()
