"""Palettes, luminance and chrominance, overlays and profile tables, in closed form."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.display import colour, overlay
from workstation.display.palette import Palette, table_of, unsegmented
from workstation.domain.errors import InvalidValue


def grey_palette(descriptor: list[int], words: list[int], signed: bool = False) -> Palette:
    table = table_of(descriptor, words, signed)
    return Palette(table, table, table)


def reds(palette: Palette, stored: list[int], dtype: str = "int16") -> list[int]:
    return palette.rgb(np.array([stored], dtype))[0, :, 0].tolist()


def test_a_palette_holds_its_ends_and_may_start_below_zero() -> None:
    words = [10, 20, 30]
    for first in (-1, 65535):  # the same sixteen bits, read as signed and as unsigned
        assert reds(grey_palette([3, first, 8], words, True), [-9, -1, 0, 1, 9]) == [
            10,
            10,
            20,
            30,
            30,
        ]
    assert reds(grey_palette([3, 65535, 8], words), [0, 65534, 65535], "uint16") == [10, 10, 10]


def test_a_palette_of_more_than_256_entries_of_8_bits_does_not_wrap() -> None:
    palette = grey_palette([1000, 0, 8], [n // 4 for n in range(1000)])
    assert reds(palette, [0, 255, 256, 700, 999, 2000]) == [0, 63, 64, 175, 249, 249]


@pytest.mark.parametrize("scale", [256, 257])
def test_16_bit_entries_come_back_as_the_8_bits_they_were_made_of(scale: int) -> None:
    palette = grey_palette([256, 0, 16], [n * scale for n in range(256)])
    assert reds(palette, list(range(256))) == list(range(256))


def test_8_bit_entries_in_the_upper_byte_of_words_are_found() -> None:
    assert reds(grey_palette([3, 0, 8], [0, 128 << 8, 255 << 8]), [0, 1, 2]) == [0, 128, 255]
    assert reds(grey_palette([3, 0, 8], [0, 128, 255]), [0, 1, 2]) == [0, 128, 255]


def test_a_table_with_0_entries_has_65536_and_a_short_one_is_refused() -> None:
    assert len(table_of([0, 0, 16], list(range(65536)), False).entries) == 65536
    with pytest.raises(InvalidValue, match="lut.short"):
        table_of([0, 0, 16], [1, 2, 3], False)
    with pytest.raises(InvalidValue, match="lut.descriptor"):
        table_of([3, 0], [1, 2, 3], False)


def test_entries_wider_than_said_keep_their_value() -> None:
    table = table_of([3, 0, 12], [0, 4095, 5000], False)
    assert (table.bits, table.entries) == (16, (0, 4095, 5000))
    assert table_of([2, 0, 12], [0, 4095], False).bits == 12


def test_segments_discrete_linear_and_indirect() -> None:
    discrete, linear = [0, 2, 7, 10], [1, 4, 30]
    assert unsegmented(discrete + linear, 2, 100) == [7, 10, 15, 20, 25, 30]
    # Indirect: the two segments at byte 0 again, the linear one from the value reached.
    again = [2, 2, 0, 0]
    expected = [7, 10, 15, 20, 25, 30, 7, 10, 15, 20, 25, 30]
    assert unsegmented(discrete + linear + again, 2, 100) == expected
    # The linear segment alone, at byte 8 (word 4), from 30 to 30.
    assert unsegmented(discrete + linear + [2, 1, 8, 0], 2, 100)[-4:] == [30, 30, 30, 30]
    assert unsegmented(discrete + linear + [2, 1, 4, 0, 0, 0], 1, 100)[-4:] == [30, 30, 30, 30]
    assert unsegmented([0, 1, 0, 1, 255, 255], 1, 256) == list(range(256))
    assert unsegmented([0, 1, 200, 1, 4, 100, 0], 2, 5) == [200, 175, 150, 125, 100]


@pytest.mark.parametrize(
    "words",
    [[1, 4, 30], [0, 9, 1], [3, 1, 1], [0, 1, 5, 2, 1, 6, 0], [0, 1, 5, 2, 1, 400, 0],
     [0, 1, 5, 2, 1, 0], [0, 2, 1, 1, 2, 3, 0, 0]],
    ids=["linear first", "cut", "unknown", "calls itself", "outside", "no offset", "far more"],
)  # fmt: skip
def test_segments_that_are_none_are_refused(words: list[int]) -> None:
    with pytest.raises(InvalidValue, match="lut.segments"):
        unsegmented(words, 2, 60)


@given(st.lists(st.integers(0, 65535), max_size=60), st.sampled_from([1, 2]))
def test_any_words_end_in_entries_or_a_refusal(words: list[int], word_bytes: int) -> None:
    try:
        assert len(unsegmented(words, word_bytes, 5000)) <= 5000
    except InvalidValue as error:
        assert error.code == "lut.segments"


def one(function: object, *ybr: int) -> list[int]:
    return function(np.array([[ybr]], np.uint8))[0, 0].tolist()  # type: ignore[operator]


def test_luminance_and_chrominance() -> None:
    assert one(colour.rgb_of_full, 77, 128, 128) == [77, 77, 77]
    assert one(colour.rgb_of_full, 76, 85, 255) == [254, 0, 0]
    assert one(colour.rgb_of_full, 150, 44, 21) == [0, 255, 1]
    assert one(colour.rgb_of_partial, 16, 128, 128) == [0, 0, 0]
    assert one(colour.rgb_of_partial, 235, 128, 128) == [255, 255, 255]
    assert one(colour.rgb_of_partial, 81, 90, 240) == [254, 0, 0]


def test_422_is_two_luminances_and_one_chrominance() -> None:
    frame = np.array([1, 2, 100, 200, 3, 4, 101, 201], np.uint8)
    out = colour.unpacked_422(frame, 2, 2)
    assert out.tolist() == [[[1, 100, 200], [2, 100, 200]], [[3, 101, 201], [4, 101, 201]]]
    with pytest.raises(InvalidValue):
        colour.unpacked_422(frame, 4, 1)


def test_planes_are_put_together() -> None:
    rgb = np.arange(2 * 3 * 3).reshape(2, 3, 3)
    assert np.array_equal(colour.planes_together(np.moveaxis(rgb, -1, 0)), rgb)


@given(st.integers(1, 20), st.integers(1, 20), st.integers(0, 3), st.data())
def test_overlay_bits_run_on_over_frames(
    rows: int, cols: int, frame: int, data: st.DataObject
) -> None:
    bits = np.random.default_rng(data.draw(st.integers(0, 99))).integers(0, 2, (4, rows, cols))
    packed = np.packbits(bits.ravel().astype(np.uint8), bitorder="little").tobytes()
    assert np.array_equal(overlay.unpacked(packed, rows, cols, frame), bits[frame])
    with pytest.raises(InvalidValue, match="overlay.short"):
        overlay.unpacked(packed, rows, cols, 12)


@given(st.integers(-8, 12), st.integers(-8, 12))
def test_an_overlay_lies_where_its_origin_says(row: int, col: int) -> None:
    mask = np.ones((4, 5), np.bool_)
    out = overlay.placed(mask, (row, col), 6, 7)
    for y in range(6):
        for x in range(7):
            inside = row <= y + 1 < row + 4 and col <= x + 1 < col + 5
            assert out[y, x] == inside


def test_an_overlay_is_white_on_grey_and_colour_and_leaves_the_picture_alone() -> None:
    mask = np.array([[True, False]])
    grey, rgb = np.array([[3, 4]], np.uint8), np.full((1, 2, 3), 9, np.uint8)
    assert overlay.laid_over(grey, mask).tolist() == [[255, 4]]
    assert overlay.laid_over(rgb, mask).tolist() == [[[255] * 3, [9] * 3]]
    assert grey[0, 0] == 3


def test_a_table_that_swaps_colours_swaps_them_everywhere() -> None:
    axis = np.rint(np.linspace(0, 255, 33)).astype(np.uint8)
    table = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1)
    assert colour.is_identity(table) and not colour.is_identity(table[..., ::-1])
    rgb = np.random.default_rng(5).integers(0, 256, (300, 40, 3)).astype(np.uint8)
    assert np.abs(colour.through_profile(rgb, table).astype(int) - rgb).max() <= 1
    swapped = colour.through_profile(rgb, np.ascontiguousarray(table[..., ::-1])).astype(int)
    assert np.abs(swapped - rgb[..., ::-1]).max() <= 1
    with pytest.raises(InvalidValue, match="colour.table"):
        colour.through_profile(rgb, table[:32])
