"""How photographs are shown: only the view changes, it says so, and the reading records it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from tests.ui.conftest import Bench
from workstation.display.photo import equalised, shown
from workstation.domain.image import Image, ImageKind
from workstation.domain.reading import ReadingKind, body_to_json
from workstation.domain.schema import Level, Scope
from workstation.domain.viewing import AS_IT_IS, PhotoLook, Used
from workstation.services.canonical import document_sha256
from workstation.ui.canvas.image_view import ImageView
from workstation.ui.desks.reading import ReadingDesk
from workstation.ui.main_window import MainWindow
from workstation.ui.panels.own_read import OwnRead
from workstation.ui.state.equalised import Equalised
from workstation.ui.state.view_state import MarksShown, ViewState

LEFT = Qt.MouseButton.LeftButton
ROWS, COLS = 300, 400
RGB = np.random.default_rng(4).integers(30, 200, (ROWS, COLS, 3), np.uint8)
PHOTO = Image("i", "c", "F0001", ImageKind.PHOTOGRAPH, "OP", ROWS, COLS, 1, 3, "uint8", ())
LOOKS = (
    PhotoLook(red_free=True), PhotoLook(brightness=20), PhotoLook(clahe=True),
    PhotoLook(True, True, -10, 15, 1.4),
)  # fmt: skip


@pytest.fixture
def view(qtbot: QtBot) -> ImageView:
    frozen = RGB.copy()
    frozen.flags.writeable = False
    made = ImageView(ViewState(), lambda _, z: frozen)
    qtbot.addWidget(made)
    made.resize(500, 400)
    made.set_image(PHOTO)
    made.view.set(zoom=1.0, center=((COLS - 1) / 2, (ROWS - 1) / 2))
    with qtbot.waitExposed(made):
        made.show()
    return made


def pixels(view: ImageView) -> list[tuple[int, int, int]]:
    seen: QImage = view.grab().toImage()
    places = ((20, 40), (200, 150), (333, 211))
    return [seen.pixelColor(x + 50, y + 50).getRgb()[:3] for x, y in places]  # type: ignore[misc]


@pytest.mark.parametrize("look", LOOKS)
def test_what_is_seen_is_the_look_of_the_stored_pixels(view: ImageView, look: PhotoLook) -> None:
    assert pixels(view) == [tuple(RGB[y, x]) for x, y in ((20, 40), (200, 150), (333, 211))]
    view.view.set(look=look)
    wanted = shown(RGB, look)
    assert pixels(view) == [tuple(wanted[y, x]) for x, y in ((20, 40), (200, 150), (333, 211))]
    view.view.set(look=AS_IT_IS)
    assert pixels(view) == [tuple(RGB[y, x]) for x, y in ((20, 40), (200, 150), (333, 211))]


def test_clahe_stays_the_same_when_the_view_moves(view: ImageView) -> None:
    view.view.set(look=PhotoLook(clahe=True))
    view.grab()
    view.view.set(center=(100.5, 120.5), zoom=1.0)
    seen = view.grab().toImage()
    wanted = shown(RGB, PhotoLook(clahe=True))
    at = view.to_screen((119.5, 99.5)).toPoint()  # the corner of the pixel is where it begins
    assert seen.pixelColor(at).getRgb()[:3] == tuple(wanted[100, 120])


def test_dragging_a_photograph_changes_brightness_and_contrast(
    view: ImageView, qtbot: QtBot
) -> None:
    qtbot.mousePress(view, LEFT, pos=QPoint(200, 200))
    qtbot.mouseMove(view, QPoint(240, 180))
    qtbot.mouseRelease(view, LEFT, pos=QPoint(240, 180))
    assert (view.view.look.brightness, view.view.look.contrast) == (-5, -10)
    assert view.view.window is None


def test_a_large_picture_is_equalised_out_of_the_way(qtbot: QtBot) -> None:
    holder = ViewState()
    large = np.random.default_rng(2).integers(0, 255, (1400, 1200, 3), np.uint8)
    made, look = Equalised(holder, lambda rgb: rgb), PhotoLook(clahe=True)
    assert made.of(large, AS_IT_IS) is None
    with qtbot.waitSignal(made.ready, timeout=20_000):
        assert made.of(large, look) is None
    ready = made.of(large, look)
    assert ready is not None and np.array_equal(ready, equalised(large, look))
    assert made.of(large, look) is ready
    # A smaller one is there at once; the green channel is another matter.
    small = np.ascontiguousarray(large[::2, ::2])
    assert np.array_equal(made.of(small, look), equalised(small, look))
    green = made.of(small, PhotoLook(True, True))
    assert np.array_equal(green, equalised(small, PhotoLook(True, True)))


# at the desk


def read_of(window: MainWindow) -> tuple[ReadingDesk, OwnRead]:
    desk = window.stack.currentWidget()
    assert isinstance(desk, ReadingDesk)
    desk.open_next()
    assert desk.read is not None
    return desk, desk.read


def test_the_controls_change_the_view_say_so_and_take_it_back(bench: Bench) -> None:
    window = bench.window("fundus", "reader-a")
    _, read = read_of(window)
    bar, (view, _) = read.bench.photo, read.bench.panes[0]
    view.clearFocus()
    plain = picture(view)
    bench.qtbot.mouseClick(bar.red_free, LEFT)
    bar.sliders["gamma"].setValue(140)
    bar.clahe.click()
    assert view.view.look == PhotoLook(True, True, 0, 0, 1.4)
    assert read.bench.panes[1][0].view.look == view.view.look
    changed = picture(view)
    view.view.set(shown=MarksShown.HIDDEN)
    badge = QColorCount(view.grab().toImage())
    assert changed != plain and badge.amber > 20  # the badge stays when marks are hidden
    bench.qtbot.mouseClick(bar.reset, LEFT)
    assert view.view.look == AS_IT_IS and not bar.red_free.isChecked() and not bar.reset.isEnabled()
    view.view.set(shown=MarksShown.OUTLINE)
    view.clearFocus()
    assert picture(view) == plain


def picture(view: ImageView) -> QImage:
    """What is seen between the lines of text at top and bottom."""
    return view.grab().toImage().copy(0, 60, view.width(), view.height() - 120)


class QColorCount:
    """Pixels of the badge's colour."""

    def __init__(self, picture: QImage) -> None:
        self.amber = sum(
            picture.pixelColor(x, y).name() == "#e0a83c"
            for x in range(picture.width())
            for y in range(picture.height() - 60, picture.height())
        )


Answer = Callable[[str], list[str]]


def test_what_was_used_is_recorded_with_the_submitted_reading(bench: Bench, answer: Answer) -> None:
    window = bench.window("fundus", "reader-a")
    desk, read = read_of(window)
    assert desk.case is not None
    first, second = read.targets
    view = read.bench.view_of(first)
    view.set(look=PhotoLook(red_free=True, brightness=30))
    view.set(look=AS_IT_IS)
    assert read.session.body.viewing == ()  # no step yet: nothing is saved for looking
    for scope_image in (first, second):
        scope = Scope(Level.IMAGE, scope_image.image_id)
        read.session.answer(scope, "quality", "unacceptable")
        read.session.answer(scope, "quality_reason", "stain")
    (record,) = read.session.body.viewing
    assert record.image_id == first.image_id
    assert record.used == {Used.RED_FREE, Used.BRIGHTNESS} and record.brightness == (0.0, 30.0)
    read.session.stack.undo()
    read.session.stack.redo()
    assert read.session.body.viewing == (record,)  # looking is not undone
    read.bench.view_of(second).set(look=PhotoLook(clahe=True))  # after the last step
    answer("Submit reading")
    case_id = desk.case.case.case_id
    bench.qtbot.mouseClick(read.finish, LEFT)
    bench.idle(window)
    bench.qtbot.waitUntil(lambda: desk.case is None or desk.case.case.case_id != case_id)
    me = window.app.workspace.person.person_id
    with window.app.workspace.reading() as uow:
        done = uow.readings.find(case_id, me, ReadingKind.READING)
    assert done is not None
    used = {v.image_id: v.used for v in done.body.viewing}
    assert used == {first.image_id: record.used, second.image_id: {Used.CLAHE}}
    assert done.body_sha256 == document_sha256(body_to_json(done.body))


def test_a_case_left_keeps_the_record_and_one_only_opened_has_none(bench: Bench) -> None:
    window = bench.window("ct", "reader-a")
    desk, read = read_of(window)
    assert desk.case is not None
    image = read.targets[0]
    bench.qtbot.keyClick(read.bench.panes[0][0], Qt.Key.Key_2)
    read.bench.view_of(image).set(window=(-590.0, 1480.0))
    assert read.elsewhere.settle()
    with window.app.workspace.reading() as uow:
        kept = uow.readings.get(desk.case.reading.reading_id).body
    (record,) = kept.viewing
    assert record.presets == ((-600.0, 1500.0),) and record.window == (-590.0, 1480.0)
    assert record.used == {Used.WINDOW_PRESET, Used.WINDOW_BY_HAND}
    other = bench.window("fundus", "reader-b")
    desk, read = read_of(other)
    assert desk.case is not None and read.elsewhere.settle()
    with other.app.workspace.reading() as uow:
        opened = uow.readings.get(desk.case.reading.reading_id)
    assert opened.body.viewing == () and opened.revision == 0
    bench.idle(window)
    bench.idle(other)
