"""What the hand does on the canvas ends as exact marks in stored-matrix pixels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QFontMetricsF, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from workstation.domain.geometry import EdgeLetters
from workstation.domain.image import Image, ImageKind, Window
from workstation.domain.marks import (
    BoxShape,
    Mark,
    PaintedShape,
    PointShape,
    PolygonShape,
    mark_planes,
)
from workstation.domain.reading import ReadingBody
from workstation.ui.canvas import writing
from workstation.ui.canvas.image_view import ImageView
from workstation.ui.canvas.marks import DrawnMark
from workstation.ui.canvas.tool import Surface, tools
from workstation.ui.state.reading_session import ReadingSession
from workstation.ui.state.view_state import MarksShown, ViewState

ROWS, COLS = 300, 400
LEFT = Qt.MouseButton.LeftButton


def image(slices: int = 1, samples: int = 1, **more: object) -> Image:
    return Image("i", "c", "S0001", ImageKind.STACK if slices > 1 else ImageKind.PHOTOGRAPH, "CT",
                 ROWS, COLS, slices, samples, "int16", (), **more)  # type: ignore[arg-type]  # fmt: skip


PIXELS = np.random.default_rng(3).integers(-1000, 1000, (4, ROWS, COLS)).astype(np.int16)


class Pane:
    """A pane of 500 x 400 with a session behind it."""

    def __init__(self, qtbot: QtBot, shown: Image) -> None:
        self.qtbot = qtbot
        self.bodies: list[ReadingBody] = []
        self.session = ReadingSession(ReadingBody(), self.bodies.append)
        self.image = shown
        self.view = ImageView(ViewState(), lambda _, z: PIXELS[z])
        qtbot.addWidget(self.view)
        self.view.resize(500, 400)
        self.view.set_image(shown)
        self.view.surface_for = lambda i, z: Surface(self.session, i, z, "NODULE", self.radius)
        self.radius = 6
        self.session.changed.connect(self.marks)
        with qtbot.waitExposed(self.view):
            self.view.show()

    def marks(self) -> None:
        self.view.set_marks([DrawnMark(m, "#00e5ff") for m in self.session.body.marks])

    def take(self, name: str) -> None:
        self.view.set_tool(next(t for t in tools() if t.tool_id == name))

    def at(self, x: int, y: int) -> tuple[float, float]:
        """The image point under a screen pixel, by the formula of the documentation."""
        zoom, (cx, cy) = self.view.zoom(), self.view.center()
        return (x - self.view.width() / 2) / zoom + cx, (y - self.view.height() / 2) / zoom + cy

    def click(self, x: int, y: int) -> None:
        self.qtbot.mouseClick(self.view, LEFT, pos=QPoint(x, y))

    def drag(self, *points: tuple[int, int]) -> None:
        self.qtbot.mousePress(self.view, LEFT, pos=QPoint(*points[0]))
        for point in points[1:]:
            self.qtbot.mouseMove(self.view, QPoint(*point))
        self.qtbot.mouseRelease(self.view, LEFT, pos=QPoint(*points[-1]))

    def wheel(self, x: int, y: int, notches: int,
              keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:  # fmt: skip
        at = QPointF(x, y)
        event = QWheelEvent(at, self.view.mapToGlobal(at), QPoint(), QPoint(0, 120 * notches),
                            Qt.MouseButton.NoButton, keys, Qt.ScrollPhase.NoScrollPhase, False)  # fmt: skip
        self.view.wheelEvent(event)


@pytest.fixture
def pane(qtbot: QtBot) -> Iterator[Pane]:
    yield Pane(qtbot, image())


def disc(x: float, y: float, radius: int) -> npt.NDArray[np.bool_]:
    yy, xx = np.mgrid[0:ROWS, 0:COLS]
    return np.asarray((xx - x) ** 2 + (yy - y) ** 2 <= radius * radius)


def painted(mark: Mark, z: int = 0) -> npt.NDArray[np.bool_]:
    return mark_planes(mark, ROWS, COLS)[z].to_array().astype(bool)


ZOOMS = [(None, (0.0, 0.0)), (1.0, (200.0, 150.0)), (3.7, (120.25, 80.5)), (0.4, (10.0, 290.0))]


@pytest.mark.parametrize(("zoom", "center"), ZOOMS)
def test_a_point_is_where_the_click_was(pane: Pane, zoom: float | None, center: object) -> None:
    pane.view.view.set(zoom=zoom, center=center)
    pane.take("point")
    pane.click(301, 177)
    (mark,) = pane.session.body.marks
    assert isinstance(mark.shape, PointShape)
    assert (mark.shape.x, mark.shape.y) == pytest.approx(pane.at(301, 177), abs=1e-9)


@pytest.mark.parametrize(("zoom", "center"), ZOOMS)
def test_a_polygon_has_the_corners_clicked(pane: Pane, zoom: float | None, center: object) -> None:
    pane.view.view.set(zoom=zoom, center=center)
    pane.take("polygon")
    corners = [(200, 150), (320, 160), (290, 260), (210, 250)]
    for corner in corners:
        pane.click(*corner)
    assert pane.session.body.marks == ()
    pane.qtbot.keyClick(pane.view, Qt.Key.Key_Return)
    (mark,) = pane.session.body.marks
    assert isinstance(mark.shape, PolygonShape)
    expected = [pane.at(*c) for c in corners]
    assert np.allclose(np.array(mark.shape.vertices), expected, atol=1e-9)


@pytest.mark.parametrize("zoom", [0.3, 1.0, 5.0])
def test_the_first_corner_closes_a_polygon_at_any_zoom(pane: Pane, zoom: float) -> None:
    pane.view.view.set(zoom=zoom, center=(200.0, 150.0))
    pane.take("polygon")
    for x, y in ((230, 180), (290, 180), (290, 230)):
        pane.click(x, y)
    assert pane.view.stroke_open
    pane.click(236, 184)  # near it on the screen, however far in the image
    assert not pane.view.stroke_open
    (mark,) = pane.session.body.marks
    assert isinstance(mark.shape, PolygonShape) and len(mark.shape.vertices) == 3


def test_nothing_is_marked_beside_the_image_but_across_its_border(pane: Pane) -> None:
    pane.view.view.set(zoom=1.0, center=(200.0, 150.0))  # the image is at 50..450 x 50..350
    pane.take("point")
    pane.click(20, 20)
    pane.take("box")
    pane.drag((10, 10), (40, 30))
    assert pane.session.body.marks == () and pane.bodies == []
    pane.drag((10, 10), (100, 100))
    pane.take("polygon")
    for x, y in ((400, 300), (490, 300), (490, 390), (400, 390)):
        pane.click(x, y)
    pane.qtbot.keyClick(pane.view, Qt.Key.Key_Return)
    box, polygon = pane.session.body.marks
    assert isinstance(box.shape, BoxShape) and (box.shape.x0, box.shape.y0) == (-0.5, -0.5)
    assert isinstance(polygon.shape, PolygonShape)
    # Moving its outer corners to the border would bend the edges inside.
    assert polygon.shape.vertices[1] == pane.at(490, 300)
    for mark in (box, polygon):
        assert not mark_planes(mark, ROWS, COLS)[0].empty


def test_polygon_takes_points_back_and_is_given_up(pane: Pane) -> None:
    pane.take("polygon")
    for corner in [(200, 150), (300, 150), (300, 250), (50, 60)]:
        pane.click(*corner)
    pane.qtbot.keyClick(pane.view, Qt.Key.Key_Backspace)
    pane.qtbot.keyClick(pane.view, Qt.Key.Key_Return)
    (mark,) = pane.session.body.marks
    assert isinstance(mark.shape, PolygonShape) and len(mark.shape.vertices) == 3
    pane.click(20, 20)
    pane.qtbot.keyClick(pane.view, Qt.Key.Key_Escape)
    assert not pane.view.stroke_open and len(pane.session.body.marks) == 1


@pytest.mark.parametrize(("zoom", "center"), ZOOMS[:3])
def test_a_dab_of_the_brush_is_a_disc_in_image_pixels(
    pane: Pane, zoom: float | None, center: object
) -> None:
    pane.view.view.set(zoom=zoom, center=center)
    pane.take("brush")
    pane.drag((260, 190))
    (mark,) = pane.session.body.marks
    assert np.array_equal(painted(mark), disc(*pane.at(260, 190), 6))


def test_a_stroke_touching_the_lesion_extends_it_and_the_eraser_takes_away(pane: Pane) -> None:
    pane.view.view.set(zoom=1.0, center=(199.5, 149.5))
    pane.take("brush")
    pane.drag((200, 150), (240, 150))
    pane.drag((240, 150), (240, 180))
    (mark,) = pane.session.body.marks
    assert mark.number == 1 and isinstance(mark.shape, PaintedShape)
    before = painted(mark)
    pane.take("eraser")
    pane.drag((200, 150))
    (after,) = pane.session.body.marks
    assert np.array_equal(painted(after), before & ~disc(*pane.at(200, 150), 6))
    pane.session.stack.undo()
    assert np.array_equal(painted(pane.session.body.marks[0]), before)
    pane.session.stack.redo()
    assert pane.session.body.marks == (after,)


def test_a_far_stroke_is_a_new_lesion_with_the_next_number(pane: Pane) -> None:
    pane.view.view.set(zoom=1.0, center=(199.5, 149.5))
    pane.take("brush")
    pane.drag((100, 100))
    pane.drag((300, 300))
    assert [m.number for m in pane.session.body.marks] == [1, 2]
    pane.session.delete(pane.session.body.marks[1].mark_id)
    pane.drag((200, 200))
    assert [m.number for m in pane.session.body.marks] == [1, 3]


def test_a_box_is_dragged_from_corner_to_corner(pane: Pane) -> None:
    pane.view.view.set(zoom=2.0, center=(100.0, 100.0))
    pane.take("box")
    pane.drag((300, 260), (220, 180))
    (mark,) = pane.session.body.marks
    shape = mark.shape
    assert isinstance(shape, BoxShape)
    assert (shape.x0, shape.y0) == pytest.approx(pane.at(220, 180))
    assert (shape.x1, shape.y1) == pytest.approx(pane.at(300, 260))


def test_every_stroke_is_handed_on_for_saving(pane: Pane) -> None:
    pane.take("brush")
    for x in (100, 200, 300):
        pane.drag((x, 200))
    assert len(pane.bodies) == 3 and pane.bodies[-1] is pane.session.body


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    st.integers(5, 495), st.integers(5, 395), st.integers(-6, 6),
    st.floats(0.1, 12), st.floats(-50, 450), st.floats(-50, 350),
)  # fmt: skip
def test_the_wheel_keeps_the_point_under_the_pointer(
    qtbot: QtBot, x: int, y: int, notches: int, zoom: float, cx: float, cy: float
) -> None:
    view = ImageView(ViewState(), lambda _, z: PIXELS[z])
    qtbot.addWidget(view)
    view.resize(500, 400)
    view.set_image(image())
    view.view.set(zoom=zoom, center=(cx, cy))
    before = view.to_image(QPoint(x, y))
    view.zoom_at(QPointF(x, y), 1.2**notches)
    assert view.to_image(QPoint(x, y)) == pytest.approx(before, abs=1e-6)
    there = view.to_screen(before)
    assert (there.x(), there.y()) == pytest.approx((x, y), abs=1e-6)


def test_pixels_on_screen_are_the_window_of_the_stored_values(qtbot: QtBot) -> None:
    pane = Pane(qtbot, image(windows=(Window(40.0, 400.0),)))
    # 500 x 400 over 400 x 300 at zoom 1: centre (199.5, 149.5) puts pixel (0, 0) at (50, 50).
    pane.view.view.set(zoom=1.0, center=(199.5, 149.5))
    shown = pane.view.grab().toImage()
    values = PIXELS[0].astype(float)
    expected = np.clip(np.rint(((values - 39.5) / 399 + 0.5) * 255), 0, 255)
    for x, y in ((20, 30), (399, 299), (200, 150), (123, 222)):
        grey = shown.pixelColor(x + 50, y + 50)
        assert grey.red() == grey.green() == grey.blue() == int(expected[y, x])


def test_monochrome1_is_shown_inverted_once(qtbot: QtBot) -> None:
    shown = []
    for inverted in (False, True):
        pane = Pane(qtbot, image(windows=(Window(40.0, 400.0),), monochrome1=inverted))
        pane.view.view.set(zoom=1.0, center=(199.5, 149.5))
        shown.append(pane.view.grab().toImage().pixelColor(150, 150).red())
    assert shown[0] + shown[1] == 255


def test_slices_turn_with_wheel_and_keys_and_marks_stay_on_theirs(qtbot: QtBot) -> None:
    pane = Pane(qtbot, image(slices=4))
    pane.view.view.set(zoom=1.0, center=(199.5, 149.5))
    pane.take("brush")
    pane.drag((200, 150))
    pane.wheel(100, 100, -1)
    assert pane.view.slice() == 1
    pane.drag((200, 150))  # over the same place of the next slice: the same lesion
    (mark,) = pane.session.body.marks
    assert mark.slices == (0, 1)
    pane.view.set_tool(None)
    pane.qtbot.keyClick(pane.view, Qt.Key.Key_Up)
    assert pane.view.slice() == 0
    pane.wheel(100, 100, -9)
    pane.wheel(100, 100, -1, Qt.KeyboardModifier.ShiftModifier)
    assert pane.view.slice() == 3
    before = pane.view.zoom()
    pane.wheel(100, 100, 1, Qt.KeyboardModifier.ControlModifier)
    assert pane.view.slice() == 3 and pane.view.zoom() == pytest.approx(before * 1.2)


def test_dragging_without_a_tool_changes_the_window_not_the_marks(pane: Pane) -> None:
    pane.view.set_tool(None)
    before = pane.view.values_window()
    pane.drag((200, 200), (260, 170))
    assert pane.view.values_window() != before and pane.session.body.marks == ()


def test_to_the_right_widens_and_up_raises_the_level(pane: Pane) -> None:
    center, width = pane.view.values_window()
    pane.drag((200, 200), (260, 150))
    after = pane.view.values_window()
    assert after[0] > center and after[1] > width


def test_an_outline_follows_a_mark_that_keeps_its_id(pane: Pane) -> None:
    def outline(x0: float) -> list[float]:
        mark = Mark("same", "i", "NODULE", 1, BoxShape(x0, 10, x0 + 9, 19))
        pane.view.set_marks([DrawnMark(mark, "#00e5ff")])
        return sorted(
            {line.x1() for line in pane.view._layer.lines(pane.view.marks[0], pane.image, 0)}
        )

    assert outline(10.0)[0] == 9.5
    assert outline(50.0)[0] == 49.5


def test_fainter_marks_change_no_pixel_but_their_own(pane: Pane) -> None:
    mark = Mark("m", "i", "NODULE", 1, BoxShape(150, 100, 249, 199))
    plain = pane.view.grab().toImage()
    pane.view.set_marks([DrawnMark(mark, "#00e5ff")])
    strong = pane.view.grab().toImage()
    pane.view.view.set(opacity=0.4)
    faint = pane.view.grab().toImage()
    at = pane.view.to_screen((150 - 0.5, 150)).toPoint()
    assert len({picture.pixel(at) for picture in (plain, strong, faint)}) == 3
    assert plain.pixel(30, 200) == strong.pixel(30, 200) == faint.pixel(30, 200)


def test_a_click_chooses_the_smallest_mark_under_it(pane: Pane) -> None:
    chosen: list[str] = []
    pane.view.mark_clicked.connect(chosen.append)
    pane.view.view.set(zoom=1.0, center=(199.5, 149.5))
    large = pane.session.add("i", "NODULE", BoxShape(10, 10, 200, 200))
    small = pane.session.add("i", "NODULE", BoxShape(50, 50, 80, 80))
    pane.click(50 + 60, 50 + 60)
    pane.click(50 + 150, 50 + 150)
    pane.click(50 + 390, 50 + 290)
    assert chosen == [small.mark_id, large.mark_id, ""]


def test_hidden_marks_leave_the_pixels_alone(pane: Pane) -> None:
    pane.view.view.set(zoom=1.0, center=(199.5, 149.5))
    bare = pane.view.grab().toImage()
    pane.session.add("i", "NODULE", BoxShape(50, 50, 120, 120))
    assert pane.view.grab().toImage() != bare
    pane.view.view.set(shown=MarksShown.HIDDEN)
    assert pane.view.grab().toImage() == bare


@pytest.mark.parametrize("wide", [220, 300, 382, 900])
def test_letters_and_badges_stand_on_no_other_text(qapp: QApplication, wide: int) -> None:
    metrics = QFontMetricsF(qapp.font())
    room = QRect(0, 0, wide, 300)
    foot = "18 %   W 2500  L 2000   mm: at detector"
    lines = writing.lines(room, metrics, "R0003  R CC", foot, "⇄ flipped   ↻ turned 90°")
    places = writing.letter_places(room, EdgeLetters("A", "P", "HL", "FR"), metrics, lines)
    boxes = [line.box(metrics) for line in lines]
    assert not boxes[0].intersects(boxes[2])
    assert not any(place.intersects(box) for place in places.values() for box in boxes)
    assert places["bottom"].bottom() <= room.height() and places["top"].top() >= 0
