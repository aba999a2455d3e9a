"""The table of windows: values, keys, and that nothing is bound by position."""

from __future__ import annotations

import pytest

from workstation.display.window_presets import (
    AUTOMATIC_DIGIT,
    CT_PRESETS,
    FILE_DIGIT,
    WindowPreset,
    preset,
    presets_of,
)
from workstation.domain.errors import InvalidValue

# id, key, width, centre, as the table of the field's conventions has them.
AGREED = [
    ("abdomen", 1, 400, 40),
    ("lung", 2, 1500, -600),
    ("mediastinum", 3, 400, 40),
    ("bone", 4, 2000, 350),
    ("brain", 5, 80, 40),
    ("stroke", 6, 40, 40),
    ("liver", 7, 150, 90),
    ("angio", 8, 600, 300),
]


def test_the_table_is_what_was_agreed() -> None:
    assert [(p.preset_id, p.digit, p.width, p.center) for p in CT_PRESETS] == AGREED


def test_lung_is_lung() -> None:
    """A viewer once shipped it with the sign and a nought lost."""
    assert (preset("lung").width, preset("lung").center) == (1500.0, -600.0)


def test_no_key_and_no_id_stands_twice() -> None:
    digits = [p.digit for p in CT_PRESETS] + [AUTOMATIC_DIGIT, FILE_DIGIT]
    assert sorted(digits) == list(range(10))
    assert len({p.preset_id for p in CT_PRESETS}) == len(CT_PRESETS)


@pytest.mark.parametrize("modality", ["MR", "MG", "CR", "DX", "US", "OP", ""])
def test_values_without_a_scale_have_no_presets(modality: str) -> None:
    assert presets_of(modality) == ()


@pytest.mark.parametrize(("digit", "width"), [(0, 100.0), (9, 100.0), (3, 0.5)])
def test_a_preset_is_valid_on_construction(digit: int, width: float) -> None:
    with pytest.raises(InvalidValue, match="window.range"):
        WindowPreset("x", digit, 0.0, width)
