"""Measures by hand: laid down, read, moved, deleted, undone, saved, hidden; ellipses with handles."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from tests.ui.conftest import Bench
from tests.ui.test_reading_desk import desk_of
from workstation.domain.image import Image, ImageKind, Spacing, SpacingKind, StackGeometry
from workstation.domain.marks import BoxShape, Mark, PaintedShape, PointShape, PolygonShape
from workstation.domain.masks import Mask
from workstation.domain.measures import MeasureKind, cobb, ellipse, ellipse_box
from workstation.domain.reading import ReadingBody
from workstation.ui.canvas.image_view import ImageView
from workstation.ui.canvas.measuring import EllipseLayer, MeasureLayer
from workstation.ui.canvas.tool import Surface, measuring_tools, tools
from workstation.ui.measured import Measuring
from workstation.ui.state.reading_session import ReadingSession
from workstation.ui.state.view_state import MarksShown, ViewState

LEFT = Qt.MouseButton.LeftButton
ROWS, COLS, SLICES = 300, 400, 5
VALUES = np.random.default_rng(8).integers(-1000, 1000, (SLICES, ROWS, COLS)).astype(np.int16)
STACK = Image(
    "i", "c", "S0001", ImageKind.STACK, "CT", ROWS, COLS, SLICES, 1, "int16", (),
    spacing=Spacing(0.5, 0.5, SpacingKind.PATIENT), slope=2.0, intercept=-10.0,
    geometry=StackGeometry((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 2, 4, 6, 8), 2.0, 0.0),
)  # fmt: skip


class Pane:
    """A pane of 500 x 400, one screen pixel an image pixel: the centre of (0, 0) is at (50, 50)."""

    def __init__(self, qtbot: QtBot, shown: Image) -> None:
        self.qtbot = qtbot
        self.bodies: list[ReadingBody] = []
        self.session = ReadingSession(ReadingBody(), self.bodies.append)
        self.view = ImageView(ViewState(), lambda _, z: VALUES[z])
        qtbot.addWidget(self.view)
        self.view.resize(500, 400)
        self.view.set_image(shown)
        self.view.surface_for = lambda i, z: Surface(self.session, i, z, "NODULE", 6)
        self.measuring = Measuring(lambda _, z: VALUES[z])
        self.view.layers = [
            MeasureLayer(self.session, lambda m, i: self.measuring.lines(m, i, None), read_only=False),
            EllipseLayer(self.session),
        ]  # fmt: skip
        self.view.view.set(zoom=1.0, center=(COLS / 2, ROWS / 2))
        self.session.changed.connect(self.view.update)
        with qtbot.waitExposed(self.view):
            self.view.show()

    def take(self, name: str | None) -> None:
        self.view.set_tool(next((t for t in tools() if t.tool_id == name), None))

    def click(self, x: int, y: int) -> None:
        self.qtbot.mouseClick(self.view, LEFT, pos=QPoint(x + 50, y + 50))

    def drag(self, *points: tuple[int, int]) -> None:
        self.qtbot.mousePress(self.view, LEFT, pos=QPoint(points[0][0] + 50, points[0][1] + 50))
        for x, y in points[1:]:
            self.qtbot.mouseMove(self.view, QPoint(x + 50, y + 50))
        x, y = points[-1]
        self.qtbot.mouseRelease(self.view, LEFT, pos=QPoint(x + 50, y + 50))

    def said(self, n: int = -1) -> list[str]:
        return self.measuring.lines(self.session.body.measures[n], STACK, None)


@pytest.fixture
def pane(qtbot: QtBot) -> Iterator[Pane]:
    yield Pane(qtbot, STACK)


def test_every_kind_has_one_tool_and_no_key_stands_twice() -> None:
    assert len(measuring_tools()) == len(MeasureKind)
    keys = [tool.shortcut for tool in tools()]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("by_drag", [True, False])
def test_a_distance_by_dragging_or_by_two_clicks(pane: Pane, by_drag: bool) -> None:
    pane.take("distance")
    if by_drag:
        pane.drag((30, 40), (60, 60), (90, 120))
    else:
        pane.click(30, 40)
        pane.click(90, 120)
    (measure,) = pane.session.body.measures
    assert measure.points == ((30.0, 40.0), (90.0, 120.0)) and measure.z == 0
    assert pane.said() == ["50.0 mm"]  # 100 px of 0.5 mm
    assert pane.session.selection == measure.measure_id and pane.bodies[-1].measures == (measure,)
    assert not pane.view.stroke_open


def test_angles_axes_and_regions_by_hand(pane: Pane) -> None:
    pane.take("angle")
    for at in ((100, 50), (50, 50), (50, 120)):
        pane.click(*at)
    assert pane.said() == ["90.0°"]
    pane.take("cobb")
    pane.drag((200, 50), (240, 50), (300, 50))
    assert pane.view.stroke_open
    pane.drag((200, 100), (250, 150), (300, 200))
    assert pane.said() == ["Cobb 45.0°"]
    pane.take("bidirectional")
    pane.drag((20, 200), (60, 200), (120, 200))
    pane.drag((70, 180), (80, 200), (95, 220))
    measure = pane.session.body.measures[-1]
    assert measure.points[3] == (70.0, 220.0)  # straight below its start
    assert pane.said() == ["long 50.0 mm", "short 20.0 mm"]
    pane.take("roi_rectangle")
    pane.drag((300, 250), (250, 240), (221, 231))
    inside = VALUES[0][231:251, 221:301] * 2.0 - 10.0
    assert pane.said() == [
        f"mean {inside.mean():.1f} HU  SD {inside.std(ddof=1):.1f}",
        f"min {inside.min():g}  max {inside.max():g}",
        "area 400.0 mm²  n 1600",
    ]
    pane.take("probe")
    pane.click(17, 33)
    assert pane.said() == [f"{VALUES[0][33, 17] * 2.0 - 10.0:g} HU"]
    assert [m.kind for m in pane.session.body.measures] == [
        MeasureKind.ANGLE, MeasureKind.COBB, MeasureKind.BIDIRECTIONAL, MeasureKind.RECTANGLE,
        MeasureKind.PROBE,
    ]  # fmt: skip


def test_a_measure_is_of_its_slice(pane: Pane) -> None:
    pane.take("roi_ellipse")
    pane.view.view.set(z=3)
    pane.drag((50, 60), (90, 90), (150, 130))
    (measure,) = pane.session.body.measures
    assert measure.z == 3
    yy, xx = np.mgrid[0:ROWS, 0:COLS]
    inside = ((xx - 100) / 50) ** 2 + ((yy - 95) / 35) ** 2 <= 1
    count = int(pane.said()[2].split("n ")[1])
    assert count == pytest.approx(inside.sum(), rel=0.005)
    mean = float(pane.said()[0].split()[1])
    assert mean == pytest.approx((VALUES[3][inside] * 2.0 - 10.0).mean(), abs=4)


def test_handles_are_dragged_and_every_step_is_undone(pane: Pane) -> None:
    pane.take("distance")
    pane.drag((30, 40), (60, 60), (90, 120))
    pane.take(None)
    pane.drag((92, 118), (100, 100), (130, 40))
    (measure,) = pane.session.body.measures
    assert measure.points == ((30.0, 40.0), (130.0, 40.0)) and pane.said() == ["50.0 mm"]
    pane.session.stack.undo()
    assert pane.session.body.measures[0].points[1] == (90.0, 120.0)
    pane.session.stack.redo()
    pane.session.delete(measure.measure_id)
    assert pane.session.body.measures == () and pane.session.selection == ""
    pane.session.stack.undo()
    assert pane.session.body.measures == (measure,)
    assert pane.bodies[-1] is pane.session.body


@pytest.mark.parametrize(("grip", "to"), [((20, 200), (40, 120)), ((70, 180), (90, 160)),
                                          ((70, 220), (60, 240))])  # fmt: skip
def test_axes_stay_at_a_right_angle_when_a_handle_is_dragged(
    pane: Pane, grip: tuple[int, int], to: tuple[int, int]
) -> None:
    pane.take("bidirectional")
    pane.drag((20, 200), (60, 200), (120, 200))
    pane.drag((70, 180), (80, 200), (70, 220))
    pane.drag(grip, ((grip[0] + to[0]) // 2, (grip[1] + to[1]) // 2), to)
    (measure,) = pane.session.body.measures
    p = measure.points
    right = cobb(STACK, (p[0], p[1]), (p[2], p[3]))
    assert right is not None and right.value == pytest.approx(90.0)
    assert any(math.dist(point, to) < 1e-6 for point in p)


def test_a_click_on_its_line_chooses_a_measure_and_no_brush_takes_its_handle(pane: Pane) -> None:
    pane.take("distance")
    pane.drag((30, 40), (60, 60), (130, 40))
    pane.session.select("")
    pane.take(None)
    pane.click(80, 43)
    assert pane.session.selection == pane.session.body.measures[0].measure_id
    pane.take("brush")
    pane.drag((30, 40), (60, 40))
    assert len(pane.session.body.marks) == 1
    assert pane.session.body.measures[0].points == ((30.0, 40.0), (130.0, 40.0))


def test_hidden_measures_leave_the_pixels_alone_and_are_not_taken(pane: Pane) -> None:
    bare = pane.view.grab().toImage()
    pane.take("distance")
    pane.drag((30, 40), (60, 60), (130, 140))
    pane.take(None)
    assert pane.view.grab().toImage() != bare
    pane.view.view.set(shown=MarksShown.HIDDEN)
    assert pane.view.grab().toImage() == bare
    pane.drag((130, 140), (140, 150), (180, 190))
    assert pane.session.body.measures[0].points[1] == (130.0, 140.0)


def test_backspace_and_escape_take_points_back(pane: Pane) -> None:
    pane.take("angle")
    for at in ((100, 50), (50, 50)):
        pane.click(*at)
    pane.qtbot.keyClick(pane.view, Qt.Key.Key_Backspace)
    for at in ((60, 60), (60, 120)):
        pane.click(*at)
    assert pane.session.body.measures[0].points == ((100.0, 50.0), (60.0, 60.0), (60.0, 120.0))
    pane.click(10, 10)
    pane.qtbot.keyClick(pane.view, Qt.Key.Key_Escape)
    assert not pane.view.stroke_open and len(pane.session.body.measures) == 1


@pytest.mark.parametrize("end", [(398, 150), (1, 150), (200, 298), (200, 1), (399, 299)])
def test_the_text_is_never_cut_at_the_edge_of_the_pane(
    qtbot: QtBot, pane: Pane, end: tuple[int, int]
) -> None:
    pane.view.view.set(zoom=1.25, center=((COLS - 1) / 2, (ROWS - 1) / 2))
    pane.session.add_measure("i", MeasureKind.RECTANGLE, ((190.0, 140.0), (210.0, 160.0)), 0)
    bare = pane.view.grab().toImage()
    pane.session.put("", ())
    points = ((float(end[0]), float(end[1])), (float(end[0]) - 0.5, float(end[1])))
    pane.session.add_measure("i", MeasureKind.RECTANGLE, points, 0)
    shown = pane.view.grab().toImage()
    color = QColor("#ffffff")
    rows = [y for y in range(400) for x in (0, 1, 2, 497, 498, 499)
            if shown.pixelColor(x, y) == color != bare.pixelColor(x, y)]  # fmt: skip
    cols = [x for x in range(500) for y in (0, 1, 2, 397, 398, 399)
            if shown.pixelColor(x, y) == color != bare.pixelColor(x, y)]  # fmt: skip
    # Letters keep a margin to every side; what may touch the edge is the region itself.
    at = pane.view.to_screen(points[0])
    assert all(abs(y - at.y()) < 6 for y in rows) and all(abs(x - at.x()) < 6 for x in cols)


# ellipses


def test_an_ellipse_is_a_polygon_mark_with_handles(pane: Pane) -> None:
    pane.take("ellipse")
    pane.drag((100, 80), (150, 150), (200, 180))
    (mark,) = pane.session.body.marks
    assert isinstance(mark.shape, PolygonShape)
    assert mark.shape.vertices == ellipse((100.0, 80.0), (200.0, 180.0))
    pane.drag((150, 80), (150, 70), (150, 60))  # its top
    (mark,) = pane.session.body.marks
    box = ellipse_box(mark.shape)
    assert box is not None and np.allclose(box, ((100.0, 60.0), (200.0, 180.0)))
    pane.drag((150, 120), (155, 125), (160, 130))  # its middle
    (mark,) = pane.session.body.marks
    box = ellipse_box(mark.shape)
    assert box is not None and np.allclose(box, ((110.0, 70.0), (210.0, 190.0)))
    pane.session.stack.undo()
    pane.session.stack.undo()
    assert pane.session.body.marks[0].shape == PolygonShape(ellipse((100.0, 80.0), (200.0, 180.0)))
    # Away from its handles the tool draws the next one.
    pane.drag((250, 200), (270, 220), (300, 240))
    assert [m.number for m in pane.session.body.marks] == [1, 2]


def test_other_outlines_have_no_handles(pane: Pane) -> None:
    pane.session.add("i", "NODULE", BoxShape(100, 80, 200, 180))
    pane.take("ellipse")
    pane.drag((150, 80), (150, 70), (150, 60))
    assert pane.session.body.marks[0].shape == BoxShape(100, 80, 200, 180)


# what marks amount to


def test_a_lesion_of_ct_has_volume_and_mean_value() -> None:
    bits = np.zeros((ROWS, COLS), np.uint8)
    bits[10:30, 40:90] = 1
    mark = Mark("m", "i", "NODULE", 1, PaintedShape({z: Mask.from_array(bits) for z in (1, 2, 3)}))
    said = Measuring(lambda _, z: VALUES[z]).mark(mark, STACK)
    mean = (VALUES[1:4, 10:30, 40:90] * 2.0 - 10.0).mean()
    # 3000 voxels of 0.5 x 0.5 x 2 mm.
    assert said == f"1500 mm³ (1.50 ml)  {mean:.0f} HU"


def test_without_an_even_step_there_is_an_area_or_a_count_and_no_volume() -> None:
    bits = np.zeros((ROWS, COLS), np.uint8)
    bits[10:30, 40:90] = 1
    mask, uneven = Mask.from_array(bits), replace(STACK, geometry=None)
    measuring = Measuring(lambda _, z: VALUES[z])
    one = Mark("m", "i", "NODULE", 1, PaintedShape({1: mask}))
    two = Mark("m", "i", "NODULE", 1, PaintedShape({1: mask, 2: mask}))
    assert measuring.mark(one, uneven) == "250.0 mm²"
    assert measuring.mark(two, uneven) == "2000 px"
    at_detector = replace(uneven, spacing=Spacing(0.5, 0.5, SpacingKind.DETECTOR))
    assert measuring.mark(one, at_detector) == "250.0 mm² at detector"


def test_values_are_read_once() -> None:
    read: list[int] = []

    def load(_: Image, z: int):  # type: ignore[no-untyped-def]
        read.append(z)
        return VALUES[z]

    bits = np.zeros((ROWS, COLS), np.uint8)
    bits[10:30, 40:90] = 1
    mark = Mark("m", "i", "NODULE", 1, PaintedShape({z: Mask.from_array(bits) for z in (1, 2)}))
    measuring = Measuring(load)
    first = measuring.mark(mark, STACK)
    assert measuring.mark(mark, STACK) == first and read == [1, 2]


# at the desk


def test_a_measure_is_taken_by_key_listed_saved_and_found_again(bench: Bench) -> None:
    window = bench.window("ct", "reader-a")
    desk = desk_of(window)
    desk.open_next()
    assert desk.read is not None and desk.case is not None
    view = desk.read.bench.panes[0][0]
    lesions = desk.read.bench.lesions
    assert lesions.measures.isHidden()
    bench.qtbot.keyClick(view, Qt.Key.Key_D, Qt.KeyboardModifier.ShiftModifier)
    assert desk.read.bench.toolbar.tool is not None
    assert desk.read.bench.toolbar.tool.tool_id == "distance"
    bench.qtbot.mouseClick(view, LEFT, pos=QPoint(200, 200))
    bench.qtbot.mouseClick(view, LEFT, pos=QPoint(300, 200))
    (measure,) = desk.read.session.body.measures
    assert "mm" in lesions.measures.item(0).text() and not lesions.measures.isHidden()
    assert lesions.delete.text() == "Delete measure"
    bench.idle(window)
    reading_id, case_id = desk.case.reading.reading_id, desk.case.case.case_id
    with window.app.workspace.reading() as uow:
        assert uow.readings.get(reading_id).body.measures == (measure,)
    desk.close_case()
    desk.open_case(case_id)
    assert desk.read is not None and desk.read.session.body.measures == (measure,)
    view = desk.read.bench.panes[0][0]
    desk.read.session.select(measure.measure_id)
    view.setFocus()
    bench.qtbot.keyClick(view, Qt.Key.Key_Delete)
    assert desk.read.session.body.measures == ()
    bench.qtbot.keyClick(view, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert desk.read.session.body.measures == (measure,)
    bench.idle(window)


def test_a_measuring_tool_leaves_the_class_alone(bench: Bench) -> None:
    window = bench.window("fundus", "reader-a")
    desk = desk_of(window)
    desk.open_next()
    assert desk.read is not None
    bar = desk.read.bench.toolbar
    bar.set_class("MA")
    bar.choose(next(t for t in tools() if t.tool_id == "distance"))
    assert bar.class_code == "MA" and bar.measure.isChecked() and "Distance" in bar.measure.text()
    bar.set_class("HE")
    assert bar.tool is not None and bar.tool.tool_id == "distance"
    bar.choose(None)
    assert not bar.measure.isChecked() and "Measuring" in bar.measure.text()


def test_disc_and_cup_give_ratio_diameters_and_grid(bench: Bench) -> None:
    window = bench.window("fundus", "reader-a", (1366, 768))
    desk = desk_of(window)
    desk.open_next()
    assert desk.read is not None
    read, session = desk.read, desk.read.session
    image = read.targets[0]
    session.add(image.image_id, "DISC", PolygonShape(ellipse((250, 100), (310, 160))))
    assert "no cup marked" in read.bench.lesions.list.item(0).text()
    session.add(image.image_id, "CUP", PolygonShape(ellipse((265, 115), (295, 142))))
    rows = [read.bench.lesions.list.item(n).text() for n in range(2)]
    assert all("vertical C/D 0.45" in row for row in rows)
    session.add_measure(image.image_id, MeasureKind.DISTANCE, ((0.0, 0.0), (0.0, 90.0)), 0)
    assert "90.0 px · 1.50 DD" in read.bench.lesions.measures.item(0).text()
    view = read.bench.panes[0][0]
    read.bench.toolbar.choose(None)
    view.setFocus()
    without = view.grab().toImage()
    bench.qtbot.keyClick(view, Qt.Key.Key_G, Qt.KeyboardModifier.ShiftModifier)
    assert read.bench.photo.grid.isChecked()
    lacking = view.grab().toImage()
    assert lacking != without  # it says that no fovea is marked
    session.add(image.image_id, "FOVEA", PointShape(150.0, 140.0))
    drawn = view.grab().toImage()
    on_circle = view.to_screen((150.0 + 60.0, 140.0))
    around = [drawn.pixel(on_circle.toPoint() + QPoint(dx, 0)) for dx in (-2, -1, 0, 1, 2)]
    before = [lacking.pixel(on_circle.toPoint() + QPoint(dx, 0)) for dx in (-2, -1, 0, 1, 2)]
    assert around != before
    bench.qtbot.mouseClick(read.bench.photo.grid, LEFT)
    assert not view.view.grid
    bench.idle(window)


def test_the_middle_of_a_measure_is_gone_to(bench: Bench) -> None:
    window = bench.window("ct", "reader-a")
    desk = desk_of(window)
    desk.open_next()
    assert desk.read is not None
    image = desk.read.targets[0]
    kept = desk.read.session.add_measure(
        image.image_id, MeasureKind.DISTANCE, ((10.0, 20.0), (30.0, 40.0)), 2
    )
    desk.read.bench.jump(kept.measure_id)
    view = desk.read.bench.panes[0][0]
    assert view.slice() == 2
    middle = view.to_screen((20.0, 30.0)) - QPointF(view.width() / 2, view.height() / 2)
    assert middle.manhattanLength() < 1
    bench.idle(window)
