"""The planes of a stack: opened from the reading desk, linked, turned, and closed without a trace."""

from __future__ import annotations

import gc
import math
import weakref

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QComboBox, QPlainTextEdit, QPushButton, QSlider

from tests.ui.conftest import Bench
from tests.ui.test_reading_desk import desk_of
from workstation.display.volume import Axis, Projection
from workstation.domain.errors import EnvironmentProblem, InvalidValue
from workstation.domain.marks import BoxShape, Mark, PaintedShape, PointShape
from workstation.domain.masks import Mask
from workstation.settings import BRIGHTENS
from workstation.ui.canvas.plane_view import PlaneView
from workstation.ui.main_window import MainWindow
from workstation.ui.panels import mpr, mpr_switch
from workstation.ui.panels.mpr import MprPanel, volume_mark
from workstation.ui.state.mouse import MouseRoles, use_mouse


@pytest.fixture
def window(bench: Bench) -> MainWindow:
    return bench.window("ct", "reader-a", (1366, 768))


def opened(bench: Bench, window: MainWindow) -> MprPanel:
    """The panel, reached as a reader does: a case, then the button."""
    desk = desk_of(window)
    desk.open_next()
    button = desk.findChild(QPushButton, "mpr")
    assert button is not None and button.isVisible() and button.isEnabled()
    bench.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    panel = desk.mpr.panel
    assert panel is not None
    bench.qtbot.waitUntil(lambda: panel.state is not None, timeout=20_000)
    panes = list(panel.planes.values())
    bench.qtbot.waitUntil(lambda: len({(p.width() + 1) // 2 for p in panes}) == 1)
    bench.qtbot.waitUntil(lambda: panes[0].width() > 200 and panes[0].isVisible())
    QApplication.processEvents()
    return panel


def middle(pane: PlaneView) -> QPoint:
    return pane.to_screen(0.0, 0.0).toPoint()


def test_the_planes_take_the_place_of_the_slices_and_give_it_back(
    bench: Bench, window: MainWindow
) -> None:
    panel = opened(bench, window)
    desk = desk_of(window)
    assert desk.read is not None and not desk.read.bench.isVisible()
    assert set(panel.planes) == set(Axis)
    assert desk.read.bench.form.isVisible()  # the questions stay answerable
    bench.qtbot.keyClick(
        panel.planes[Axis.AXIAL], Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier
    )
    assert desk.mpr.panel is None and desk.read.bench.isVisible()


def test_a_click_moves_the_crosshair_in_all_planes(bench: Bench, window: MainWindow) -> None:
    panel = opened(bench, window)
    assert panel.state is not None
    axial = panel.planes[Axis.AXIAL]
    spot = middle(axial) + QPoint(40, 55)
    wanted = axial.to_patient(QPointF(spot))
    bench.qtbot.mouseClick(axial, Qt.MouseButton.LeftButton, pos=spot)
    assert panel.state.center == pytest.approx(wanted, abs=0.5)
    for pane in panel.planes.values():
        assert pane.plane.from_patient(wanted) == pytest.approx((0, 0, 0), abs=0.5)


def test_dragging_the_crosshair_leaves_the_picture_where_it_is(
    bench: Bench, window: MainWindow
) -> None:
    panel = opened(bench, window)
    assert panel.state is not None
    coronal = panel.planes[Axis.CORONAL]
    corner = coronal.to_patient(QPointF(5, 5))
    start = middle(coronal)
    bench.qtbot.mousePress(coronal, Qt.MouseButton.LeftButton, pos=start)
    bench.qtbot.mouseMove(coronal, start + QPoint(30, 2))
    bench.qtbot.mouseRelease(coronal, Qt.MouseButton.LeftButton, pos=start + QPoint(30, 2))
    assert not panel.state.moving
    assert (middle(coronal) - start).x() == pytest.approx(30, abs=1)
    assert coronal.to_patient(QPointF(5, 5)) == pytest.approx(corner, abs=1e-6)


def test_dragging_an_end_turns_the_other_planes(bench: Bench, window: MainWindow) -> None:
    panel = opened(bench, window)
    state = panel.state
    assert state is not None
    axial = panel.planes[Axis.AXIAL]
    here = axial.to_screen(0.0, 0.0)
    grip = next(
        g for m, angle in axial._lines().values() for g in axial._grips(m, angle)
        if abs(g.y() - here.y()) < 1 and g.x() > here.x()
    )  # fmt: skip
    reach = grip.x() - here.x()
    turned = math.radians(30)
    to = here + QPointF(math.cos(turned), math.sin(turned)) * reach
    before = {axis: plane.normal for axis, plane in state.planes.items()}
    bench.qtbot.mousePress(axial, Qt.MouseButton.LeftButton, pos=grip.toPoint())
    bench.qtbot.mouseMove(axial, to.toPoint())
    bench.qtbot.mouseRelease(axial, Qt.MouseButton.LeftButton, pos=to.toPoint())
    after = {axis: plane.normal for axis, plane in state.planes.items()}
    assert after[Axis.AXIAL] == before[Axis.AXIAL]
    for axis in (Axis.CORONAL, Axis.SAGITTAL):
        cosine = float(np.dot(before[axis], after[axis]))
        assert math.degrees(math.acos(cosine)) == pytest.approx(30, abs=2)
        assert not state.is_standard(axis)
    # The line follows the hand: the end that was to the right is under the pointer.
    ends = [g for m, a in axial._lines().values() for g in axial._grips(m, a)]
    assert min((g - to).manhattanLength() for g in ends) < 6
    axial.repaint()
    panel.planes[Axis.CORONAL].grab()
    reset = panel.findChild(QPushButton, "mpr_reset")
    assert reset is not None
    bench.qtbot.mouseClick(reset, Qt.MouseButton.LeftButton)
    assert all(state.is_standard(axis) for axis in Axis)


def test_the_wheel_goes_from_slice_to_slice(bench: Bench, window: MainWindow) -> None:
    panel = opened(bench, window)
    state = panel.state
    assert state is not None
    axial = panel.planes[Axis.AXIAL]
    first = state.volume.to_index(state.center)
    at = QPointF(middle(axial))
    event = QWheelEvent(
        at, axial.mapToGlobal(at), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(axial, event)
    now = state.volume.to_index(state.center)
    assert abs(now[2] - first[2]) == pytest.approx(1.0)
    assert now[:2] == pytest.approx(first[:2])


def test_the_read_out_is_the_voxel_under_the_pointer(bench: Bench, window: MainWindow) -> None:
    panel = opened(bench, window)
    state = panel.state
    assert state is not None
    sagittal = panel.planes[Axis.SAGITTAL]
    said: list[str] = []
    panel.read_out.connect(said.append)
    spot = middle(sagittal) + QPoint(20, -12)
    bench.qtbot.mouseMove(sagittal, spot)
    point = sagittal.to_patient(QPointF(spot))
    value = state.volume.value_at(point)
    x, y, z = point
    assert said[-1] == f"x {x:.1f}  y {y:.1f}  z {z:.1f} mm   {value:g} HU"


def test_what_is_painted_is_the_window_of_the_slices(bench: Bench, window: MainWindow) -> None:
    """One window for slices and planes: level 128 of W 2000 L -300 at -300 HU, black far below."""
    panel = opened(bench, window)
    desk = desk_of(window)
    assert desk.read is not None and panel.state is not None
    bench.qtbot.keyClick(panel.planes[Axis.AXIAL], Qt.Key.Key_2)
    view = desk.read.bench.view_of(panel.image)
    assert view.window == (-600.0, 1500.0)
    combo = panel.findChild(QComboBox, "mpr_window")
    assert combo is not None and "1500/-600" in combo.currentText()
    values, outside = panel.planes[Axis.AXIAL]._values()
    grey = panel.planes[Axis.AXIAL]._grey()
    inside = ~outside & (values > -1300) & (values < 100)
    wanted = ((values[inside] + 600.5) / 1499 + 0.5) * 255
    assert np.abs(grey[inside] - wanted).max() <= 1.0
    assert (grey[outside] == 0).all() and outside.any()


def test_black_for_white_and_the_windows_of_the_file_as_in_the_slices(
    bench: Bench, window: MainWindow
) -> None:
    panel = opened(bench, window)
    desk = desk_of(window)
    assert desk.read is not None
    view = desk.read.bench.view_of(panel.image)
    axial = panel.planes[Axis.AXIAL]
    before = axial._grey().astype(int)
    _, outside = axial._values()
    view.set(inverted=True)
    after = axial._grey().astype(int)
    assert (before + after == 255)[~outside].all() and (after[outside] == 0).all()
    view.set(inverted=False, offered=1)
    assert axial.choice() == panel.image.windows[1]
    view.set(whole_range=True)
    assert axial.choice() not in panel.image.windows


def test_a_slab_shows_the_largest_value_across_it(bench: Bench, window: MainWindow) -> None:
    panel = opened(bench, window)
    state = panel.state
    assert state is not None
    thin, _ = panel.planes[Axis.AXIAL]._values()
    thin = thin.copy()
    slider = panel.findChild(QSlider, "mpr_slab")
    combo = panel.findChild(QComboBox, "mpr_projection")
    assert slider is not None and combo is not None and not combo.isEnabled()
    slider.setValue(8)
    assert combo.isEnabled()
    assert (state.thickness_mm, state.projection) == (8.0, Projection.MAXIMUM)
    thick, outside = panel.planes[Axis.AXIAL]._values()
    assert (thick >= thin)[~outside].all() and (thick > thin).any()
    combo.setCurrentIndex(combo.findData(Projection.MINIMUM))
    least, _ = panel.planes[Axis.AXIAL]._values()
    assert (least <= thin)[~outside].all()


def test_an_oblique_slab_becomes_fine_when_it_rests(bench: Bench, window: MainWindow) -> None:
    panel = opened(bench, window)
    state = panel.state
    assert state is not None
    state.set_moving(True)
    state.turn(Axis.SAGITTAL, 0.4)
    state.set_slab(40.0, Projection.MEAN)
    axial = panel.planes[Axis.AXIAL]
    axial.repaint()
    state.set_moving(False)
    axial.repaint()
    bench.qtbot.waitUntil(lambda: axial._buffer is not None and axial._buffer[0][1] is False)


def test_marks_are_cut_by_every_plane(bench: Bench, window: MainWindow) -> None:
    panel = opened(bench, window)
    desk = desk_of(window)
    assert desk.read is not None and panel.state is not None
    image = panel.image
    bits = np.zeros((image.rows, image.cols), bool)
    bits[30:60, 20:50] = True
    shape = PaintedShape({z: Mask.from_array(bits) for z in (3, 4, 5)})
    code = desk.read.protocol.schema.lesion_classes[0].code
    mark = Mark("m1", image.image_id, code, 1, shape)
    region = volume_mark(mark, "#ffcc00", image, panel.state.volume)
    assert region is not None and region.region is not None
    assert region.region.bits.shape == (3, 30, 30) and region.region.corner == (20, 30, 3)
    panel.state.move_to(panel.state.volume.to_patient((35, 45, 4)))
    for pane in panel.planes.values():
        before = pane.grab().toImage()
        pane.set_marks((region,))
        after = pane.grab().toImage()
        assert before != after
        pane.set_marks(())
    far = volume_mark(
        Mark("m2", image.image_id, code, 2, PointShape(3.0, 4.0, 2)), "#ffcc00", image,
        panel.state.volume,
    )  # fmt: skip
    assert far is not None
    assert far.point == pytest.approx(panel.state.volume.to_patient((3, 4, 2)))
    outside = Mark("m3", image.image_id, code, 3, BoxShape(-9.0, -9.0, -5.0, -5.0, 1))
    assert volume_mark(outside, "#ffcc00", image, panel.state.volume) is None


def test_a_pane_alone_and_back(bench: Bench, window: MainWindow) -> None:
    panel = opened(bench, window)
    coronal = panel.planes[Axis.CORONAL]
    width = coronal.width()
    bench.qtbot.mouseDClick(coronal, Qt.MouseButton.LeftButton, pos=QPoint(5, 60))
    bench.qtbot.waitUntil(lambda: coronal.width() > 1.6 * width)
    assert not panel.planes[Axis.AXIAL].isVisible()
    bench.qtbot.mouseDClick(coronal, Qt.MouseButton.LeftButton, pos=QPoint(5, 60))
    bench.qtbot.waitUntil(lambda: coronal.width() < 1.2 * width)


def test_what_is_no_volume_is_not_offered_and_said_why(
    bench: Bench, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(image: object) -> str:
        return "no volume"

    monkeypatch.setattr(mpr_switch, "why_not", refuse)
    desk = desk_of(window)
    desk.open_next()
    button = desk.findChild(QPushButton, "mpr")
    assert button is not None and button.isVisible()
    assert not button.isEnabled() and button.toolTip() == "no volume"


def test_loading_can_be_cancelled_and_says_what_went_wrong(
    bench: Bench, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = desk_of(window)
    desk.open_next()

    def broken(*_: object) -> None:
        raise InvalidValue("volume.steps")

    monkeypatch.setattr("workstation.ui.panels.mpr.load", broken)
    desk.mpr.click()
    panel = desk.mpr.panel
    assert panel is not None
    bench.qtbot.waitUntil(lambda: "span no space" in panel._waiting.text())
    assert panel.state is None
    desk.mpr.click()
    assert desk.mpr.panel is None


@pytest.mark.parametrize("main_thread", [True, False])
def test_the_scene_is_made_in_either_thread_or_said_why_not(
    bench: Bench, window: MainWindow, monkeypatch: pytest.MonkeyPatch, main_thread: bool
) -> None:
    def no_scene(*_: object) -> None:
        raise EnvironmentProblem("volume.no_opengl")

    monkeypatch.setattr(mpr, "WINDOWS_IN_MAIN_THREAD", main_thread)
    panel = opened(bench, window)
    if panel.three_d.scene is None:
        pytest.skip("no OpenGL here (libegl1 and libgl1)")
    bench.qtbot.waitUntil(lambda: panel.three_d.refined)
    desk = desk_of(window)
    desk.mpr.click()
    monkeypatch.setattr(mpr, "Scene", no_scene)
    desk.mpr.click()
    again = desk.mpr.panel
    assert again is not None
    bench.qtbot.waitUntil(lambda: again.state is not None)
    assert again.three_d.scene is None and "OpenGL" in again.three_d._message
    assert len(again.planes) == 3 and not again.look.isEnabled()


def test_closing_frees_the_volume(bench: Bench, window: MainWindow) -> None:
    panel = opened(bench, window)
    assert panel.state is not None
    volume = weakref.ref(panel.state.volume)
    scene = weakref.ref(panel.three_d.scene) if panel.three_d.scene is not None else None
    desk = desk_of(window)
    desk.close_case()
    del panel
    QApplication.sendPostedEvents(None, 52)  # QEvent.DeferredDelete
    QApplication.processEvents()
    gc.collect()
    assert volume() is None
    assert scene is None or scene() is None


def test_a_photograph_has_no_planes(bench: Bench) -> None:
    window = bench.window("fundus", "reader-a", (1366, 768))
    desk = desk_of(window)
    desk.open_next()
    button = desk.findChild(QPushButton, "mpr")
    assert button is not None and not button.isVisible()


def test_keys_are_at_hand_while_the_volume_loads(bench: Bench, window: MainWindow) -> None:
    desk = desk_of(window)
    desk.open_next()
    bench.qtbot.keyClick(
        QApplication.focusWidget(), Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier
    )
    panel = desk.mpr.panel
    assert panel is not None and panel.state is None
    assert QApplication.focusWidget() is panel
    bench.qtbot.waitUntil(lambda: panel.state is not None, timeout=20_000)
    assert QApplication.focusWidget() is panel.planes[Axis.AXIAL]


def test_a_remark_goes_on_when_the_volume_arrives(bench: Bench, window: MainWindow) -> None:
    desk = desk_of(window)
    desk.open_next()
    desk.mpr.click()
    panel, read = desk.mpr.panel, desk.read
    assert panel is not None and read is not None
    remark = read.side.findChild(QPlainTextEdit)
    assert remark is not None
    remark.setFocus()
    bench.qtbot.waitUntil(lambda: panel.state is not None, timeout=20_000)
    assert QApplication.focusWidget() is remark


def test_keys_change_nothing_that_is_not_seen(bench: Bench, window: MainWindow) -> None:
    panel = opened(bench, window)
    desk = desk_of(window)
    read = desk.read
    assert read is not None
    axial = panel.planes[Axis.AXIAL]
    axial.setFocus()
    view = read.bench.view_of(panel.image)
    pane = read.bench.panes[0][0]
    for key in (Qt.Key.Key_H, Qt.Key.Key_V, Qt.Key.Key_B, Qt.Key.Key_C, Qt.Key.Key_G,
                Qt.Key.Key_Period):  # fmt: skip
        bench.qtbot.keyClick(axial, key)
    assert not view.turn.is_changed
    assert read.bench.toolbar.tool is None
    assert read.bench.viewing.lens == 0
    assert read.bench.viewing.cine is not None and not read.bench.viewing.cine.playing
    assert read.bench.panes[0][0] is pane
    assert QApplication.focusWidget() is axial
    axial.zoom = 9.0
    bench.qtbot.keyClick(axial, Qt.Key.Key_F)
    assert axial.zoom is None
    bench.qtbot.keyClick(axial, Qt.Key.Key_2)
    assert view.window == (-600.0, 1500.0)
    desk.mpr.click()
    bench.qtbot.keyClick(read.bench.panes[0][0], Qt.Key.Key_H)
    assert view.turn.flipped


def test_the_bar_does_not_widen_the_window(bench: Bench, window: MainWindow) -> None:
    desk = desk_of(window)
    desk.open_next()
    assert desk.read is not None
    panel = opened(bench, window)
    assert window.width() == 1366
    # Rail and form beside it, on a screen of twice the usual scale.
    assert panel.minimumSizeHint().width() <= 960 - 84 - 350


def test_the_buttons_do_what_they_do_on_slices(bench: Bench, window: MainWindow) -> None:
    panel = opened(bench, window)
    assert panel.state is not None
    axial = panel.planes[Axis.AXIAL]
    view = desk_of(window).read.bench.view_of(panel.image)  # type: ignore[union-attr]
    use_mouse(MouseRoles("pacs", left_handed=True, drag_up=BRIGHTENS))
    try:
        start = middle(axial) + QPoint(60, 60)

        def drag(button: Qt.MouseButton, by: QPoint) -> None:
            bench.qtbot.mousePress(axial, button, pos=start)
            bench.qtbot.mouseMove(axial, start + by)
            bench.qtbot.mouseRelease(axial, button, pos=start + by)

        # The first button is the right one, and goes through the slices.
        depth = panel.state.center
        drag(Qt.MouseButton.RightButton, QPoint(0, -16))
        assert panel.state.volume.to_index(panel.state.center)[2] == pytest.approx(
            panel.state.volume.to_index(depth)[2] - 2
        )
        # The second one windows; up brightens: the level sinks.
        view.set(window=(40.0, 300.0))
        drag(Qt.MouseButton.LeftButton, QPoint(0, -50))
        assert view.window == (-10.0, 300.0)
    finally:
        use_mouse(MouseRoles())
