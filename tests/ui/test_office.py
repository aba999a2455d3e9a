"""Worklist and form on another monitor: the keys go with them, nothing is lost on the way."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.ui.conftest import Bench
from tests.ui.test_reading_desk import desk_of
from workstation import settings
from workstation.ui.main_window import MainWindow
from workstation.ui.office import OfficeWindow


def inside(panel: QWidget, window: QWidget) -> bool:
    return panel.window() is window


def office_of(window: MainWindow) -> OfficeWindow:
    assert window.office is not None
    return window.office


def test_there_and_back(bench: Bench, qtbot: QtBot) -> None:
    window = bench.window("fundus", "reader-a")
    desk = desk_of(window)
    desk.open_next()
    assert desk.read is not None
    order = [desk.left.x(), desk.read.x()]
    window.toggle_office()
    office = office_of(window)
    assert inside(desk.left, office) and inside(desk.read.side, office)
    assert office.isVisible() and desk.read.side.isVisible()
    assert not inside(desk.read.bench, office)
    office.close()
    assert window.office is None
    assert inside(desk.left, window) and inside(desk.read.side, window)
    assert desk.left.isVisible() and desk.read.side.isVisible()
    qtbot.waitUntil(lambda: [desk.left.x(), desk.read.x()] == order)
    assert desk.read.side.width() == 350


def test_the_next_case_comes_to_it_and_its_keys_work(bench: Bench, qtbot: QtBot) -> None:
    window = bench.window("fundus", "reader-a")
    desk = desk_of(window)
    window.toggle_office()
    office = office_of(window)
    desk.open_next()
    first = desk.read
    assert first is not None and inside(first.side, office)
    with qtbot.waitActive(office):
        office.activateWindow()
    qtbot.keyClick(office, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    second = desk.read
    assert second is not None and second is not first and inside(second.side, office)
    qtbot.waitUntil(lambda: len(office.findChildren(QWidget, "finish")) == 1)
    desk.close_case()
    assert inside(desk.left, office)


def test_a_desk_without_such_panels_says_so(bench: Bench, qtbot: QtBot) -> None:
    window = bench.window("fundus", "coordinator")
    with qtbot.waitSignal(window.app.saved) as said:
        window.toggle_office()
    assert "worklist" in said.args[0] and window.office is None


def test_it_is_remembered_for_this_station(bench: Bench) -> None:
    window = bench.window("fundus", "reader-a")
    window.toggle_office()
    office_of(window).setGeometry(40, 50, 420, 300)
    window.move(QPoint(0, 0))
    window.close()
    bench.windows.clear()
    again = bench.window("fundus", "reader-a", (900, 600))
    assert again.office is not None and again.office.isVisible()
    assert again.office.size().width() == 420
    assert inside(desk_of(again).left, again.office)
    again.office.close()
    again.close()
    bench.windows.clear()
    assert bench.window("fundus", "reader-a").office is None


def test_other_screens_are_another_station(bench: Bench) -> None:
    window = bench.window("fundus", "reader-a")
    window.toggle_office()
    window.close()
    bench.windows.clear()
    kept = settings.load()
    (there,) = kept.places
    other = settings.Settings(places={there + " and one more": kept.places[there]})
    settings.save(other)
    assert bench.window("fundus", "reader-a").office is None
