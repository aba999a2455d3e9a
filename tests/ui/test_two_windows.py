"""Two windows of one person on one draft: nobody's work is written over without being asked."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMessageBox

from tests.ui.conftest import Bench
from tests.ui.test_arbitration_desk import a_body, b_body, read_blind, submit
from tests.ui.test_arbitration_desk import desk_of as arbitration_desk_of
from tests.ui.test_reading_desk import LEFT, NORMAL, desk_of, fill, texts
from workstation.domain.marks import PointShape
from workstation.domain.reading import ReadingState
from workstation.services import arbitrating, reading
from workstation.ui.desks.reading import ReadingDesk
from workstation.ui.main_window import MainWindow

Answer = Callable[[str], list[str]]
KEEP, OTHER = "Keep what is here", "Open the other"


@pytest.fixture
def most(qtbot: object) -> Callable[[], int]:
    """The most dialogs that were ever open at once."""
    seen = [0]
    timer = QTimer()
    timer.setInterval(5)

    def look() -> None:
        boxes = [w for w in QApplication.topLevelWidgets()
                 if isinstance(w, QMessageBox) and w.isVisible()]  # fmt: skip
        seen[0] = max(seen[0], len(boxes))

    timer.timeout.connect(look)
    timer.start()
    return lambda: (timer.isActive(), seen[0])[1]


def draw(desk: ReadingDesk, *places: float) -> None:
    assert desk.read is not None
    for x in places:
        desk.read.session.add(desk.read.targets[0].image_id, "MA", PointShape(x, 20.0))


def stored(window: MainWindow, desk: ReadingDesk) -> list[float]:
    assert desk.case is not None
    with window.app.workspace.reading() as uow:
        body = uow.readings.get(desk.case.reading.reading_id).body
    return [m.shape.x for m in body.marks if isinstance(m.shape, PointShape)]


def two(bench: Bench) -> tuple[MainWindow, ReadingDesk, MainWindow, ReadingDesk]:
    first, second = bench.window("fundus", "reader-a"), bench.window("fundus", "reader-a")
    desks = desk_of(first), desk_of(second)
    for desk in desks:
        desk.open_next()
    assert desks[0].case is not None and desks[1].case is not None
    assert desks[0].case.case == desks[1].case.case
    return first, desks[0], second, desks[1]


def test_keep_what_is_here_is_saved_over_the_other(
    bench: Bench, answer: Answer, most: Callable[[], int]
) -> None:
    first, one, second, other = two(bench)
    draw(one, 10.0)
    bench.idle(first)
    said = answer(KEEP)
    draw(other, 50.0, 60.0, 70.0)  # three saves, one question
    bench.qtbot.waitUntil(lambda: bool(said))
    bench.idle(second)
    bench.qtbot.wait(250)
    assert "changed in another window at" in said[0] and said[0].count(":") >= 2
    assert len(said) == 1 and most() <= 1
    assert stored(second, other) == [50.0, 60.0, 70.0]
    draw(other, 80.0)  # with the new revision, without another question
    bench.idle(second)
    assert stored(second, other) == [50.0, 60.0, 70.0, 80.0]
    # Now the first window is the older one, and is asked in its turn.
    said = answer(OTHER)
    draw(one, 11.0)
    bench.qtbot.waitUntil(lambda: bool(said))
    bench.idle(first)
    assert stored(first, one) == [50.0, 60.0, 70.0, 80.0]
    assert one.read is not None and len(one.read.session.body.marks) == 4
    draw(one, 12.0)
    bench.idle(first)
    assert stored(first, one)[-1] == 12.0


def test_a_question_left_without_an_answer_drops_nothing(bench: Bench, answer: Answer) -> None:
    first, one, second, other = two(bench)
    draw(one, 10.0)
    bench.idle(first)
    said = answer("no such button")  # the dialog is closed by other means
    draw(other, 50.0)
    bench.qtbot.waitUntil(lambda: bool(said))
    bench.idle(second)
    assert stored(second, other) == [10.0]
    assert other.read is not None and len(other.read.session.body.marks) == 1
    # Leaving the case asks again, and so does closing the window.
    here = other.case
    said = answer("no such button")
    other.open_next()
    assert said and other.case is here
    said = answer(KEEP)
    second.close()
    assert said and stored(first, one) == [50.0]


def test_what_another_window_wrote_is_not_submitted_unseen(bench: Bench, answer: Answer) -> None:
    first, one, second, other = two(bench)
    fill(bench, other, 0, **NORMAL)
    fill(bench, other, 1, **(NORMAL | {"eye": "OS"}))
    bench.idle(second)
    # The first window opens what is complete, the second changes it, the first submits.
    one.close_case()
    one.open_next()
    draw(other, 50.0)
    bench.idle(second)
    answer("Submit reading")
    assert one.read is not None and one.case is not None
    bench.qtbot.mouseClick(one.read.finish, LEFT)
    said = answer(OTHER)
    bench.qtbot.waitUntil(lambda: bool(said))
    bench.idle(first)
    assert "changed in another window" in said[0]
    with first.app.workspace.reading() as uow:
        found = uow.readings.get(one.case.reading.reading_id)
    assert found.state is ReadingState.DRAFT
    assert one.read is not None and len(one.read.session.body.marks) == 1


def test_a_reading_submitted_in_another_window_opens_read_only(
    bench: Bench, answer: Answer, most: Callable[[], int]
) -> None:
    first, one, second, other = two(bench)
    fill(bench, one, 0, **NORMAL)
    fill(bench, one, 1, **(NORMAL | {"eye": "OS"}))
    bench.idle(first)
    assert one.case is not None
    case_id = one.case.case.case_id
    reading.submit(first.app.workspace, one.case.reading.reading_id)
    said = answer("OK")
    draw(other, 50.0, 60.0)
    bench.qtbot.waitUntil(lambda: bool(said))
    bench.idle(second)
    bench.qtbot.wait(250)
    assert said == ["This reading is submitted and can no longer be changed."] and most() <= 1
    assert other.case is not None and other.case.case.case_id == case_id
    assert other.read is not None and not other.read.open and not other.read.session.body.marks
    assert "tried again" not in texts(second)


def test_back_at_once_is_no_other_window(bench: Bench) -> None:
    """To the next case and back before the save was written: what was drawn is there."""
    window = bench.window("fundus", "reader-a")
    desk = desk_of(window)
    desk.open_next()
    assert desk.case is not None
    case_id = desk.case.case.case_id
    draw(desk, *(10.0 + n for n in range(20)))
    desk.open_next()
    desk.open_case(case_id)
    assert desk.read is not None and len(desk.read.session.body.marks) == 20
    draw(desk, 90.0)
    bench.idle(window)
    assert len(stored(window, desk)) == 21


@pytest.fixture
def disputed(bench: Bench) -> None:
    submit(bench, "reader-a", a_body)
    submit(bench, "reader-b", b_body)


def test_the_arbitrators_own_read_and_redrawing_ask_too(
    bench: Bench, disputed: None, answer: Answer
) -> None:
    first, second = bench.window("fundus", "arbitrator"), bench.window("fundus", "arbitrator")
    one, other = arbitration_desk_of(first), arbitration_desk_of(second)
    one.open_next()
    other.open_next()
    for desk, x in ((one, 10.0), (other, 50.0)):
        assert desk.read is not None
        said = answer(OTHER) if desk is other else ["-"]
        desk.read.session.add(desk.read.targets[0].image_id, "MA", PointShape(x, 20.0))
        bench.qtbot.waitUntil(lambda said=said: bool(said))
        bench.idle(first)
        bench.idle(second)
    assert "changed in another window" in said[0]
    assert other.read is not None
    assert [m.shape for m in other.read.session.body.marks] == [PointShape(10.0, 20.0)]
    # Sealed and revealed in the first: the second is told once and shows where the dispute stands.
    comparing = read_blind(bench, first, answer)
    said = answer("OK")
    other.read.session.add(other.read.targets[0].image_id, "MA", PointShape(60.0, 20.0))
    bench.qtbot.waitUntil(lambda: bool(said))
    bench.idle(second)
    assert other.read is None and other.comparing is not None
    # What is redrawn beside X and Y.
    image = comparing.images[0].image_id
    comparing.own.add(image, "MA", PointShape(30.0, 20.0))
    bench.idle(first)
    said = answer(KEEP)
    other.comparing.own.add(image, "MA", PointShape(70.0, 20.0))
    bench.qtbot.waitUntil(lambda: bool(said))
    bench.idle(second)
    assert "changed in another window" in said[0]
    with second.app.workspace.reading() as uow:
        body = uow.readings.get(other.comparing.opened.mine.reading_id).body
    assert body == other.comparing.own.body


def test_a_released_dispute_is_left_and_not_taken_again(
    bench: Bench, disputed: None, answer: Answer
) -> None:
    window = bench.window("fundus", "arbitrator")
    desk = arbitration_desk_of(window)
    desk.open_next()
    assert desk.read is not None and desk.dispute is not None
    dispute_id, image = desk.dispute.dispute.dispute_id, desk.read.targets[0].image_id
    desk.read.session.add(image, "MA", PointShape(10.0, 20.0))
    bench.idle(window)
    coordinator = bench.workspace("fundus", "coordinator")
    arbitrating.release(coordinator, dispute_id, "ill until the end of the month")
    said = answer("OK")
    desk.read.session.add(image, "MA", PointShape(50.0, 20.0))
    bench.qtbot.waitUntil(lambda: bool(said))
    bench.idle(window)
    assert "released" in said[0] and desk.dispute is None and desk.read is None
    with coordinator.reading() as uow:
        assert uow.disputes.get(dispute_id).arbitrator_id == ""
    coordinator.close()
    desk.open_next()  # taken again on purpose: the draft of before is found
    assert desk.read is not None and len(desk.read.session.body.marks) == 1
