"""What a person is told when something fails: a sentence beside the control, or a dialog."""

from __future__ import annotations

import logging
import sys
import traceback
from types import TracebackType

from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from workstation.domain.errors import Cancelled, RuleViolation, WorkstationError
from workstation.i18n import tr
from workstation.messages import sentence

log = logging.getLogger("workstation.ui")
_shown: set[str] = set()


def told(parent: QWidget | None, error: BaseException) -> None:
    """Tell of a failed action: expected problems as their sentence, anything else as a fault."""
    if isinstance(error, Cancelled):
        return
    if isinstance(error, WorkstationError):
        box = QMessageBox(parent)
        calm = isinstance(error, RuleViolation)
        box.setIcon(QMessageBox.Icon.Information if calm else QMessageBox.Icon.Warning)
        box.setText(sentence(error))
        box.exec()
        return
    fault(type(error), error, error.__traceback__)


def fault(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """A fault of the program: told once per place, without anything of the study in it."""
    places = [f"{f.filename.rsplit('/', 1)[-1]}:{f.lineno}" for f in traceback.extract_tb(trace)]
    where = " < ".join(reversed(places[-6:]))
    log.error("fault %s at %s", kind.__name__, where)
    if where in _shown or QApplication.instance() is None:
        return
    _shown.add(where)
    box = QMessageBox()
    box.setIcon(QMessageBox.Icon.Critical)
    box.setText(tr("The program made a mistake. What was saved is safe; please report this."))
    box.setDetailedText(f"{kind.__name__}\n{where}")
    box.exec()


def install_hook() -> None:
    sys.excepthook = fault
