"""The grey chain in closed form: what PS3.3 says of each step, value by value."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.display.grey import BACKGROUND, GreyChain
from workstation.display.kernels import along, fitted_line, grey_pixels
from workstation.display.stored import stored_values
from workstation.display.voi import windowed
from workstation.domain.errors import InvalidValue
from workstation.domain.image import Image, ImageKind, LookupTable, Window

VALUES = np.arange(-3000, 3001, dtype=np.int16).reshape(1, -1)
halves = st.integers(-4000, 4000).map(lambda n: n / 2)
widths = st.integers(2, 8000).map(lambda n: n / 2)


def level(x: int, center: float, width: float, function: str) -> float:
    """PS3.3 C.11.2.1.2 and C.11.2.1.3 word for word, in fractions, for ymin 0 and ymax 255."""
    c, w = Fraction(center), Fraction(width)
    if function == "SIGMOID":
        return 255 / (1 + math.exp(min(-4 * (x - center) / width, 700)))
    if function == "LINEAR":
        if w == 1:
            return 0 if x < c else 255
        if x <= c - Fraction(1, 2) - (w - 1) / 2:
            return 0
        if x > c - Fraction(1, 2) + (w - 1) / 2:
            return 255
        return float(((x - (c - Fraction(1, 2))) / (w - 1) + Fraction(1, 2)) * 255)
    if x <= c - w / 2:
        return 0
    if x > c + w / 2:
        return 255
    return float(((x - c) / w + Fraction(1, 2)) * 255)


@given(halves, widths, st.sampled_from(["LINEAR", "LINEAR_EXACT", "SIGMOID"]), st.data())
def test_every_function_is_the_standards(
    center: float, width: float, function: str, data: st.DataObject
) -> None:
    if function == "LINEAR" and width == 1:
        center = float(math.floor(center))  # a threshold between whole values is at the next one
    x = data.draw(st.integers(int(center - width) - 2, int(center + width) + 2))
    got = windowed(np.array([float(x)]), Window(center, width, function))[0]
    assert got == pytest.approx(level(x, center, width, function), abs=1e-6)


@given(halves, widths, st.sampled_from(["LINEAR", "LINEAR_EXACT", "SIGMOID"]), st.booleans())
def test_the_table_is_the_chain_and_never_falls(
    center: float, width: float, function: str, inverted: bool
) -> None:
    chain = GreyChain(2.0, -7.0, inverted=inverted)
    window = Window(center, width, function)
    grey = chain.grey(VALUES, window)
    assert np.array_equal(grey, chain.levels(chain.modality(VALUES), window))
    steps = np.diff(grey[0].astype(int))
    assert (steps <= 0).all() if inverted else (steps >= 0).all()


def test_borders_of_a_ct_window_are_half_a_unit_off() -> None:
    """C 40, W 400: black up to -160, white from 239, not 240."""
    grey = dict(zip(VALUES[0].tolist(), GreyChain().grey(VALUES, Window(40, 400))[0], strict=True))
    assert (grey[-160], grey[-158], grey[238], grey[239]) == (0, 1, 254, 255)
    exact = GreyChain().grey(VALUES, Window(40, 400, "LINEAR_EXACT"))[0]
    grey = dict(zip(VALUES[0].tolist(), exact, strict=True))
    assert (grey[-160], grey[-158], grey[239], grey[240]) == (0, 1, 254, 255)


def test_width_one_is_a_threshold_and_less_is_refused() -> None:
    grey = GreyChain().grey(VALUES, Window(5, 1))
    assert np.array_equal(grey, np.where(VALUES < 5, 0, 255))
    for window in (Window(0, 0.5), Window(0, 0, "SIGMOID"), Window(0, -3, "LINEAR_EXACT"),
                   Window(math.nan, 10)):  # fmt: skip
        with pytest.raises(InvalidValue, match="window.width"):
            GreyChain().grey(VALUES, window)
    with pytest.raises(InvalidValue, match="window.function"):
        GreyChain().grey(VALUES, Window(0, 10, "CUBIC"))


def test_a_sigmoid_has_the_four() -> None:
    grey = windowed(np.array([0.0, 50.0, 100.0]), Window(50, 100, "SIGMOID"))
    assert grey == pytest.approx([255 / (1 + math.e**2), 127.5, 255 / (1 + math.e**-2)])


def test_the_window_acts_on_modality_values() -> None:
    chain = GreyChain(2.0, -1024.0)
    stored = np.array([[532, 533]], np.int16)  # 40 and 42 HU
    assert chain.modality(stored).tolist() == [[40, 42]]
    assert chain.grey(stored, Window(41, 1)).tolist() == [[0, 255]]


def test_a_modality_table_rules_the_rescale_out_and_holds_its_ends() -> None:
    table = LookupTable(-2, 12, (0, 1000, 2000, 4095))
    chain = GreyChain(7.0, 7.0, table)
    stored = np.array([[-300, -2, -1, 0, 1, 300]], np.int16)
    assert chain.modality(stored).tolist() == [[0, 0, 1000, 2000, 4095, 4095]]


@pytest.mark.parametrize("bits", [8, 12, 16])
def test_a_voi_table_is_held_at_its_ends_and_scaled_by_its_depth(bits: int) -> None:
    top = (1 << bits) - 1
    table = LookupTable(300, bits, (0, top // 3, top))
    stored = np.array([[0, 300, 301, 302, 60000]], np.uint16)
    assert GreyChain().grey(stored, table).tolist() == [[0, 0, 85, 255, 255]]
    inverted = GreyChain(inverted=True).grey(stored, table)
    assert inverted.tolist() == [[255, 255, 170, 0, 0]]


@given(st.booleans(), st.booleans())
def test_monochrome1_and_an_inverse_shape_say_one_thing(monochrome1: bool, inverse: bool) -> None:
    image = replace(an_image(), monochrome1=monochrome1, inverse_shape=inverse)
    grey = GreyChain.of(image).grey(VALUES, Window(0, 3000))
    assert (grey[0, 0] == 255) == (monochrome1 or inverse)
    assert (grey[0, -1] == 0) == (monochrome1 or inverse)


@pytest.mark.parametrize("inverted", [False, True])
def test_padding_is_black_and_counts_for_nothing(inverted: bool) -> None:
    chain = GreyChain(2.0, 0.0, padding=(-2000, -1990), inverted=inverted)
    stored = np.array([[-2000, -1995, -1990, 10, 20]], np.int16)
    assert chain.full_range(stored) == Window(30.5, 21.0)
    ends = [255, 0] if inverted else [0, 255]
    assert chain.grey(stored).tolist() == [[BACKGROUND] * 3 + ends]
    assert chain.full_range(np.full((2, 2), -1999, np.int16)).width == 1.0


@given(st.lists(st.integers(-32768, 32767), min_size=1), st.floats(-9, 9).filter(bool))
def test_without_a_window_the_smallest_is_black_and_the_largest_white(
    listed: list[int], slope: float
) -> None:
    stored = np.array([listed], np.int16)
    chain = GreyChain(round(slope, 3) or 1.0, 0.0)
    values, grey = chain.modality(stored), chain.grey(stored)
    assert (grey[values == values.min()] == 0).all()
    if values.max() > values.min():
        # The largest is 255 or, where the arithmetic ends a hair below, the level before it.
        assert (grey[values == values.max()] >= 254).all()


def test_the_files_first_window_comes_before_its_table_and_that_before_the_range() -> None:
    window, table = Window(5, 10), LookupTable(0, 8, (0, 255))
    stored = np.array([[1, 9]], np.int16)
    assert GreyChain(windows=(window, Window(0, 1)), voi_luts=(table,)).default(stored) == window
    assert GreyChain(voi_luts=(table,)).default(stored) == table
    assert GreyChain().default(stored) == Window(5.5, 9.0)


def test_a_falling_modality_table_still_gives_the_range_of_its_values() -> None:
    table = LookupTable(0, 8, (200, 100, 0))
    stored = np.array([[0, 1, 2]], np.uint8)
    assert GreyChain(modality_lut=table).full_range(stored) == Window(100.5, 201.0)


def test_slices_have_their_own_rescale_and_windows() -> None:
    image = replace(
        an_image(), slices=2, slice_rescale=((1.0, 0.0), (3.0, -5.0)),
        slice_windows=((Window(1, 2),), (Window(3, 4),)),
    )  # fmt: skip
    assert (GreyChain.of(image, 1).slope, GreyChain.of(image, 1).intercept) == (3.0, -5.0)
    assert GreyChain.of(image, 0).choices == (Window(1, 2),)
    assert GreyChain.of(image, 1).choices == (Window(3, 4),)


@given(
    st.integers(1, 16).flatmap(lambda s: st.tuples(st.just(s), st.integers(s - 1, 15))),
    st.booleans(),
    st.integers(0, 65535),
)
def test_unused_bits_are_dropped_and_signs_extended(
    bits: tuple[int, int], signed: bool, word: int
) -> None:
    stored, high = bits
    value = (word >> (high + 1 - stored)) % (1 << stored)
    if signed and value >= 1 << (stored - 1):
        value -= 1 << stored
    for order in ("<u2", ">u2"):
        got = stored_values(np.array([word], order), 16, stored, high, signed)
        assert got.tolist() == [value]
        assert got.dtype == (np.int16 if signed else np.uint8 if stored <= 8 else np.uint16)


def test_bits_that_do_not_fit_are_refused() -> None:
    for allocated, stored, high in ((8, 12, 11), (16, 12, 16), (16, 12, 10), (16, 0, 0)):
        with pytest.raises(InvalidValue, match="dicom.bits"):
            stored_values(np.zeros(1, np.uint16), allocated, stored, high, False)


def an_image() -> Image:
    return Image("i", "c", "S1", ImageKind.STACK, "CT", 1, 6001, 1, 1, "int16", ())


@given(halves, widths, st.booleans(), st.sampled_from(["int16", "uint16", "uint8"]))
def test_a_table_for_what_occurs_is_part_of_the_whole(
    center: float, width: float, inverted: bool, dtype: str
) -> None:
    chain = GreyChain(padding=(3, 5), inverted=inverted)
    within = (0 if dtype[0] == "u" else -900, 200)
    stored = np.arange(within[0], within[1] + 1, dtype=dtype)
    places = stored.view(f"u{stored.itemsize}")
    whole = chain.table(dtype, Window(center, width))
    part = chain.table(dtype, Window(center, width), within)
    assert np.array_equal(part[places], whole[places])


LINES = st.sampled_from(["LINEAR", "LINEAR_EXACT"])


@given(
    halves, widths.filter(lambda w: w > 1), LINES, st.booleans(), st.sampled_from([1.0, 2.5, -1.0])
)
def test_a_line_gives_each_value_the_level_of_the_table(
    center: float, width: float, function: str, inverted: bool, slope: float
) -> None:
    chain = GreyChain(slope, -24.0, inverted=inverted)
    stored = np.arange(-1024, 3072, dtype=np.int16).reshape(64, 64)
    levels = chain.grey(stored, Window(center, width, function))
    straight = chain.line(Window(center, width, function))
    assert straight is not None
    line = fitted_line(stored.ravel(), levels.ravel(), *straight)
    if line is None:  # the levels lie too near whole ones for single precision: the table is used
        return
    # Any part of it, in any order, gives the same.
    some = np.random.default_rng(4).permutation(stored.ravel())[:2048].reshape(32, 64)
    grey, out = np.empty(some.shape, np.uint8), np.empty(some.shape, np.int32)
    assert along(some, line, grey, out)
    expected = chain.grey(some, Window(center, width, function))
    assert np.array_equal(grey, expected)
    assert np.array_equal(out, grey_pixels(expected))


def test_usual_windows_need_no_table() -> None:
    stored = np.arange(-1024, 3072, dtype=np.int16)
    for center, width in ((40.0, 400.0), (50.0, 350.0), (35.0, 80.0), (2000.0, 4000.0)):
        chain, window = GreyChain(), Window(center, width)
        straight = chain.line(window)
        assert straight is not None
        levels = chain.grey(stored[None], window)[0]
        assert fitted_line(stored, levels, *straight) is not None


def test_what_follows_no_line_has_none() -> None:
    table = LookupTable(0, 8, (0, 128, 255))
    assert GreyChain().line(table) is None
    assert GreyChain(modality_lut=table).line(Window(40.0, 400.0)) is None
    assert GreyChain().line(Window(40.0, 400.0, "SIGMOID")) is None
    assert GreyChain().line(Window(40.0, 1.0)) is None
    padded = GreyChain(padding=(100, 120))
    stored = np.arange(0, 400, dtype=np.int16)
    straight = padded.line(Window(100.0, 300.0))
    assert straight is not None
    levels = padded.grey(stored[None], Window(100.0, 300.0))[0]
    assert fitted_line(stored, levels, *straight) is None


def test_one_value_alone_is_no_line() -> None:
    ramp = np.arange(0, 4096, dtype=np.uint16)
    levels = GreyChain().grey(ramp[None], Window(40.0, 400.0))[0]
    straight = GreyChain().line(Window(40.0, 400.0))
    assert straight is not None
    line = fitted_line(ramp, levels, *straight)
    assert line is not None
    flat = np.full((64, 64), 7, np.uint16)
    assert not along(flat, line, np.empty((64, 64), np.uint8), np.empty((64, 64), np.int32))
