"""The reading desk: one's worklist, the images, the form, the lesions, submission."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMessageBox,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from workstation.domain.case import AssignmentState
from workstation.domain.events import Changes, Topic
from workstation.domain.image import Image, ImageKind
from workstation.domain.people import Role
from workstation.domain.reading import ReadingBody, ReadingState, missing_in
from workstation.domain.schema import Missing
from workstation.i18n import N_, language, tr
from workstation.services import reading
from workstation.services.reading import OpenCase
from workstation.ui.desk import Desk
from workstation.ui.errors import told
from workstation.ui.panels.bench import Bench
from workstation.ui.panels.form import scope_title
from workstation.ui.state.app_state import AppState
from workstation.ui.state.reading_session import ReadingSession
from workstation.ui.theme import badge, color_of


def missing_text(case: OpenCase, lacking: Missing) -> str:
    """A missing item by its place and name."""
    schema = case.protocol.schema
    where = scope_title(lacking.scope, case.images)
    if lacking.kind == "question":
        name = schema.question(lacking.code).label.text(language())
    elif lacking.kind == "attribute":
        name = next(
            a.label.text(language())
            for c in schema.lesion_classes
            for a in c.attributes
            if a.code == lacking.code
        )
    else:
        name = tr("mark: {name}", name=schema.lesion_class(lacking.code).label.text(language()))
    return f"{where}: {name}"


class ReadingDesk(QWidget):
    """Opens cases of one's own worklist; saves every step; submits one way."""

    def __init__(self, app: AppState) -> None:
        super().__init__()
        self.app = app
        self.case: OpenCase | None = None
        self.session: ReadingSession | None = None
        self.bench: Bench | None = None
        self._unsaved: ReadingBody | None = None
        self._saving = False
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        left = QVBoxLayout()
        left.setContentsMargins(8, 8, 8, 8)
        self.count = QLabel()
        self.count.setProperty("role", "section")
        self.list = QListWidget()
        self.list.setFixedWidth(150)
        self.list.itemActivated.connect(self._chosen)
        self.list.itemClicked.connect(self._chosen)
        left.addWidget(self.count)
        left.addWidget(self.list, 1)
        row.addLayout(left)
        self._middle = QVBoxLayout()
        self._middle.setContentsMargins(0, 0, 0, 0)
        row.addLayout(self._middle, 1)
        self._empty = QLabel(tr("Choose a case on the left, or press “Next case”."))
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._middle.addWidget(self._empty)
        right = QWidget()
        right.setFixedWidth(350)
        self._right = QVBoxLayout(right)
        self._right.setContentsMargins(0, 6, 0, 8)
        row.addWidget(right)
        self.lacking = QPushButton()
        self.lacking.setFlat(True)
        self.lacking.setStyleSheet("text-align: left; color: #e0a83c;")
        self.lacking.clicked.connect(self._go_to_missing)
        self.submit = QPushButton(tr("Submit reading") + "  Ctrl+↵")
        self.submit.setProperty("primary", True)
        self.submit.setObjectName("submit")
        self.submit.clicked.connect(self.submit_reading)
        self.next = QPushButton(tr("Next case") + "  Ctrl+→")
        self.next.setObjectName("next")
        self.next.clicked.connect(self.open_next)
        self._foot = QVBoxLayout()
        self._foot.setContentsMargins(8, 0, 8, 0)
        for widget in (self.lacking, self.submit, self.next):
            self._foot.addWidget(widget)
        self._right.addStretch()
        self._right.addLayout(self._foot)
        for keys, act in (("Ctrl+Return", self.submit_reading), ("Ctrl+Right", self.open_next)):
            QShortcut(QKeySequence(keys), self).activated.connect(act)
        app.changed.connect(self._changed)
        self.refresh()
        self._show_missing()

    # worklist

    def _changed(self, changes: Changes) -> None:
        if changes.topics & {Topic.ASSIGNMENTS, Topic.CASES}:
            self.refresh()

    def refresh(self) -> None:
        """The list: number and state, nothing of anybody else."""
        with self.app.workspace.reading() as uow:
            rows = reading.worklist(uow, self.app.workspace.person.person_id)
        blocked = QSignalBlocker(self.list)
        self.list.clear()
        for one in rows:
            item = QListWidgetItem(f"{one.number}  {badge(one.state)}")
            item.setForeground(color_of(one.state))
            item.setData(Qt.ItemDataRole.UserRole, one.case_id)
            self.list.addItem(item)
            if self.case is not None and one.case_id == self.case.case.case_id:
                self.list.setCurrentItem(item)
        blocked.unblock()
        done = sum(1 for r in rows if r.state is AssignmentState.SUBMITTED)
        self.count.setText(f"{done} / {len(rows)}")
        self.next.setEnabled(done < len(rows))
        if not rows:
            self._empty.setText(tr("No case is assigned to you yet. The coordinator assigns them."))

    def _chosen(self, item: QListWidgetItem) -> None:
        self.open_case(str(item.data(Qt.ItemDataRole.UserRole)))

    def open_next(self) -> None:
        with self.app.workspace.reading() as uow:
            after = self.case.case.case_id if self.case else ""
            found = reading.next_case(uow, self.app.workspace.person.person_id, after)
        if found is not None:
            self.open_case(found)

    # one case

    def open_case(self, case_id: str) -> None:
        if self.case is not None and self.case.case.case_id == case_id:
            return
        try:
            case = reading.open_case(self.app.workspace, case_id)
        except Exception as error:  # noqa: BLE001  told() sorts expected from faults
            told(self, error)
            return
        self.close_case()
        self.case = case
        read_only = case.reading.state is not ReadingState.DRAFT
        self.session = ReadingSession(case.reading.body, self._save)
        self.bench = Bench(
            self.app.workspace, case.protocol, case.targets, self.session, read_only=read_only
        )
        self.bench.read_out.connect(self.app.saved)
        self._empty.hide()
        self._middle.addWidget(self.bench, 1)
        self._right.insertWidget(0, self.bench.form, 1)
        self._right.insertWidget(1, self.bench.lesions)
        self._lay_out(case)
        self.session.changed.connect(self._show_missing)
        self.refresh()
        self._show_missing()

    def _lay_out(self, case: OpenCase) -> None:
        """OD left, OS right; one stack, with the other series to look at beside it."""
        assert self.bench is not None
        bench = self.bench
        for image in case.targets[:4]:
            bench.add_pane(image, lambda i=image: bench.own_marks(i), drawing=True)
        others = [i for i in case.images if not i.is_target and i.kind is ImageKind.STACK]
        if others:
            combo = QComboBox()
            combo.addItem(tr("Target series only"), None)
            for other in others:
                text = tr("beside: {series}", series=other.series_description or other.number)
                combo.addItem(text, other)
            combo.activated.connect(lambda: self._beside(combo.currentData()))
            bench.below.addWidget(combo)
        bench.refresh()
        if bench.panes:
            bench.panes[0][0].setFocus()

    def _beside(self, other: Image | None) -> None:
        """A view-only series beside the target one."""
        assert self.bench is not None and self.case is not None
        bench = self.bench
        bench.clear_panes()
        for image in self.case.targets:
            bench.add_pane(image, lambda i=image: bench.own_marks(i), drawing=True)
        if other is not None:
            bench.add_pane(other, lambda: (), drawing=False)
        bench.refresh()

    def close_case(self) -> None:
        if self.bench is not None:
            for widget in (self.bench, self.bench.form, self.bench.lesions):
                widget.hide()
                widget.setParent(None)
                widget.deleteLater()
        self.bench = self.case = self.session = None
        self._empty.show()

    # saving

    def _save(self, body: ReadingBody) -> None:
        """Every step goes to the writer lane; what came meanwhile is saved right after."""
        self._unsaved = body
        if not self._saving:
            self._save_now()

    def _save_now(self) -> None:
        if self.case is None or self._unsaved is None:
            return
        body, self._unsaved = self._unsaved, None
        self._saving = True
        reading_id = self.case.reading.reading_id
        workspace = self.app.workspace
        self.app.jobs.run(
            tr("Saving"),
            lambda _: reading.save_draft(workspace, reading_id, body),
            lambda saved: self._saved(saved.saved_at.astimezone().strftime("%H:%M:%S")),
            lambda error: self._not_saved(body, error),
        )

    def _saved(self, at: str) -> None:
        self._saving = False
        self.app.saved.emit(tr("saved {time}", time=at))
        self._save_now()

    def _not_saved(self, body: ReadingBody, error: BaseException) -> None:
        """Nothing drawn is lost: it stays here and is tried again with the next step."""
        self._saving = False
        self._unsaved = self._unsaved or body
        self.app.saved.emit(tr("NOT SAVED – kept here, tried again with the next step"))
        told(self, error)

    # submission

    def missing(self) -> tuple[Missing, ...]:
        if self.case is None or self.session is None:
            return ()
        return missing_in(self.case.protocol.schema, self.case.targets, self.session.body)

    def _show_missing(self) -> None:
        lacking = self.missing()
        open_draft = self.case is not None and self.case.reading.state is ReadingState.DRAFT
        self.submit.setVisible(open_draft)
        self.submit.setEnabled(open_draft and not lacking)
        self.lacking.setVisible(open_draft and bool(lacking))
        if lacking and self.case is not None:
            text = tr("Missing ({count}): {first}", count=len(lacking),
                      first=missing_text(self.case, lacking[0]))  # fmt: skip
            self.lacking.setText(text)

    def _go_to_missing(self) -> None:
        lacking = self.missing()
        if lacking and self.bench is not None:
            first = lacking[0]
            if first.kind == "question":
                self.bench.form.go_to(first.scope, first.code)
            elif first.kind == "attribute":
                self.bench.jump(first.mark_id)
            else:
                self.bench.toolbar.set_class(first.code)
                self.bench.show_scope(first.scope)

    def submit_reading(self) -> None:
        if self.case is None or not self.submit.isVisible() or not self.submit.isEnabled():
            return
        question = tr("Submit the reading of case {case}? It cannot be changed afterwards.",
                      case=self.case.case.number)  # fmt: skip
        if not confirmed(self, question, tr("Submit reading")):
            return
        self.submit.setEnabled(False)
        workspace, reading_id = self.app.workspace, self.case.reading.reading_id
        assert self.session is not None
        body = self.session.body
        self._unsaved = None

        def work(_: object) -> Changes:
            reading.save_draft(workspace, reading_id, body)
            return reading.submit(workspace, reading_id)

        self.app.jobs.run(tr("Submitting"), work, self._submitted, self._not_submitted)

    def _submitted(self, changes: Changes) -> None:
        number = self.case.case.number if self.case else ""
        self.close_case()
        self.app.announce(changes)
        self.app.saved.emit(tr("case {case} submitted", case=number))
        self._show_missing()
        self.open_next()

    def _not_submitted(self, error: BaseException) -> None:
        told(self, error)
        self._show_missing()


def confirmed(parent: QWidget, question: str, verb: str) -> bool:
    """Ask before a step there is no way back from; the button says what it does."""
    box = QMessageBox(parent)
    box.setObjectName("confirm")
    box.setText(question)
    yes = box.addButton(verb, QMessageBox.ButtonRole.AcceptRole)
    box.addButton(tr("Not yet"), QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(yes)
    box.exec()
    return box.clickedButton() is yes


def make(app: AppState) -> QWidget:
    return ReadingDesk(app)


DESK = Desk("reading", N_("Reading"), "✎", frozenset({Role.READER}), 1, make)
