"""The reading desk by hand: form, lesions, undo, saving, submission, and what it never shows."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QComboBox, QLabel, QListWidget, QPlainTextEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from tests.ui.conftest import Bench
from workstation.domain.marks import PointShape
from workstation.domain.reading import ReadingKind
from workstation.services import reading
from workstation.ui.desks.reading import ReadingDesk
from workstation.ui.main_window import MainWindow
from workstation.ui.panels.bench import TwoRows

LEFT = Qt.MouseButton.LeftButton
Answer = Callable[[str], list[str]]


def desk_of(window: MainWindow) -> ReadingDesk:
    desk = window.stack.currentWidget()
    assert isinstance(desk, ReadingDesk)
    return desk


def press(bench: Bench, inside: QWidget, name: str, nth: int = 0) -> None:
    """Click the n-th visible button of that name."""
    button = [b for b in inside.findChildren(QPushButton, name) if b.isVisibleTo(inside)][nth]
    bench.qtbot.mouseClick(button, LEFT)


def fill(bench: Bench, desk: ReadingDesk, nth: int, **given: str) -> None:
    """Answer the questions of the n-th image by clicking."""
    assert desk.read is not None
    for question, option in given.items():
        press(bench, desk.read.bench.form, f"{question}={option}", nth)


NORMAL = {"quality": "acceptable", "eye": "OD", "diagnosis": "normal", "referral": "no",
          "laser_scars": "no"}  # fmt: skip


def texts(widget: QWidget) -> str:
    said = [label.text() for label in widget.findChildren(QLabel)]
    said += [button.text() for button in widget.findChildren(QPushButton)]
    for listed in widget.findChildren(QListWidget):
        said += [listed.item(n).text() for n in range(listed.count())]
    return "\n".join(said)


def test_a_case_is_read_and_submitted_by_hand(bench: Bench, answer: Answer) -> None:
    window = bench.window("fundus", "reader-a")
    desk = desk_of(window)
    assert "0 of 2 read" in texts(window)
    bench.qtbot.mouseClick(desk.next, LEFT)
    assert desk.read is not None and desk.case is not None
    assert len(desk.read.bench.panes) == 2
    # Nothing is answered: the button is off and the first missing item is named.
    assert not desk.read.finish.isEnabled()
    assert "Image quality" in desk.read.lacking.text()
    fill(bench, desk, 0, quality="acceptable")
    assert "Missing (5)" in desk.read.lacking.text()  # four more of this image, one of the other
    fill(bench, desk, 0, **{k: v for k, v in NORMAL.items() if k != "quality"})
    fill(bench, desk, 1, **(NORMAL | {"eye": "OS"}))
    assert desk.read.finish.isEnabled() and not desk.read.lacking.isVisible()
    pane = desk.read.bench.panes[0][0]
    bench.qtbot.keyClick(pane, Qt.Key.Key_T)
    bench.qtbot.mouseClick(pane, LEFT, pos=QPoint(120, 200))
    (mark,) = desk.read.session.body.marks
    assert isinstance(mark.shape, PointShape) and mark.class_code == "MA"
    bench.idle(window)
    with window.app.workspace.reading() as uow:
        stored = uow.readings.get(desk.case.reading.reading_id)
    assert stored.body.marks == (mark,)
    case_id, number = desk.case.case.case_id, desk.case.case.number
    said = answer("Not yet")
    bench.qtbot.mouseClick(desk.read.finish, LEFT)
    assert number in said[0] and "cannot be changed" in said[0]
    bench.focus(window, pane)
    answer("Submit reading")
    bench.qtbot.keyClick(pane, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    bench.idle(window)
    # The next case is already open, and the first cannot be changed any more.
    bench.qtbot.waitUntil(lambda: desk.case is not None and desk.case.case.case_id != case_id)
    assert "1 of 2 read" in texts(window)
    with window.app.workspace.reading() as uow:
        done = uow.readings.find(case_id, window.app.workspace.person.person_id,
                                 ReadingKind.READING)  # fmt: skip
    assert done is not None and done.body_sha256
    desk.open_case(case_id)
    assert desk.read is not None and not desk.read.open and not desk.read.finish.isVisible()
    assert desk.read.bench.toolbar.isHidden()


def test_questions_come_and_go_with_the_answers_and_undo_brings_them_back(bench: Bench) -> None:
    window = bench.window("fundus", "reader-a")
    desk = desk_of(window)
    desk.open_next()
    assert desk.read is not None
    form = desk.read.bench.form

    def shown(name: str) -> int:
        return sum(b.isVisibleTo(form) for b in form.findChildren(QPushButton, name))

    assert shown("diagnosis=DR") == 0 and shown("quality_reason=stain") == 0
    fill(bench, desk, 0, quality="acceptable")
    assert shown("diagnosis=DR") == 1
    fill(bench, desk, 0, diagnosis="DR")
    assert shown("stage=II") == 1
    fill(bench, desk, 0, stage="II", quality="unacceptable")
    assert shown("stage=II") == 0 and shown("quality_reason=stain") == 1
    pane = desk.read.bench.panes[0][0]
    pane.setFocus()
    for _ in range(4):
        bench.qtbot.keyClick(pane, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not any(desk.read.session.body.answers.values())
    bench.idle(window)


def test_what_is_missing_is_gone_to_with_one_key(bench: Bench) -> None:
    window = bench.window("fundus", "reader-a")
    desk = desk_of(window)
    desk.open_next()
    assert desk.read is not None
    bench.qtbot.mouseClick(desk.read.lacking, LEFT)
    focused = window.focusWidget()
    assert focused is not None and focused.objectName() == "quality=acceptable"
    bench.qtbot.keyClick(focused, Qt.Key.Key_1)  # a digit answers the focused question
    scope = next(iter(desk.read.session.body.answers))
    assert desk.read.session.body.answer(scope, "quality") == "acceptable"
    bench.idle(window)


def test_a_double_click_shows_one_pane_alone_and_all_again(bench: Bench) -> None:
    window = bench.window("fundus", "reader-a")
    desk = desk_of(window)
    desk.open_next()
    assert desk.read is not None
    first, second = (pane for pane, _ in desk.read.bench.panes)
    narrow = first.width()
    bench.qtbot.mouseDClick(first, LEFT)
    bench.qtbot.waitUntil(lambda: first.width() > narrow * 1.8)
    assert not second.isVisible()
    bench.qtbot.mouseDClick(first, LEFT)
    bench.qtbot.waitUntil(lambda: second.isVisible())
    assert desk.read.session.body.marks == ()
    bench.idle(window)


def test_lesions_are_stepped_through_and_faded_by_key(bench: Bench) -> None:
    window = bench.window("fundus", "reader-a")
    desk = desk_of(window)
    desk.open_next()
    assert desk.read is not None
    pane = desk.read.bench.panes[0][0]
    bench.qtbot.keyClick(pane, Qt.Key.Key_T)
    for x in (120, 180):
        bench.qtbot.mouseClick(pane, LEFT, pos=QPoint(x, 200))
    bench.qtbot.keyClick(pane, Qt.Key.Key_Escape)
    ids = [m.mark_id for m in desk.read.session.body.marks]
    seen = []
    for key in (Qt.Key.Key_N, Qt.Key.Key_N):
        bench.qtbot.keyClick(pane, key)
        seen.append(desk.read.session.selection)
    assert sorted(seen) == sorted(ids)
    bench.qtbot.keyClick(pane, Qt.Key.Key_N, Qt.KeyboardModifier.ShiftModifier)
    assert desk.read.session.selection == seen[0]
    bench.qtbot.keyClick(pane, Qt.Key.Key_BracketLeft)
    assert pane.view.opacity == 0.8 and desk.read.bench.toolbar.radius == 12
    bench.idle(window)


def test_after_a_click_tab_goes_to_the_question_that_came_up(bench: Bench) -> None:
    window = bench.window("fundus", "reader-a")
    desk = desk_of(window)
    desk.open_next()
    fill(bench, desk, 0, quality="acceptable")
    focused = window.focusWidget()
    assert focused is not None and focused.objectName() == "quality=acceptable"
    bench.qtbot.keyClick(focused, Qt.Key.Key_Tab)  # a group of options is one stop
    focused = window.focusWidget()
    assert focused is not None and focused.objectName() == "eye=OD"
    bench.qtbot.keyClick(focused, Qt.Key.Key_2)
    assert desk.read is not None
    scope = next(iter(desk.read.session.body.answers))
    assert desk.read.session.body.answer(scope, "eye") == "OS"
    assert desk.read.session.body.answer(scope, "quality") == "acceptable"
    bench.idle(window)


def test_the_protocol_says_what_to_mark_and_a_lesion_can_change_its_class(bench: Bench) -> None:
    window = bench.window("fundus", "reader-a")
    desk = desk_of(window)
    desk.open_next()
    assert desk.read is not None
    what = desk.read.bench.lesions.what_to_mark()
    nearest = next(line for line in what.split("\n") if "nearest to the fovea" in line)
    assert all(code in nearest for code in ("MA", "HE", "EX", "CWS")) and "IRMA" not in nearest
    pane = desk.read.bench.panes[0][0]
    bench.qtbot.keyClick(pane, Qt.Key.Key_B)
    assert "another class" in window.statusBar().findChildren(QLabel)[0].text()
    at = pane.to_screen((100, 100)).toPoint()
    bench.qtbot.mousePress(pane, LEFT, pos=at)
    bench.qtbot.mouseMove(pane, at + QPoint(40, 40))
    bench.qtbot.mouseRelease(pane, LEFT, pos=at + QPoint(40, 40))
    (drawn,) = desk.read.session.body.marks
    combo = desk.read.bench.lesions.findChild(QComboBox, "class_of_lesion")
    assert combo is not None and combo.currentData() == drawn.class_code
    assert combo.findData("MA") < 0  # a point class: another geometry
    combo.setCurrentIndex(combo.findData("EX"))
    combo.activated.emit(combo.currentIndex())
    (changed,) = desk.read.session.body.marks
    assert (changed.class_code, changed.number) == ("EX", 1) and changed.shape == drawn.shape
    desk.read.session.stack.undo()
    assert desk.read.session.body.marks == (drawn,)
    bench.idle(window)


def test_the_pointer_does_not_hide_when_the_work_was_saved(bench: Bench) -> None:
    window = bench.window("fundus", "reader-a")
    desk = desk_of(window)
    desk.open_next()
    fill(bench, desk, 0, quality="acceptable")
    bench.idle(window)
    assert desk.read is not None
    bench.qtbot.mouseMove(desk.read.bench.panes[0][0], QPoint(150, 300))
    bench.qtbot.waitUntil(lambda: any("RGB" in x.text() for x in window.findChildren(QLabel)))
    said = [x.text() for x in window.findChildren(QLabel)]
    assert any("saved" in text for text in said)


def test_a_remark_is_one_step_however_many_letters(bench: Bench) -> None:
    window = bench.window("fundus", "reader-a")
    desk = desk_of(window)
    desk.open_next()
    assert desk.read is not None
    text = desk.read.bench.form.findChildren(QPlainTextEdit)[-1]
    bench.qtbot.keyClicks(text, "laser 2019?")
    assert desk.read.session.stack.count() == 1
    # Letters typed are no tool keys.
    assert desk.read.bench.toolbar.tool is None
    bench.idle(window)


def test_submitting_takes_no_longer_when_the_other_has_submitted(
    bench: Bench, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The comparison waits in the background; the next case is open and can be worked on."""
    compared = threading.Event()
    window = bench.window("fundus", "reader-a")
    comparison = window.app.workspace.comparison
    real = type(comparison).compare_pending

    def slow(self: object) -> object:
        compared.wait(10)
        return real(self)

    monkeypatch.setattr(type(comparison), "compare_pending", slow)
    desk = desk_of(window)
    desk.open_next()
    assert desk.case is not None
    first = desk.case.case.number
    fill(bench, desk, 0, **NORMAL)
    fill(bench, desk, 1, **(NORMAL | {"eye": "OS"}))
    answer("Submit reading")
    bench.qtbot.mouseClick(desk.read.finish, LEFT)  # type: ignore[union-attr]
    bench.qtbot.waitUntil(lambda: desk.case is not None and desk.case.case.number != first)
    fill(bench, desk, 0, quality="acceptable")
    bench.qtbot.waitUntil(lambda: len(window.app.jobs.active) == 1)  # saved; only that one waits
    compared.set()
    bench.idle(window)


def test_closing_the_window_saves_what_was_just_drawn(bench: Bench) -> None:
    window = bench.window("fundus", "reader-a")
    desk = desk_of(window)
    desk.open_next()
    assert desk.read is not None and desk.case is not None
    reading_id = desk.case.reading.reading_id
    image = desk.read.targets[0].image_id
    for n in range(30):
        desk.read.session.add(image, "MA", PointShape(10.0 + n, 20.0))
    body = desk.read.session.body
    window.close()
    workspace = bench.workspace("fundus", "reader-a")
    with workspace.reading() as uow:
        assert uow.readings.get(reading_id).body == body
    workspace.close()


def test_changing_the_case_at_once_saves_the_one_left(bench: Bench) -> None:
    window = bench.window("fundus", "reader-a")
    desk = desk_of(window)
    desk.open_next()
    assert desk.read is not None and desk.case is not None
    first, image = desk.case.reading.reading_id, desk.read.targets[0].image_id
    for n in range(20):
        desk.read.session.add(image, "MA", PointShape(10.0 + n, 20.0))
    desk.open_next()
    bench.idle(window)
    with window.app.workspace.reading() as uow:
        assert len(uow.readings.get(first).body.marks) == 20


@pytest.mark.expects_log
def test_a_failed_save_keeps_the_strokes_and_tries_again(
    bench: Bench, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workstation.domain.errors import EnvironmentProblem

    window = bench.window("fundus", "reader-a")
    desk = desk_of(window)
    desk.open_next()
    assert desk.read is not None and desk.case is not None
    image = desk.read.targets[0].image_id
    real = reading.save_draft

    def full(*_: object, **__: object) -> None:
        raise EnvironmentProblem("disk.full", needed=1, free=0)

    monkeypatch.setattr(reading, "save_draft", full)
    said = answer("OK")
    desk.read.session.add(image, "MA", PointShape(10.0, 20.0))
    bench.idle(window)
    bench.qtbot.waitUntil(lambda: bool(said))
    assert "NOT SAVED" in texts(window)
    monkeypatch.setattr(reading, "save_draft", real)
    desk.read.session.add(image, "MA", PointShape(30.0, 20.0))
    bench.idle(window)
    with window.app.workspace.reading() as uow:
        assert len(uow.readings.get(desk.case.reading.reading_id).body.marks) == 2


def test_a_reader_sees_nothing_of_the_other(bench: Bench) -> None:
    """Reader B submits everything; reader A's window is the same to the letter."""
    before = bench.window("fundus", "reader-a")
    shown = texts(before)
    other = bench.workspace("fundus", "reader-b")
    with other.reading() as uow:
        rows = reading.worklist(uow, other.person.person_id)
    for row in rows:
        case = reading.open_case(other, row.case_id)
        body = case.reading.body
        for image in case.targets:
            from workstation.domain.schema import Level, Scope

            for question, value in {"quality": "unacceptable", "quality_reason": "stain"}.items():
                body = body.with_answer(Scope(Level.IMAGE, image.image_id), question, value)
        reading.save_draft(other, case.reading.reading_id, body)
        reading.submit(other, case.reading.reading_id)
    other.close()
    desk_of(before).refresh()
    assert texts(before) == shown
    again = bench.window("fundus", "reader-a")
    assert texts(again) == shown
    desks = [b.objectName() for b in again.findChildren(QPushButton) if "desk:" in b.objectName()]
    assert desks == ["desk:reading"]


def test_a_ct_case_scrolls_and_shows_the_other_series_beside(bench: Bench) -> None:
    window = bench.window("ct", "reader-a")
    desk = desk_of(window)
    desk.open_next()
    assert desk.read is not None
    panel = desk.read.bench
    (pane, _) = panel.panes[0]
    assert len(panel.panes) == 1 and pane.image is not None and pane.image.slices == 8
    z = pane.slice()
    bench.qtbot.keyClick(pane, Qt.Key.Key_Down)
    assert pane.slice() == z + 1 and panel.slider.value() == z + 1
    bench.qtbot.keyClick(pane, Qt.Key.Key_2)
    assert pane.values_window() == (-600.0, 1500.0)
    assert "Lung" in desk.read.bench._windows.currentText()  # type: ignore[union-attr]
    ways = [h.hanging_id for h in desk.read.hangings]
    assert ways == ["stack", "beside"]
    bench.qtbot.keyClick(pane, Qt.Key.Key_Period)
    assert len(panel.panes) == 2
    beside = panel.panes[1][0]
    assert beside.image is not None and not beside.image.is_target
    bench.qtbot.keyClick(panel.panes[0][0], Qt.Key.Key_D)
    assert beside.surface_for is None  # a view-only series takes no stroke


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080)])
def test_the_desk_fits_the_screen(bench: Bench, size: tuple[int, int]) -> None:
    window = bench.window("fundus", "reader-a", size)
    desk_of(window).open_next()
    bench.qtbot.wait(50)
    assert (window.width(), window.height()) == size
    assert window.minimumSizeHint().width() <= 1366 and window.minimumSizeHint().height() <= 768


def test_controls_under_the_image_are_one_row_where_there_is_room(qtbot: QtBot) -> None:
    parts = QLabel(), QLabel()
    for part, wide in zip(parts, (300, 200), strict=True):
        part.setFixedSize(wide, 30)
    rows = TwoRows(*parts)
    window = QWidget()  # a window of its own would not become narrower than its parts
    rows.setParent(window)
    qtbot.addWidget(window)
    rows.resize(520, 60)
    window.show()
    qtbot.waitUntil(lambda: rows.in_one and parts[1].x() >= 300)
    assert rows.minimumSizeHint().width() == 300  # it may become narrow again
    rows.resize(480, 60)
    assert not rows.in_one
    qtbot.waitUntil(lambda: parts[1].y() > parts[0].y())
    parts[0].setFixedWidth(100)
    qtbot.waitUntil(lambda: rows.in_one)


@pytest.mark.parametrize("study", ["fundus", "ct"])
def test_the_worklist_gives_way_where_there_is_no_room(bench: Bench, study: str) -> None:
    """Large letters on a small screen: the button that submits is on the screen all the same."""
    window = bench.window(study, "reader-a", (960, 540))
    desk = desk_of(window)
    assert desk.left.isVisible()
    desk.open_next()
    bench.qtbot.waitUntil(lambda: not desk.left.isVisible())
    assert window.width() == 960
    assert desk.read is not None
    finish = desk.read.finish
    assert finish.mapTo(window, finish.rect().topRight()).x() < 960
    bench.qtbot.keyClick(
        desk.read.bench.panes[0][0], Qt.Key.Key_F9
    )  # in a window of its own it is there
    assert window.office is not None
    bench.qtbot.waitUntil(desk.left.isVisible)
    window.toggle_office()
    window.resize(1366, 768)
    bench.qtbot.waitUntil(lambda: desk.left.isVisible() and desk.left.parentWidget() is desk)


def test_a_click_on_a_control_leaves_the_keys_to_the_image(bench: Bench) -> None:
    window = bench.window("fundus", "reader-a")
    desk = desk_of(window)
    desk.open_next()
    assert desk.read is not None
    pane = desk.read.bench.panes[0][0]
    for name in ("red_free", "reset_look", "magnifier", "link:zoom", "tool:polygon"):
        press(bench, window, name)
        assert pane.hasFocus(), name
