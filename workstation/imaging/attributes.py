"""Inside the child: what a header says of place, time, scale and view, as plain values.

Enhanced objects keep it in functional groups (PS3.3 C.7.6.16), ultrasound in regions (C.8.5.5).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from workstation.domain.errors import InvalidValue

# More than any clip or enhanced object has: what is kept of each frame would fill the memory.
MAX_FRAMES = 16_384
# Ultrasound divides its picture into a handful.
MAX_REGIONS = 32

PLAIN = (
    "AcquisitionTime",
    "CineRate",
    "DiffusionBValue",
    "EstimatedRadiographicMagnificationFactor",
    "FrameTime",
    "FrameTimeVector",
    "InversionTime",
    "PatientOrientation",
    "PixelSpacingCalibrationType",
    "RecommendedDisplayFrameRate",
    "TriggerTime",
    "ViewPosition",
)

# Group sequence, keyword inside, keyword it is known by here. "" means: every frame has the
# keyword of a single-frame object.
_IN_GROUPS = (
    ("PlanePositionSequence", "ImagePositionPatient", ""),
    ("PlaneOrientationSequence", "ImageOrientationPatient", ""),
    ("PixelMeasuresSequence", "PixelSpacing", ""),
    ("PixelMeasuresSequence", "SliceThickness", ""),
    ("PixelValueTransformationSequence", "RescaleSlope", ""),
    ("PixelValueTransformationSequence", "RescaleIntercept", ""),
    ("FrameVOILUTSequence", "WindowCenter", ""),
    ("FrameVOILUTSequence", "WindowWidth", ""),
    ("FrameVOILUTSequence", "WindowCenterWidthExplanation", ""),
    ("FrameVOILUTSequence", "VOILUTFunction", ""),
    ("FrameContentSequence", "StackID", ""),
    ("FrameContentSequence", "DimensionIndexValues", ""),
    ("FrameContentSequence", "TemporalPositionIndex", "TemporalPositionIdentifier"),
    ("FrameContentSequence", "FrameAcquisitionNumber", "AcquisitionNumber"),
    ("FrameContentSequence", "FrameAcquisitionDateTime", "AcquisitionTime"),
    ("MREchoSequence", "EffectiveEchoTime", "EchoTime"),
    ("MRDiffusionSequence", "DiffusionBValue", ""),
    ("MRImageFrameTypeSequence", "FrameType", "ImageType"),
    ("CTImageFrameTypeSequence", "FrameType", "ImageType"),
    ("CardiacSynchronizationSequence", "NominalCardiacTriggerDelayTime", "TriggerTime"),
)

# Mammographic and chest projections (CID 4014, 4010) as ViewPosition writes them.
_VIEWS = {
    "399368009": "MLO", "399162004": "CC", "399260004": "ML", "399352003": "LM",
    "399099002": "LMO", "399196006": "FB", "399188001": "SIO", "441555000": "ISO",
    "399192008": "XCCL", "399101009": "XCCM", "R-10226": "MLO", "R-10242": "CC",
    "R-10224": "ML", "R-10228": "LM", "R-10230": "LMO", "R-10244": "FB",
    "272479007": "PA", "399348003": "AP", "399173006": "LL", "399198007": "RL",
}  # fmt: skip

_REGION = (
    "RegionSpatialFormat", "RegionDataType", "RegionLocationMinX0", "RegionLocationMinY0",
    "RegionLocationMaxX1", "RegionLocationMaxY1", "PhysicalUnitsXDirection",
    "PhysicalUnitsYDirection", "PhysicalDeltaX", "PhysicalDeltaY",
)  # fmt: skip


def numbers(attributes: Mapping[str, Any], keyword: str, count: int) -> tuple[float, ...] | None:
    """`count` finite numbers of an attribute, else None."""
    value = attributes.get(keyword)
    if value is None:
        return None
    listed = value if isinstance(value, list) else [value]
    try:
        found = tuple(float(v) for v in listed)
    except (TypeError, ValueError):
        return None
    return found if len(found) == count and all(math.isfinite(v) for v in found) else None


def placing_attributes(dataset: Any, frames: int) -> dict[str, Any]:
    """What of `PLAIN` the header has; "frames": a mapping for each of the frames, where functional
    groups describe them, or "frames_described": how many they describe, where that is another
    number; "regions": calibrated ultrasound regions; "ViewPosition" from its code.

    Raises InvalidValue where a value is unusable as what it should be, or frames are too many.
    """
    if frames > MAX_FRAMES:
        size = [numbers({k: read(dataset, k)}, k, 1) or (0,) for k in ("Rows", "Columns")]
        raise InvalidValue(
            "image.too_large", rows=int(size[0][0]), cols=int(size[1][0]), frames=frames
        )
    found = {keyword: read(dataset, keyword) for keyword in PLAIN}
    found |= _frames(dataset, frames)
    regions = _items(dataset, "SequenceOfUltrasoundRegions")
    if regions:
        found["regions"] = [
            {k: read(region, k) for k in _REGION} for region in regions[:MAX_REGIONS]
        ]
    if not found["ViewPosition"]:
        codes = [str(read(item, "CodeValue") or "") for item in _items(dataset, "ViewCodeSequence")]
        found["ViewPosition"] = next((_VIEWS[c] for c in codes if c in _VIEWS), "")
    return {keyword: value for keyword, value in found.items() if value not in (None, "", [])}


def _frames(dataset: Any, frames: int) -> dict[str, Any]:
    shared = _items(dataset, "SharedFunctionalGroupsSequence")
    own = _items(dataset, "PerFrameFunctionalGroupsSequence")
    if not shared and not own:
        return {}
    if own and len(own) != frames:
        return {"frames_described": len(own)}
    common = _groups(shared[0]) if shared else {}
    return {"frames": [common | (_groups(own[n]) if own else {}) for n in range(frames)]}


def _groups(item: Any) -> dict[str, Any]:
    """The values of one item of the functional groups."""
    found: dict[str, Any] = {}
    for sequence, keyword, known_by in _IN_GROUPS:
        inner = _items(item, sequence)
        value = read(inner[0], keyword) if inner else None
        if value not in (None, "", []):
            found[known_by or keyword] = value
    return found


def _items(dataset: Any, keyword: str) -> list[Any]:
    value = dataset.get(keyword)
    return [] if value is None or isinstance(value, (str, bytes)) else list(value)


def read(dataset: Any, keyword: str) -> Any:
    """The value as plain JSON. Raises InvalidValue for one that cannot be read."""
    try:
        return _plain(dataset.get(keyword))
    except (ValueError, TypeError, OverflowError) as error:
        raise InvalidValue("dicom.bad_value", attribute=keyword) from error


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (str, bytes)):
        return str(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if hasattr(value, "__iter__"):
        return [_plain(v) for v in value]
    return str(value)
