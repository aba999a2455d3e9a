"""Sign in: cards of a study's people, the passphrase, other studies, a new one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from workstation.domain.errors import WorkstationError
from workstation.i18n import LANGUAGES, language, tr
from workstation.messages import sentence, state_text
from workstation.services.opening import NewStudy, SignInCard, StudyOpener
from workstation.ui.errors import told
from workstation.ui.jobs import JobRunner


class SignIn(QWidget):
    """Emits `signed_in` with a workspace, `language_wanted` with a code.

    `demo` gives the passphrase of each demo study, which is no secret.
    """

    signed_in = Signal(object)
    language_wanted = Signal(str)

    def __init__(
        self, opener: StudyOpener, folders: Sequence[Path], demo: Mapping[Path, str]
    ) -> None:
        super().__init__()
        self._opener = opener
        self._demo = demo
        # Deriving the key from a passphrase takes a second, on purpose: not on this thread.
        self.jobs = JobRunner(self)
        self._card: SignInCard | None = None
        outer = QVBoxLayout(self)
        outer.setAlignment(Qt.AlignmentFlag.AlignCenter)
        box = QWidget()
        box.setFixedWidth(720)
        self._column = QVBoxLayout(box)
        self._column.setSpacing(12)
        outer.addWidget(box)
        title = QLabel(tr("Annotation and arbitration workstation"))
        title.setProperty("role", "title")
        self._column.addWidget(title)
        row = QHBoxLayout()
        self.study = QComboBox()
        self.study.setObjectName("study")
        for folder in folders:
            self.study.addItem(folder.name, folder)
        self.study.currentIndexChanged.connect(self._show_cards)
        row.addWidget(QLabel(tr("Study")))
        row.addWidget(self.study, 1)
        other = QPushButton(tr("Open another …"))
        other.clicked.connect(self._choose)
        new = QPushButton(tr("New study …"))
        new.clicked.connect(self._new)
        row.addWidget(other)
        row.addWidget(new)
        self._column.addLayout(row)
        self._cards = QHBoxLayout()
        self._column.addLayout(self._cards)
        self._who = QLabel()
        self._who.setProperty("role", "section")
        self.passphrase = QLineEdit()
        self.passphrase.setEchoMode(QLineEdit.EchoMode.Password)
        self.passphrase.setPlaceholderText(tr("Passphrase"))
        self.passphrase.returnPressed.connect(self.sign_in)
        self.enter = QPushButton(tr("Sign in"))
        self.enter.setProperty("primary", True)
        self.enter.clicked.connect(self.sign_in)
        self._problem = QLabel()
        self._problem.setProperty("role", "problem")
        self._problem.setWordWrap(True)
        self._note = QLabel()
        self._note.setProperty("role", "muted")
        self._note.setWordWrap(True)
        line = QHBoxLayout()
        line.addWidget(self.passphrase, 1)
        line.addWidget(self.enter)
        self._column.addWidget(self._who)
        self._column.addLayout(line)
        self._column.addWidget(self._problem)
        self._column.addWidget(self._note)
        tongues = QHBoxLayout()
        tongues.addStretch()
        for code, name in zip(LANGUAGES, ("中文", "English"), strict=True):
            button = QPushButton(name)
            button.setCheckable(True)
            button.setChecked(code == language())
            button.clicked.connect(lambda _=False, c=code: self.language_wanted.emit(c))
            tongues.addWidget(button)
        self._column.addLayout(tongues)
        self._show_cards()

    @property
    def folder(self) -> Path | None:
        found = self.study.currentData()
        return found if isinstance(found, Path) else None

    def _show_cards(self) -> None:
        while self._cards.count():
            old = self._cards.takeAt(0).widget()
            if old is not None:
                old.deleteLater()
        self._problem.clear()
        self._card = None
        cards: tuple[SignInCard, ...] = ()
        if self.folder is not None:
            try:
                cards = self._opener.cards(self.folder)
            except WorkstationError as error:
                self._problem.setText(sentence(error))
        for card in cards:
            roles = ", ".join(state_text(str(r)) for r in card.roles)
            button = QPushButton(f"{card.display_name}\n{roles}")
            button.setObjectName(f"card:{card.login}")
            button.setCheckable(True)
            button.setAutoExclusive(True)
            button.setMinimumHeight(72)
            button.clicked.connect(lambda _=False, c=card: self.choose(c))
            self._cards.addWidget(button)
        phrase = self._demo_phrase()
        self._note.setText(
            tr("Demo study: made-up images, simulated readers. Passphrase of everybody: {phrase}",
               phrase=phrase) if phrase else ""
        )  # fmt: skip
        self._who.setText(tr("Choose who you are") if cards else "")
        self.passphrase.setEnabled(False)
        self.enter.setEnabled(False)

    def _demo_phrase(self) -> str:
        return self._demo.get(self.folder, "") if self.folder is not None else ""

    def choose(self, card: SignInCard) -> None:
        self._card = card
        self._who.setText(card.display_name)
        self.passphrase.setEnabled(True)
        self.enter.setEnabled(True)
        self.passphrase.setText(self._demo_phrase())
        self.passphrase.setFocus()

    def sign_in(self) -> None:
        if self._card is None or self.folder is None:
            return
        if self.jobs.active:
            return
        folder, login, passphrase = self.folder, self._card.login, self.passphrase.text()
        self._problem.clear()
        self._busy(True)
        self.jobs.run(
            tr("Signing in …"),
            lambda _: self._opener.open(folder, login, passphrase),
            self.signed_in.emit,
            self._not_signed_in,
        )

    def _busy(self, on: bool) -> None:
        self.enter.setText(tr("Signing in …") if on else tr("Sign in"))
        self.passphrase.setReadOnly(on)
        for button in self.findChildren(QPushButton):
            button.setEnabled(not on)
        self.study.setEnabled(not on)

    def _not_signed_in(self, error: BaseException) -> None:
        self._busy(False)
        self.passphrase.setFocus()
        self.passphrase.selectAll()
        if isinstance(error, WorkstationError):
            self._problem.setText(sentence(error))
        else:
            told(self, error)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.jobs.close()
        event.accept()

    def _choose(self) -> None:
        found = QFileDialog.getExistingDirectory(self, tr("Open a study folder"))
        if found:
            self.study.insertItem(0, Path(found).name, Path(found))
            self.study.setCurrentIndex(0)
            self._show_cards()

    def _new(self) -> None:
        dialog = NewStudyDialog(self._opener, self)
        if dialog.exec() and dialog.workspace is not None:
            self.signed_in.emit(dialog.workspace)


class NewStudyDialog(QDialog):
    """Title, protocol, folder and the first coordinator."""

    def __init__(self, opener: StudyOpener, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("New study"))
        self.setMinimumWidth(520)
        self.workspace: object = None
        self._opener = opener
        form = QFormLayout(self)
        self.title = QLineEdit()
        self.protocol = QComboBox()
        for shipped in opener.protocols():
            self.protocol.addItem(shipped.protocol.title.text(language()), shipped)
        self.purpose = QLabel()
        self.purpose.setWordWrap(True)
        self.purpose.setProperty("role", "muted")
        self.protocol.currentIndexChanged.connect(self._described)
        self.folder = QLineEdit(str(Path.home() / "study-1.study"))
        self.name = QLineEdit()
        self.login = QLineEdit("coordinator")
        self.first = QLineEdit()
        self.second = QLineEdit()
        for field in (self.first, self.second):
            field.setEchoMode(QLineEdit.EchoMode.Password)
        self.problem = QLabel()
        self.problem.setProperty("role", "problem")
        self.problem.setWordWrap(True)
        form.addRow(tr("Title"), self.title)
        other = QPushButton(tr("From a file …"))
        other.setToolTip(tr("A protocol of your own, as YAML"))
        other.clicked.connect(self._ask_protocol)
        row = QHBoxLayout()
        row.addWidget(self.protocol, 1)
        row.addWidget(other)
        form.addRow(tr("Protocol"), row)
        form.addRow("", self.purpose)
        form.addRow(tr("Folder"), self.folder)
        form.addRow(tr("Your name (coordinator)"), self.name)
        form.addRow(tr("Login"), self.login)
        form.addRow(tr("Passphrase (12 characters or more)"), self.first)
        form.addRow(tr("Passphrase again"), self.second)
        form.addRow(self.problem)
        buttons = QDialogButtonBox()
        make = buttons.addButton(tr("Create study"), QDialogButtonBox.ButtonRole.AcceptRole)
        make.setProperty("primary", True)
        buttons.addButton(tr("Back"), QDialogButtonBox.ButtonRole.RejectRole)
        buttons.accepted.connect(self._create)
        buttons.rejected.connect(self.reject)
        form.addRow(buttons)
        self._described()

    def _ask_protocol(self) -> None:
        found, _ = QFileDialog.getOpenFileName(
            self, tr("A protocol of your own, as YAML"), "", "YAML (*.yaml *.yml)"
        )
        if found:
            self.add_protocol(Path(found))

    def add_protocol(self, path: Path) -> None:
        """Offer and choose a protocol from a file; say what is wrong in it otherwise."""
        try:
            shipped = self._opener.protocol(str(path))
        except WorkstationError as error:
            self.problem.setText(sentence(error))
            return
        self.problem.clear()
        self.protocol.addItem(f"{shipped.protocol.title.text(language())} ({path.name})", shipped)
        self.protocol.setCurrentIndex(self.protocol.count() - 1)

    def _described(self) -> None:
        shipped = self.protocol.currentData()
        if shipped is not None:
            self.purpose.setText(shipped.protocol.purpose.text(language()))

    def _create(self) -> None:
        if self.first.text() != self.second.text():
            self.problem.setText(tr("The two passphrases differ."))
            return
        if not self.title.text().strip():
            self.problem.setText(tr("Give the study a title."))
            return
        study = NewStudy(
            Path(self.folder.text()).expanduser(),
            self.title.text(),
            self.protocol.currentData().document,
            self.login.text().strip(),
            self.name.text(),
            self.first.text(),
        )
        try:
            self.workspace = self._opener.create(study)
        except WorkstationError as error:
            self.problem.setText(sentence(error))
            return
        self.accept()
