"""The coordinator's desk: import, cases, people, assignment and progress."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from workstation.domain.people import Role
from workstation.i18n import N_, tr
from workstation.ui.desk import Desk
from workstation.ui.panels.assigning import AssigningPanel
from workstation.ui.panels.cases import CasesPanel
from workstation.ui.panels.import_files import ImportPanel
from workstation.ui.panels.people import PeoplePanel
from workstation.ui.state.app_state import AppState


class CoordinatorDesk(QWidget):
    """The tabs stand in the order of the work."""

    def __init__(self, app: AppState) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        self.tabs = QTabWidget()
        self.import_files = ImportPanel(app)
        self.cases = CasesPanel(app)
        self.people = PeoplePanel(app)
        self.assigning = AssigningPanel(app)
        for widget, title in (
            (self.import_files, tr("Import")),
            (self.cases, tr("Cases to include")),
            (self.people, tr("People")),
            (self.assigning, tr("Assign and progress")),
        ):
            self.tabs.addTab(widget, title)
        column.addWidget(self.tabs)
        app.wanted.connect(self._show_cases)

    def _show_cases(self, desk_id: str, numbers: Sequence[str]) -> None:
        if desk_id == DESK.desk_id:
            self.tabs.setCurrentWidget(self.cases)
            self.cases.choose(numbers)


def make(app: AppState) -> QWidget:
    return CoordinatorDesk(app)


DESK = Desk("coordinator", N_("Study"), "▤", frozenset({Role.COORDINATOR}), 3, make)
