"""Make the screenshots of the README and the guides anew: `python docs/make_pictures.py`.

Needs the developers' environment. The demo study is drawn in a folder of its own, the arbitrator's
own read is sealed there, and each desk is shown in both languages.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

SIZE = 1366, 768


def main() -> None:
    from PySide6.QtWidgets import QApplication

    from workstation.bootstrap import Opener
    from workstation.demo import story
    from workstation.i18n import LANGUAGES, set_language
    from workstation.ui.theme import apply_theme

    qt = QApplication([])
    apply_theme(qt)
    opener = Opener(story.MEMORY_KIB)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["WORKSTATION_HOME"] = folder
        home = opener.demo(lambda *_: None).folder.parent
        reveal(opener, home / story.CT_STUDY)
        for language in LANGUAGES:
            set_language(language)
            copy = Path(folder) / language
            shutil.copytree(home, copy)
            pictures(opener, copy, language)


def reveal(opener, study: Path) -> None:
    """The arbitrator has sealed the own read of the open dispute and sees X and Y."""
    from workstation.demo import story
    from workstation.services import arbitrating, reading

    part = next(p for p in story._parts(lambda *_: None) if p.name == study.name)
    workspace = opener.open(study, story.ARBITRATOR, story.PASSPHRASE)
    row = next(r for r in arbitrating.queue(workspace) if str(r.state) == "open")
    opened = arbitrating.open_dispute(workspace, row.dispute_id)
    body = part.body(workspace, row.case_id, story.ARBITRATOR)
    reading.save_draft(workspace, opened.mine.reading_id, body)
    arbitrating.seal_blind_read(workspace, row.dispute_id)
    arbitrating.reveal(workspace, row.dispute_id)
    workspace.close()


def pictures(opener, home: Path, language: str) -> None:
    from workstation.demo import story

    window = shown(opener, home / story.FUNDUS_STUDY, story.READER_A)
    desk = window.stack.currentWidget()
    for n in range(desk.list.count()):
        desk.list.itemClicked.emit(desk.list.item(n))
        settle(window)
        kinds = {m.class_code for m in desk.read.session.body.marks}
        if {"HE", "EX", "MA"} <= kinds:
            break
    keep(window, f"reading.{language}")
    window = shown(opener, home / story.CT_STUDY, story.ARBITRATOR)
    desk = window.stack.currentWidget()
    desk.open_next()
    settle(window)
    keep(window, f"arbitration.{language}")
    window = shown(opener, home / story.FUNDUS_STUDY, story.COORDINATOR)
    window.app.wanted.emit("dataset", ())
    keep(window, f"dataset.{language}")


def shown(opener, study: Path, login: str):
    from workstation.demo import story
    from workstation.ui.jobs import JobRunner
    from workstation.ui.main_window import MainWindow
    from workstation.ui.state.app_state import AppState

    workspace = opener.open(study, login, story.PASSPHRASE)
    window = MainWindow(AppState(workspace, JobRunner(), opener))
    window.resize(*SIZE)
    window.show()
    return window


def settle(window) -> None:
    from PySide6.QtTest import QTest

    QTest.qWait(100)
    while window.app.jobs.active:
        QTest.qWait(20)


def keep(window, name: str) -> None:
    settle(window)
    window.grab().save(str(ROOT / "docs" / "pictures" / f"{name}.png"))
    window.close()


if __name__ == "__main__":
    main()
