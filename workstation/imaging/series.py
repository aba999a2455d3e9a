"""DICOM slices in order: by position along the normal; gaps, tilt and odd steps are reported."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from workstation.domain.errors import InvalidValue
from workstation.domain.image import Spacing, SpacingKind, StackGeometry, Window
from workstation.domain.intake import FileFacts, Refusal, StackPlan

STACKED = frozenset({"CT", "MR", "PT"})
STEP_TOLERANCE = 0.01
TILT_TOLERANCE_DEG = 0.05


def is_slice(facts: FileFacts) -> bool:
    """Whether the file is one slice of a stack: CT, MR or PET with a place in space."""
    a = facts.attributes
    return (
        facts.kind == "dicom"
        and a.get("Modality") in STACKED
        and facts.frames == 1
        and "ImagePositionPatient" in a
        and "ImageOrientationPatient" in a
    )


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


def spacing_of(attributes: Mapping[str, Any]) -> Spacing | None:
    """Row and column spacing with what its millimetre means (PS3.3 10.7.1); None if unknown."""
    modality = attributes.get("Modality")
    patient = numbers(attributes, "PixelSpacing", 2)
    detector = numbers(attributes, "ImagerPixelSpacing", 2) or numbers(
        attributes, "NominalScannedPixelSpacing", 2
    )
    if patient is not None:
        kind = SpacingKind.PATIENT
        if modality == "OP":
            kind = SpacingKind.NOMINAL
        elif modality not in STACKED and (detector is None or detector == patient):
            # A projection image without its own correction states its detector plane.
            kind = SpacingKind.DETECTOR
        values = patient
    elif detector is not None:
        kind, values = SpacingKind.DETECTOR, detector
    else:
        return None
    try:
        return Spacing(values[0], values[1], kind)
    except InvalidValue:
        return None


def rescale_of(attributes: Mapping[str, Any]) -> tuple[float, float]:
    """Slope and intercept; 1 and 0 where they are not given. Inspection refuses unusable ones."""
    slope = numbers(attributes, "RescaleSlope", 1) or (1.0,)
    intercept = numbers(attributes, "RescaleIntercept", 1) or (0.0,)
    return slope[0], intercept[0]


def windows_of(attributes: Mapping[str, Any]) -> tuple[Window, ...]:
    """All windows of the file, in its order."""

    def listed(keyword: str) -> list[Any]:
        value = attributes.get(keyword)
        return [] if value is None else value if isinstance(value, list) else [value]

    explanations = listed("WindowCenterWidthExplanation")
    function = str(attributes.get("VOILUTFunction", "LINEAR"))
    out = []
    pairs = zip(listed("WindowCenter"), listed("WindowWidth"), strict=False)
    for n, (center, width) in enumerate(pairs):
        try:
            c, w = float(center), float(width)
        except (TypeError, ValueError):
            continue
        if math.isfinite(c) and math.isfinite(w) and w > 0:
            text = str(explanations[n]) if n < len(explanations) else ""
            out.append(Window(c, w, function, text))
    return tuple(out)


def padding_of(attributes: Mapping[str, Any]) -> tuple[int, int] | None:
    value = attributes.get("PixelPaddingValue")
    if not isinstance(value, int):
        return None
    limit = attributes.get("PixelPaddingRangeLimit")
    other = limit if isinstance(limit, int) else value
    return min(value, other), max(value, other)


def stack_plans(files: Sequence[FileFacts]) -> tuple[StackPlan, ...]:
    """Group slices by series, matrix, orientation and rescale, and order each group."""
    groups: dict[tuple[Any, ...], list[FileFacts]] = {}
    for facts in files:
        a = facts.attributes
        orientation = numbers(a, "ImageOrientationPatient", 6) or ()
        key = (
            str(a.get("SeriesInstanceUID", "")),
            facts.rows,
            facts.cols,
            tuple(round(v, 4) for v in orientation),
            str(a.get("FrameOfReferenceUID", "")),
            str(a.get("EchoTime", "")),
            *rescale_of(a),
        )
        groups.setdefault(key, []).append(facts)
    return tuple(
        plan(f"{key[0]}#{n}", group) for n, (key, group) in enumerate(sorted(groups.items()))
    )


def plan(series_key: str, files: Sequence[FileFacts]) -> StackPlan:
    """One group of slices in order along the normal.

    Never by instance number or file name. A second slice at the same place is refused and named.
    """
    first = files[0].attributes
    orientation = numbers(first, "ImageOrientationPatient", 6)
    placed: list[tuple[float, np.ndarray, FileFacts]] = []
    refused: list[Refusal] = []
    axes = _axes(orientation)
    for facts in files:
        origin = numbers(facts.attributes, "ImagePositionPatient", 3)
        if origin is None or axes is None:
            refused.append(Refusal(facts.source.name, "stack.no_position"))
            continue
        place = np.array(origin)
        placed.append((float(place @ axes[2]), place, facts))
    placed.sort(key=lambda p: (p[0], p[2].sha256))
    kept: list[tuple[float, np.ndarray, FileFacts]] = []
    for entry in placed:
        if kept and abs(entry[0] - kept[-1][0]) < 1e-3:
            refused.append(Refusal(entry[2].source.name, "stack.duplicate_position"))
        else:
            kept.append(entry)
    geometry, warnings = (None, ()) if axes is None or not kept else _geometry(kept, axes)
    slope, intercept = rescale_of(first)
    return StackPlan(
        series_key,
        tuple(entry[2] for entry in kept),
        geometry,
        spacing_of(first),
        windows_of(first),
        slope,
        intercept,
        first.get("PhotometricInterpretation") == "MONOCHROME1",
        padding_of(first),
        warnings,
        tuple(refused),
    )


def _axes(
    orientation: tuple[float, ...] | None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Unit vectors along a row, along a column, and the normal; None where they are no frame."""
    if orientation is None:
        return None
    row, col = np.array(orientation[:3]), np.array(orientation[3:])
    lengths = np.linalg.norm(row), np.linalg.norm(col)
    if min(lengths) < 0.9 or max(lengths) > 1.1 or abs(row @ col) > 0.01:
        return None
    row, col = row / lengths[0], col / lengths[1]
    return row, col, np.cross(row, col)


def _geometry(
    kept: Sequence[tuple[float, np.ndarray, FileFacts]],
    axes: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> tuple[StackGeometry, tuple[str, ...]]:
    positions = [entry[0] for entry in kept]
    warnings: list[str] = []
    steps = np.diff(positions)
    step: float | None = None
    step_vector: tuple[float, float, float] | None = None
    tilt = 0.0
    if len(kept) > 1:
        typical = float(np.median(steps))
        if float(np.abs(steps - typical).max()) <= STEP_TOLERANCE * typical + 1e-3:
            step = float(np.mean(steps))
            step_vector = _step_vector([entry[1] for entry in kept], typical)
        else:
            gaps = [n + 1 for n, s in enumerate(steps) if s > 1.5 * typical]
            if gaps:
                warnings.append("stack.gap:" + ",".join(str(n) for n in gaps))
            warnings.append(f"stack.step:{steps.min():.3f}-{steps.max():.3f}")
        along = kept[-1][1] - kept[0][1]
        cosine = float(along @ axes[2] / np.linalg.norm(along))
        tilt = math.degrees(math.acos(max(-1.0, min(1.0, cosine))))
        if tilt > TILT_TOLERANCE_DEG:
            warnings.append(f"stack.tilt:{tilt:.1f}")
        else:
            tilt = 0.0
    origin = kept[0][1]
    geometry = StackGeometry(
        _triple(origin), _triple(axes[0]), _triple(axes[1]), tuple(positions), step, tilt,
        step_vector,
    )  # fmt: skip
    return geometry, tuple(warnings)


def _step_vector(
    origins: Sequence[np.ndarray], typical: float
) -> tuple[float, float, float] | None:
    """From one slice origin to the next, in LPS mm; None where they do not lie on one line."""
    places = np.stack(origins)
    vector = (places[-1] - places[0]) / (len(places) - 1)
    expected = places[0] + vector * np.arange(len(places))[:, None]
    off = float(np.linalg.norm(places - expected, axis=1).max())
    return _triple(vector) if off <= STEP_TOLERANCE * typical + 1e-3 else None


def _triple(values: np.ndarray) -> tuple[float, float, float]:
    return float(values[0]), float(values[1]), float(values[2])
