"""The arbitration desk: the queue, the blind read, the reveal, the ruling."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from workstation.domain.arbitration import Decision, DisputeState
from workstation.domain.errors import RuleViolation, WorkstationError
from workstation.domain.events import Changes, Topic
from workstation.domain.people import Role
from workstation.domain.protocol import BlindRead
from workstation.i18n import N_, tr
from workstation.services import arbitrating
from workstation.services.arbitrating import OpenDispute, QueueRow
from workstation.ui.actions import bind, show_key
from workstation.ui.desk import Desk
from workstation.ui.errors import told
from workstation.ui.jobs import Work
from workstation.ui.panels.comparing import Comparing
from workstation.ui.panels.elsewhere import GONE_ON
from workstation.ui.panels.giving_way import GivingWay
from workstation.ui.panels.own_read import OwnRead, confirmed
from workstation.ui.state.app_state import AppState
from workstation.ui.theme import badge, color_of

# New disputes appear in the queue within this time, whichever program made them.
POLL_MS = 3000
# Refusals of a dispute that is no longer one's own.
NOT_MINE = frozenset({"arbitration.not_taken", "arbitration.not_yours", "blinding.hidden"})


class ArbitrationDesk(GivingWay):
    """One dispute at a time: own read, sealed; X and Y shown; ruled and signed."""

    sides_changed = Signal()

    def __init__(self, app: AppState) -> None:
        super().__init__()
        self.app = app
        self.dispute: OpenDispute | None = None
        self.read: OwnRead | None = None
        self.comparing: Comparing | None = None
        self._rows: tuple[QueueRow, ...] = ()
        self.left = QWidget()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        left = QVBoxLayout(self.left)
        left.setContentsMargins(8, 8, 8, 8)
        self.count = QLabel()
        self.count.setProperty("role", "section")
        self.list = QListWidget()
        self.list.setObjectName("queue")
        self.list.setFixedWidth(200)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemClicked.connect(self._chosen)
        self.list.itemActivated.connect(self._chosen)
        self.next = QPushButton()
        show_key(self.next, "next_case", tr("Next dispute"))
        self.next.setObjectName("next")
        self.next.clicked.connect(self.open_next)
        left.addWidget(self.count)
        left.addWidget(self.list, 1)
        left.addWidget(self.next)
        row.addWidget(self.left)
        self._middle = QVBoxLayout()
        self._middle.setContentsMargins(0, 0, 0, 8)
        row.addLayout(self._middle, 1)
        self._page: QWidget | None = None
        bind(self, "next_case", self.open_next)
        app.changed.connect(self._changed)
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self.refresh)
        self._timer.start()
        self.refresh()
        self._show(self._empty_page())

    def sides(self) -> list[QWidget]:
        """The queue and, with a dispute open, the form of the own read or of the ruling."""
        if self.read is not None:
            return [self.left, self.read.side]
        return [self.left] if self.comparing is None else [self.left, self.comparing.panel]

    # queue

    def _changed(self, changes: Changes) -> None:
        if Topic.DISPUTES in changes.topics:
            self.refresh()

    def refresh(self) -> None:
        """Number, state, age; nothing of what anybody answered."""
        rows = arbitrating.queue(self.app.workspace)
        if rows == self._rows and self.list.count():
            return
        self._rows = rows
        blocked = QSignalBlocker(self.list)
        self.list.clear()
        here = self.dispute.dispute.dispute_id if self.dispute else ""
        for one in rows:
            age = tr("{days} d", days=one.age_days)
            item = QListWidgetItem(f"{one.number}  {badge(one.state)}  {age}")
            item.setForeground(color_of(one.state))
            item.setData(Qt.ItemDataRole.UserRole, one.dispute_id)
            item.setToolTip(item.text())
            self.list.addItem(item)
            if one.dispute_id == here:
                self.list.setCurrentItem(item)
        blocked.unblock()
        waiting = sum(1 for r in rows if r.state is not DisputeState.RESOLVED)
        self.count.setText(tr("{count} to rule on", count=waiting))
        self.next.setEnabled(bool(waiting))
        if self.dispute is None and self._page is not None:
            self._show(self._empty_page())

    def _empty_page(self) -> QWidget:
        if any(r.state is not DisputeState.RESOLVED for r in self._rows):
            text = tr("Choose a dispute on the left, or press “Next dispute”.")
        else:
            text = tr("No dispute waits. Cases come here when two readers disagree.")
        return self._page_of(text)

    def _page_of(self, text: str, button: QPushButton | None = None) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.setSpacing(16)
        label = QLabel(text)
        label.setWordWrap(True)
        label.setMinimumWidth(420)
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(label)
        if button is not None:
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignCenter)
        return page

    def _show(self, page: QWidget) -> None:
        old, self._page = self._page, page
        self._middle.addWidget(page, 1)
        page.show()
        self.sides_changed.emit()
        if old is not None:
            old.hide()
            old.deleteLater()

    def _chosen(self, item: QListWidgetItem) -> None:
        self.open_dispute(str(item.data(Qt.ItemDataRole.UserRole)))

    def open_next(self) -> None:
        """The next dispute that is not resolved, after the open one."""
        waiting = [r.dispute_id for r in self._rows if r.state is not DisputeState.RESOLVED]
        here = self.dispute.dispute.dispute_id if self.dispute else ""
        if here in waiting:
            at = waiting.index(here)
            waiting = waiting[at + 1 :] + waiting[:at]
        if waiting:
            self.open_dispute(waiting[0])

    # one dispute

    def open_dispute(self, dispute_id: str) -> None:
        if self.dispute is not None and self.dispute.dispute.dispute_id == dispute_id:
            return
        draft = self._draft()
        if draft is not None and not draft.elsewhere.settle():
            self._refresh_all()
            return
        self._open(dispute_id)

    def _draft(self) -> OwnRead | Comparing | None:
        """Whatever of one's own is open and may be unsaved."""
        return self.read or self.comparing

    def _open_anew(self, error: BaseException, dispute_id: str) -> None:
        """As the store has it: it went on in another window. One that was released is not taken
        again without being asked for."""
        self.dispute = self.read = self.comparing = None
        self._show(self._page_of(""))
        if not (isinstance(error, RuleViolation) and error.code in NOT_MINE):
            self._open(dispute_id)
            self.app.saved.emit(tr("opened anew"))
        self._refresh_all()

    def _refresh_all(self) -> None:
        self._rows = ()
        self.refresh()

    def _tell(self, error: BaseException, dispute_id: str) -> None:
        """Of a step that was refused: where the dispute went on elsewhere it is opened anew."""
        here = self.dispute is not None and self.dispute.dispute.dispute_id == dispute_id
        draft = self._draft()
        if here and draft is not None:
            draft.elsewhere.tell(error)
            return
        told(self, error)
        if here and isinstance(error, RuleViolation) and error.code in GONE_ON:
            self._open_anew(error, dispute_id)

    def _open(self, dispute_id: str) -> None:
        try:
            opened = arbitrating.open_dispute(self.app.workspace, dispute_id)
        except WorkstationError as error:
            told(self, error)
            return
        self.dispute = opened
        self.read = self.comparing = None
        state = opened.dispute.state
        if state is DisputeState.OPEN and opened.protocol.blind_read is BlindRead.OFF:
            self._reveal_page(tr("This protocol shows X and Y at once."))
        elif state is DisputeState.OPEN:
            self._read_blind(opened)
        elif state is DisputeState.BLIND_READ_SEALED:
            self._reveal_page(tr("Your own read is sealed. X and Y may be seen now."))
        else:
            self._compare(opened)
        self._rows = ()
        self.refresh()

    def _read_blind(self, opened: OpenDispute) -> None:
        note = tr("Step 1 of 2: your own read. X and Y stay sealed until you have sealed it.")
        self.read = OwnRead(
            self.app, opened.protocol, opened.images, opened.mine, tr("Seal own read"), note,
            opened.earlier,
        )  # fmt: skip
        self.read.finish_wanted.connect(self.seal)
        self.read.elsewhere.reopen_wanted.connect(
            lambda error: self._open_anew(error, opened.dispute.dispute_id)
        )
        self._show(self.read)
        self.read.bench.focus_first()

    def _reveal_page(self, text: str) -> None:
        button = QPushButton()
        show_key(button, "finish", tr("Show X and Y"))
        button.setObjectName("reveal")
        button.setProperty("primary", True)
        button.setMinimumSize(240, 40)
        button.clicked.connect(self.reveal)
        page = self._page_of(text, button)
        bind(page, "finish", self.reveal)
        self._show(page)
        button.setFocus()

    def _compare(self, opened: OpenDispute) -> None:
        self.comparing = Comparing(self.app, opened, self._save_decisions)
        self.comparing.panel.sign_wanted.connect(self.sign)
        self.comparing.elsewhere.reopen_wanted.connect(
            lambda error: self._open_anew(error, opened.dispute.dispute_id)
        )
        bind(self.comparing, "finish", self.sign)
        self._show(self.comparing)
        self.comparing.bench.focus_first()

    # steps

    def seal(self) -> None:
        """Sign one's own read: it is final, and X and Y may be seen afterwards."""
        if self.dispute is None or self.read is None:
            return
        number, dispute_id = self.dispute.case.number, self.dispute.dispute.dispute_id
        question = tr("Seal your own read of case {case}? It cannot be changed afterwards.",
                      case=number)  # fmt: skip
        if not confirmed(self, question, tr("Seal own read")):
            return
        self._run(
            tr("Sealing"),
            self.read.autosave.then(
                lambda seen: arbitrating.seal_blind_read(
                    self.app.workspace, dispute_id, expected=seen
                )
            ),
            dispute_id,
        )

    def reveal(self) -> None:
        if self.dispute is None:
            return
        dispute_id = self.dispute.dispute.dispute_id
        self._run(
            tr("Revealing"),
            lambda _: arbitrating.reveal(self.app.workspace, dispute_id),
            dispute_id,
        )

    def _run(self, title: str, work: Work, dispute_id: str) -> None:
        def done(changes: Changes) -> None:
            self.app.announce(changes)
            if self.dispute is not None and self.dispute.dispute.dispute_id == dispute_id:
                self._open(dispute_id)

        self.app.jobs.run(title, work, done, lambda error: self._tell(error, dispute_id))

    def _save_decisions(self, decisions: tuple[Decision, ...]) -> None:
        if self.dispute is None:
            return
        dispute_id = self.dispute.dispute.dispute_id
        self.app.jobs.run(
            tr("Saving"),
            lambda _: arbitrating.save_decisions(self.app.workspace, dispute_id, decisions),
            lambda _: self.app.saved.emit(
                tr("{count} decisions saved", count=len(decisions))
                if decisions
                else tr("decision taken back")
            ),
            lambda error: self._tell(error, dispute_id),
        )

    def sign(self) -> None:
        """Sign the ruling; what is missing is gone to first."""
        comparing, opened = self.comparing, self.dispute
        if comparing is None or opened is None or comparing.read_only:
            return
        panel = comparing.panel
        if not panel.sign.isEnabled():
            panel.go_to_lacking()
            return
        dispute_id, number = opened.dispute.dispute_id, opened.case.number
        question = tr("Sign the ruling of case {case}? It cannot be changed afterwards.",
                      case=number)  # fmt: skip
        if not confirmed(self, question, tr("Sign ruling")):
            return
        decisions = comparing.ruling.decisions
        reason, note = str(panel.reason.currentData()), panel.note.text()
        confidence = panel.confidence
        panel.sign.setEnabled(False)

        def signed(changes: Changes) -> None:
            self.app.announce(changes)
            self.app.saved.emit(tr("ruling of case {case} signed", case=number))
            if self.dispute is opened:
                self.dispute = self.comparing = None
                self._rows = ()
                self.refresh()
                self._show(self._empty_page())
                self.open_next()

        def not_signed(error: BaseException) -> None:
            panel.sign.setEnabled(True)
            self._tell(error, dispute_id)

        self.app.jobs.run(
            tr("Signing"),
            comparing.autosave.then(
                lambda seen: arbitrating.sign(
                    self.app.workspace,
                    dispute_id,
                    decisions,
                    reason,
                    confidence,
                    note,
                    expected=seen,
                )
            ),
            signed,
            not_signed,
        )


def make(app: AppState) -> QWidget:
    return ArbitrationDesk(app)


DESK = Desk("arbitration", N_("Arbitration"), "⚖", frozenset({Role.ARBITRATOR}), 2, make)
