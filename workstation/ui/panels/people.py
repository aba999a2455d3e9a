"""People: who reads, who rules, who coordinates; add a person with a key slot of its own."""

from __future__ import annotations

from PySide6.QtWidgets import (
    QCheckBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from workstation.domain.errors import WorkstationError
from workstation.domain.events import Changes, Topic
from workstation.domain.people import Person, Qualification, Role
from workstation.i18n import tr
from workstation.messages import sentence, state_text
from workstation.services.enrolling import AddPerson, add_person, everybody
from workstation.ui.errors import told
from workstation.ui.panels.table import Table
from workstation.ui.state.app_state import AppState


class PeoplePanel(QWidget):
    """A table and a form; the new person's passphrase is typed twice and kept nowhere."""

    def __init__(self, app: AppState) -> None:
        super().__init__()
        self.app = app
        row = QHBoxLayout(self)
        heads = (
            tr("Code"),
            tr("Login"),
            tr("Name"),
            tr("Roles"),
            tr("Professional title"),
            tr("Years"),
        )
        self.people = Table(heads, "people")
        row.addWidget(self.people, 3)
        box = QWidget()
        box.setMaximumWidth(440)
        column = QVBoxLayout(box)
        column.setContentsMargins(8, 0, 0, 0)
        head = QLabel(tr("Add a person"))
        head.setProperty("role", "section")
        column.addWidget(head)
        form = QFormLayout()
        self.login, self.name = QLineEdit(), QLineEdit()
        self.title, self.licence, self.institution = QLineEdit(), QLineEdit(), QLineEdit()
        self.years = QDoubleSpinBox()
        self.years.setRange(-1, 70)
        self.years.setDecimals(1)
        self.years.setValue(-1)
        self.years.setSpecialValueText(tr("not given"))
        self.first, self.second = QLineEdit(), QLineEdit()
        for field in (self.first, self.second):
            field.setEchoMode(QLineEdit.EchoMode.Password)
        self.roles = {role: QCheckBox(state_text(str(role))) for role in Role}
        roles = QVBoxLayout()
        for role in (Role.READER, Role.ARBITRATOR, Role.COORDINATOR):
            roles.addWidget(self.roles[role])
        for text, field, name in (
            (tr("Login"), self.login, "new_login"),
            (tr("Name"), self.name, "new_name"),
            (tr("Professional title"), self.title, "new_title"),
            (tr("Licence number"), self.licence, "new_licence"),
            (tr("Institution"), self.institution, "new_institution"),
            (tr("Years of reading"), self.years, "new_years"),
            (tr("Passphrase (12 characters or more)"), self.first, "new_first"),
            (tr("Passphrase again"), self.second, "new_second"),
        ):
            field.setObjectName(name)
            form.addRow(text, field)
        form.addRow(tr("Roles"), roles)
        column.addLayout(form)
        self.problem = QLabel()
        self.problem.setWordWrap(True)
        self.problem.setProperty("role", "problem")
        column.addWidget(self.problem)
        self.add = QPushButton(tr("Add person"))
        self.add.setObjectName("add_person")
        self.add.setProperty("primary", True)
        self.add.clicked.connect(self.add_new)
        column.addWidget(self.add)
        column.addStretch()
        row.addWidget(box, 2)
        app.changed.connect(self._changed)
        self.refresh()

    def _changed(self, changes: Changes) -> None:
        if Topic.PEOPLE in changes.topics:
            self.refresh()

    def refresh(self) -> None:
        found = everybody(self.app.workspace)
        self.people.fill([(p.person_id, self._texts(p)) for p in found])

    def _texts(self, person: Person) -> tuple[str, ...]:
        roles = ", ".join(state_text(str(r)) for r in sorted(person.roles))
        years = person.qualification.years
        return (
            person.code,
            person.login,
            person.display_name,
            roles,
            person.qualification.title,
            "–" if years is None else f"{years:g}",
        )

    def add_new(self) -> None:
        roles = frozenset(role for role, box in self.roles.items() if box.isChecked())
        if not roles:
            self.problem.setText(tr("Tick at least one role."))
            return
        if self.first.text() != self.second.text():
            self.problem.setText(tr("The two passphrases differ."))
            return
        years = self.years.value()
        command = AddPerson(
            self.login.text().strip(),
            self.name.text(),
            roles,
            self.first.text(),
            Qualification(
                self.title.text().strip(),
                self.licence.text().strip(),
                None if years < 0 else years,
                self.institution.text().strip(),
            ),
        )
        self.add.setEnabled(False)
        self.problem.clear()
        self.app.jobs.run(
            tr("Adding a person"),
            lambda _: add_person(self.app.workspace, command),
            self._added,
            self._not_added,
        )

    def _added(self, outcome: tuple[Person, Changes]) -> None:
        person, changes = outcome
        self.add.setEnabled(True)
        for field in (self.login, self.name, self.title, self.licence, self.institution,
                      self.first, self.second):  # fmt: skip
            field.clear()
        self.years.setValue(-1)
        for box in self.roles.values():
            box.setChecked(False)
        self.app.announce(changes)
        self.app.saved.emit(tr("Added {login} as {code}.", login=person.login, code=person.code))

    def _not_added(self, error: BaseException) -> None:
        self.add.setEnabled(True)
        if isinstance(error, WorkstationError):
            self.problem.setText(sentence(error))
        else:
            told(self, error)
