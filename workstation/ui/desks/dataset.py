"""The dataset desk: what is missing for a freeze, the frozen versions, verification, the report."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QColor, QDesktopServices
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from workstation.domain.dataset import DatasetVersion, next_version
from workstation.domain.errors import Cancelled, WorkstationError
from workstation.domain.events import Changes
from workstation.domain.people import Role
from workstation.domain.ports import SealCheck
from workstation.i18n import LANGUAGES, N_, tr
from workstation.messages import check_text, seal_text, sentence
from workstation.services import freezing, reporting
from workstation.services.freezing import CheckState
from workstation.services.opening import ExportForm
from workstation.ui.desk import Desk
from workstation.ui.errors import told
from workstation.ui.panels.own_read import confirmed
from workstation.ui.panels.table import Table
from workstation.ui.state.app_state import AppState
from workstation.ui.theme import AMBER, GREEN

SHOWN_CASES = 12


class DatasetDesk(QWidget):
    """Checklist and freeze above, versions below, report at the side."""

    def __init__(self, app: AppState) -> None:
        super().__init__()
        self.app = app
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.addWidget(self._head(tr("Before freezing")))
        self.checks = Table((tr("Condition"), tr("Met or not"), tr("Cases it is about")), "checks",
                            sortable=False)  # fmt: skip
        self.checks.filter.hide()
        column.addWidget(self.checks, 3)
        self.show_cases = QPushButton(tr("Show the cases of this condition"))
        self.show_cases.setObjectName("show_cases")
        self.show_cases.clicked.connect(self._show_cases)
        self.checks.widget.itemSelectionChanged.connect(self._enable_show)
        self.checks.widget.itemDoubleClicked.connect(lambda _: self._show_cases())
        column.addWidget(self.show_cases, 0, Qt.AlignmentFlag.AlignLeft)
        self._checks: dict[str, freezing.Check] = {}
        row = QHBoxLayout()
        self.version = QLineEdit()
        self.version.setObjectName("version")
        self.version.setFixedWidth(90)
        self.changes = QLineEdit()
        self.changes.setObjectName("changes")
        self.folder = QLineEdit(str(app.workspace.folder.parent / "datasets"))
        self.folder.setObjectName("folder")
        choose = QPushButton(tr("Choose …"))
        choose.clicked.connect(self._choose)
        self.freeze = QPushButton(tr("Freeze …"))
        self.freeze.setObjectName("freeze")
        self.freeze.setProperty("primary", True)
        self.freeze.clicked.connect(self.do_freeze)
        for widget, stretch in (
            (QLabel(tr("Version")), 0),
            (self.version, 0),
            (QLabel(tr("What changed")), 0),
            (self.changes, 2),
            (QLabel(tr("Into folder")), 0),
            (self.folder, 2),
            (choose, 0),
            (self.freeze, 0),
        ):
            row.addWidget(widget, stretch)
        column.addLayout(row)
        self.said = QLabel()
        self.said.setObjectName("said")
        self.said.setWordWrap(True)
        self.said.setTextInteractionFlags(self.said.textInteractionFlags().TextSelectableByMouse)
        column.addWidget(self.said)
        column.addWidget(self._head(tr("Frozen versions")))
        heads = (tr("Version"), tr("Frozen at"), tr("Cases"), tr("Images"), tr("Files"),
                 tr("Fingerprint"))  # fmt: skip
        self.versions = Table(heads, "versions")
        self.versions.filter.hide()
        column.addWidget(self.versions, 2)
        row = QHBoxLayout()
        self.verify = QPushButton(tr("Verify a folder …"))
        self.verify.setObjectName("verify")
        self.verify.clicked.connect(self._ask_verify)
        row.addWidget(self.verify)
        self.export = QPushButton(tr("Export a version …"))
        self.export.setObjectName("export")
        forms = QMenu(self.export)
        forms.addAction(tr("As one zip file …"), lambda: self._ask_export(ExportForm.ZIP))
        forms.addAction(tr("As tables (CSV) …"), lambda: self._ask_export(ExportForm.TABLES))
        self.export.setMenu(forms)
        row.addWidget(self.export)
        row.addStretch()
        row.addWidget(QLabel(tr("Study report (PDF)")))
        for code in LANGUAGES:
            button = QPushButton({"zh_CN": tr("in Chinese"), "en": tr("in English")}[code])
            button.setObjectName(f"report:{code}")
            button.clicked.connect(lambda _=False, c=code: self._ask_report(c))
            row.addWidget(button)
        self.open = QPushButton(tr("Open it"))
        self.open.setObjectName("open_result")
        self.open.hide()
        self.open.clicked.connect(self._open)
        row.addWidget(self.open)
        column.addLayout(row)
        self._result: Path | None = None
        app.changed.connect(lambda _: self.refresh())
        self.refresh()

    def _head(self, text: str) -> QLabel:
        label = QLabel(text)
        label.setProperty("role", "section")
        return label

    def showEvent(self, event: object) -> None:
        """Readers and arbitrators work in programs of their own."""
        self.refresh()

    def refresh(self) -> None:
        versions, checks = freezing.versions(self.app.workspace)
        words = {
            CheckState.MET: f"✓ {tr('met')}",
            CheckState.UNMET: f"◆ {tr('not met')}",
            CheckState.INFORMATION: f"– {tr('for information')}",
        }
        rows = []
        for one in checks:
            shown = ", ".join(one.cases[:SHOWN_CASES])
            if len(one.cases) > SHOWN_CASES:
                shown += " " + tr("and {count} more", count=len(one.cases) - SHOWN_CASES)
            rows.append((one.code, (check_text(one.code), words[one.state], shown)))
        self._checks = {one.code: one for one in checks}
        colors = [QColor(GREEN if c.state is CheckState.MET else AMBER) for c in checks]
        self.checks.fill(rows, colors, 1)
        self._enable_show()
        self.freeze.setEnabled(not freezing.blocking(checks))
        self.freeze.setToolTip(
            tr("Every condition above must be met first.") if freezing.blocking(checks) else ""
        )
        self.version.setPlaceholderText(next_version([v.version for v in versions]))
        self.changes.setPlaceholderText(
            tr("needed from the second version on") if versions else tr("not needed for the first")
        )
        self.versions.fill([(v.version, self._texts(v)) for v in versions])

    def _cases_chosen(self) -> tuple[str, ...]:
        return tuple(n for key in self.checks.chosen() for n in self._checks[key].cases)

    def _enable_show(self) -> None:
        self.show_cases.setEnabled(bool(self._cases_chosen()))

    def _show_cases(self) -> None:
        numbers = self._cases_chosen()
        if numbers:
            self.app.wanted.emit("coordinator", numbers)

    def _texts(self, version: DatasetVersion) -> tuple[str, ...]:
        at = version.frozen_at.astimezone().strftime("%Y-%m-%d %H:%M")
        counts = (version.case_count, version.image_count, len(version.files))
        return (version.version, at, *map(str, counts), version.fingerprint)

    def _choose(self) -> None:
        found = QFileDialog.getExistingDirectory(self, tr("Folder for frozen versions"))
        if found:
            self.folder.setText(found)

    def do_freeze(self) -> None:
        version = self.version.text().strip() or self.version.placeholderText()
        question = tr("Freeze version {version}? It can be read and copied, never changed.",
                      version=version)  # fmt: skip
        if not confirmed(self, question, tr("Freeze")):
            return
        changes = tuple(c.strip() for c in self.changes.text().split(";") if c.strip())
        command = freezing.Freeze(Path(self.folder.text()).expanduser(), version, changes)
        self.freeze.setEnabled(False)

        def done(outcome: tuple[DatasetVersion, Path, Changes]) -> None:
            record, folder, changed = outcome
            self.changes.clear()
            self.app.announce(changed)
            self._tell(
                tr(
                    "Frozen {version}: {fingerprint}",
                    version=record.version,
                    fingerprint=record.fingerprint,
                ),
                folder,
            )

        self.app.jobs.run(
            tr("Freezing"),
            lambda progress: freezing.freeze(self.app.workspace, command, progress),
            done,
            self._failed,
        )

    def _ask_verify(self) -> None:
        found = QFileDialog.getExistingDirectory(
            self, tr("A frozen version's folder"), self.folder.text()
        )
        if found:
            self.verify_folder(Path(found))

    def verify_folder(self, folder: Path) -> None:
        """Prove it, or name what differs."""

        def done(check: SealCheck) -> None:
            sign = "✓ " if check.holds else "■ "
            self._tell(sign + seal_text(check, SHOWN_CASES), None)

        self.app.jobs.run(
            tr("Verifying"),
            lambda progress: freezing.verify(self.app.workspace, folder, progress),
            done,
            self._failed,
            writer=False,
        )

    def _ask_export(self, form: ExportForm) -> None:
        found = QFileDialog.getExistingDirectory(
            self, tr("A frozen version's folder"), self.folder.text()
        )
        if not found:
            return
        if form is ExportForm.ZIP:
            out, _ = QFileDialog.getSaveFileName(
                self, tr("As one zip file …"), f"{found}.zip", "ZIP (*.zip)"
            )
            out = str(with_suffix(Path(out), ".zip")) if out else ""
        else:
            out = QFileDialog.getExistingDirectory(self, tr("Folder for the tables"))
        if out:
            self.export_folder(Path(found), Path(out), form)

    def export_folder(self, folder: Path, out: Path, form: ExportForm) -> None:
        """Verify a frozen version and write it as a zip file or as tables."""
        self.app.jobs.run(
            tr("Exporting"),
            lambda progress: self.app.opener.export_folder(folder, out, form, progress),
            lambda made: self._tell(
                tr("Written: {file}", file=", ".join(map(str, made))), made[0].parent
            ),
            self._failed,
            writer=False,
        )

    def _ask_report(self, code: str) -> None:
        place = self.app.workspace.folder.parent / f"report.{code}.pdf"
        found, _ = QFileDialog.getSaveFileName(
            self, tr("Study report (PDF)"), str(place), "PDF (*.pdf)"
        )
        if found:
            self.make_report(code, with_suffix(Path(found), ".pdf"))

    def make_report(self, code: str, out: Path) -> None:
        self.app.jobs.run(
            tr("Making the report"),
            lambda _: reporting.make_report(self.app.workspace, code, out),
            lambda written: self._tell(tr("Report written to {file}.", file=written), written),
            self._failed,
            writer=False,
        )

    def _tell(self, text: str, result: Path | None) -> None:
        self.said.setText(text)
        self._result = result
        self.open.setVisible(result is not None)

    def _open(self) -> None:
        if self._result is not None and not (
            self._result.exists()
            and QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._result)))
        ):
            self.said.setText(tr("{file} could not be opened here.", file=self._result))

    def _failed(self, error: BaseException) -> None:
        self.refresh()
        if isinstance(error, Cancelled):
            self._tell(tr("Cancelled."), None)
        elif isinstance(error, WorkstationError):
            self._tell(sentence(error), None)
        else:
            told(self, error)


def with_suffix(path: Path, suffix: str) -> Path:
    """The path with the suffix a dialog left out."""
    return path if path.suffix.lower() == suffix else path.with_name(path.name + suffix)


def make(app: AppState) -> QWidget:
    return DatasetDesk(app)


DESK = Desk("dataset", N_("Dataset"), "▦", frozenset({Role.COORDINATOR}), 4, make)
