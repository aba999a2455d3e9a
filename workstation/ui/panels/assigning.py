"""Assignment and progress: a balanced plan shown first; afterwards counts, never content."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from workstation.domain.case import CaseState
from workstation.domain.errors import WorkstationError
from workstation.domain.events import Changes, Topic
from workstation.domain.people import Role
from workstation.i18n import tr
from workstation.messages import sentence
from workstation.services import assigning
from workstation.services.assigning import AssignmentPlan
from workstation.services.enrolling import people_with
from workstation.ui.errors import told
from workstation.ui.panels.table import Table
from workstation.ui.state.app_state import AppState
from workstation.ui.theme import badge, color_of

POLL_MS = 3000


class AssigningPanel(QWidget):
    """Readers to choose from (all if none is chosen), the plan, the states, the loads."""

    def __init__(self, app: AppState) -> None:
        super().__init__()
        self.app = app
        self._plan: AssignmentPlan | None = None
        column = QVBoxLayout(self)
        note = QLabel(
            tr(
                "Every case goes to as many readers as the protocol asks for, balanced by images; "
                "each reader gets patients in an own random order (seed {seed}). A patient's "
                "images stay together.",
                seed=self._seed(),
            )
        )
        note.setWordWrap(True)
        note.setProperty("role", "muted")
        column.addWidget(note)
        heads = (tr("Reader"), tr("Name"), tr("waiting"), tr("in progress"), tr("submitted"),
                 tr("Cases in this plan"))  # fmt: skip
        self.readers = Table(heads, "readers")
        self.readers.filter.hide()
        column.addWidget(self.readers, 2)
        row = QHBoxLayout()
        self.plan = QPushButton(tr("Make a plan"))
        self.plan.setObjectName("plan")
        self.plan.setToolTip(tr("Choose readers in the table first, or none for all of them"))
        self.plan.clicked.connect(self.make_plan)
        self.assign = QPushButton(tr("Assign"))
        self.assign.setObjectName("assign")
        self.assign.setProperty("primary", True)
        self.assign.clicked.connect(self.do_assign)
        self.said = QLabel()
        self.said.setWordWrap(True)
        row.addWidget(self.plan)
        row.addWidget(self.assign)
        row.addWidget(self.said, 1)
        column.addLayout(row)
        head = QLabel(tr("Progress"))
        head.setProperty("role", "section")
        column.addWidget(head)
        self.states = Table((tr("Case state"), tr("How many")), "states", sortable=False)
        self.states.filter.hide()
        column.addWidget(self.states, 3)
        app.changed.connect(self._changed)
        # Readers work in programs of their own: counts are read anew while one looks.
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(lambda: self.isVisible() and self.refresh())
        self._timer.start()
        self.refresh()

    def _seed(self) -> int:
        with self.app.workspace.reading() as uow:
            study = uow.study.get()
        assert study is not None
        return study.seed

    def _changed(self, changes: Changes) -> None:
        if changes.topics & {Topic.PEOPLE, Topic.CASES, Topic.ASSIGNMENTS, Topic.DISPUTES}:
            self._plan = None
            self.refresh()

    def refresh(self) -> None:
        with self.app.workspace.reading() as uow:
            found = assigning.progress(uow)
            people = {p.code: p for p in people_with(uow, Role.READER)}
        planned = dict(self._plan.cases_of) if self._plan else {}
        rows = []
        for code, *counts in found.readers:
            person = people[code]
            extra = str(planned[person.person_id]) if person.person_id in planned else ""
            texts = (code, person.display_name, *map(str, counts), extra)
            rows.append((person.person_id, texts))
        self.readers.fill(rows)
        states = [(state, count) for state, count in found.cases if count]
        self.states.fill(
            [(str(s), (badge(s), str(n))) for s, n in states], [color_of(s) for s, _ in states]
        )
        included = dict(found.cases)[CaseState.INCLUDED]
        self.plan.setEnabled(bool(included))
        self.assign.setEnabled(self._plan is not None)
        if self._plan is None:
            self.said.setText(
                tr("{count} included cases wait for readers.", count=included)
                if included
                else tr("No included case waits for readers.")
            )

    def make_plan(self) -> None:
        try:
            with self.app.workspace.reading() as uow:
                self._plan = assigning.plan(uow, self.readers.chosen())
        except WorkstationError as error:
            self._plan = None
            self.refresh()
            self.said.setText(sentence(error))
            return
        self.said.setText(tr("{count} cases would be assigned.", count=len(self._plan.pairs)))
        self.refresh()

    def do_assign(self) -> None:
        plan = self._plan
        if plan is None:
            return
        self.assign.setEnabled(False)
        count = len(plan.pairs)

        def done(changes: Changes) -> None:
            self.app.announce(changes)
            self.app.saved.emit(tr("{count} cases assigned.", count=count))

        self.app.jobs.run(
            tr("Assigning"),
            lambda _: assigning.assign(self.app.workspace, plan.pairs),
            done,
            lambda error: told(self, error),
        )
