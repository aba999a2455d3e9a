"""What a millimetre means, for each kind of image; nothing that cannot be one is taken as one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.domain.image import Spacing, SpacingKind
from workstation.imaging.spacing import aspect_of, measured

SIZE = {"Rows": 100, "Columns": 200}
ONE, TWO = [0.2, 0.1], [0.3, 0.15]
PATIENT, ESTIMATED = SpacingKind.PATIENT, SpacingKind.ESTIMATED
DETECTOR, NOMINAL = SpacingKind.DETECTOR, SpacingKind.NOMINAL
CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


@pytest.mark.parametrize(
    ("modality", "said", "values", "kind"),
    [
        ("CT", {"PixelSpacing": ONE}, ONE, PATIENT),
        ("MR", {"PixelSpacing": ONE, "ImagerPixelSpacing": ONE}, ONE, PATIENT),
        ("CT", {"ImagerPixelSpacing": ONE}, None, None),
        ("DX", {"PixelSpacing": ONE}, ONE, DETECTOR),
        ("CR", {"PixelSpacing": ONE, "ImagerPixelSpacing": ONE}, ONE, DETECTOR),
        ("CR", {"PixelSpacing": [0.20000001, 0.1], "ImagerPixelSpacing": ONE}, ONE, DETECTOR),
        ("XA", {"PixelSpacing": ONE, "ImagerPixelSpacing": TWO}, ONE, PATIENT),
        ("DX", {"PixelSpacing": ONE, "ImagerPixelSpacing": ONE,
                "PixelSpacingCalibrationType": "FIDUCIAL"}, ONE, PATIENT),
        ("DX", {"PixelSpacing": ONE, "PixelSpacingCalibrationType": "GEOMETRY"}, ONE, PATIENT),
        ("DX", {"PixelSpacing": ONE, "PixelSpacingCalibrationType": "?"}, ONE, DETECTOR),
        ("MG", {"ImagerPixelSpacing": TWO}, TWO, DETECTOR),
        ("MG", {"ImagerPixelSpacing": TWO, "EstimatedRadiographicMagnificationFactor": 1.5},
         [0.2, 0.1], ESTIMATED),
        ("MG", {"ImagerPixelSpacing": TWO, "EstimatedRadiographicMagnificationFactor": 0},
         TWO, DETECTOR),
        ("DX", {"NominalScannedPixelSpacing": ONE}, ONE, NOMINAL),
        ("CR", {"PixelSpacing": ONE, "NominalScannedPixelSpacing": ONE}, ONE, DETECTOR),
        ("CR", {"PixelSpacing": ONE, "NominalScannedPixelSpacing": TWO}, ONE, PATIENT),
        ("OP", {"PixelSpacing": ONE}, ONE, NOMINAL),
        ("OT", {"NominalScannedPixelSpacing": ONE}, ONE, NOMINAL),
        ("CT", {"PixelSpacing": ONE, "SOPClassUID": CAPTURE}, ONE, NOMINAL),
        ("DX", {}, None, None),
        ("US", {"PixelSpacing": ONE}, None, None),
    ],
)  # fmt: skip
def test_rules_of_each_modality(
    modality: str, said: dict[str, Any], values: list[float] | None, kind: SpacingKind | None
) -> None:
    spacing, warnings = measured({"Modality": modality, **SIZE, **said})
    assert warnings == ()
    if values is None:
        assert spacing is None
    else:
        assert spacing is not None and spacing.kind is kind
        assert (spacing.row_mm, spacing.col_mm) == pytest.approx(values)


def region(**changes: Any) -> dict[str, Any]:
    return {
        "RegionSpatialFormat": 1, "RegionDataType": 1, "RegionLocationMinX0": 0,
        "RegionLocationMinY0": 0, "RegionLocationMaxX1": 199, "RegionLocationMaxY1": 99,
        "PhysicalUnitsXDirection": 3, "PhysicalUnitsYDirection": 3,
        "PhysicalDeltaX": 0.01, "PhysicalDeltaY": 0.02,
    } | changes  # fmt: skip


@pytest.mark.parametrize(
    ("regions", "known", "warnings"),
    [
        ([region()], True, ()),
        ([region(PhysicalDeltaY=-0.02)], True, ()),
        ([region(RegionLocationMinX0=20)], True, ("spacing.in_region:x 20-199, y 0-99",)),
        ([region(RegionLocationMaxX1=200)], False, ("spacing.region_outside:x 0-200, y 0-99",)),
        ([region(), region()], False, ("spacing.regions:2",)),
        ([region(PhysicalUnitsXDirection=4)], False, ("spacing.region_units",)),
        ([region(RegionSpatialFormat=2)], False, ("spacing.region_units",)),
        ([region(PhysicalDeltaX=None)], False, ("spacing.region_units",)),
        ([region(PhysicalDeltaX=0.0)], False, ("spacing.unusable:SequenceOfUltrasoundRegions",)),
    ],
)
def test_ultrasound_measures_in_its_one_region(
    regions: list[dict[str, Any]], known: bool, warnings: tuple[str, ...]
) -> None:
    found = measured({"Modality": "US", **SIZE, "regions": regions})
    assert found == (Spacing(0.2, 0.1, PATIENT) if known else None, warnings)


UNUSABLE = st.one_of(
    st.just("text"),
    st.lists(st.sampled_from([0.0, -1.0, float("nan"), float("inf"), 1e9, 60.0, 1e-9]),
             min_size=2, max_size=2),
    st.lists(st.floats(0.1, 1), min_size=3, max_size=4),
    st.floats(),
)  # fmt: skip


@given(
    st.sampled_from(["CT", "MR", "DX", "MG", "OP", "OT", "XA", ""]),
    st.sampled_from(["PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"]),
    UNUSABLE,
)
def test_an_unusable_spacing_is_no_number_and_said(
    modality: str, keyword: str, value: object
) -> None:
    spacing, warnings = measured({"Modality": modality, **SIZE, keyword: value})
    assert spacing is None and warnings == (f"spacing.unusable:{keyword}",)


@pytest.mark.parametrize(
    ("value", "aspect"),
    [([4, 3], (4, 3)), (None, (1, 1)), ([0, 1], (1, 1)), ([1, -1], (1, 1)), ("x", (1, 1))],
)
def test_aspect_ratio(value: object, aspect: tuple[int, int]) -> None:
    assert aspect_of({"PixelAspectRatio": value}) == aspect
