"""Cases: include or exclude, name the eye where unknown, fix the target series."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from workstation.domain.case import CaseState
from workstation.domain.errors import WorkstationError
from workstation.domain.events import Changes, Topic
from workstation.domain.image import Eye, Image, ImageKind
from workstation.i18n import tr
from workstation.messages import sentence, warning
from workstation.services import arbitrating, importing, overseeing
from workstation.services.overseeing import CaseRow
from workstation.services.workspace import Workspace
from workstation.ui.errors import told
from workstation.ui.panels.table import Table
from workstation.ui.state.app_state import AppState
from workstation.ui.theme import badge, color_of


class CasesPanel(QWidget):
    """Numbers and states; no patient, no content of any reading."""

    def __init__(self, app: AppState) -> None:
        super().__init__()
        self.app = app
        column = QVBoxLayout(self)
        self.empty = QLabel(tr("No case yet. Import images first, under “Import”."))
        column.addWidget(self.empty)
        heads = (tr("Case"), tr("Case state"), tr("Images"), tr("What they are"), tr("Remarks"))
        self.cases = Table(heads, "cases")
        self.cases.widget.itemSelectionChanged.connect(self._show_images)
        column.addWidget(self.cases, 3)
        row = QHBoxLayout()
        self.include_all = QPushButton(tr("Include all imported"))
        self.include_all.setObjectName("include_all")
        self.include_all.setProperty("primary", True)
        self.include_all.clicked.connect(self._include_all)
        self.include = QPushButton(tr("Include"))
        self.include.setObjectName("include")
        self.include.clicked.connect(lambda: self._include(self.cases.chosen()))
        self.exclude = QPushButton(tr("Exclude …"))
        self.exclude.setObjectName("exclude")
        self.exclude.clicked.connect(self._exclude)
        row.addWidget(self.include_all)
        row.addWidget(self.include)
        row.addWidget(self.exclude)
        row.addStretch()
        self.reopen = QPushButton(tr("Re-open the dispute …"))
        self.reopen.setObjectName("reopen")
        self.reopen.setToolTip(tr("A ruled case is ruled anew; the first ruling stays on record"))
        self.reopen.clicked.connect(self._reopen)
        self.release = QPushButton(tr("Release the dispute …"))
        self.release.setObjectName("release")
        self.release.setToolTip(
            tr("Another arbitrator may take it, as long as no own read is sealed")
        )
        self.release.clicked.connect(self._release)
        row.addWidget(self.reopen)
        row.addWidget(self.release)
        column.addLayout(row)
        heads = (tr("Image"), tr("Kind"), tr("Side"), tr("Field"), tr("Slices"), tr("Remarks"))
        self.images = Table(heads, "images")
        self.images.filter.hide()
        self.images.widget.itemSelectionChanged.connect(self._enable)
        column.addWidget(self.images, 2)
        row = QHBoxLayout()
        self.eye = QComboBox()
        self.eye.setObjectName("eye")
        for text, value in (
            (tr("Right eye (OD)"), Eye.OD),
            (tr("Left eye (OS)"), Eye.OS),
        ):
            self.eye.addItem(text, value)
        self.set_eye = QPushButton(tr("Set eye"))
        self.set_eye.setObjectName("set_eye")
        self.set_eye.clicked.connect(self._set_eye)
        self.target = QPushButton(tr("Make it the target series"))
        self.target.setObjectName("set_target")
        self.target.clicked.connect(self._set_target)
        row.addWidget(self.eye)
        row.addWidget(self.set_eye)
        row.addWidget(self.target)
        row.addStretch()
        column.addLayout(row)
        self._images: dict[str, Image] = {}
        self._found: dict[str, CaseRow] = {}
        app.changed.connect(self._changed)
        self.refresh()

    def _changed(self, changes: Changes) -> None:
        if changes.topics & {Topic.CASES, Topic.ASSIGNMENTS, Topic.DISPUTES}:
            self.refresh()

    def refresh(self) -> None:
        found = overseeing.cases(self.app.workspace)
        rows, colors = [], []
        for case in found:
            mine = case.images
            notes = [case.exclusion_reason] if case.exclusion_reason else []
            unknown = sum(1 for i in mine if i.kind is ImageKind.PHOTOGRAPH and i.eye is None)
            if unknown:
                notes.append(tr("{count} images without a known eye", count=unknown))
            notes += sorted({warning(w) for i in mine for w in i.warnings})
            what = ", ".join(sorted({self._what(i) for i in mine}))
            texts = (case.number, badge(case.state), str(len(mine)), what, "; ".join(notes))
            rows.append((case.case_id, texts))
            colors.append(color_of(case.state))
        self.cases.fill(rows, colors, 1)
        self._found = {case.case_id: case for case in found}
        self._images = {i.image_id: i for c in found for i in c.images}
        imported = sum(1 for c in found if c.state is CaseState.IMPORTED)
        self.include_all.setText(tr("Include all imported ({count})", count=imported))
        self.include_all.setEnabled(bool(imported))
        self.empty.setVisible(not found)
        self._show_images()

    def _what(self, image: Image) -> str:
        if image.kind is ImageKind.PHOTOGRAPH:
            return tr("photograph {eye}", eye=str(image.eye) if image.eye else "?")
        what = f"{image.modality} {image.side}".strip()
        return what if image.is_target else what + " " + tr("(view only)")

    def _show_images(self) -> None:
        chosen = set(self.cases.chosen())
        rows = []
        for image in self._images.values():
            if image.case_id in chosen:
                kind = tr("photograph") if image.kind is ImageKind.PHOTOGRAPH else image.modality
                if image.kind is ImageKind.STACK:
                    kind += " · " + (tr("target") if image.is_target else tr("view only"))
                side = image.side or "–"
                if image.kind is ImageKind.PHOTOGRAPH and image.eye is None:
                    side = tr("unknown")
                notes = "; ".join(warning(w) for w in image.warnings)
                texts = (image.number, kind, side, image.field, str(image.slices), notes)
                rows.append((image.image_id, texts))
        self.images.fill(rows)
        self._enable()

    def choose(self, numbers: Sequence[str]) -> None:
        """Select the cases of these numbers."""
        self.cases.choose([key for key, case in self._found.items() if case.number in numbers])

    def _enable(self) -> None:
        cases = self.cases.chosen()
        states = {self._found[key].state for key in cases if key in self._found}
        one_case = len(cases) == 1
        self.reopen.setEnabled(one_case and states == {CaseState.RULED})
        self.release.setEnabled(one_case and states == {CaseState.DISPUTED})
        self.include.setEnabled(bool(cases))
        self.exclude.setEnabled(len(cases) == 1)
        kinds = {self._images[key].kind for key in self.images.chosen() if key in self._images}
        self.set_eye.setEnabled(kinds == {ImageKind.PHOTOGRAPH})
        self.eye.setEnabled(kinds == {ImageKind.PHOTOGRAPH})
        one = len(self.images.chosen()) == 1
        self.target.setEnabled(kinds == {ImageKind.STACK} and one)

    # acting; each case on its own, so that one refusal does not keep the others

    def _include_all(self) -> None:
        self._include([k for k, c in self._found.items() if c.state is CaseState.IMPORTED])

    def _include(self, case_ids: list[str]) -> None:
        workspace = self.app.workspace

        def work(_: object) -> tuple[list[Changes], list[str]]:
            done, refused = [], []
            for case_id in case_ids:
                try:
                    done.append(importing.include(workspace, case_id))
                except WorkstationError as error:
                    refused.append(sentence(error))
            return done, refused

        def ended(outcome: tuple[list[Changes], list[str]]) -> None:
            done, refused = outcome
            for changes in done:
                self.app.announce(changes)
            text = tr("{count} cases included.", count=len(done))
            self.app.saved.emit(" ".join([text, *refused[:2]]))
            self.empty.setText("\n".join(refused[:5]))
            self.empty.setVisible(bool(refused))

        self.app.jobs.run(tr("Including"), work, ended, lambda e: told(self, e))

    def _exclude(self) -> None:
        (case_id,) = self.cases.chosen()
        reason, given = QInputDialog.getText(
            self, tr("Exclude the case"), tr("Why is it excluded? It stays in the flow.")
        )
        if given:
            self._run(lambda: importing.exclude(self.app.workspace, case_id, reason))

    def _reopen(self) -> None:
        self._with_reason(
            tr("Re-open the dispute …"), tr("Why is it ruled anew?"), arbitrating.reopen
        )

    def _release(self) -> None:
        self._with_reason(
            tr("Release the dispute …"),
            tr("Why is it taken from its arbitrator?"),
            arbitrating.release,
        )

    def _with_reason(
        self, title: str, question: str, act: Callable[[Workspace, str, str], Changes]
    ) -> None:
        """Act on the latest dispute of the chosen case, for a reason that is kept."""
        (case_id,) = self.cases.chosen()
        because, given = QInputDialog.getText(self, title, question)
        if not given:
            return
        dispute_id = overseeing.dispute_id(self.app.workspace, self._found[case_id].number)
        self._run(lambda: act(self.app.workspace, dispute_id, because))

    def _set_eye(self) -> None:
        eye, chosen = self.eye.currentData(), self.images.chosen()

        def work() -> Changes:
            changes = [
                importing.set_photo_facts(
                    self.app.workspace, key, Eye(eye), self._images[key].field
                )
                for key in chosen
            ]
            return changes[-1]

        self._run(work)

    def _set_target(self) -> None:
        (key,) = self.images.chosen()
        case_id = self._images[key].case_id
        self._run(lambda: importing.set_target(self.app.workspace, case_id, key))

    def _run(self, act: Callable[[], Changes]) -> None:
        self.app.jobs.run(
            tr("Saving"), lambda _: act(), self.app.announce, lambda error: told(self, error)
        )
