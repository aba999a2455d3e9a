"""What a pane paints, device pixel by device pixel, against the formulas and against itself."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from workstation.domain.geometry import ViewTurn
from workstation.domain.image import Image, ImageKind, Spacing, SpacingKind, StackGeometry, Window
from workstation.domain.marks import BoxShape, Mark
from workstation.domain.reading import ReadingBody
from workstation.ui.canvas import writing
from workstation.ui.canvas.image_view import ImageView
from workstation.ui.canvas.marks import DrawnMark
from workstation.ui.canvas.tool import Surface, tools
from workstation.ui.state.reading_session import ReadingSession
from workstation.ui.state.view_state import MarksShown, ViewState

ROWS, COLS = 120, 160
PIXELS = np.random.default_rng(8).integers(-1000, 1000, (4, ROWS, COLS)).astype(np.int16)
COLOURS = np.random.default_rng(9).integers(0, 256, (ROWS, COLS, 3)).astype(np.uint8)
WINDOW = Window(40.0, 400.0)
TURNS = [ViewTurn(q, f) for q in range(4) for f in (False, True)]
AXIAL = StackGeometry((0, 0, 0), (1, 0, 0), (0, 1, 0), (0.0, 1.0, 2.0, 3.0), 1.0, 0.0)


def stack(slices: int = 1, **more: object) -> Image:
    return Image("i", "c", "S0001", ImageKind.STACK, "CT", ROWS, COLS, slices, 1, "int16", (),
                 windows=(WINDOW,), **more)  # type: ignore[arg-type]  # fmt: skip


def photo() -> Image:
    return Image("p", "c", "F0001", ImageKind.PHOTOGRAPH, "OP", ROWS, COLS, 1, 3, "uint8", ())


class Pane(ImageView):
    """A pane on a screen of any device ratio, without the text."""

    ratio = 1.0

    def devicePixelRatioF(self) -> float:
        return self.ratio

    def _draw_text(self, *_: object) -> None:
        pass


@pytest.fixture
def made(qtbot: QtBot) -> Callable[..., Pane]:
    def make(image: Image, ratio: float = 1.0, size: tuple[int, int] = (320, 240)) -> Pane:
        pane = Pane(ViewState(), lambda i, z: COLOURS if i.samples == 3 else PIXELS[z])
        qtbot.addWidget(pane)
        pane.ratio = ratio
        pane.resize(*size)
        pane.set_image(image)
        return pane

    return make


def painted(pane: Pane) -> npt.NDArray[np.uint8]:
    """(rows, cols, 3) RGB of the pane's device pixels."""
    width, height = pane.transform().device_size
    target = QImage(width, height, QImage.Format.Format_RGB32)
    target.setDevicePixelRatio(pane.ratio)
    target.fill(0x123456)
    pane.render(target)
    raw = np.frombuffer(target.constBits(), np.uint8).reshape(height, width, 4)
    return raw[..., 2::-1].copy()


def grey(values: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
    """PS3.3 C.11.2.1.2 LINEAR of the file's window, not rounded."""
    scaled = (values.astype(float) - (WINDOW.center - 0.5)) / (WINDOW.width - 1) + 0.5
    return np.clip(scaled, 0, 1) * 255


def oracle(
    pane: Pane, plane: npt.NDArray[np.generic]
) -> tuple[npt.NDArray[np.generic], npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """The stored value at each device pixel, whether it is in the image, and whether its centre
    is so near the border of two pixels that either will do."""
    view = pane.transform()
    width, height = view.device_size
    (a, b), (c, d) = view.linear
    gy, gx = np.mgrid[0:height, 0:width]
    on_screen = np.stack([(gx + 0.5) / view.ratio - view.size[0] / 2,
                          (gy + 0.5) / view.ratio - view.size[1] / 2], -1)  # fmt: skip
    at = on_screen @ np.linalg.inv(np.array([[a, b], [c, d]])).T + view.center
    x, y = np.floor(at[..., 0] + 0.5).astype(int), np.floor(at[..., 1] + 0.5).astype(int)
    inside = (x >= 0) & (x < COLS) & (y >= 0) & (y < ROWS)
    near = np.abs(at + 0.5 - np.rint(at + 0.5)).min(axis=-1) < 1e-6
    return plane[np.clip(y, 0, ROWS - 1), np.clip(x, 0, COLS - 1)], inside, near


@pytest.mark.parametrize("ratio", [1.0, 1.25, 1.5, 2.0])
@pytest.mark.parametrize("turn", TURNS)
def test_squares_are_the_window_of_the_stored_value(
    made: Callable[..., Pane], turn: ViewTurn, ratio: float
) -> None:
    pane = made(stack(), ratio)
    pane.view.set(turn=turn, zoom=4.3, center=(70.3, 50.7))
    found = painted(pane).astype(float)
    values, inside, near = oracle(pane, PIXELS[0])
    assert inside.all() and not near.all()
    assert np.abs(found - grey(values)[..., None])[~near].max() <= 1.0


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("ratio", [1.0, 1.25, 2.0])
def test_at_full_size_every_pixel_is_one_device_pixel(
    made: Callable[..., Pane], turn: ViewTurn, ratio: float
) -> None:
    pane = made(stack(), ratio)
    pane.view.set(turn=turn)
    pane.full_size()
    assert pane.transform().percent == pytest.approx(100)
    values, inside, _ = oracle(pane, PIXELS[0])
    assert inside.sum() == ROWS * COLS
    found = painted(pane).astype(float)
    assert np.abs(found - grey(values)[..., None])[inside].max() <= 1.0
    assert (found[~inside] == 0).all()


@pytest.mark.parametrize("turn", TURNS[:3])
def test_colours_are_shown_as_they_are(made: Callable[..., Pane], turn: ViewTurn) -> None:
    pane = made(photo())
    pane.view.set(turn=turn)
    pane.full_size()
    values, inside, _ = oracle(pane, COLOURS)
    assert np.array_equal(painted(pane)[inside], values[inside])
    pane.view.set(green_only=True)
    green = painted(pane)[inside]
    assert (green == values[inside][:, 1:2]).all()
    pane.view.set(green_only=False, window=(100.0, 50.0))
    expected = np.clip((values[inside] - 75.0) * 255 / 50, 0, 255)
    assert np.abs(painted(pane)[inside] - expected).max() <= 1


def test_pixels_that_are_not_square_are_shown_in_proportion(made: Callable[..., Pane]) -> None:
    pane = made(stack(spacing=Spacing(0.5, 0.25, SpacingKind.PATIENT)), size=(400, 600))
    pane.view.set(zoom=2.0, center=((COLS - 1) / 2, (ROWS - 1) / 2))
    shown = painted(pane).any(axis=2)
    tall, wide = np.flatnonzero(shown.any(axis=1)), np.flatnonzero(shown.any(axis=0))
    assert (np.ptp(wide) + 1, np.ptp(tall) + 1) == (320, 480)
    assert pane.to_image(pane.to_screen((12.0, 34.0))) == pytest.approx((12.0, 34.0))


def test_a_window_step_reads_no_pixel_anew(qtbot: QtBot) -> None:
    asked: list[int] = []

    def load(_: Image, z: int) -> npt.NDArray[np.int16]:
        asked.append(z)
        return PIXELS[z]

    pane = ImageView(ViewState(), load)
    qtbot.addWidget(pane)
    pane.resize(320, 240)
    pane.set_image(stack())
    pictures = {pane.grab().toImage().pixel(160, 120)}
    before = pane._picture.resamplings, pane._picture.windowings
    for center in (-300.0, 0.0, 300.0):
        pane.view.set(window=(center, 700.0))
        pictures.add(pane.grab().toImage().pixel(160, 120))
    assert asked == [0] and len(pictures) > 2
    assert (pane._picture.resamplings, pane._picture.windowings) == (before[0], before[1] + 3)
    pane.view.set(shown=MarksShown.HIDDEN)
    pane.grab()
    assert pane._picture.windowings == before[1] + 3


@pytest.mark.parametrize("shown", [stack(), photo()])
@pytest.mark.parametrize("zoom", [0.8, 1.9, 3.3])
@pytest.mark.parametrize("turn", TURNS[:4])
def test_a_panned_picture_is_the_one_painted_afresh(
    made: Callable[..., Pane], shown: Image, zoom: float, turn: ViewTurn
) -> None:
    pane, fresh = made(shown, size=(90, 70)), made(shown, size=(90, 70))
    for one in (pane, fresh):
        one.view.set(turn=turn, zoom=zoom, center=(80.0, 60.0))
    painted(pane)
    for way in ((13, -7), (-30, 22), (41, 41)):
        pane.look_from(pane.transform().moved(way))
        fresh.set_image(shown)
        fresh.look_from(pane.transform())
        moved, anew = painted(pane).astype(int), painted(fresh).astype(int)
        # Strips begin elsewhere: a place may be rounded the other way, by 1/32 of a pixel.
        assert np.percentile(np.abs(moved - anew), 90) <= 26
        if zoom >= 3:
            assert np.array_equal(moved, anew)


def test_the_black_beside_an_image_stays_black(made: Callable[..., Pane]) -> None:
    pane = made(stack(monochrome1=True))
    pane.view.set(zoom=1.0, center=(79.5, 59.5))
    found = painted(pane)
    assert not found[:50].any() and not found[:, :70].any() and found[60:180, 80:240].any()


def on_the_screen(pane: ImageView) -> QImage:
    """What partial repaints have left there."""
    return pane.screen().grabWindow(pane.winId()).toImage()


@pytest.mark.parametrize(("name", "turn"), [("brush", ViewTurn()), ("brush", ViewTurn(1, True)),
                                            ("polygon", ViewTurn()), ("box", ViewTurn(3))])  # fmt: skip
def test_what_a_stroke_repaints_is_all_that_changed(
    qtbot: QtBot, name: str, turn: ViewTurn
) -> None:
    pane = ImageView(ViewState(), lambda _, z: PIXELS[z])
    qtbot.addWidget(pane)
    pane.resize(320, 240)
    pane.set_image(stack())
    session = ReadingSession(ReadingBody(), lambda _: None)
    pane.surface_for = lambda i, z: Surface(session, i, z, "NODULE", 5)
    pane.set_tool(next(t for t in tools() if t.tool_id == name))
    pane.set_marks([DrawnMark(Mark("m", "i", "NODULE", 1, BoxShape(30, 20, 90, 80)), "#00e5ff")])
    pane.view.set(turn=turn, zoom=1.7, center=(80.0, 60.0))
    with qtbot.waitExposed(pane):
        pane.show()
    qtbot.mousePress(pane, Qt.MouseButton.LeftButton, pos=QPoint(100, 90))
    for x, y in ((120, 95), (140, 120), (180, 122), (185, 60)):
        qtbot.mouseMove(pane, QPoint(x, y))
        qtbot.wait(1)
        assert on_the_screen(pane) == pane.grab().toImage().convertToFormat(
            on_the_screen(pane).format()
        )
    assert pane.stroke_open


def test_letters_go_with_the_picture_and_a_badge_says_so(qtbot: QtBot) -> None:
    pane = ImageView(ViewState(), lambda _, z: PIXELS[z])
    qtbot.addWidget(pane)
    pane.set_image(stack(4, geometry=AXIAL))
    edges = pane.edges()
    assert (edges.left, edges.right, edges.top, edges.bottom) == ("R", "L", "A", "P")
    assert writing.badges(pane.view.turn, False) == ""
    pane.view.set(turn=pane.view.turn.mirrored())
    edges = pane.edges()
    assert (edges.left, edges.right, edges.top, edges.bottom) == ("L", "R", "A", "P")
    assert "flipped" in writing.badges(pane.view.turn, False)
    pane.view.set(turn=ViewTurn(1))
    edges = pane.edges()
    assert (edges.left, edges.right, edges.top, edges.bottom) == ("P", "A", "R", "L")
    assert "90°" in writing.badges(pane.view.turn, False)
    pane.set_image(stack(4))
    assert not pane.edges().known
    places = writing.letter_places(QRect(0, 0, 9, 9), pane.edges(), pane.fontMetrics())
    assert places == {}


def test_the_magnifier_shows_what_is_under_the_pointer(made: Callable[..., Pane]) -> None:
    pane = made(photo(), size=(600, 500))
    pane.view.set(zoom=2.0, center=(79.5, 59.5))
    before = painted(pane)
    pane.set_lens(3.0)
    assert np.array_equal(painted(pane), before)
    pane._pointer = (80.0, 60.0)
    found = painted(pane)
    x, y = (round(v) for v in pane.transform().to_screen((80.0, 60.0)))
    assert np.array_equal(found[y, x], COLOURS[60, 80])
    assert np.array_equal(found[y, x + 6], COLOURS[60, 81])
    assert np.array_equal(found[y - 12, x], COLOURS[58, 80])
    assert np.array_equal(found[:100], before[:100])
