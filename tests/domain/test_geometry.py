"""Edge letters and view turns, against matrices computed here and pictures turned by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.domain.errors import InvalidValue
from workstation.domain.geometry import (
    UNKNOWN_EDGES,
    EdgeLetters,
    ViewTurn,
    direction_letters,
    edges_of_letters,
    edges_of_plane,
    is_frame,
)

TURNS = [ViewTurn(q, f) for q in range(4) for f in (False, True)]
turns = st.sampled_from(TURNS)
sizes = st.integers(1, 40)


def letter(vector: np.ndarray) -> str:
    """The one letter of a direction along an axis, by table."""
    return {
        (1, 0, 0): "L", (-1, 0, 0): "R", (0, 1, 0): "P",
        (0, -1, 0): "A", (0, 0, 1): "H", (0, 0, -1): "F",
    }[tuple(int(v) for v in vector)]  # fmt: skip


def turned_by_hand(turn: ViewTurn, picture: np.ndarray) -> np.ndarray:
    """Rows reversed, then each quarter clockwise: the last row becomes the first column."""
    if turn.flipped:
        picture = np.array([row[::-1] for row in picture])
    for _ in range(turn.quarter_turns):
        picture = np.array([picture[::-1, c] for c in range(picture.shape[1])])
    return picture


def test_48_axis_orientations_in_8_views_have_no_wrong_letter() -> None:
    """The oracle carries the four edge positions of a picture through the turn by hand and reads
    the patient direction from the signed permutation matrix."""
    wrong = seen = 0
    for axes in itertools.permutations(range(3)):
        for signs in itertools.product((1, -1), repeat=3):
            frame = np.zeros((3, 3), int)
            for n, axis in enumerate(axes):
                frame[axis, n] = signs[n]
            row, col = frame[:, 0], frame[:, 1]
            edges = np.array([["", letter(-col), ""], [letter(-row), "", letter(row)],
                              ["", letter(col), ""]])  # fmt: skip
            for turn in TURNS:
                shown = turned_by_hand(turn, edges)
                found = edges_of_plane(row, col).seen(turn)
                want = EdgeLetters(shown[1, 0], shown[1, 2], shown[0, 1], shown[2, 1])
                wrong += found != want
                by_letters = edges_of_letters(letter(row), letter(col)).seen(turn)
                wrong += by_letters != want
                seen += 1
    assert (seen, wrong) == (48 * 8, 0)


def test_axial_slice_is_shown_as_radiologists_hang_it() -> None:
    axial = edges_of_plane((1, 0, 0), (0, 1, 0))
    assert axial == EdgeLetters("R", "L", "A", "P")
    assert axial.seen(ViewTurn(0, True)) == EdgeLetters("L", "R", "A", "P")
    assert axial.seen(ViewTurn(1)) == EdgeLetters("P", "A", "R", "L")


@pytest.mark.parametrize(
    ("direction", "letters"),
    [
        ((0.99, 0.05, 0.13), "LH"),  # 0.05 is dropped, 0.13 is not
        ((0.7071, -0.7071, 0.0), "LA"),
        ((-0.5, -0.8, 0.3), "ARH"),
        ((0.0, 0.0, -2.0), "F"),
        ((0.0, 0.0, 0.0), ""),
        ((np.nan, 1.0, 0.0), ""),
        ((1.0, 0.0), ""),
    ],
)
def test_letters_of_oblique_directions(direction: tuple[float, ...], letters: str) -> None:
    assert direction_letters(direction) == letters


@pytest.mark.parametrize(
    ("row", "col"),
    [
        ((1, 0, 0), (1, 0, 0)),
        ((1, 0, 0), (0.5, 0.8, 0)),
        ((2, 0, 0), (0, 1, 0)),
        ((0, 0, 0), (0, 1, 0)),
        ((1, 0, 0), (0, np.nan, 0)),
    ],
)
def test_what_is_no_frame_has_no_letters(row: tuple[float, ...], col: tuple[float, ...]) -> None:
    assert not is_frame(row, col)
    assert edges_of_plane(row, col) == UNKNOWN_EDGES


@pytest.mark.parametrize(
    ("row", "col", "edges"),
    [
        ("L", "F", EdgeLetters("R", "L", "H", "F")),
        ("A", "FR", EdgeLetters("P", "A", "HL", "FR")),
        ("", "F", EdgeLetters("", "", "H", "F")),
        ("", "", UNKNOWN_EDGES),
        ("L", "R", UNKNOWN_EDGES),
        ("LL", "F", EdgeLetters("", "", "H", "F")),
        ("LE", "V", UNKNOWN_EDGES),
        ("l", "f", UNKNOWN_EDGES),
    ],
)
def test_patient_orientation_is_taken_at_its_word_or_unknown(
    row: str, col: str, edges: EdgeLetters
) -> None:
    assert edges_of_letters(row, col) == edges
    assert edges.known is (edges != UNKNOWN_EDGES)


@given(turns, turns, sizes, sizes)
def test_turns_compose_as_pictures_do(a: ViewTurn, b: ViewTurn, rows: int, cols: int) -> None:
    picture = np.arange(rows * cols).reshape(rows, cols)
    assert np.array_equal(b.apply(a.apply(picture)), a.then(b).apply(picture))
    assert a.apply(picture).shape == a.size(rows, cols)
    assert np.array_equal(a.apply(picture), turned_by_hand(a, picture))
    assert a.then(a.inverse()) == ViewTurn()
    assert np.array_equal(np.array(b.matrix()) @ np.array(a.matrix()), a.then(b).matrix())


@given(turns, sizes, sizes, st.data())
def test_a_stored_pixel_is_where_it_is_seen(
    turn: ViewTurn, rows: int, cols: int, data: st.DataObject
) -> None:
    picture = np.arange(rows * cols).reshape(rows, cols)
    x, y = data.draw(st.integers(0, cols - 1)), data.draw(st.integers(0, rows - 1))
    shown_x, shown_y = turn.to_displayed(x, y, rows, cols)
    assert turn.apply(picture)[int(shown_y), int(shown_x)] == picture[y, x]
    assert turn.to_stored(shown_x, shown_y, rows, cols) == (x, y)


@given(
    turns,
    st.floats(-1e4, 1e4),
    st.floats(-1e4, 1e4),
    st.integers(1, 10_000),
    st.integers(1, 10_000),
)
def test_places_between_pixels_come_back(
    turn: ViewTurn, x: float, y: float, rows: int, cols: int
) -> None:
    back = turn.to_stored(*turn.to_displayed(x, y, rows, cols), rows, cols)
    assert back == pytest.approx((x, y), abs=1e-8)


def test_buttons_of_the_view() -> None:
    picture = np.arange(6).reshape(2, 3)
    for start in TURNS:
        seen = start.apply(picture)
        assert np.array_equal(start.mirrored().apply(picture), np.fliplr(seen))
        assert np.array_equal(start.upended().apply(picture), np.flipud(seen))
        assert np.array_equal(start.turned().apply(picture), np.rot90(seen, -1))
        assert np.array_equal(start.turned(-1).apply(picture), np.rot90(seen))
    assert [t.is_changed for t in TURNS] == [False] + [True] * 7
    for turns_given in (-1, 4):
        with pytest.raises(InvalidValue):
            ViewTurn(turns_given)


@given(st.lists(st.floats(-1, 1), min_size=4, max_size=4).filter(lambda q: sum(map(abs, q)) > 0.2))
def test_letters_of_any_plane_name_its_nearest_axes(quaternion: list[float]) -> None:
    """A rotation from a quaternion: the first letter is the axis nearest, opposite edges oppose."""
    w, x, y, z = np.array(quaternion) / np.linalg.norm(quaternion)
    row = np.array([1 - 2 * (y * y + z * z), 2 * (x * y + z * w), 2 * (x * z - y * w)])
    col = np.array([2 * (x * y - z * w), 1 - 2 * (x * x + z * z), 2 * (y * z + x * w)])
    edges = edges_of_plane(row, col)
    for direction, letters, other in ((row, edges.right, edges.left),
                                      (col, edges.bottom, edges.top)):  # fmt: skip
        sizes_ = {}
        for text, axis, sign in (("L", 0, 1), ("R", 0, -1), ("P", 1, 1), ("A", 1, -1),
                                 ("H", 2, 1), ("F", 2, -1)):  # fmt: skip
            sizes_[text] = direction[axis] * sign
        assert sizes_[letters[0]] == pytest.approx(max(sizes_.values()), abs=1e-3)
        assert all(sizes_[text] >= 0.1 for text in letters)
        assert len(letters) == sum(abs(v) >= 0.1 for v in direction)
        assert [sizes_[a] + sizes_[b] for a, b in zip(letters, other, strict=True)] == [0] * len(
            letters
        )
