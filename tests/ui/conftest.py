"""Small imported studies for the window, made once and copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QDialog, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from tests.studies import PASSPHRASE, Team, opener, shipped
from workstation.demo import files
from workstation.demo.ct import CtScene
from workstation.demo.fundus import FundusScene
from workstation.services import assigning, importing
from workstation.services.opening import StudyOpener
from workstation.services.workspace import Workspace
from workstation.ui.jobs import JobRunner
from workstation.ui.main_window import MainWindow
from workstation.ui.state.app_state import AppState
from workstation.ui.theme import apply_theme


def free() -> int:
    return 10**12


def photo_scene(eye: str, seed: int, rows: int = 300, cols: int = 400) -> FundusScene:
    """A photograph of noise: what is drawn on it is all that matters."""
    pixels = np.random.default_rng(seed).integers(40, 200, (rows, cols, 3), np.uint8)
    return FundusScene(pixels, eye, (0, 0), (0, 0), (), "normal", "", True, False)


def ct_scene(seed: int, slices: int = 8, size: int = 96) -> CtScene:
    volume = np.random.default_rng(seed).integers(-900, 200, (slices, size, size), np.int16)
    return CtScene(volume, ())


def import_and_assign(team: Team, delivered: Path) -> None:
    """The coordinator's part through the services: import, include, assign."""
    workspace = team["coordinator"]
    listed = delivered / "photos.csv"
    mapping = team.opener.photo_mapping(None, listed) if listed.is_file() else None
    command = importing.ImportFiles((delivered,), "Coordinator", mapping)
    importing.run_import(workspace, command, free, lambda *_: None)
    with workspace.reading() as uow:
        cases = uow.cases.all()
        plan = None
    for case in cases:
        importing.include(workspace, case.case_id)
    with workspace.reading() as uow:
        plan = assigning.plan(uow)
    assigning.assign(workspace, plan.pairs)


@pytest.fixture(scope="session")
def _made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two studies on disk: two patients' photographs of both eyes, and one CT series."""
    home = tmp_path_factory.mktemp("studies")
    photos = [
        files.DeliveredPhoto(f"P{n}", "1", "C1", photo_scene(eye, 2 * n + k))
        for n in range(2)
        for k, eye in enumerate(("OD", "OS"))
    ]
    files.write_photos(home / "photos", photos)
    files.write_ct(home / "ct" / "P1", "P1", ct_scene(1), thick_too=True)
    made = {}
    for name, protocol, delivered in (
        ("fundus", "dr_screening", "photos"),
        ("ct", "lung_nodule_ct", "ct"),
    ):
        team = Team(home / f"{name}.study", shipped(protocol))
        import_and_assign(team, home / delivered)
        team.close()
        made[name] = home / f"{name}.study"
    return made


@dataclass
class Bench:
    """Opens windows on copies of the made studies, and closes them."""

    qtbot: QtBot
    folder: Path
    made: dict[str, Path]
    windows: list[MainWindow] = field(default_factory=list)

    def study(self, name: str) -> Path:
        target = self.folder / f"{name}.study"
        if not target.exists():
            shutil.copytree(self.made[name], target)
        return target

    def workspace(self, name: str, login: str) -> Workspace:
        return opener().open(self.study(name), login, PASSPHRASE)

    def window(self, name: str, login: str, size: tuple[int, int] = (1366, 768)) -> MainWindow:
        workspace = self.workspace(name, login)
        service: StudyOpener = opener()
        window = MainWindow(AppState(workspace, JobRunner(), service))
        self.qtbot.addWidget(window)
        self.windows.append(window)
        window.resize(*size)
        with self.qtbot.waitActive(window):
            window.show()
            window.activateWindow()
        return window

    def focus(self, window: MainWindow, widget: QWidget) -> None:
        """After a dialog: without a window manager nobody gives the window its focus back."""
        with self.qtbot.waitActive(window):
            window.activateWindow()
        widget.setFocus()

    def idle(self, window: MainWindow) -> None:
        """Wait until no background work is left."""
        self.qtbot.waitUntil(lambda: not window.app.jobs.active, timeout=20_000)

    def close(self) -> None:
        for window in self.windows:
            window.close()
        self.windows = []


@pytest.fixture
def bench(
    qapp: QApplication, qtbot: QtBot, tmp_path: Path, _made: dict[str, Path]
) -> Iterator[Bench]:
    apply_theme(qapp)
    made = Bench(qtbot, tmp_path, _made)
    yield made
    made.close()


@pytest.fixture
def answer(qtbot: QtBot) -> Iterator[Callable[[str], list[str]]]:
    """Press the button of that name in the next dialogs that open; the list gets their texts."""

    waiting = True

    def prepare(button: str) -> list[str]:
        said: list[str] = []

        def look() -> None:
            dialog = QApplication.activeModalWidget()
            if dialog is None:
                if waiting:
                    QTimer.singleShot(20, look)
                return
            said.append(dialog.text() if isinstance(dialog, QMessageBox) else dialog.windowTitle())
            for one in dialog.findChildren(QWidget):
                if getattr(one, "text", lambda: "")() == button and one.isVisible():
                    one.click()
                    return
            assert isinstance(dialog, QDialog)
            dialog.reject()

        QTimer.singleShot(20, look)
        return said

    yield prepare
    waiting = False
