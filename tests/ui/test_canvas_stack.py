"""Stacks: slices from loader threads, films, and panes that follow one another."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest
from pytestqt.qtbot import QtBot

from tests.ui.conftest import Bench
from tests.ui.test_reading_desk import desk_of
from workstation.domain.errors import IntegrityProblem
from workstation.domain.image import Image, ImageKind, StackGeometry, Window
from workstation.ui.canvas.cine import Cine, frame_at, rate_of
from workstation.ui.canvas.image_view import ImageView
from workstation.ui.canvas.links import PAN, SLICE, WINDOW, ZOOM, Links, slice_beside
from workstation.ui.canvas.planes import PlaneLoader, around
from workstation.ui.state.view_state import ViewState

ROWS, COLS = 60, 80


def stack(name: str = "i", slices: int = 9, rows: int = ROWS, **more: object) -> Image:
    return Image(name, "c", "S0001", ImageKind.STACK, "CT", rows, COLS, slices, 1, "int16", (),
                 windows=(Window(100.0, 200.0),), **more)  # type: ignore[arg-type]  # fmt: skip


class Source:
    """Planes of one value each; a slice can be held back."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.held = threading.Event()
        self.held.set()
        self.broken: set[int] = set()

    def plane(self, image: Image, z: int) -> npt.NDArray[np.generic]:
        self.asked.append(z)
        assert threading.current_thread() is not threading.main_thread()
        self.held.wait(20)
        if z in self.broken:
            raise IntegrityProblem("blob.damaged")
        return np.full((image.rows, image.cols), 20 * z, np.int16)


@pytest.fixture
def source() -> Iterator[Source]:
    made = Source()
    yield made
    made.held.set()


def pane_of(qtbot: QtBot, loader: PlaneLoader, image: Image) -> ImageView:
    pane = ImageView(ViewState(), loader.take)
    loader.arrived.connect(pane.plane_arrived)
    qtbot.addWidget(pane)
    pane.resize(320, 240)
    pane.set_image(image)
    with qtbot.waitExposed(pane):
        pane.show()
    return pane


def middle(pane: ImageView) -> int:
    return pane.grab().toImage().pixelColor(110, 90).red()


def test_a_pane_is_black_until_its_own_slice_is_there(qtbot: QtBot, source: Source) -> None:
    loader = PlaneLoader(source.plane)
    pane = pane_of(qtbot, loader, stack())
    pane.go_to_slice(8)
    qtbot.waitUntil(lambda: pane.has_picture)
    assert middle(pane) == 205  # 160 of 0 to 200, as LINEAR has it
    source.held.clear()
    pane.go_to_slice(3)
    assert middle(pane) == 0 and not pane.has_picture
    with qtbot.waitSignal(loader.arrived):
        source.held.set()
    assert pane.has_picture and middle(pane) == 76  # fractions are dropped
    loader.close(wait=True)


def test_a_slice_that_cannot_be_read_is_told_in_its_pane(qtbot: QtBot, source: Source) -> None:
    source.broken.add(4)
    loader = PlaneLoader(source.plane)
    pane = pane_of(qtbot, loader, stack())
    pane.go_to_slice(4)
    qtbot.waitUntil(lambda: bool(pane._problem))
    pane.repaint()
    assert not pane.has_picture and source.asked.count(4) == 1
    pane.go_to_slice(5)
    qtbot.waitUntil(lambda: pane.has_picture)
    loader.close(wait=True)


def test_slices_are_read_ahead_from_the_one_looked_at(qtbot: QtBot, source: Source) -> None:
    source.held.clear()
    loader = PlaneLoader(source.plane)
    image = stack(slices=7)
    loader.look_ahead(image, 3)
    source.held.set()
    qtbot.waitUntil(lambda: all(loader.has(image, z) for z in range(7)))
    assert sorted(source.asked) == list(range(7)) and set(source.asked[:2]) == {3, 4}
    assert list(around(3, 7)) == [3, 4, 2, 5, 1, 6, 0]
    loader.close(wait=True)


def test_what_is_held_is_bounded(qtbot: QtBot, source: Source) -> None:
    each = ROWS * COLS * 2
    loader = PlaneLoader(source.plane, held_bytes=6 * each)
    image = stack(slices=40)
    loader.look_ahead(image, 20)
    qtbot.waitUntil(lambda: len(source.asked) == 3 and loader.has(image, source.asked[-1]))
    for z in range(40):
        qtbot.waitUntil(lambda z=z: loader.take(image, z) is not None)
    assert sum(loader.has(image, z) for z in range(40)) == 6
    loader.close(wait=True)
    assert loader.take(image, 39) is None


def test_no_thread_goes_on_after_a_case_is_closed(bench: Bench) -> None:
    window = bench.window("ct", "reader-a")
    desk = desk_of(window)
    desk.open_next()
    assert desk.read is not None
    pane = desk.read.bench.panes[0][0]
    bench.qtbot.waitUntil(lambda: pane.has_picture)
    desk.close_case()
    bench.qtbot.waitUntil(lambda: not any(t.name == "planes" for t in threading.enumerate()))
    bench.idle(window)


# films


@pytest.mark.parametrize(("to_and_fro", "seen"), [(False, [0, 1, 2, 3, 0, 1, 2, 3]),
                                                  (True, [0, 1, 2, 3, 2, 1, 0, 1])])  # fmt: skip
def test_frames_go_round_or_to_and_fro(to_and_fro: bool, seen: list[int]) -> None:
    assert [frame_at(step, 4, to_and_fro) for step in range(8)] == seen
    assert frame_at(5, 1, to_and_fro) == 0


def test_the_rate_is_the_files_or_ten() -> None:
    assert rate_of(stack()) == 10
    assert rate_of(stack(frame_time_ms=40.0)) == 25
    assert rate_of(stack(frame_time_ms=0.001)) == 60


def test_late_frames_are_left_out_and_told(qtbot: QtBot) -> None:
    now, shown = [0.0], []
    cine = Cine(10, 20.0, shown.append, lambda z: z != 5, lambda: now[0])
    cine.play(2)
    for at in (0.01, 0.05, 0.06, 0.10, 0.15, 0.35, 0.45):
        now[0] = at
        cine.tick()
    # 0.15 s: frame 5 is not there. 0.35 s: four later, of which three are left out.
    assert shown == [3, 4, 9, 1] and cine.dropped == 1 + 3 + 1
    cine.set_rate(5.0, 1)
    now[0] += 0.21
    cine.tick()
    assert shown[-1] == 2 and cine.playing
    cine.pause()
    assert not cine.playing


def test_the_film_plays_in_the_window_and_ends_with_the_case(bench: Bench) -> None:
    window = bench.window("ct", "reader-a")
    desk = desk_of(window)
    desk.open_next()
    assert desk.read is not None
    bar, pane = desk.read.bench.viewing, desk.read.bench.panes[0][0]
    before = pane.slice()
    bench.qtbot.keyClick(pane, "c")
    cine = bar.cine
    assert cine is not None and cine.playing
    bench.qtbot.waitUntil(lambda: pane.slice() != before)
    bench.qtbot.keyClick(pane, "c")
    assert not cine.playing
    bar.play_or_pause()
    desk.close_case()
    bench.qtbot.wait(1)
    assert bar.cine is None or not bar.cine.playing
    bench.idle(window)


# panes that follow one another


@pytest.fixture
def pair(qtbot: QtBot) -> tuple[Links, ImageView, ImageView]:
    plane = np.zeros((ROWS, COLS), np.int16)
    links = Links()
    panes = []
    for image in (stack("a"), stack("b", rows=2 * ROWS)):
        pane = ImageView(ViewState(), lambda i, z: np.resize(plane, (i.rows, i.cols)))
        qtbot.addWidget(pane)
        pane.resize(400, 300)
        pane.set_image(image)
        links.join(pane)
        panes.append(pane)
    return links, panes[0], panes[1]


def test_another_image_follows_by_as_much(pair: tuple[Links, ImageView, ImageView]) -> None:
    _, one, other = pair
    zooms, center = (one.zoom(), other.zoom()), other.center()
    one.zoom_at(one.to_screen((10.0, 20.0)), 2.0)
    assert one.zoom() / zooms[0] == pytest.approx(2) and other.zoom() / zooms[1] == pytest.approx(2)
    assert other.center() != center
    before = other.to_screen((30.0, 40.0))
    one.look_from(one.transform().moved((25.0, -10.0)))
    moved = other.to_screen((30.0, 40.0)) - before
    assert (moved.x(), moved.y()) == pytest.approx((25.0, -10.0))
    one.view.set(window=(5.0, 50.0))
    assert other.view.window == (5.0, 50.0)
    one.fit()
    assert other.view.zoom is None


@pytest.mark.parametrize("off", [SLICE, ZOOM, PAN, WINDOW])
def test_each_switch_stands_alone(pair: tuple[Links, ImageView, ImageView], off: str) -> None:
    links, one, other = pair
    for pane in (one, other):
        pane.view.set(zoom=2.0, center=(20.0, 20.0), z=2)
    links.switch(off, False)
    was = {SLICE: other.slice(), ZOOM: other.zoom(), PAN: other.center(),
           WINDOW: other.view.window}  # fmt: skip
    one.go_to_slice(5)
    one.view.set(zoom=3.0)
    one.look_from(one.transform().moved((9.0, 9.0)))
    one.view.set(window=(1.0, 2.0))
    now = {SLICE: other.slice(), ZOOM: other.zoom(), PAN: other.center(),
           WINDOW: other.view.window}  # fmt: skip
    assert {name for name in was if was[name] == now[name]} == {off}


def test_slices_follow_by_place_where_both_lie_the_same_way() -> None:
    def lying(positions: tuple[float, ...], row: tuple[float, float, float]) -> StackGeometry:
        return StackGeometry((0, 0, 0), row, (0, 1, 0), positions, None, 0.0)

    thin = stack("a", 9, geometry=lying(tuple(float(n) for n in range(9)), (1, 0, 0)))
    thick = stack("b", 3, geometry=lying((-2.0, 2.5, 7.0), (1, 0, 0)))
    across = stack("c", 3, geometry=lying((-2.0, 2.5, 7.0), (0, 0, 1)))
    assert [slice_beside(thin, z, thick) for z in (0, 4, 8)] == [0, 1, 2]
    assert [slice_beside(thin, z, across) for z in (0, 1, 8)] == [0, 1, 2]
    assert slice_beside(thin, 1, stack("d", 3)) == 1
