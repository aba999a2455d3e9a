"""What a millimetre of an image means: in the patient, at the detector, nominal, or nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from workstation.domain.errors import InvalidValue
from workstation.domain.image import Spacing, SpacingKind
from workstation.domain.intake import SLICED
from workstation.imaging.attributes import numbers

# Photographs and pictures of pictures: their spacing holds in one plane at best.
PICTURED = frozenset({"OP", "XC", "OT", "SC", "ES", "GM", "SM", "DOC"})
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
ULTRASOUND = frozenset({"US", "IVUS"})
CALIBRATED = frozenset({"GEOMETRY", "FIDUCIAL"})

LONGEST_SIDE_MM = 5000.0
SMALLEST_MM = 0.0001
LARGEST_MAGNIFICATION = 20.0
_TWO_DIMENSIONAL, _CENTIMETRE = 1, 3

Found = tuple[Spacing | None, tuple[str, ...]]


def spacing_of(attributes: Mapping[str, Any]) -> Spacing | None:
    """Row and column spacing with what its millimetre means; None where it is not known."""
    return measured(attributes)[0]


def measured(attributes: Mapping[str, Any]) -> Found:
    """The spacing, and warnings for what the header says and cannot be used (PS3.3 10.7.1).

    CT, MR and PET: PixelSpacing, in the patient. Ultrasound: its one calibrated region, in the
    patient. Photographs and captures: nominal, unless calibrated. Everything else is a projection:
    PixelSpacing is in the patient where it is calibrated or differs from the detector's; else
    ImagerPixelSpacing is divided by the estimated magnification, or taken at the detector.
    """
    modality = attributes.get("Modality")
    if modality in ULTRASOUND:
        return _of_regions(attributes)
    warnings = tuple(
        f"spacing.unusable:{keyword}"
        for keyword in ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")
        if attributes.get(keyword) not in (None, "", []) and _pair(attributes, keyword) is None
    )
    own = _pair(attributes, "PixelSpacing")
    if modality in SLICED and not _is_capture(attributes):
        return _made(own, SpacingKind.PATIENT), warnings
    calibrated = attributes.get("PixelSpacingCalibrationType") in CALIBRATED
    detector = _pair(attributes, "ImagerPixelSpacing")
    scanned = _pair(attributes, "NominalScannedPixelSpacing")
    if own is not None and calibrated:
        return _made(own, SpacingKind.PATIENT), warnings
    if modality in PICTURED or _is_capture(attributes):
        return _made(own or scanned or detector, SpacingKind.NOMINAL), warnings
    if own is not None and detector is not None and not _same(own, detector):
        return _made(own, SpacingKind.PATIENT), warnings
    if detector is not None:
        factor = numbers(attributes, "EstimatedRadiographicMagnificationFactor", 1)
        if factor is not None and 1 <= factor[0] <= LARGEST_MAGNIFICATION:
            plane = (detector[0] / factor[0], detector[1] / factor[0])
            return _made(plane, SpacingKind.ESTIMATED), warnings
        return _made(detector, SpacingKind.DETECTOR), warnings
    if own is not None and scanned is not None and not _same(own, scanned):
        return _made(own, SpacingKind.PATIENT), warnings
    if own is not None:
        return _made(own, SpacingKind.DETECTOR), warnings
    return _made(scanned, SpacingKind.NOMINAL), warnings


def aspect_of(attributes: Mapping[str, Any]) -> tuple[int, int]:
    """PixelAspectRatio, vertical to horizontal; 1 to 1 where it is not said or no ratio."""
    found = numbers(attributes, "PixelAspectRatio", 2)
    if found is None or min(found) < 1 or max(found) > 10_000:
        return 1, 1
    return int(found[0]), int(found[1])


def _is_capture(attributes: Mapping[str, Any]) -> bool:
    return str(attributes.get("SOPClassUID", "")).startswith(SECONDARY_CAPTURE)


def _pair(attributes: Mapping[str, Any], keyword: str) -> tuple[float, float] | None:
    """Row and column spacing that can be one: positive, and an image shorter than five metres."""
    found = numbers(attributes, keyword, 2)
    if found is None or min(found) < SMALLEST_MM:
        return None
    sides = (numbers(attributes, key, 1) or (1.0,) for key in ("Rows", "Columns"))
    if any(mm * side[0] > LONGEST_SIDE_MM for mm, side in zip(found, sides, strict=True)):
        return None
    return found[0], found[1]


def _same(a: tuple[float, float], b: tuple[float, float]) -> bool:
    return all(math.isclose(x, y, rel_tol=1e-4) for x, y in zip(a, b, strict=True))


def _made(values: tuple[float, float] | None, kind: SpacingKind) -> Spacing | None:
    if values is None:
        return None
    try:
        return Spacing(values[0], values[1], kind)
    except InvalidValue:
        return None


def _of_regions(attributes: Mapping[str, Any]) -> Found:
    """One two-dimensional region in centimetres gives millimetres; where it does not cover the
    picture, the reader is told where they hold."""
    regions = attributes.get("regions") or []
    if not regions:
        return None, ()
    if len(regions) > 1:
        return None, (f"spacing.regions:{len(regions)}",)
    region = regions[0]
    units = [region.get(f"PhysicalUnits{axis}Direction") for axis in "XY"]
    deltas = [numbers(region, f"PhysicalDelta{axis}", 1) for axis in "YX"]
    flat = region.get("RegionSpatialFormat") == _TWO_DIMENSIONAL
    if not flat or units != [_CENTIMETRE] * 2 or None in deltas:
        return None, ("spacing.region_units",)
    # A delta is negative where the axis runs against the picture's.
    sizes = [abs(delta[0]) * 10 for delta in deltas if delta is not None]
    scale = {**attributes, "PixelSpacing": sizes}
    spacing = _made(_pair(scale, "PixelSpacing"), SpacingKind.PATIENT)
    if spacing is None:
        return None, ("spacing.unusable:SequenceOfUltrasoundRegions",)
    corners = [
        numbers(region, f"RegionLocation{name}", 1) for name in ("MinX0", "MinY0", "MaxX1", "MaxY1")
    ]
    if None in corners:
        return None, ("spacing.unusable:SequenceOfUltrasoundRegions",)
    left, top, right, bottom = (int(c[0]) for c in corners if c is not None)
    rows, cols = int(attributes.get("Rows", 0)), int(attributes.get("Columns", 0))
    if not (0 <= left < right < cols and 0 <= top < bottom < rows):
        # The picture was resized or cut after the region was written: so was its scale.
        return None, (f"spacing.region_outside:x {left}-{right}, y {top}-{bottom}",)
    if (left, top, right, bottom) == (0, 0, cols - 1, rows - 1):
        return spacing, ()
    return spacing, (f"spacing.in_region:x {left}-{right}, y {top}-{bottom}",)
