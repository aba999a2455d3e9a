"""Import: what to take, an estimate, the confirmation by name, progress, what became of it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from workstation.domain.errors import Cancelled, WorkstationError
from workstation.domain.events import Changes
from workstation.domain.ports import Progress
from workstation.i18n import tr
from workstation.messages import import_text, refusal, sentence, step_text, unmatched_text
from workstation.services import importing
from workstation.services.importing import Estimate, ImportResult
from workstation.ui.errors import told
from workstation.ui.jobs import Job
from workstation.ui.panels.table import Table
from workstation.ui.state.app_state import AppState


def size_text(size: int) -> str:
    """Bytes as people say them."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} B"


class DropZone(QLabel):
    """Takes folders, archives and files dropped on it."""

    dropped = Signal(list)

    def __init__(self) -> None:
        super().__init__(tr("Drop a folder, a zip archive or files here"))
        self.setAcceptDrops(True)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setMinimumHeight(84)
        self.setStyleSheet("border: 1px dashed #5b6067; border-radius: 4px; color: #9aa0a6;")

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.dropped.emit(paths)


class ImportPanel(QWidget):
    """Nothing is read before the estimate, nothing taken before the name is typed."""

    def __init__(self, app: AppState) -> None:
        super().__init__()
        self.app = app
        self.sources: tuple[Path, ...] = ()
        self._job: Job | None = None
        column = QVBoxLayout(self)
        self.zone = DropZone()
        self.zone.dropped.connect(self.choose)
        column.addWidget(self.zone)
        row = QHBoxLayout()
        folder = QPushButton(tr("Choose folder …"))
        folder.clicked.connect(self._ask_folder)
        files = QPushButton(tr("Choose files …"))
        files.clicked.connect(self._ask_files)
        self.estimate = QLabel(tr("Nothing chosen yet."))
        self.estimate.setObjectName("estimate")
        row.addWidget(folder)
        row.addWidget(files)
        row.addWidget(self.estimate, 1)
        column.addLayout(row)
        row = QHBoxLayout()
        self.pattern = QLineEdit()
        self.pattern.setObjectName("pattern")
        self.pattern.setPlaceholderText("{patient}_{eye}_F{field}")
        self.list_file = QLineEdit()
        self.list_file.setObjectName("list_file")
        self.list_file.setPlaceholderText(
            tr("XLSX or CSV: file, patient, visit, eye, field, centre")
        )
        choose = QPushButton(tr("Choose list …"))
        choose.clicked.connect(self._ask_list)
        row.addWidget(QLabel(tr("Photographs: name pattern")))
        row.addWidget(self.pattern, 1)
        row.addWidget(QLabel(tr("or list")))
        row.addWidget(self.list_file, 1)
        row.addWidget(choose)
        column.addLayout(row)
        confirm = QLabel(
            tr(
                "These data were de-identified elsewhere; I confirm it by typing my name "
                "({name}). It is kept in the audit trail. Files that still name a person are "
                "refused.",
                name=app.workspace.person.display_name,
            )
        )
        confirm.setWordWrap(True)
        column.addWidget(confirm)
        row = QHBoxLayout()
        self.name = QLineEdit()
        self.name.setObjectName("confirm_name")
        self.name.setPlaceholderText(tr("My name"))
        self.name.textChanged.connect(self._enable)
        self.start = QPushButton(tr("Import"))
        self.start.setObjectName("import")
        self.start.setProperty("primary", True)
        self.start.clicked.connect(self.run)
        self.stop = QPushButton(tr("Cancel"))
        self.stop.setObjectName("cancel_import")
        self.stop.clicked.connect(self._cancel)
        row.addWidget(self.name, 1)
        row.addWidget(self.start)
        row.addWidget(self.stop)
        column.addLayout(row)
        self.bar = QProgressBar()
        column.addWidget(self.bar)
        self.result = QLabel()
        self.result.setWordWrap(True)
        self.result.setProperty("role", "section")
        column.addWidget(self.result)
        self.refused = Table((tr("File"), tr("Why it was not taken")), "refused")
        column.addWidget(self.refused, 1)
        app.jobs.progressed.connect(self._progressed)
        self.refused.hide()
        column.addStretch()
        self._enable()

    # choosing

    def _ask_folder(self) -> None:
        found = QFileDialog.getExistingDirectory(self, tr("Import a folder"))
        if found:
            self.choose([Path(found)])

    def _ask_files(self) -> None:
        found, _ = QFileDialog.getOpenFileNames(self, tr("Import files or zip archives"))
        if found:
            self.choose([Path(name) for name in found])

    def _ask_list(self) -> None:
        found, _ = QFileDialog.getOpenFileName(
            self, tr("List of photographs"), "", "XLSX, CSV (*.xlsx *.csv)"
        )
        if found:
            self.list_file.setText(found)

    def choose(self, sources: Sequence[Path]) -> None:
        """Count what was chosen; nothing is opened yet."""
        self.sources = tuple(sources)
        self.estimate.setText(tr("Counting …"))
        workspace = self.app.workspace

        def count(progress: Progress) -> Estimate:
            intake = workspace.intake()
            try:
                return importing.estimate(
                    intake,
                    self.sources,
                    lambda: shutil.disk_usage(workspace.folder).free,
                    progress,
                )
            finally:
                intake.close()

        self.app.jobs.run(tr("Counting files"), count, self._counted, self._not_counted,
                          writer=False)  # fmt: skip

    def _counted(self, found: Estimate) -> None:
        text = tr(
            "{files} files, {size}; {needed} needed, {free} free on this disk.",
            files=len(found.files),
            size=size_text(found.total_bytes),
            needed=size_text(found.needed_bytes),
            free=size_text(found.free_bytes),
        )
        if not found.fits:
            text += " " + tr("This does not fit: make room or import in parts.")
            self.sources = ()
        self.estimate.setText(text)
        self._enable()

    def _not_counted(self, error: BaseException) -> None:
        self.sources = ()
        self.estimate.setText(
            sentence(error) if isinstance(error, WorkstationError) else tr("Nothing chosen yet.")
        )
        if not isinstance(error, (WorkstationError, Cancelled)):
            told(self, error)
        self._enable()

    def _enable(self) -> None:
        running = self._job is not None
        ready = bool(self.sources) and bool(self.name.text().strip())
        self.start.setEnabled(ready and not running)
        self.stop.setVisible(running)
        self.bar.setVisible(running)

    # running

    def run(self) -> None:
        listed = Path(self.list_file.text()) if self.list_file.text().strip() else None
        pattern = self.pattern.text().strip() or None
        if pattern and listed:
            self.result.setText(tr("Give a pattern or a list, not both."))
            return
        try:
            mapping = self.app.opener.photo_mapping(pattern, listed)
        except WorkstationError as error:
            self.result.setText(sentence(error))
            return
        workspace = self.app.workspace
        command = importing.ImportFiles(self.sources, self.name.text().strip(), mapping)

        def work(progress: Progress) -> tuple[ImportResult, Changes]:
            return importing.run_import(
                workspace, command, lambda: shutil.disk_usage(workspace.folder).free, progress
            )

        self.result.clear()
        self.refused.hide()
        self._job = self.app.jobs.run(tr("Import"), work, self._done, self._failed)
        self.bar.setRange(0, 0)
        self._enable()

    def _progressed(self, job: Job, done: int, total: int, what: str) -> None:
        if self._job is not None and job.number == self._job.number:
            self.bar.setRange(0, max(total, 1))
            self.bar.setValue(done)
            self.bar.setFormat(f"{step_text(what)}  %v / %m")

    def _cancel(self) -> None:
        if self._job is not None:
            self._job.progress.cancel()

    def _done(self, outcome: tuple[ImportResult, Changes]) -> None:
        result, changes = outcome
        self._job = None
        self.sources = ()
        self.name.clear()
        self.estimate.setText(tr("Nothing chosen yet."))
        self.result.setText(
            import_text(result)
            + " "
            + (tr("Include them under “Cases to include”.") if result.images else "")
            + ("\n" + unmatched_text(result.unmatched) if result.unmatched else "")
        )
        self.refused.fill([(r.name, (r.name, refusal(r))) for r in result.refusals])
        self.refused.setVisible(bool(result.refusals))
        self._enable()
        self.app.announce(changes)

    def _failed(self, error: BaseException) -> None:
        self._job = None
        self._enable()
        if isinstance(error, Cancelled):
            self.result.setText(tr("Cancelled. Nothing was taken."))
        elif isinstance(error, WorkstationError):
            self.result.setText(sentence(error))
        else:
            told(self, error)
