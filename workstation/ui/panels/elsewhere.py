"""What a person is asked when the open draft went on in another window, or ended there.

One dialog at a time, and only where none is open; nothing is dropped without an answer.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from workstation.domain.errors import Cancelled, RuleViolation, WorkstationError
from workstation.i18n import tr
from workstation.messages import sentence
from workstation.ui.errors import told
from workstation.ui.state.app_state import AppState
from workstation.ui.state.autosave import CHANGED, Autosave

# Refusals that say the reading or its dispute went on without this window.
GONE_ON = frozenset(
    {
        "arbitration.blind_read_sealed",
        "arbitration.not_revealed",
        "arbitration.not_taken",
        "arbitration.not_yours",
        "arbitration.stale_comparison",
        "assignment.not_yours",
        "blinding.hidden",
        "reading.submitted",
    }
)
WAIT_MS = 100


class Elsewhere(QObject):
    """Watches the saves of one draft. `reopen_wanted` carries the refusal: what is shown is not
    what the store holds, and the case is to be opened anew."""

    reopen_wanted = Signal(object)

    def __init__(self, app: AppState, shown: QWidget, autosave: Autosave) -> None:
        super().__init__(shown)
        self._shown = shown
        self._autosave = autosave
        self._asking = False
        self._waiting: BaseException | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(WAIT_MS)
        self._timer.timeout.connect(self._again)
        autosave.refused.connect(self.tell)
        autosave.failed.connect(self.tell)
        app.jobs.closing.connect(self.settle)

    def tell(self, error: BaseException) -> None:
        """Ask or tell of a save or a step that was refused or failed."""
        if self._asking or isinstance(error, Cancelled):
            return
        if QApplication.activeModalWidget() is not None:
            self._waiting = error
            self._timer.start()
        elif self._ask(error):
            self._autosave.resume()

    def _again(self) -> None:
        error, self._waiting = self._waiting, None
        if error is not None:
            self.tell(error)

    def settle(self) -> bool:
        """Write what is unsaved before the case is left; False where the person has to stay."""
        while not self._asking:
            try:
                self._autosave.flush()
            except WorkstationError as error:
                if not self._ask(error):
                    return False
            else:
                return True
        return False

    def _ask(self, error: BaseException) -> bool:
        """True where what is here is to be written over what is there."""
        self._asking, self._waiting = True, None
        self._timer.stop()
        try:
            if isinstance(error, RuleViolation) and error.code == CHANGED:
                keep = self._choice(error)
                if keep is None:
                    return False
                if keep:
                    self._autosave.keep(int(error.params["revision"]))
                    return True
            else:
                told(self._shown, error)
                if not self._gone_on(error):
                    return False
            self._autosave.drop()
        finally:
            self._asking = False
        self.reopen_wanted.emit(error)
        return False

    def _choice(self, error: RuleViolation) -> bool | None:
        box = QMessageBox(self._shown)
        box.setObjectName("elsewhere")
        box.setIcon(QMessageBox.Icon.Question)
        box.setText(
            sentence(error)
            + " "
            + tr("What is here and what is there differ; only one of them can stay.")
        )
        here = box.addButton(tr("Keep what is here"), QMessageBox.ButtonRole.ActionRole)
        there = box.addButton(tr("Open the other"), QMessageBox.ButtonRole.ActionRole)
        box.exec()
        chosen = box.clickedButton()
        return chosen is here if chosen in (here, there) else None

    def _gone_on(self, error: BaseException) -> bool:
        """Whether the draft on show can never be saved again."""
        refused = isinstance(error, RuleViolation)
        return refused and (error is self._autosave.held or error.code in GONE_ON)
