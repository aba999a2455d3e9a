"""The reading desk: one's worklist and one's own read of a case, up to its submission."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from workstation.domain.case import AssignmentState
from workstation.domain.errors import WorkstationError
from workstation.domain.events import Changes, Topic
from workstation.domain.people import Role
from workstation.i18n import N_, tr
from workstation.services import reading
from workstation.services.prefetching import Prefetching
from workstation.services.reading import OpenCase
from workstation.ui.actions import bind, show_key
from workstation.ui.desk import Desk
from workstation.ui.errors import told
from workstation.ui.panels.giving_way import GivingWay
from workstation.ui.panels.mpr_switch import MprSwitch
from workstation.ui.panels.own_read import OwnRead, confirmed
from workstation.ui.state.app_state import AppState
from workstation.ui.theme import badge, color_of


class ReadingDesk(GivingWay):
    """Opens cases of one's own worklist; every step is saved; submission is one way."""

    sides_changed = Signal()

    def __init__(self, app: AppState) -> None:
        super().__init__()
        self.app = app
        self.case: OpenCase | None = None
        self.read: OwnRead | None = None
        self._ahead = Prefetching(app.workspace)
        app.jobs.closing.connect(self._ahead.close)
        self.left = QWidget()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        left = QVBoxLayout(self.left)
        left.setContentsMargins(8, 8, 8, 8)
        self.count = QLabel()
        self.count.setProperty("role", "section")
        self.list = QListWidget()
        self.list.setObjectName("worklist")
        self.list.setFixedWidth(150)
        self.list.itemActivated.connect(self._chosen)
        self.list.itemClicked.connect(self._chosen)
        self.next = QPushButton()
        show_key(self.next, "next_case", tr("Next case"))
        self.next.setObjectName("next")
        self.next.clicked.connect(self.open_next)
        left.addWidget(self.count)
        left.addWidget(self.list, 1)
        left.addWidget(self.next)
        self.mpr = MprSwitch(app)
        left.addWidget(self.mpr)
        row.addWidget(self.left)
        self._middle = QVBoxLayout()
        self._middle.setContentsMargins(0, 0, 0, 8)
        row.addLayout(self._middle, 1)
        self._empty = QLabel()
        self._empty.setWordWrap(True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._middle.addWidget(self._empty)
        bind(self, "next_case", self.open_next)
        bind(self, "mpr", self.mpr.click)
        app.changed.connect(self._changed)
        self.refresh()

    def sides(self) -> list[QWidget]:
        """The worklist and, with a case open, its form."""
        return [self.left] if self.read is None else [self.left, self.read.side]

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
        self.count.setText(tr("{done} of {total} read", done=done, total=len(rows)))
        self.next.setEnabled(done < len(rows))
        if not rows:
            text = tr("No case is assigned to you yet. The coordinator assigns them.")
        elif done == len(rows):
            text = tr("All your cases are read. Thank you.")
        else:
            text = tr("Choose a case on the left, or press “Next case”.")
        self._empty.setText(text)

    def _chosen(self, item: QListWidgetItem) -> None:
        self.open_case(str(item.data(Qt.ItemDataRole.UserRole)))

    def open_next(self) -> None:
        """The next case that is not submitted."""
        with self.app.workspace.reading() as uow:
            after = self.case.case.case_id if self.case else ""
            found = reading.next_case(uow, self.app.workspace.person.person_id, after)
        if found is not None:
            self.open_case(found)

    # one case

    def open_case(self, case_id: str) -> None:
        if self.case is not None and self.case.case.case_id == case_id:
            return
        if self.read is not None and not self.read.elsewhere.settle():
            self.refresh()
            return
        try:
            case = reading.open_case(self.app.workspace, case_id)
        except WorkstationError as error:
            told(self, error)
            return
        self.close_case()
        self.case = case
        # The pictures are decoded while the panes that will show them are being made.
        self._ahead.after(case_id, case.images)
        self.read = OwnRead(
            self.app, case.protocol, case.images, case.reading, tr("Submit reading"),
            earlier=case.earlier,
        )  # fmt: skip
        self.read.finish_wanted.connect(self.submit_reading)
        self.read.elsewhere.reopen_wanted.connect(lambda _: self._open_anew(case_id))
        self._empty.hide()
        self._middle.addWidget(self.read, 1)
        self.read.show()
        self.sides_changed.emit()
        self.read.bench.focus_first()
        self.mpr.offer(self.read)
        self.refresh()

    def _open_anew(self, case_id: str) -> None:
        """As the store has it: another window went on with the draft, or submitted it."""
        self.close_case()
        self.open_case(case_id)
        self.refresh()
        self.app.saved.emit(tr("opened anew"))

    def close_case(self) -> None:
        self.mpr.offer(None)
        if self.read is not None:
            self.read.hide()
            self.read.deleteLater()
        self.read = self.case = None
        self.sides_changed.emit()
        self._empty.show()

    # submission

    def submit_reading(self) -> None:
        """Ask, save what is unsaved, submit, go on to the next case."""
        if self.case is None or self.read is None:
            return
        number = self.case.case.number
        question = tr("Submit the reading of case {case}? It cannot be changed afterwards.",
                      case=number)  # fmt: skip
        if not confirmed(self, question, tr("Submit reading")):
            return
        read = self.read
        read.finish.setEnabled(False)
        reading_id = self.case.reading.reading_id
        self.app.jobs.run(
            tr("Submitting"),
            read.autosave.then(
                lambda seen: reading.submit(
                    self.app.workspace, reading_id, expected=seen, compare=False
                )
            ),
            lambda changes: self._submitted(changes, number),
            lambda error: self._not_submitted(error, read),
        )

    def _submitted(self, changes: Changes, number: str) -> None:
        if self.case is not None and self.case.case.number == number:
            self.close_case()
        self.app.announce(changes)
        self.app.saved.emit(tr("case {case} submitted", case=number))
        # Out of the reader's sight: it takes long only where the other reader has submitted too.
        self.app.jobs.run(
            tr("Saving"),
            lambda _: self.app.workspace.comparison.compare_pending(),
            lambda _: None,
            self._not_compared,
            writer=False,
        )
        if self.case is None:
            self.open_next()

    def _not_compared(self, error: BaseException) -> None:
        """The case stays "awaiting comparison" in the store; the next start compares it."""
        if not isinstance(error, WorkstationError):
            told(self, error)

    def _not_submitted(self, error: BaseException, read: OwnRead) -> None:
        if self.read is not read:
            told(self, error)
            return
        read.finish.setEnabled(True)
        read.elsewhere.tell(error)


def make(app: AppState) -> QWidget:
    return ReadingDesk(app)


DESK = Desk("reading", N_("Reading"), "✎", frozenset({Role.READER}), 1, make)
