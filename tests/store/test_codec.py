"""Stored values come back equal: verdicts with exact fractions, images, disputes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.domain.agreement import Reason, ReasonType, Score, Verdict
from workstation.domain.arbitration import Choice, Decision, Dispute, DisputeState
from workstation.domain.errors import IntegrityProblem
from workstation.domain.image import (
    Eye,
    Image,
    ImageKind,
    LookupTable,
    PlaneRef,
    Spacing,
    SpacingKind,
    StackGeometry,
    Window,
)
from workstation.domain.schema import Level, Scope
from workstation.store.codec import decode, encode

scopes = st.builds(Scope, st.just(Level.IMAGE), st.text("abc", min_size=1, max_size=4))
scores = st.builds(
    Score,
    st.sampled_from(["a", "b"]),
    scopes,
    st.sampled_from(list(ReasonType)),
    st.one_of(st.none(), st.fractions()),
    st.sampled_from(["", "both_empty"]),
    st.lists(st.text("xy", max_size=3), max_size=3).map(tuple),
    st.dictionaries(st.text("k", max_size=2), st.integers(), max_size=2),
    st.tuples(st.integers(0, 2), st.integers(0, 2)),
)


@given(st.lists(scores, max_size=4), st.lists(scopes, max_size=3))
def test_verdicts(found: list[Score], units: list[Scope]) -> None:
    reasons = tuple(Reason(s.item_id, s.reason, s.scope, s) for s in found)
    value = Verdict(tuple(units), reasons, tuple(found))
    assert decode(Verdict, json.loads(json.dumps(encode(value)))) == value


def test_an_image_with_everything() -> None:
    value = Image(
        "i", "c", "S0001", ImageKind.STACK, "CT", 5, 6, 2, 1, "int16",
        (PlaneRef("a", "raw+zstd", "h", 9), PlaneRef("b", "raw+zstd", "h", 9)),
        Eye.OD, "1", True, Spacing(0.5, 0.25, SpacingKind.PATIENT),
        StackGeometry((0.0, 1.5, 2.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 2.5), None, 18.5),
        (Window(40.0, 400.0),), 1.0, -1024.0, False, (-2000, -2000), "M", "X", "2 mm", "d",
        ("s1",), ("stack.tilt:18.5",), inverse_shape=True, modality_lut=LookupTable(-1, 8, (0, 255)),
        voi_luts=(LookupTable(0, 12, (0, 4095), "soft"),), slice_rescale=((1.0, 0.0), (2.0, 0.5)),
        slice_windows=((), (Window(1.0, 2.0),)), aspect=(4, 3), patient_orientation=("P", "FL"),
        laterality="L", view="MLO", frame_time_ms=33.3,
        colour_table=PlaneRef("c", "raw+zstd", "h", 9),
    )  # fmt: skip
    assert decode(Image, json.loads(json.dumps(encode(value)))) == value


def test_a_dispute_with_decisions() -> None:
    decision = Decision(Scope(Level.IMAGE, "i"), Choice.ADOPT_X, "", "HE", ("x1",), (), ())
    value = Dispute(
        "d",
        "c",
        "v",
        DisputeState.REVEALED,
        "x",
        "y",
        datetime.now(UTC),
        "p",
        None,
        False,
        "",
        (decision,),
    )
    assert decode(Dispute, json.loads(json.dumps(encode(value)))) == value


@pytest.mark.parametrize("data", [{}, {"row_mm": "x", "col_mm": 1.0, "kind": "patient"}, []])
def test_damaged_values_are_named(data: object) -> None:
    with pytest.raises(IntegrityProblem, match="store.unreadable_value"):
        decode(Spacing, data)


def test_a_third_stays_a_third() -> None:
    assert encode(Fraction(1, 3)) == "1/3"
