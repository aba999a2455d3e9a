"""Where the patient's sides lie on a displayed picture, and how a picture is turned for viewing.

Frames: stored pixels (x = column, y = row, y down, (0, 0) the centre of the top-left pixel),
displayed pixels (the same, after flip and quarter turns), and patient space LPS (x to the patient's
left, y to the back, z to the head). Nothing here is guessed: what a header does not say, or says in
contradiction, gives empty letters.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workstation.domain.errors import InvalidValue
from workstation.domain.image import Image

# A component below this is dropped from the letters: the axis leans less than about 6 degrees.
SMALLEST_COMPONENT = 0.1
# Direction cosines are written with few digits; beyond this they are no frame at all.
FRAME_TOLERANCE = 0.01

# Letters of the positive and the negative direction of x, y, z (PS3.3 C.7.6.1.1.1, bipeds).
_LETTERS = (("L", "R"), ("P", "A"), ("H", "F"))
_OPPOSITE = {a: b for pair in _LETTERS for a, b in (pair, pair[::-1])}
_AXIS = {letter: n for n, pair in enumerate(_LETTERS) for letter in pair}


@dataclass(frozen=True, slots=True)
class ViewTurn:
    """How a picture is turned for viewing: mirrored left to right first where `flipped`, then
    turned clockwise by `quarter_turns` times 90 degrees. Of the eight, the default is unchanged.

    Raises InvalidValue("view.quarter_turns") for anything but 0 to 3.
    """

    quarter_turns: int = 0
    flipped: bool = False

    def __post_init__(self) -> None:
        if self.quarter_turns not in (0, 1, 2, 3):
            raise InvalidValue("view.quarter_turns", turns=self.quarter_turns)

    @property
    def is_changed(self) -> bool:
        """Whether anything but the stored picture is seen; then the badge shows."""
        return self.flipped or self.quarter_turns != 0

    @property
    def swaps_sides(self) -> bool:
        """Whether rows have become columns."""
        return self.quarter_turns % 2 == 1

    def then(self, other: ViewTurn) -> ViewTurn:
        """This turn, and `other` applied to what is seen after it."""
        turns = other.quarter_turns + (-self.quarter_turns if other.flipped else self.quarter_turns)
        return ViewTurn(turns % 4, self.flipped != other.flipped)

    def inverse(self) -> ViewTurn:
        """What leads back to the stored picture."""
        return self if self.flipped else ViewTurn(-self.quarter_turns % 4)

    def turned(self, quarters: int = 1) -> ViewTurn:
        """What is seen, turned clockwise by `quarters` more (negative: anticlockwise)."""
        return self.then(ViewTurn(quarters % 4))

    def mirrored(self) -> ViewTurn:
        """What is seen, mirrored left to right."""
        return self.then(ViewTurn(0, True))

    def upended(self) -> ViewTurn:
        """What is seen, mirrored top to bottom."""
        return self.then(ViewTurn(2, True))

    def matrix(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Rows of the 2 x 2 matrix from a stored direction (x, y) to the displayed one."""
        cosine, sine = ((1, 0), (0, 1), (-1, 0), (0, -1))[self.quarter_turns]
        mirror = -1 if self.flipped else 1
        return (cosine * mirror, -sine), (sine * mirror, cosine)

    def size(self, rows: int, cols: int) -> tuple[int, int]:
        """Rows and columns of the displayed picture."""
        return (cols, rows) if self.swaps_sides else (rows, cols)

    def to_displayed(self, x: float, y: float, rows: int, cols: int) -> tuple[float, float]:
        """Stored pixel coordinates to displayed ones; `rows` and `cols` are the stored size."""
        shown_rows, shown_cols = self.size(rows, cols)
        (a, b), (c, d) = self.matrix()
        from_x, from_y = x - (cols - 1) / 2, y - (rows - 1) / 2
        return (
            a * from_x + b * from_y + (shown_cols - 1) / 2,
            c * from_x + d * from_y + (shown_rows - 1) / 2,
        )

    def to_stored(self, x: float, y: float, rows: int, cols: int) -> tuple[float, float]:
        """Displayed pixel coordinates to stored ones; `rows` and `cols` are the stored size."""
        return self.inverse().to_displayed(x, y, *self.size(rows, cols))

    def apply(self, pixels: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
        """A turned view of pixels (rows, cols, ...): nothing is copied or resampled."""
        seen = pixels[:, ::-1] if self.flipped else pixels
        return np.rot90(seen, -self.quarter_turns)


@dataclass(frozen=True, slots=True)
class EdgeLetters:
    """What the four edges of a displayed picture show of the patient; empty where unknown."""

    left: str = ""
    right: str = ""
    top: str = ""
    bottom: str = ""

    @property
    def known(self) -> bool:
        return bool(self.left or self.right or self.top or self.bottom)

    def seen(self, turn: ViewTurn) -> EdgeLetters:
        """The letters after a turn: they travel with the edges of the picture."""
        stored = {(-1, 0): self.left, (1, 0): self.right, (0, -1): self.top, (0, 1): self.bottom}
        (a, b), (c, d) = turn.matrix()
        shown = {(a * x + b * y, c * x + d * y): text for (x, y), text in stored.items()}
        return EdgeLetters(shown[-1, 0], shown[1, 0], shown[0, -1], shown[0, 1])


UNKNOWN_EDGES = EdgeLetters()


def direction_letters(direction: Sequence[float]) -> str:
    """Letters of a direction in LPS: the largest component first, a component below 0.1 of the
    unit vector dropped, equal ones in the order x, y, z. Empty for no direction at all."""
    vector = np.asarray(direction, np.float64)
    if vector.shape != (3,) or not np.isfinite(vector).all():
        return ""
    length = float(np.linalg.norm(vector))
    if not 0 < length < math.inf:
        return ""
    unit = [float(v) / length for v in vector]
    # Rounded before sorting, so that equal halves of a 45-degree plane keep one order.
    order = sorted(range(3), key=lambda n: (-round(abs(unit[n]), 4), n))
    return "".join(
        _LETTERS[n][0 if unit[n] > 0 else 1] for n in order if abs(unit[n]) >= SMALLEST_COMPONENT
    )


def opposite(letters: str) -> str:
    """The letters of the opposite direction."""
    return "".join(_OPPOSITE[letter] for letter in letters)


def is_frame(row_direction: Sequence[float], col_direction: Sequence[float]) -> bool:
    """Whether two directions are unit vectors at a right angle, to a hundredth."""
    row, col = np.asarray(row_direction, np.float64), np.asarray(col_direction, np.float64)
    if row.shape != (3,) or col.shape != (3,) or not np.isfinite([row, col]).all():
        return False
    lengths = (float(np.linalg.norm(row)), float(np.linalg.norm(col)))
    return (
        max(abs(length - 1) for length in lengths) <= FRAME_TOLERANCE
        and abs(float(row @ col)) <= FRAME_TOLERANCE
    )


def edges_of_plane(row_direction: Sequence[float], col_direction: Sequence[float]) -> EdgeLetters:
    """Letters of a stored plane from ImageOrientationPatient (PS3.3 C.7.6.2.1.1): where a row leads
    to the right, and a column downwards. Unknown where the two are no frame."""
    if not is_frame(row_direction, col_direction):
        return UNKNOWN_EDGES
    return _edges(direction_letters(row_direction), direction_letters(col_direction))


def edges_of_letters(row: str, col: str) -> EdgeLetters:
    """Letters of a stored picture from PatientOrientation (0020,0020).

    A value that is not made of A, P, R, L, H, F with each axis once is unknown, as is a pair that
    names the same axis first.
    """
    row, col = _readable(row), _readable(col)
    if row and col and _AXIS[row[0]] == _AXIS[col[0]]:
        return UNKNOWN_EDGES
    return _edges(row, col)


def edges_of(image: Image) -> EdgeLetters:
    """Letters of an image as it is stored: from its geometry, else from PatientOrientation."""
    if image.geometry is not None:
        return edges_of_plane(image.geometry.row_direction, image.geometry.col_direction)
    return edges_of_letters(*image.patient_orientation)


def _edges(right: str, bottom: str) -> EdgeLetters:
    return EdgeLetters(opposite(right), right, opposite(bottom), bottom)


def _readable(text: str) -> str:
    axes = [_AXIS.get(letter) for letter in text]
    return text if None not in axes and len(set(axes)) == len(axes) else ""
