"""The main job through the window with real clicks: from a new study to a verified version.

One fundus and one CT study. Everything is pressed, typed and drawn as a person would; the store
is asked only at the end. The same story runs on an X screen too (`test_on_a_screen`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QDropEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from tests.studies import PASSPHRASE, opener
from tests.ui.conftest import ct_scene, photo_scene
from workstation.bootstrap import Opener
from workstation.demo import files
from workstation.domain.arbitration import DisputeState
from workstation.domain.case import CaseState
from workstation.domain.marks import mark_planes
from workstation.services import freezing
from workstation.ui.application import Application
from workstation.ui.canvas.image_view import ImageView
from workstation.ui.desks.arbitration import ArbitrationDesk
from workstation.ui.desks.coordinator import CoordinatorDesk
from workstation.ui.desks.dataset import DatasetDesk
from workstation.ui.desks.reading import ReadingDesk
from workstation.ui.main_window import MainWindow
from workstation.ui.panels.own_read import OwnRead
from workstation.ui.sign_in import NewStudyDialog, SignIn
from workstation.ui.theme import apply_theme

LEFT = Qt.MouseButton.LeftButton
CTRL = Qt.KeyboardModifier.ControlModifier
Answer = Callable[[str], list[str]]


@dataclass
class Hands:
    """What a person does: press, type, draw, wait."""

    qtbot: QtBot
    application: Application
    answer: Answer
    folder: Path

    # getting about

    @property
    def page(self) -> SignIn:
        assert isinstance(self.application.shown, SignIn)
        return self.application.shown

    @property
    def window(self) -> MainWindow:
        assert isinstance(self.application.shown, MainWindow)
        return self.application.shown

    def idle(self) -> None:
        window = self.window
        self.qtbot.waitUntil(lambda: not window.app.jobs.active, timeout=30_000)

    def ready(self, widget: QWidget) -> None:
        """Have the keyboard at a widget: with no window manager nobody else hands it over."""
        with self.qtbot.waitActive(widget.window(), timeout=10_000):
            widget.window().activateWindow()
        widget.setFocus()

    def press(self, inside: QWidget, name: str, nth: int = 0) -> None:
        found = [b for b in inside.findChildren(QPushButton, name) if b.isVisible()]
        assert len(found) > nth and found[nth].isEnabled(), name
        self.qtbot.mouseClick(found[nth], LEFT)

    def sign_in(self, login: str) -> None:
        page = self.page
        self.press(page, f"card:{login}")
        self.qtbot.keyClicks(page.passphrase, PASSPHRASE)
        self.qtbot.keyClick(page.passphrase, Qt.Key.Key_Return)
        self.qtbot.waitUntil(lambda: isinstance(self.application.shown, MainWindow), timeout=10_000)
        self.ready(self.window)

    def sign_out(self) -> None:
        self.idle()
        self.press(self.window, "sign_out")
        assert isinstance(self.application.shown, SignIn)

    # the coordinator

    def new_study(self, protocol: str) -> None:
        """Fill the dialog of a new study by hand."""
        made: list[bool] = []

        def fill() -> None:
            dialog = QApplication.activeModalWidget()
            if not isinstance(dialog, NewStudyDialog):
                QTimer.singleShot(20, fill)
                return
            names = [shipped.name for shipped in opener().protocols()]
            dialog.protocol.setCurrentIndex(names.index(protocol))
            dialog.folder.clear()
            for field, text in (
                (dialog.title, "Story"),
                (dialog.folder, str(self.folder / "story.study")),
                (dialog.name, "Coordinator"),
                (dialog.first, PASSPHRASE),
                (dialog.second, PASSPHRASE),
            ):
                self.qtbot.keyClicks(field, text)
            create = next(b for b in dialog.findChildren(QPushButton) if b.text() == "Create study")
            made.append(True)
            self.qtbot.mouseClick(create, LEFT)

        QTimer.singleShot(20, fill)
        button = next(b for b in self.page.findChildren(QPushButton) if b.text() == "New study …")
        self.qtbot.mouseClick(button, LEFT)
        assert made and isinstance(self.application.shown, MainWindow)
        self.ready(self.window)

    def take_in(self, delivered: Path, listed: Path | None) -> None:
        """Drop a folder, confirm by name, import, include everything."""
        desk = self.window.stack.currentWidget()
        assert isinstance(desk, CoordinatorDesk)
        panel = desk.import_files
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(delivered))])
        none = (LEFT, Qt.KeyboardModifier.NoModifier)
        panel.zone.dropEvent(QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, mime, *none))
        self.idle()
        if listed is not None:
            self.qtbot.keyClicks(panel.list_file, str(listed))
        self.qtbot.keyClicks(panel.name, "Coordinator")
        self.press(panel, "import")
        self.idle()
        desk.tabs.setCurrentWidget(desk.cases)
        self.press(desk.cases, "include_all")
        self.idle()

    def staff(self) -> None:
        """Two readers and an arbitrator, then the plan and its assignment."""
        desk = self.window.stack.currentWidget()
        assert isinstance(desk, CoordinatorDesk)
        people = desk.people
        desk.tabs.setCurrentWidget(people)
        for login, role in (("anna", "reader"), ("bert", "reader"), ("carl", "arbitrator")):
            for name, text in (("new_login", login), ("new_name", login.title()),
                               ("new_first", PASSPHRASE), ("new_second", PASSPHRASE)):  # fmt: skip
                field = people.findChild(QLineEdit, name)
                assert field is not None
                self.qtbot.keyClicks(field, text)
            people.roles[next(r for r in people.roles if str(r) == role)].click()
            self.press(people, "add_person")
            self.idle()
            assert people.problem.text() == ""
        desk.tabs.setCurrentWidget(desk.assigning)
        self.press(desk.assigning, "plan")
        self.press(desk.assigning, "assign")
        self.idle()

    # reader and arbitrator

    def fill(self, read: OwnRead, nth: int, **given: str) -> None:
        for question, option in given.items():
            form = read.bench.form
            shown = [b for b in form.findChildren(QPushButton, f"{question}={option}")
                     if b.isVisibleTo(form)]  # fmt: skip
            self.qtbot.mouseClick(shown[min(nth, len(shown) - 1)], LEFT)

    def draw(self, pane: ImageView, tool: str, *path: tuple[int, int]) -> None:
        """Take a tool by its letter and draw along image points: corners for a polygon, a drag
        for all else. Panes differ in size; what is seen at a place does not."""
        letter = {"polygon": Qt.Key.Key_P, "brush": Qt.Key.Key_D, "box": Qt.Key.Key_B}[tool]
        pane.setFocus()
        self.qtbot.keyClick(pane, letter)
        points = [pane.to_screen(p).toPoint() for p in path]
        if tool == "polygon":
            for point in points:
                self.qtbot.mouseClick(pane, LEFT, pos=point)
            self.qtbot.keyClick(pane, Qt.Key.Key_Return)
        else:
            self.qtbot.mousePress(pane, LEFT, pos=points[0])
            for point in points[1:]:
                self.qtbot.mouseMove(pane, point)
            self.qtbot.mouseRelease(pane, LEFT, pos=points[-1])
        self.qtbot.keyClick(pane, Qt.Key.Key_Escape)

    def choose_class(self, read: OwnRead, code: str) -> None:
        combo = read.bench.toolbar.findChild(QComboBox, "class")
        assert combo is not None
        combo.setCurrentIndex(combo.findData(code))

    def submit(self, desk: ReadingDesk) -> None:
        assert desk.read is not None and desk.case is not None
        number, pane = desk.case.case.number, desk.read.bench.panes[0][0]
        assert desk.read.finish.isEnabled(), desk.read.lacking.text()
        self.ready(pane)
        self.answer("Submit reading")
        self.qtbot.keyClick(pane, Qt.Key.Key_Return, CTRL)
        self.qtbot.waitUntil(
            lambda: desk.case is None or desk.case.case.number != number, timeout=20_000
        )
        self.idle()

    def open_dispute(self) -> OwnRead:
        """The dispute is in the queue without anybody having sent it on."""
        desk = self.arbitration
        self.qtbot.waitUntil(lambda: desk.list.count() == 1, timeout=5_000)
        self.press(desk, "next")
        assert desk.read is not None and desk.dispute is not None
        assert desk.dispute.x is None and desk.dispute.y is None
        return desk.read

    @property
    def arbitration(self) -> ArbitrationDesk:
        desk = self.window.stack.currentWidget()
        assert isinstance(desk, ArbitrationDesk)
        return desk

    def seal_and_reveal(self) -> None:
        desk = self.arbitration
        assert desk.read is not None and desk.read.finish.isEnabled(), desk.read.lacking.text()
        self.answer("Seal own read")
        self.qtbot.mouseClick(desk.read.finish, LEFT)
        self.qtbot.waitUntil(lambda: desk.findChild(QPushButton, "reveal") is not None)
        self.idle()
        self.press(desk, "reveal")
        self.qtbot.waitUntil(lambda: desk.comparing is not None, timeout=10_000)

    def rule(self, key: str) -> None:
        """Decide every open item with one key, choose a reason, sign."""
        desk = self.arbitration
        comparing = desk.comparing
        assert comparing is not None
        for _ in range(len(comparing.ruling.items) + 1):
            if not comparing.ruling.unresolved():
                break
            self.ready(comparing.bench.panes[0][0])
            self.qtbot.keyClick(comparing.bench.panes[0][0], key)
            if comparing.ruling.unresolved():
                self.qtbot.keyClick(comparing.bench.panes[0][0], "N")
        panel = comparing.panel
        panel.reason.setCurrentIndex(1)
        if comparing.ruling.needs_note:
            assert not panel.sign.isEnabled() and "note" in panel.lacking.text()
            self.press(panel, "lacking")
            assert panel.note.hasFocus()
            self.qtbot.keyClicks(panel.note, "seen on both slices")
        assert panel.sign.isEnabled(), panel.lacking.text()
        self.ready(comparing.bench.panes[0][0])
        self.answer("Sign ruling")
        self.qtbot.keyClick(comparing.bench.panes[0][0], Qt.Key.Key_Return, CTRL)
        self.qtbot.waitUntil(lambda: desk.comparing is None, timeout=20_000)
        self.idle()

    # the dataset

    def freeze_and_report(self) -> Path:
        self.press(self.window, "desk:dataset")
        desk = self.window.stack.currentWidget()
        assert isinstance(desk, DatasetDesk)
        desk.folder.clear()
        self.qtbot.keyClicks(desk.folder, str(self.folder / "frozen"))
        self.answer("Freeze")
        self.press(desk, "freeze")
        self.idle()
        folder = self.folder / "frozen" / "v1.0"
        desk.verify_folder(folder)
        self.idle()
        assert "v1.0 holds" in desk.said.text()
        for code in ("zh_CN", "en"):
            desk.make_report(code, self.folder / f"report.{code}.pdf")
            self.idle()
            assert (self.folder / f"report.{code}.pdf").read_bytes().startswith(b"%PDF")
        return folder


@pytest.fixture
def hands(qapp: QApplication, qtbot: QtBot, answer: Answer, tmp_path: Path) -> Iterator[Hands]:
    apply_theme(qapp)
    application = Application(qapp, opener(), [], {})
    application.show_sign_in()
    yield Hands(qtbot, application, answer, tmp_path)
    assert application.shown is not None
    application.shown.close()


NORMAL = {"quality": "acceptable", "diagnosis": "normal", "referral": "no", "laser_scars": "no"}
REFER = {"quality": "acceptable", "diagnosis": "DR", "stage": "III", "referral": "yes",
         "laser_scars": "no"}  # fmt: skip


def read_photographs(hands: Hands, login: str, *, shift: int) -> None:
    """Both cases; in the first a polygon and a brush stroke on the right eye."""
    hands.sign_in(login)
    desk = hands.window.stack.currentWidget()
    assert isinstance(desk, ReadingDesk)
    for _ in range(2):
        if desk.case is None:
            hands.press(desk, "next")
        assert desk.read is not None and desk.case is not None
        ill = desk.case.case.number == "0001"
        for n, eye in enumerate(("OD", "OS")):
            first = REFER if ill and n == 0 else NORMAL
            given = dict(first)
            hands.fill(desk.read, n, quality=given.pop("quality"))
            hands.fill(desk.read, n, eye=eye, **given)
        if ill:
            hands.ready(desk.read.bench.panes[0][0])
            pane = desk.read.bench.panes[0][0]
            hands.choose_class(desk.read, "IRMA")
            x = 100 + shift
            hands.draw(pane, "polygon", (x, 80), (x + 60, 80), (x + 60, 140), (x, 140))
            hands.choose_class(desk.read, "DISC")
            hands.draw(pane, "brush", (250, 160), (262, 162), (270, 166))
            assert [m.class_code for m in desk.read.session.body.marks] == ["IRMA", "DISC"]
        hands.submit(desk)
    assert "2 of 2 read" in desk.count.text()
    hands.sign_out()


def test_a_fundus_study_from_first_to_last_click(hands: Hands, tmp_path: Path) -> None:
    photos = [
        files.DeliveredPhoto(f"P{n}", "1", "C1", photo_scene(eye, 2 * n + k))
        for n in range(2)
        for k, eye in enumerate(("OD", "OS"))
    ]
    files.write_photos(tmp_path / "delivered", photos)
    hands.new_study("dr_screening")
    hands.take_in(tmp_path / "delivered", tmp_path / "delivered" / "photos.csv")
    hands.staff()
    hands.sign_out()
    read_photographs(hands, "anna", shift=0)
    read_photographs(hands, "bert", shift=25)  # the same signs, another outline: IoU too small

    hands.sign_in("carl")
    read = hands.open_dispute()
    for n, eye in enumerate(("OD", "OS")):
        given = dict(REFER if n == 0 else NORMAL)
        hands.fill(read, n, quality=given.pop("quality"))
        hands.fill(read, n, eye=eye, **given)
    hands.seal_and_reveal()
    comparing = hands.arbitration.comparing
    assert comparing is not None
    assert [p.image is not None for p, _ in comparing.bench.panes] == [True] * 3
    hands.rule("X")
    hands.sign_out()

    hands.sign_in("coordinator")
    folder = hands.freeze_and_report()
    with hands.window.app.workspace.reading() as uow:
        states = sorted(str(c.state) for c in uow.cases.all())
        (dispute,) = uow.disputes.all()
        ruling = uow.rulings.of_dispute(dispute.dispute_id)
        readings = uow.readings.submitted(dispute.case_id)
        actions = {e.action for e in uow.audit.all()}
        (version,) = uow.datasets.all()
    assert states == ["agreed", "ruled"] and dispute.state is DisputeState.RESOLVED
    assert ruling is not None and len(readings) == 2
    # What stands is one reader's very outline, pixel for pixel, and both readings stay.
    image = next(i for i in read.targets if str(i.eye) == "OD")

    def irma(body: object) -> object:
        mark = next(m for m in body.marks if m.class_code == "IRMA")  # type: ignore[attr-defined]
        return mark_planes(mark, image.rows, image.cols)[0].runs.tolist()

    assert irma(ruling.body) in [irma(r.body) for r in readings]
    assert irma(readings[0].body) != irma(readings[1].body)
    assert {"reading.submitted", "dataset.frozen"} <= actions
    check = Opener().check_folder(folder, lambda *_: None)
    assert check.holds and check.fingerprint == version.fingerprint


def read_series(hands: Hands, login: str, *, nodule: bool) -> None:
    hands.sign_in(login)
    desk = hands.window.stack.currentWidget()
    assert isinstance(desk, ReadingDesk)
    hands.press(desk, "next")
    read = desk.read
    assert read is not None
    hands.fill(read, 0, quality="acceptable")
    hands.fill(read, 0, nodules="present" if nodule else "absent")
    if nodule:
        hands.fill(read, 0, suspicion="4")
        mark_nodule(hands, read)
    hands.submit(desk)
    assert "1 of 1 read" in desk.count.text()
    hands.sign_out()


def mark_nodule(hands: Hands, read: OwnRead) -> None:
    """Brush on one slice, turn the wheel, brush on the next: one nodule over two slices."""
    pane = read.bench.panes[0][0]
    hands.ready(pane)
    z = pane.slice()
    hands.draw(pane, "brush", (40, 40), (46, 42))
    at = QPointF(300, 300)
    event = QWheelEvent(at, pane.mapToGlobal(at), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton,
                        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False)  # fmt: skip
    QApplication.sendEvent(pane, event)
    assert pane.slice() == z + 1
    hands.draw(pane, "brush", (41, 40), (47, 42))
    (mark,) = read.session.body.marks
    assert sorted(mark.shape.planes) == [z, z + 1]  # type: ignore[union-attr]
    combo = read.bench.lesions.findChild(QComboBox, "attribute:type")
    assert combo is not None
    combo.setCurrentIndex(combo.findData("solid"))
    combo.activated.emit(combo.currentIndex())
    hands.idle()


def test_a_ct_study_from_first_to_last_click(hands: Hands, tmp_path: Path) -> None:
    files.write_ct(tmp_path / "delivered" / "P1", "P1", ct_scene(1), thick_too=True)
    hands.new_study("lung_nodule_ct")
    hands.take_in(tmp_path / "delivered", None)
    hands.staff()
    hands.sign_out()
    read_series(hands, "anna", nodule=True)
    read_series(hands, "bert", nodule=False)

    hands.sign_in("carl")
    read = hands.open_dispute()
    hands.fill(read, 0, quality="acceptable")
    hands.fill(read, 0, nodules="present")
    hands.fill(read, 0, suspicion="4")
    mark_nodule(hands, read)
    hands.seal_and_reveal()
    hands.rule("M")
    hands.sign_out()

    hands.sign_in("coordinator")
    folder = hands.freeze_and_report()
    assert len(list((folder / "data").rglob("*.nii"))) == 1  # the target series alone
    with hands.window.app.workspace.reading() as uow:
        (case,) = uow.cases.all()
        assert case.state is CaseState.RULED
        assert freezing.blocking(freezing.checklist(uow)) == ()
