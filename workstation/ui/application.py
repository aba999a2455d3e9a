"""Start the window: sign in, work, sign out."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QLibraryInfo, QObject, Qt, QTimer, QTranslator
from PySide6.QtWidgets import QApplication, QProgressDialog, QWidget

from workstation import settings
from workstation.domain.errors import EnvironmentProblem, WorkstationError
from workstation.i18n import language, set_language, tr
from workstation.messages import step_text
from workstation.ui.errors import install_hook, told
from workstation.ui.jobs import JobRunner
from workstation.ui.sign_in import SignIn
from workstation.ui.state.app_state import AppState
from workstation.ui.theme import apply_theme

if TYPE_CHECKING:
    from workstation.services.opening import DemoStudy, StudyOpener
    from workstation.services.workspace import Workspace


class Application(QObject):
    """Swaps between the sign-in page and the window."""

    def __init__(
        self,
        qt: QApplication,
        opener: StudyOpener,
        folders: Sequence[Path],
        demo: Mapping[Path, str],
    ) -> None:
        super().__init__()
        self._qt = qt
        self._opener = opener
        self._folders = list(folders)
        self._demo = demo
        self._translator = QTranslator()
        self.shown: QWidget | None = None
        self.app: AppState | None = None

    def show_sign_in(self) -> None:
        self._translate()
        page = SignIn(self._opener, self._folders, self._demo)
        page.setWindowTitle(tr("Sign in"))
        page.resize(1000, 640)
        page.signed_in.connect(self.enter)
        page.language_wanted.connect(self._speak)
        self._swap(page)

    def _speak(self, code: str) -> None:
        set_language(code)
        settings.save(replace(settings.load(), language=code))
        self.show_sign_in()

    def _translate(self) -> None:
        """Qt's own dialogs in the language in force."""
        self._qt.removeTranslator(self._translator)
        folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        if language() == "zh_CN" and self._translator.load("qtbase_zh_CN", folder):
            self._qt.installTranslator(self._translator)

    def enter(self, workspace: Workspace) -> None:
        # The study just used comes first when somebody else signs in here.
        here = workspace.folder
        self._folders = [here, *(f for f in self._folders if f.resolve() != here.resolve())]
        self.app = AppState(workspace, JobRunner(), self._opener)
        # Not before: the desks, the canvas and the tools take longer to load than all of sign-in.
        room = importlib.import_module("workstation.ui.main_window")
        room.use_own_keys()
        window = room.MainWindow(self.app)
        window.signed_out.connect(self.show_sign_in)
        self._swap(window)

    def _swap(self, widget: QWidget) -> None:
        old, self.shown = self.shown, widget
        widget.show()
        if old is not None:
            old.close()
            old.deleteLater()


def run(
    opener: StudyOpener,
    store: Path | None,
    demo: bool,
    make_ready: Callable[[], None] | None = None,
) -> int:
    """The window on a study, on the demo study, or on the studies opened before. `make_ready` is
    called once the sign-in page has been painted."""
    if sys.platform.startswith("linux") and not any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    ):
        raise EnvironmentProblem("window.no_display")
    qt = QApplication.instance() or QApplication(["workstation"])
    assert isinstance(qt, QApplication)
    apply_theme(qt)
    install_hook()
    folders: list[Path] = list(opener.recent())
    phrases: Mapping[Path, str] = {}
    try:
        if store is not None:
            folders = [store, *(f for f in folders if f != store)]
            opener.cards(store)
        elif demo or not folders:
            phrases = _demo(opener)
            folders = [*phrases, *(f for f in folders if f not in phrases)]
    except WorkstationError as error:
        told(None, error)
        return 2
    application = Application(qt, opener, folders, phrases)
    application.show_sign_in()
    if make_ready is not None:
        # Time-outs come after what is to be painted.
        QTimer.singleShot(0, make_ready)
    return qt.exec()


def _demo(opener: StudyOpener) -> dict[Path, str]:
    """The demo studies and their passphrase; the first time, drawing them shows how far it is."""
    dialog = QProgressDialog(tr("Making the demo study (first start only) …"), "", 0, 100)
    dialog.setCancelButton(None)
    dialog.setWindowModality(Qt.WindowModality.ApplicationModal)
    dialog.setMinimumDuration(400)
    runner = JobRunner()
    result: list[object] = []
    runner.progressed.connect(
        lambda _, done, total, what: (
            dialog.setLabelText(step_text(what)),
            dialog.setMaximum(max(total, 1)),
            dialog.setValue(done),
        )
    )

    def ended(value: object) -> None:
        result.append(value)
        dialog.reset()
        QApplication.exit()

    runner.run(tr("Demo study"), opener.demo, ended, ended)
    dialog.show()
    QApplication.exec()
    runner.close()
    if isinstance(result[0], BaseException):
        raise result[0]
    found: DemoStudy = result[0]  # type: ignore[assignment]
    folders = sorted(found.folder.parent.glob("*.study"), key=lambda f: f != found.folder)
    return dict.fromkeys(folders, found.passphrase)
