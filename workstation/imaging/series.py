"""DICOM slices and frames in order: by position along the normal, or in time where they have none;
gaps, tilt and odd steps are reported."""

from __future__ import annotations

import itertools
import math
from collections import ChainMap, Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from workstation.display.voi import check
from workstation.domain.errors import InvalidValue
from workstation.domain.geometry import is_frame
from workstation.domain.image import StackGeometry, Window
from workstation.domain.intake import FileFacts, PicturePlan, Refusal, StackPlan
from workstation.imaging.attributes import numbers
from workstation.imaging.dicom_tables import lookup_table
from workstation.imaging.spacing import aspect_of, measured

STEP_TOLERANCE = 0.01
TILT_TOLERANCE_DEG = 0.05
SAME_PLACE_MM = 1e-3
SAME_DIRECTION = 1e-3
# Origins further from their common line than this make no block of voxels.
OFFSET_TOLERANCE_MM = 0.5

# What tells slices at one place apart, tried in this order, then in pairs; with what a person
# calls it.
_APART = {
    "TemporalPositionIdentifier": "t",
    "EchoTime": "TE",
    "DiffusionBValue": "b",
    "InversionTime": "TI",
    "TriggerTime": "trigger",
    "AcquisitionNumber": "acquisition",
    "ImageType": "",
    "AcquisitionTime": "",
}


@dataclass(frozen=True, slots=True)
class _Slice:
    """One slice: frame `frame` of a file, with what holds for that frame."""

    facts: FileFacts
    frame: int
    attributes: Mapping[str, Any]
    origin: np.ndarray | None


def stack_plans(files: Sequence[FileFacts]) -> tuple[StackPlan, ...]:
    """Group slices by series, matrix, orientation, spacing and (CT) rescale, and order each group.

    Slices at one place are told apart by time, echo, b-value or acquisition; what nothing tells
    apart is refused. A file of several frames without a place is a stack in time of its own.
    """
    plans: list[StackPlan] = []
    groups: dict[tuple[Any, ...], list[_Slice]] = {}
    alike = _Directions()
    for facts in files:
        if not facts.is_stacked:
            continue
        slices = _slices(facts)
        if "frames_described" in facts.attributes:
            plans.append(_contradicted(facts, slices))
            continue
        if facts.frames > 1 and any(s.origin is None for s in slices):
            plans.append(_in_time(facts, slices))
            continue
        for one in slices:
            groups.setdefault(_group_key(one, alike), []).append(one)
    for key, group in groups.items():
        plans += _in_space(str(key[2]), group)
    stacks_of = Counter(plan.series_key for plan in plans)
    plans = [p if stacks_of[p.series_key] > 1 else replace(p, part="") for p in plans]
    return tuple(sorted(plans, key=lambda p: (p.series_key, -len(p.files))))


def picture_plan(facts: FileFacts) -> PicturePlan:
    """How a file of one frame is shown and measured."""
    a = _slices(facts)[0].attributes
    spacing, warnings = measured(a)
    slope, intercept = rescale_of(a)
    return PicturePlan(
        spacing,
        windows_of(a),
        a.get("PhotometricInterpretation") == "MONOCHROME1",
        padding_of(a),
        aspect_of(a),
        _orientation(a),
        _laterality(a),
        _view(a),
        slope,
        intercept,
        warnings,
    )


def rescale_of(attributes: Mapping[str, Any]) -> tuple[float, float]:
    """Slope and intercept; 1 and 0 where they are not given. Inspection refuses unusable ones."""
    slope = numbers(attributes, "RescaleSlope", 1) or (1.0,)
    intercept = numbers(attributes, "RescaleIntercept", 1) or (0.0,)
    return slope[0] or 1.0, intercept[0]


def windows_of(attributes: Mapping[str, Any]) -> tuple[Window, ...]:
    """All windows of the file, in its order; one that is none in PS3.3 is passed over."""

    def listed(keyword: str) -> list[Any]:
        value = attributes.get(keyword)
        return [] if value is None else value if isinstance(value, list) else [value]

    explanations = listed("WindowCenterWidthExplanation")
    function = str(attributes.get("VOILUTFunction", "LINEAR")).strip().upper()
    out = []
    pairs = zip(listed("WindowCenter"), listed("WindowWidth"), strict=False)
    for n, (center, width) in enumerate(pairs):
        try:
            c, w = float(center), float(width)
        except (TypeError, ValueError):
            continue
        if math.isfinite(c) and math.isfinite(w) and w > 0:
            text = str(explanations[n]) if n < len(explanations) else ""
            window = Window(c, w, function, text)
            with suppress(InvalidValue):
                check(window)
                out.append(window)
    return tuple(out)


def with_tables(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes with look-up tables as values. Raises InvalidValue where one cannot be used."""
    out = dict(attributes)
    if "modality_lut" in out:
        out["modality_lut"] = lookup_table(out["modality_lut"])
    out["voi_luts"] = tuple(lookup_table(one) for one in out.get("voi_luts", ()))
    return out


def inverse_shape(attributes: Mapping[str, Any]) -> bool:
    return attributes.get("PresentationLUTShape") == "INVERSE"


def padding_of(attributes: Mapping[str, Any]) -> tuple[int, int] | None:
    value = attributes.get("PixelPaddingValue")
    if not isinstance(value, int):
        return None
    limit = attributes.get("PixelPaddingRangeLimit")
    other = limit if isinstance(limit, int) else value
    return min(value, other), max(value, other)


def frame_time_of(attributes: Mapping[str, Any]) -> float | None:
    """Milliseconds from frame to frame: FrameTime, an even FrameTimeVector, or a frame rate
    (PS3.3 C.7.6.5); None where they are uneven or not said."""
    value = numbers(attributes, "FrameTime", 1)
    if value is not None and value[0] > 0:
        return value[0]
    vector = attributes.get("FrameTimeVector")
    if isinstance(vector, list) and len(vector) > 1:
        # The first entry is the time before the first frame.
        steps = numbers({"steps": vector[1:]}, "steps", len(vector) - 1)
        if steps is not None and min(steps) > 0 and max(steps) <= 1.01 * min(steps):
            return sum(steps) / len(steps)
        return None
    for keyword in ("CineRate", "RecommendedDisplayFrameRate"):
        rate = numbers(attributes, keyword, 1)
        if rate is not None and rate[0] > 0:
            return 1000 / rate[0]
    return None


# Frames and groups


def _slices(facts: FileFacts) -> list[_Slice]:
    described = facts.attributes.get("frames")
    common = {k: v for k, v in facts.attributes.items() if k != "frames"}
    out = []
    for n in range(facts.frames):
        own = described[n] if isinstance(described, list) and n < len(described) else {}
        attributes = ChainMap(own, common)  # shared, not copied for each of many frames
        found = numbers(attributes, "ImagePositionPatient", 3)
        placed = found is not None and "ImageOrientationPatient" in attributes
        if facts.frames > 1 and not own:
            placed = False  # one place for many frames is no place for each
        out.append(_Slice(facts, n, attributes, np.array(found) if placed else None))
    return out


class _Directions:
    """Numbers orientations that are the same to a thousandth.

    A file may have one for each of very many frames: each is held against all others at once.
    """

    def __init__(self) -> None:
        self._known = np.empty((16, 6))
        self._count = 0
        self._numbers: dict[tuple[float, ...], int] = {}

    def number(self, orientation: tuple[float, ...] | None) -> int:
        if orientation is None:
            return -1
        found = self._numbers.get(orientation)
        if found is None:
            found = self._numbers[orientation] = self._placed(np.array(orientation))
        return found

    def _placed(self, orientation: np.ndarray) -> int:
        known = self._known[: self._count]
        same = np.flatnonzero((np.abs(known - orientation) <= SAME_DIRECTION).all(axis=1))
        if same.size:
            return int(same[0])
        if self._count == len(self._known):
            self._known = np.concatenate([self._known, np.empty_like(self._known)])
        self._known[self._count] = orientation
        self._count += 1
        return self._count - 1


def _group_key(one: _Slice, alike: _Directions) -> tuple[Any, ...]:
    a, facts = one.attributes, one.facts
    return (
        str(a.get("PatientID", "")),
        str(a.get("StudyInstanceUID", "")),
        str(a.get("SeriesInstanceUID", "")),
        str(a.get("Modality", "")),
        str(a.get("FrameOfReferenceUID", "")),
        facts.rows,
        facts.cols,
        facts.samples,
        str(a.get("PhotometricInterpretation", "")),
        # A stack has one table and one polarity.
        a.get("modality_lut"),
        inverse_shape(a),
        str(a.get("StackID", "")),
        alike.number(numbers(a, "ImageOrientationPatient", 6)),
        tuple(round(v, 4) for v in numbers(a, "PixelSpacing", 2) or ()),
        # A CT series has one rescale; MR and PET scale every slice by itself.
        rescale_of(a) if a.get("Modality") == "CT" else (),
    )


# Stacks in space


def _in_space(series_key: str, group: Sequence[_Slice]) -> list[StackPlan]:
    """The plans of one group: one, or several that lie at the same places."""
    orientation = numbers(group[0].attributes, "ImageOrientationPatient", 6)
    refused: list[Refusal] = []
    placed = []
    framed = orientation is not None and is_frame(orientation[:3], orientation[3:])
    for one in group:
        if one.origin is None:
            refused.append(Refusal(one.facts.source.name, "stack.no_position"))
        elif not framed:
            refused.append(Refusal(one.facts.source.name, "stack.orientation"))
        else:
            placed.append(one)
    if not placed or orientation is None:
        return [_plan(series_key, [], None, (), group[0], _once(refused))]
    axes = _axes(orientation)
    placed.sort(key=lambda s: (float(s.origin @ axes[2]), s.facts.sha256, s.frame))
    plans = []
    for part, members in _parts(placed, axes[2]):
        kept: list[_Slice] = []
        for one in members:
            if kept and _place(one, axes[2]) - _place(kept[-1], axes[2]) < SAME_PLACE_MM:
                refused.append(Refusal(one.facts.source.name, "stack.duplicate_position"))
            else:
                kept.append(one)
        geometry, warnings = _geometry(kept, axes)
        plans.append(_plan(series_key, kept, geometry, warnings, kept[0], _once(refused), part))
        refused = []
    return plans


def _once(refused: Sequence[Refusal]) -> tuple[Refusal, ...]:
    """One line for a file, however many of its frames are refused."""
    return tuple({(r.name, r.code): r for r in refused}.values())


def _place(one: _Slice, normal: np.ndarray) -> float:
    return float(one.origin @ normal)


def _parts(placed: list[_Slice], normal: np.ndarray) -> list[tuple[str, list[_Slice]]]:
    """Slices that lie at the same places, told apart by the first key that leaves no two at one
    place and makes just as many parts as there are slices at the fullest place."""
    if _deepest(placed, normal) == 1:
        return [("", placed)]
    depth = _deepest(placed, normal)
    keys = [(k,) for k in _APART]
    for chosen in [*keys, *itertools.combinations(_APART, 2)]:
        parts: dict[tuple[Any, ...], list[_Slice]] = {}
        for one in placed:
            parts.setdefault(tuple(_value(one, k) for k in chosen), []).append(one)
        if len(parts) == depth and all(_deepest(p, normal) == 1 for p in parts.values()):
            ordered = sorted(parts.items(), key=lambda p: [_rank(v) for v in p[0]])
            return [
                (_part_name(chosen, key, n), members) for n, (key, members) in enumerate(ordered, 1)
            ]
    return [("", placed)]


def _deepest(placed: Sequence[_Slice], normal: np.ndarray) -> int:
    """How many slices lie at the fullest place; `placed` is sorted along the normal."""
    most = run = 1
    for before, after in itertools.pairwise(placed):
        run = run + 1 if _place(after, normal) - _place(before, normal) < SAME_PLACE_MM else 1
        most = max(most, run)
    return most


def _value(one: _Slice, keyword: str) -> str:
    value = one.attributes.get(keyword)
    if isinstance(value, list):
        return "\\".join(map(str, value))
    return "" if value is None else str(value)


def _rank(text: str) -> tuple[float, str]:
    try:
        return float(text), ""
    except ValueError:
        return math.inf, text


def _part_name(keys: Sequence[str], values: Sequence[str], number: int) -> str:
    """What sets a part off, in short: its echo time, b-value or time; else its number."""
    named = [f"{_APART[k]} {v}" for k, v in zip(keys, values, strict=True) if _APART[k] and v]
    return ", ".join(named) or str(number)


def _axes(orientation: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Unit vectors along a row, along a column, and the normal."""
    row, col = np.array(orientation[:3]), np.array(orientation[3:])
    row, col = row / np.linalg.norm(row), col / np.linalg.norm(col)
    normal = np.cross(row, col)
    return row, col, normal / np.linalg.norm(normal)


def _geometry(
    kept: Sequence[_Slice], axes: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> tuple[StackGeometry, tuple[str, ...]]:
    origins = np.array([one.origin for one in kept])
    positions = origins @ axes[2]
    warnings: list[str] = []
    step: float | None = None
    step_vector: tuple[float, float, float] | None = None
    tilt = 0.0
    if len(kept) > 1:
        steps = np.diff(positions)
        typical = float(np.median(steps))
        if float(np.abs(steps - typical).max()) <= STEP_TOLERANCE * typical + SAME_PLACE_MM:
            step = float(np.mean(steps))
        else:
            gaps = [n + 1 for n, s in enumerate(steps) if s > 1.5 * typical]
            if gaps:
                warnings.append("stack.gap:" + ",".join(str(n) for n in gaps))
            warnings.append(f"stack.step:{steps.min():.3f}-{steps.max():.3f}")
        along = origins[-1] - origins[0]
        # From sine and cosine: near zero the cosine alone cannot tell a twentieth of a degree.
        across = float(np.linalg.norm(np.cross(along, axes[2])))
        tilt = math.degrees(math.atan2(across, float(along @ axes[2])))
        if tilt > TILT_TOLERANCE_DEG:
            warnings.append(f"stack.tilt:{tilt:.1f}")
        else:
            tilt = 0.0
        line = origins[0] + np.outer((positions - positions[0]) / (along @ axes[2]), along)
        offset = float(np.linalg.norm(origins - line, axis=1).max())
        if offset > OFFSET_TOLERANCE_MM:
            warnings.append(f"stack.offset:{offset:.1f}")
            step = None
        if step is not None and offset <= STEP_TOLERANCE * typical + SAME_PLACE_MM:
            step_vector = _triple(along / (len(kept) - 1))
    geometry = StackGeometry(
        _triple(origins[0]), _triple(axes[0]), _triple(axes[1]),
        tuple(float(p) for p in positions), step, tilt, step_vector,
    )  # fmt: skip
    return geometry, tuple(warnings)


def _triple(values: np.ndarray) -> tuple[float, float, float]:
    return float(values[0]), float(values[1]), float(values[2])


# Stacks in time, and what both have


def _in_time(facts: FileFacts, slices: Sequence[_Slice]) -> StackPlan:
    """Frames in the order of the file, which is the order of time (PS3.3 C.7.6.6)."""
    series = str(facts.attributes.get("SeriesInstanceUID", ""))
    return _plan(series, slices, None, (), slices[0], ())


def _contradicted(facts: FileFacts, slices: Sequence[_Slice]) -> StackPlan:
    """Which frame each description is of cannot be known where there are more or fewer."""
    described = facts.attributes["frames_described"]
    refused = Refusal(
        facts.source.name,
        "dicom.frames_described",
        {"frames": facts.frames, "described": described},
    )
    series = str(facts.attributes.get("SeriesInstanceUID", ""))
    return _plan(series, (), None, (), slices[0], (refused,))


def _plan(
    series_key: str,
    kept: Sequence[_Slice],
    geometry: StackGeometry | None,
    warnings: tuple[str, ...],
    first: _Slice,
    refused: tuple[Refusal, ...],
    part: str = "",
) -> StackPlan:
    a = first.attributes
    spacing, unusable = measured(a)
    slope, intercept = rescale_of(a)
    several = any(one.facts.frames > 1 for one in kept)
    return StackPlan(
        series_key,
        tuple(one.facts for one in kept),
        geometry,
        spacing,
        windows_of(a),
        slope,
        intercept,
        a.get("PhotometricInterpretation") == "MONOCHROME1",
        _padding(kept, first),
        (*warnings, *unusable),
        refused,
        tuple(one.frame for one in kept) if several else (),
        part or str(a.get("StackID", "")),
        _differing(kept, rescale_of),
        _differing(kept, windows_of),
        frame_time_of(a) if geometry is None else None,
        aspect_of(a),
        ("", "") if geometry is not None else _orientation(a),
        _laterality(a),
        _view(a),
    )


def _padding(kept: Sequence[_Slice], first: _Slice) -> tuple[int, int] | None:
    """What is padding in all slices: a value that is padding in some only is picture in others."""
    found = {padding_of(one.attributes) for one in kept or (first,)}
    return found.pop() if len(found) == 1 else None


def _differing(kept: Sequence[_Slice], of: Callable[[Mapping[str, Any]], Any]) -> tuple[Any, ...]:
    """A value for each slice where they are not all the same; else empty."""
    values = tuple(of(one.attributes) for one in kept)
    return values if len(set(values)) > 1 else ()


def _orientation(attributes: Mapping[str, Any]) -> tuple[str, str]:
    value = attributes.get("PatientOrientation")
    if not isinstance(value, list) or len(value) != 2:
        return "", ""
    return str(value[0]).strip(), str(value[1]).strip()


def _laterality(attributes: Mapping[str, Any]) -> str:
    """The side of the image, or of its series; none where they are two."""
    said = {str(attributes.get(k) or "") for k in ("ImageLaterality", "Laterality")} - {""}
    if len(said) > 1:
        said.discard("B")  # one side of both
    value = said.pop() if len(said) == 1 else ""
    return value if value in ("L", "R", "B") else ""


def _view(attributes: Mapping[str, Any]) -> str:
    """ViewPosition, if it is one of the short defined kind: free text may name a person."""
    value = str(attributes.get("ViewPosition") or "")
    return value if value.isascii() and value.isalpha() and len(value) <= 6 else ""
