"""The coordinator's desks by hand: import, include, people, assign, freeze, verify, report."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication
from PySide6.QtWidgets import QPushButton, QWidget

from tests.studies import PASSPHRASE, opener, shipped
from tests.ui.conftest import Bench, photo_scene
from workstation.demo import files
from workstation.domain.arbitration import Choice, Decision
from workstation.domain.case import CaseState
from workstation.domain.schema import Level, Scope
from workstation.services import arbitrating, reading
from workstation.services.opening import ExportForm, NewStudy
from workstation.ui.desks.coordinator import CoordinatorDesk
from workstation.ui.desks.dataset import DatasetDesk, with_suffix
from workstation.ui.jobs import JobRunner
from workstation.ui.main_window import MainWindow
from workstation.ui.state.app_state import AppState

LEFT = Qt.MouseButton.LeftButton
Answer = Callable[[str], list[str]]


def press(bench: Bench, inside: QWidget, name: str) -> None:
    button = inside.findChild(QPushButton, name)
    assert button is not None and button.isEnabled(), name
    bench.qtbot.mouseClick(button, LEFT)


@pytest.fixture
def empty(bench: Bench, tmp_path: Path) -> MainWindow:
    """A new study's window, and pictures delivered beside it: four photographs, two others."""
    photos = [
        files.DeliveredPhoto(f"P{n}", "1", "C1", photo_scene(eye, 2 * n + k))
        for n in range(2)
        for k, eye in enumerate(("OD", "OS"))
    ]
    delivered = tmp_path / "delivered"
    files.write_photos(delivered, photos)
    (delivered / "notes.txt").write_text("nothing to see")
    workspace = opener().create(
        NewStudy(tmp_path / "new.study", "New", shipped("dr_screening"), "coordinator",
                 "Coordinator", PASSPHRASE, 7)
    )  # fmt: skip
    window = MainWindow(AppState(workspace, JobRunner(), opener()))
    bench.qtbot.addWidget(window)
    bench.windows.append(window)
    window.resize(1366, 768)
    with bench.qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    return window


def study_desk(window: MainWindow) -> CoordinatorDesk:
    desk = window.stack.widget(0)
    assert isinstance(desk, CoordinatorDesk)
    return desk


def test_from_dropped_files_to_assigned_cases(
    bench: Bench, empty: MainWindow, tmp_path: Path
) -> None:
    desk = study_desk(empty)
    panel = desk.import_files
    assert not panel.start.isEnabled()
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path / "delivered"))])
    none = (Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    panel.zone.dropEvent(QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, mime, *none))
    bench.idle(empty)
    assert "6 files" in panel.estimate.text() and "free on this disk" in panel.estimate.text()
    panel.list_file.setText(str(tmp_path / "delivered" / "photos.csv"))
    bench.qtbot.keyClicks(panel.name, "Somebody else")
    press(bench, panel, "import")
    bench.idle(empty)
    assert "Coordinator" in panel.result.text()  # refused: it must be one's own name
    panel.name.clear()
    bench.qtbot.keyClicks(panel.name, "Coordinator")
    press(bench, panel, "import")
    bench.idle(empty)
    assert "4 images in 2 cases; 2 of 6 files refused" in panel.result.text()
    refused = [panel.refused.row_texts(r) for r in range(panel.refused.widget.rowCount())]
    assert [name for name, _ in refused] == ["notes.txt", "photos.csv"]
    assert all(len(why) > 10 for _, why in refused)
    panel.refused.copy()
    assert "notes.txt\t" in QGuiApplication.clipboard().text()

    desk.tabs.setCurrentWidget(desk.cases)
    assert desk.cases.cases.widget.rowCount() == 2
    press(bench, desk.cases, "include_all")
    bench.idle(empty)

    desk.tabs.setCurrentWidget(desk.assigning)
    press(bench, desk.assigning, "plan")
    assert "2" in desk.assigning.said.text()  # there are no readers yet: said, not done
    assert not desk.assigning.assign.isEnabled()
    desk.tabs.setCurrentWidget(desk.people)
    for login in ("anna", "bert"):
        people = desk.people
        for field, text in ((people.login, login), (people.name, login.title()),
                            (people.first, "a long enough phrase"),
                            (people.second, "a long enough phrase")):  # fmt: skip
            bench.qtbot.keyClicks(field, text)
        press(bench, people, "add_person")
        assert "role" in people.problem.text()
        people.roles[next(r for r in people.roles if str(r) == "reader")].click()
        press(bench, people, "add_person")
        bench.idle(empty)
        assert people.problem.text() == "" and people.login.text() == ""
    assert desk.people.people.widget.rowCount() == 3
    desk.tabs.setCurrentWidget(desk.assigning)
    press(bench, desk.assigning, "plan")
    assert "2 cases would be assigned" in desk.assigning.said.text()
    press(bench, desk.assigning, "assign")
    bench.idle(empty)
    with empty.app.workspace.reading() as uow:
        assert {c.state for c in uow.cases.all()} == {CaseState.ASSIGNED}
    rows = [desk.assigning.readers.row_texts(r)[:5] for r in range(2)]
    assert rows == [["R1", "Anna", "2", "0", "0"], ["R2", "Bert", "2", "0", "0"]]


def test_an_unknown_eye_is_asked_for_not_guessed(
    bench: Bench, empty: MainWindow, tmp_path: Path
) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    shutil.copy(tmp_path / "delivered" / "P0_OS_F1.jpg", folder / "a7.jpg")
    desk = study_desk(empty)
    panel = desk.import_files
    panel.choose([folder])
    bench.idle(empty)
    bench.qtbot.keyClicks(panel.name, "Coordinator")
    panel.pattern.setText("{patient}")
    press(bench, panel, "import")
    bench.idle(empty)
    cases = desk.cases
    desk.tabs.setCurrentWidget(cases)
    press(bench, cases, "include_all")
    bench.idle(empty)
    assert "eye" in cases.empty.text().lower()  # why it is not included
    cases.cases.widget.selectRow(0)
    cases.images.widget.selectRow(0)
    assert cases.images.row_texts(0)[2] == "unknown"
    cases.eye.setCurrentIndex(1)
    press(bench, cases, "set_eye")
    bench.idle(empty)
    press(bench, cases, "include_all")
    bench.idle(empty)
    with empty.app.workspace.reading() as uow:
        (case,) = uow.cases.all()
        (image,) = uow.images.of_case(case.case_id)
    assert case.state is CaseState.INCLUDED and str(image.eye) == "OS"


def test_a_cancelled_import_leaves_nothing(bench: Bench, empty: MainWindow, tmp_path: Path) -> None:
    panel = study_desk(empty).import_files
    panel.choose([tmp_path / "delivered"])
    bench.idle(empty)
    bench.qtbot.keyClicks(panel.name, "Coordinator")
    panel.run()
    panel._cancel()
    bench.idle(empty)
    assert "Nothing was taken" in panel.result.text()
    with empty.app.workspace.reading() as uow:
        assert uow.cases.all() == () and uow.images.all() == ()


def test_an_assigned_case_is_not_excluded(bench: Bench, answer: Answer) -> None:
    from PySide6.QtWidgets import QInputDialog

    window = bench.window("fundus", "coordinator")
    cases = study_desk(window).cases
    study_desk(window).tabs.setCurrentWidget(cases)
    cases.cases.widget.selectRow(0)
    real = QInputDialog.getText
    try:
        QInputDialog.getText = staticmethod(lambda *_: ("too dark", True))  # type: ignore[method-assign]
        said = answer("OK")
        press(bench, cases, "exclude")
        bench.idle(window)
        bench.qtbot.waitUntil(lambda: bool(said))
    finally:
        QInputDialog.getText = real  # type: ignore[method-assign]
    # An assigned case can no longer be excluded: said in a sentence, nothing changed.
    with window.app.workspace.reading() as uow:
        assert {c.state for c in uow.cases.all()} == {CaseState.ASSIGNED}


def test_an_unmet_condition_leads_to_its_cases(bench: Bench) -> None:
    window = bench.window("fundus", "coordinator")
    press(bench, window, "desk:dataset")
    desk = window.stack.currentWidget()
    assert isinstance(desk, DatasetDesk) and not desk.show_cases.isEnabled()
    row = next(r for r in range(desk.checks.widget.rowCount())
               if "not met" in desk.checks.row_texts(r)[1] and desk.checks.row_texts(r)[2])  # fmt: skip
    desk.checks.widget.selectRow(row)
    press(bench, desk, "show_cases")
    study = window.stack.currentWidget()
    assert isinstance(study, CoordinatorDesk) and study.tabs.currentWidget() is study.cases
    rows = [study.cases.cases.row_texts(r)[0] for r in range(2)]
    assert len(study.cases.cases.chosen()) == len(rows) == 2
    assert window.findChild(QPushButton, "desk:coordinator").isChecked()


def test_a_ruled_case_is_reopened_with_a_reason(
    bench: Bench, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PySide6.QtWidgets import QInputDialog

    for login, diagnosis in (("reader-a", "normal"), ("reader-b", "other")):
        submit_all(bench, (login,), diagnosis)
    rule_all(bench)
    window = bench.window("fundus", "coordinator")
    cases = study_desk(window).cases
    study_desk(window).tabs.setCurrentWidget(cases)
    assert not cases.reopen.isEnabled() and not cases.release.isEnabled()
    cases.cases.widget.selectRow(0)
    assert cases.reopen.isEnabled() and not cases.release.isEnabled()
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: ("short", True))
    said = answer("OK")
    press(bench, cases, "reopen")
    bench.idle(window)
    bench.qtbot.waitUntil(lambda: bool(said))
    assert "10 characters" in said[0]
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: ("a finding was overlooked", True))
    press(bench, cases, "reopen")
    bench.idle(window)
    (chosen,) = cases.cases.chosen()
    with window.app.workspace.reading() as uow:
        assert uow.cases.get(chosen).state is CaseState.DISPUTED
        first, second = uow.disputes.of_case(chosen)
        assert uow.rulings.of_dispute(first.dispute_id) is not None
        assert second.reopened_because == "a finding was overlooked"


def rule_all(bench: Bench) -> None:
    """The arbitrator finds nothing evaluable, and adopts X where X and Y differ."""
    workspace = bench.workspace("fundus", "arbitrator")
    for row in arbitrating.queue(workspace):
        opened = arbitrating.open_dispute(workspace, row.dispute_id)
        body = opened.mine.body
        for image in opened.images:
            scope = Scope(Level.IMAGE, image.image_id)
            for question, value in (("quality", "unacceptable"), ("quality_reason", "stain")):
                body = body.with_answer(scope, question, value)
        reading.save_draft(workspace, opened.mine.reading_id, body)
        arbitrating.seal_blind_read(workspace, row.dispute_id)
        arbitrating.reveal(workspace, row.dispute_id)
        opened = arbitrating.open_dispute(workspace, row.dispute_id)
        decisions = [
            Decision(item.scope, Choice.ADOPT_X, question=item.question) for item in opened.items
            if item.disputed
        ]  # fmt: skip
        arbitrating.sign(workspace, row.dispute_id, decisions, "missed", 3, "")
    workspace.close()


READABLE = {"quality": "acceptable", "referral": "no", "laser_scars": "no"}


def submit_all(
    bench: Bench, logins: tuple[str, ...] = ("reader-a", "reader-b"), diagnosis: str = ""
) -> None:
    """The readers say the same of everything: not evaluable, or one diagnosis."""
    for login in logins:
        workspace = bench.workspace("fundus", login)
        with workspace.reading() as uow:
            rows = reading.worklist(uow, workspace.person.person_id)
        for row in rows:
            case = reading.open_case(workspace, row.case_id)
            body = case.reading.body
            for image in case.targets:
                scope = Scope(Level.IMAGE, image.image_id)
                given = {"quality": "unacceptable", "quality_reason": "stain"}
                if diagnosis:
                    given = READABLE | {"diagnosis": diagnosis, "eye": str(image.eye)}
                for question, value in given.items():
                    body = body.with_answer(scope, question, value)
            reading.save_draft(workspace, case.reading.reading_id, body)
            reading.submit(workspace, case.reading.reading_id)
        workspace.close()


def test_a_name_without_its_ending_gets_one() -> None:
    assert with_suffix(Path("a/report"), ".pdf") == Path("a/report.pdf")
    assert with_suffix(Path("a/v1.0"), ".zip") == Path("a/v1.0.zip")
    assert with_suffix(Path("a/b.PDF"), ".pdf") == Path("a/b.PDF")


def test_freeze_verify_and_report(bench: Bench, answer: Answer, tmp_path: Path) -> None:
    window = bench.window("fundus", "coordinator")
    press(bench, window, "desk:dataset")
    desk = window.stack.currentWidget()
    assert isinstance(desk, DatasetDesk)
    assert not desk.freeze.isEnabled()
    unmet = [desk.checks.row_texts(r) for r in range(desk.checks.widget.rowCount())]
    assert any("not met" in state and "0001" in cases for _, state, cases in unmet)
    submit_all(bench)
    desk.refresh()
    assert desk.freeze.isEnabled()
    desk.folder.setText(str(tmp_path / "out"))
    answer("Freeze")
    press(bench, desk, "freeze")
    bench.idle(window)
    assert desk.versions.widget.rowCount() == 1
    fingerprint = desk.versions.row_texts(0)[-1]
    assert fingerprint in desk.said.text() and len(fingerprint) >= 64
    folder = tmp_path / "out" / "v1.0"
    desk.verify_folder(folder)
    bench.idle(window)
    assert "holds" in desk.said.text() and fingerprint in desk.said.text()
    desk.export_folder(folder, tmp_path / "v1.zip", ExportForm.ZIP)
    bench.idle(window)
    assert "v1.zip" in desk.said.text() and (tmp_path / "v1.zip").stat().st_size > 1000
    desk.export_folder(folder, tmp_path / "tables", ExportForm.TABLES)
    bench.idle(window)
    assert "answers.csv" in desk.said.text() and (tmp_path / "tables" / "marks.csv").is_file()
    victim = next(folder.rglob("labels.json"))
    victim.chmod(0o644)
    victim.write_bytes(victim.read_bytes() + b" ")
    desk.verify_folder(folder)
    bench.idle(window)
    assert "labels.json" in desk.said.text() and "holds" not in desk.said.text()
    for code in ("zh_CN", "en"):
        desk.make_report(code, tmp_path / f"{code}.pdf")
        bench.idle(window)
        assert (tmp_path / f"{code}.pdf").read_bytes().startswith(b"%PDF")
        assert desk.open.isVisible()
