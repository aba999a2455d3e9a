"""Masks and polygons against plain numpy, scikit-image and sets of pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.draw import polygon2mask

from workstation.domain.errors import InvalidValue
from workstation.domain.masks import Box, Mask
from workstation.domain.polygons import polygon_mask

shapes = st.tuples(st.integers(1, 9), st.integers(1, 9))
pairs = shapes.flatmap(lambda s: st.tuples(arrays(np.bool_, s), arrays(np.bool_, s)))


@given(pairs)
def test_algebra_is_that_of_sets(pair: tuple[np.ndarray, np.ndarray]) -> None:
    a, b = pair
    first, second = Mask.from_array(a), Mask.from_array(b)
    assert np.array_equal(first.to_array(), a)
    assert first.union(second) == Mask.from_array(a | b)
    assert first.intersection(second) == Mask.from_array(a & b)
    assert first.difference(second) == Mask.from_array(a & ~b)
    assert first.area == a.sum()
    assert first.intersection_area(second) == (a & b).sum()
    assert all(first.contains(r, c) == a[r, c] for r, c in np.ndindex(a.shape))


@given(pairs, st.data())
def test_a_window_is_the_slice_of_the_plane(pair, data) -> None:
    a, _ = pair
    r0, c0 = data.draw(st.integers(0, a.shape[0])), data.draw(st.integers(0, a.shape[1]))
    r1, c1 = data.draw(st.integers(r0, a.shape[0])), data.draw(st.integers(c0, a.shape[1]))
    assert np.array_equal(Mask.from_array(a).to_array(Box(r0, c0, r1, c1)), a[r0:r1, c0:c1])


@given(arrays(np.bool_, (6, 7)).filter(lambda a: a.any()))
def test_centroid_and_box(a: np.ndarray) -> None:
    mask = Mask.from_array(a)
    rows, cols = np.nonzero(a)
    x, y = mask.centroid
    assert float(x) == pytest.approx(cols.mean())
    assert float(y) == pytest.approx(rows.mean())
    assert mask.box == Box(rows.min(), cols.min(), rows.max() + 1, cols.max() + 1)


@pytest.mark.parametrize(
    "runs", [[(0, 0)], [(-1, 2)], [(3, 4)], [(0, 2), (1, 2)], [(0, 1), (1, 1)]]
)
def test_runs_that_are_no_set_of_pixels_are_refused(runs: list[tuple[int, int]]) -> None:
    with pytest.raises(InvalidValue):
        Mask.from_runs(3, 5, runs)


def test_the_square_of_the_standard_has_ten_thousand_pixels() -> None:
    """YY/T 1949 4.1.1.10: (100, 100) to (199, 199), centre (149.5, 149.5)."""
    square = polygon_mask([(100, 100), (199, 100), (199, 199), (100, 199)], 300, 300)
    assert square.area == 10_000
    assert square.centroid == (149.5, 149.5)


coordinates = st.floats(-3, 23, allow_nan=False).map(lambda v: v + 0.0123)


@given(st.lists(st.tuples(coordinates, coordinates), min_size=3, max_size=8))
def test_polygons_agree_with_scikit_image(vertices: list[tuple[float, float]]) -> None:
    ours = polygon_mask(vertices, 20, 20).to_array()
    theirs = polygon2mask((20, 20), np.array(vertices)[:, ::-1])
    # On a vertex or a doubled edge the two may round apart; never by more than such a pixel.
    assert (ours != theirs).sum() <= 1


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=3, max_size=6))
def test_whole_vertices_belong_to_their_polygon(vertices: list[tuple[int, int]]) -> None:
    mask = polygon_mask([(float(x), float(y)) for x, y in vertices], 13, 13)
    assert all(mask.contains(y, x) for x, y in vertices)
