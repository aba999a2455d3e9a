"""The arbitration desk by hand: blind read first, then X and Y, item by item, and the signature."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QListWidget, QPushButton, QWidget

from tests.ui.conftest import Bench
from workstation.domain.arbitration import Choice
from workstation.domain.case import CaseState
from workstation.domain.marks import BoxShape, Mark
from workstation.domain.reading import ReadingBody
from workstation.domain.schema import Level, Scope
from workstation.services import arbitrating, reading
from workstation.services.reading import OpenCase
from workstation.ui.desks.arbitration import ArbitrationDesk
from workstation.ui.main_window import MainWindow
from workstation.ui.panels.comparing import Comparing, Over

LEFT = Qt.MouseButton.LeftButton
Answer = Callable[[str], list[str]]
SAME = {"quality": "acceptable", "diagnosis": "normal", "referral": "no", "laser_scars": "no"}


def submit(bench: Bench, login: str, body_of: Callable[[OpenCase], ReadingBody]) -> None:
    workspace = bench.workspace("fundus", login)
    with workspace.reading() as uow:
        rows = reading.worklist(uow, workspace.person.person_id)
    for row in rows:
        case = reading.open_case(workspace, row.case_id)
        reading.save_draft(workspace, case.reading.reading_id, body_of(case))
        reading.submit(workspace, case.reading.reading_id)
    workspace.close()


def answered(case: OpenCase, first: dict[str, str]) -> ReadingBody:
    """`first` answers of the first image differ from the ordinary ones."""
    body = ReadingBody()
    for n, image in enumerate(case.targets):
        given = SAME | {"eye": str(image.eye)} | (first if n == 0 else {})
        for question, value in given.items():
            body = body.with_answer(Scope(Level.IMAGE, image.image_id), question, value)
    return body


def drawn(case: OpenCase, *boxes: tuple[float, float, float, float], code: str = "DISC") -> tuple[
    Mark, ...
]:  # fmt: skip
    image = case.targets[0].image_id
    return tuple(
        Mark(str(uuid.uuid4()), image, code, n, BoxShape(*box)) for n, box in enumerate(boxes, 1)
    )


DR = {"diagnosis": "DR", "stage": "II"}


def a_body(case: OpenCase) -> ReadingBody:
    if case.case.number != "0001":
        return answered(case, {})
    marks = drawn(case, (100, 100, 139, 139), (200, 50, 219, 69), code="IRMA")
    return answered(case, DR).with_marks((*marks, *drawn(case, (300, 140, 339, 179))))


def b_body(case: OpenCase) -> ReadingBody:
    if case.case.number != "0001":
        return answered(case, {})
    marks = drawn(case, (120, 100, 159, 139), code="IRMA")
    return answered(case, DR | {"stage": "III", "referral": "yes"}).with_marks(
        (*marks, *drawn(case, (300, 140, 339, 179)))
    )


@pytest.fixture
def window(bench: Bench) -> MainWindow:
    submit(bench, "reader-a", a_body)
    submit(bench, "reader-b", b_body)
    return bench.window("fundus", "arbitrator")


def desk_of(window: MainWindow) -> ArbitrationDesk:
    desk = window.stack.currentWidget()
    assert isinstance(desk, ArbitrationDesk)
    return desk


def all_text(widget: QWidget) -> str:
    said = [x.text() for x in widget.findChildren(QLabel)]
    said += [x.text() + x.toolTip() for x in widget.findChildren(QPushButton)]
    for listed in widget.findChildren(QListWidget):
        said += [listed.item(n).text() for n in range(listed.count())]
    return "\n".join(said)


def read_blind(bench: Bench, window: MainWindow, answer: Answer) -> Comparing:
    """The arbitrator answers, seals, and has X and Y shown."""
    desk = desk_of(window)
    bench.qtbot.mouseClick(desk.next, LEFT)
    read = desk.read
    assert read is not None and desk.dispute is not None
    for n, image in enumerate(read.targets):
        given = SAME | {"eye": str(image.eye)} | (DR if n == 0 else {})
        for question, value in given.items():
            name = f"{question}={value}"
            shown = [b for b in read.bench.form.findChildren(QPushButton, name)
                     if b.isVisibleTo(read.bench.form)]  # fmt: skip
            bench.qtbot.mouseClick(shown[n if question != "stage" else 0], LEFT)
    said = answer("Seal own read")
    bench.qtbot.mouseClick(read.finish, LEFT)
    bench.idle(window)
    assert "0001" in said[0]
    button = desk.findChild(QPushButton, "reveal")
    bench.qtbot.waitUntil(lambda: desk.findChild(QPushButton, "reveal") is not None)
    button = desk.findChild(QPushButton, "reveal")
    bench.qtbot.mouseClick(button, LEFT)
    bench.idle(window)
    bench.qtbot.waitUntil(lambda: desk.comparing is not None)
    assert desk.comparing is not None
    bench.focus(window, desk.comparing.bench.panes[0][0])
    return desk.comparing


def key(bench: Bench, comparing: Comparing, text: str) -> None:
    bench.qtbot.keyClick(comparing.bench.panes[0][0], text)


def test_before_the_own_read_nothing_of_x_and_y_is_there(bench: Bench, window: MainWindow) -> None:
    desk = desk_of(window)
    assert "1 to rule on" in all_text(desk)
    bench.qtbot.mouseClick(desk.next, LEFT)
    text = all_text(window)
    assert "sealed until you have sealed it" in text
    for hidden in (
        "reader-a",
        "reader-b",
        "R1",
        "R2",
        "category",
        "IoU",
        "moderate",
        "severe (III",
    ):
        assert hidden not in text.replace("III (severe non-proliferative)", "").replace(
            "II (moderate non-proliferative)", ""
        )
    assert desk.comparing is None and desk.read is not None
    assert desk.read.session.body == ReadingBody()
    assert len(desk.read.bench.panes) == 2
    assert all(not pane.marks for pane, _ in desk.read.bench.panes)


def test_a_dispute_is_ruled_item_by_item(bench: Bench, window: MainWindow, answer: Answer) -> None:
    comparing = read_blind(bench, window, answer)
    ruling, panel = comparing.ruling, comparing.panel
    opened = ruling.opened
    assert opened.x is not None and opened.y is not None
    names = [i.question or i.class_code for i in ruling.items if i.disputed]
    assert names == ["stage", "referral", "IRMA", "IRMA"]
    titles = [w.text() for w in comparing.bench.findChildren(QLabel)]
    assert [t for t in titles if t in ("Mine", "X", "Y")] == ["Mine", "X", "Y"]
    assert "IoU" not in panel.reasons.text() or not any(c.isdigit() for c in panel.reasons.text())
    assert not panel.sign.isEnabled()
    # The stage: X's; the same key again takes it back.
    assert ruling.current is not None and ruling.current.question == "stage"
    key(bench, comparing, "x")
    assert ruling.decision(ruling.current).choice is Choice.ADOPT_X  # type: ignore[union-attr]
    key(bench, comparing, "x")
    assert ruling.decision(ruling.current) is None
    key(bench, comparing, "x")
    key(bench, comparing, "n")
    assert ruling.current.question == "referral"
    bench.qtbot.mouseClick(panel.buttons[Choice.ADOPT_Y], LEFT)
    key(bench, comparing, "n")
    assert ruling.current.class_code == "IRMA" and ruling.current.x_marks and ruling.current.y_marks
    key(bench, comparing, "u")
    key(bench, comparing, "n")
    assert bool(ruling.current.x_marks) != bool(ruling.current.y_marks)
    key(bench, comparing, "r")
    assert not ruling.needs_note  # one of the two drew nothing there either
    key(bench, comparing, "?")
    assert ruling.unresolved() == () and ruling.needs_note
    # A reason is still missing, and is named.
    assert "reason" in panel.lacking.text().lower() and not panel.sign.isEnabled()
    panel.reason.setCurrentIndex(1)
    assert "note" in panel.lacking.text() and not panel.sign.isEnabled()
    bench.idle(window)
    before_x, before_y = opened.x, opened.y
    case_id = opened.case.case_id
    bench.qtbot.keyClicks(panel.note, "both looked at again")
    asked = answer("Not yet")
    bench.qtbot.mouseClick(panel.sign, LEFT)
    assert "cannot be changed" in asked[0] and desk_of(window).comparing is comparing
    answer("Sign ruling")
    bench.qtbot.mouseClick(panel.sign, LEFT)
    bench.idle(window)
    bench.qtbot.waitUntil(lambda: desk_of(window).comparing is None)
    assert "0 to rule on" in all_text(desk_of(window))
    with window.app.workspace.reading() as uow:
        case = uow.cases.get(case_id)
        reference = uow.references.get(case_id)
        dispute = next(d for d in uow.disputes.all() if d.case_id == case_id)
        x = uow.readings.get(dispute.x_reading_id).body
        y = uow.readings.get(dispute.y_reading_id).body
    assert case.state is CaseState.RULED and (x, y) == (before_x, before_y)
    assert reference is not None
    irma = [m for m in reference.body.marks if m.class_code == "IRMA"]
    assert len(irma) == 1
    scope = Scope(Level.IMAGE, irma[0].image_id)
    assert reference.body.answer(scope, "stage") == before_x.answer(scope, "stage")
    assert reference.body.answer(scope, "referral") == before_y.answer(scope, "referral")
    assert [m.class_code for m in reference.body.marks].count("DISC") == 1  # agreed, pre-adopted
    # Looked at again: what stands, why, and how sure; nothing can be changed.
    desk_of(window).open_dispute(dispute.dispute_id)
    seen = desk_of(window).comparing
    assert seen is not None and seen.read_only
    titles = [w.text() for w in seen.bench.findChildren(QLabel)]
    assert "Ruling (reference standard)" in titles and "Mine" not in titles
    image = next(i for i in seen.images if i.image_id == irma[0].image_id)
    assert {d.mark.mark_id for d in seen._mine_drawn(image)} == {
        m.mark_id for m in reference.body.marks if m.image_id == image.image_id
    }
    assert "both looked at again" in seen.panel.signed.text()
    assert not seen.panel.sign.isVisible()


def test_redrawing_starts_from_what_is_adopted_and_letters_are_tools_meanwhile(
    bench: Bench, window: MainWindow, answer: Answer
) -> None:
    comparing = read_blind(bench, window, answer)
    ruling = comparing.ruling
    item = next(i for i in ruling.items if i.class_code == "IRMA" and i.x_marks and i.y_marks)
    ruling.go(ruling.items.index(item))
    key(bench, comparing, "y")
    key(bench, comparing, "e")
    tool = comparing.bench.toolbar.tool
    assert tool is not None and tool.tool_id == "brush"
    (mine,) = comparing.own.body.marks
    theirs = next(m for m in ruling.opened.y.marks if m.mark_id in item.y_marks)  # type: ignore[union-attr]
    assert mine.shape == theirs.shape and mine.mark_id != theirs.mark_id
    key(bench, comparing, "e")  # the eraser now, not "edit"
    tool = comparing.bench.toolbar.tool
    assert tool is not None and tool.tool_id == "eraser"
    pane = comparing.bench.panes[0][0]
    where = pane.to_screen((140.0, 120.0)).toPoint()
    bench.qtbot.mousePress(pane, LEFT, pos=where)
    bench.qtbot.mouseRelease(pane, LEFT, pos=where)
    (after,) = comparing.own.body.marks
    assert after.shape != mine.shape
    bench.qtbot.keyClick(pane, Qt.Key.Key_Escape)
    assert comparing.bench.toolbar.tool is None
    decision = ruling.decision(ruling.current)  # type: ignore[arg-type]
    assert decision is not None and decision.choice is Choice.MINE
    assert decision.result_marks == (after.mark_id,)
    body = arbitrating.ruling_body(ruling.opened, ruling.decisions, comparing.own.body)
    kept = [m for m in body.marks if m.class_code == "IRMA"]
    assert [replace(m, number=1) for m in kept] == [replace(after, number=1)]
    # X and Y panes take no stroke.
    assert [p.surface_for is None for p, _ in comparing.bench.panes] == [False, True, True]
    bench.idle(window)


def test_an_answer_that_is_neither_xs_nor_ys(
    bench: Bench, window: MainWindow, answer: Answer
) -> None:
    comparing = read_blind(bench, window, answer)
    panel, ruling = comparing.panel, comparing.ruling
    assert ruling.current is not None and ruling.current.question == "stage"
    button = next(b for b in panel.findChildren(QPushButton, "stage=IV"))
    bench.qtbot.mouseClick(button, LEFT)
    decision = ruling.decision(ruling.current)
    assert decision is not None and decision.choice is Choice.MINE
    body = arbitrating.ruling_body(ruling.opened, ruling.decisions, comparing.own.body)
    assert body.answer(ruling.current.scope, "stage") == "IV"
    bench.idle(window)


def test_decisions_come_back_after_a_restart(
    bench: Bench, window: MainWindow, answer: Answer
) -> None:
    comparing = read_blind(bench, window, answer)
    key(bench, comparing, "y")
    decided = comparing.ruling.decisions
    window.close()
    again = bench.window("fundus", "arbitrator")
    desk = desk_of(again)
    bench.qtbot.mouseClick(desk.next, LEFT)
    assert desk.comparing is not None  # where it was left: X and Y are already shown
    assert desk.comparing.ruling.decisions == decided
    assert desk.comparing.ruling.current is not None
    assert desk.comparing.ruling.current.question != "stage"  # the first one still open


def test_the_difference_shows_only_x_only_y_and_both(
    bench: Bench, window: MainWindow, answer: Answer
) -> None:
    comparing = read_blind(bench, window, answer)
    item = next(i for i in comparing.ruling.items if i.class_code == "IRMA" and i.y_marks)
    comparing.ruling.go(comparing.ruling.items.index(item))
    key(bench, comparing, "d")
    assert comparing.over is Over.DIFFERENCE and comparing.legend.isVisible()
    (pane, marks) = comparing.bench.panes[0]
    areas = {d.side: d.mark.shape.planes[0].area for d in marks()}  # type: ignore[union-attr]
    # 40 x 40 each, 20 columns shared; one of them drew another 20 x 20.
    assert areas["own"] == 800 and sorted((areas["x"], areas["y"])) == [800, 1200]
    before = pane.grab().toImage()
    key(bench, comparing, "d")
    assert comparing.over is Over.NOTHING and pane.grab().toImage() != before
    key(bench, comparing, "o")
    assert {d.side for d in marks()} >= {"x", "y"}
    key(bench, comparing, "f")
    first = {d.side for d in marks()}
    bench.qtbot.waitUntil(lambda: {d.side for d in marks()} != first, timeout=3000)
    key(bench, comparing, "f")


def test_a_question_with_many_answers_does_not_make_the_window_higher(
    bench: Bench, window: MainWindow, answer: Answer
) -> None:
    comparing = read_blind(bench, window, answer)
    for n in range(len(comparing.ruling.items)):
        comparing.ruling.go(n)
        bench.qtbot.wait(20)
        assert window.height() == 768 and window.minimumSizeHint().height() <= 768
        field = comparing.panel._field
        if field is not None and comparing.ruling.decision(comparing.ruling.items[n]) is None:
            # One's own blind answer does not look like a decision.
            assert not any(b.isChecked() for b in field._buttons.values())


def test_panes_move_together(bench: Bench, window: MainWindow, answer: Answer) -> None:
    comparing = read_blind(bench, window, answer)
    panes = [p for p, _ in comparing.bench.panes]
    bench.qtbot.mousePress(panes[1], Qt.MouseButton.MiddleButton, pos=QPoint(50, 50))
    bench.qtbot.mouseMove(panes[1], QPoint(80, 70))
    bench.qtbot.mouseRelease(panes[1], Qt.MouseButton.MiddleButton, pos=QPoint(80, 70))
    assert len({p.center() for p in panes}) == 1 and len({p.zoom() for p in panes}) == 1


def test_the_desk_is_not_widened_by_its_tools(
    bench: Bench, window: MainWindow, answer: Answer
) -> None:
    read_blind(bench, window, answer)
    assert window.minimumSizeHint().width() <= 1366
