"""From agreeing readings to one reference: equal answers, merged outlines, with provenance.

Merge rules (decision 8): mean boundary (the zero level of the mean of both signed distance maps,
in pixels), intersection, union, first reader. An object only one reader drew is in the reference
under `union` and `first` only; otherwise it is listed in the notes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt

from workstation.comparators.objects import object_groups
from workstation.domain.arbitration import Provenance, ReferenceStandard
from workstation.domain.image import Image
from workstation.domain.marks import Mark, PaintedShape, PointShape, mark_planes, union_planes
from workstation.domain.masks import Box, Mask
from workstation.domain.protocol import MergeRule, Protocol
from workstation.domain.reading import ReadingBody, case_scopes
from workstation.domain.schema import Scope

Planes = dict[int, Mask]


def consensus(
    protocol: Protocol, images: Sequence[Image], bodies: Sequence[ReadingBody]
) -> ReferenceStandard:
    """The reference of a case whose readings agree.

    Where an agreed tolerance lets answers differ, the first reader's stands and the notes say so.
    """
    answers: dict[Scope, dict[str, Any]] = {}
    provenance: dict[str, str] = {}
    tolerated: list[str] = []
    for scope in case_scopes(images):
        given = dict(bodies[0].answers.get(scope, {}))
        for code, value in given.items():
            provenance[f"{scope}/{code}"] = str(Provenance.AGREED)
            if any(body.answer(scope, code) != value for body in bodies[1:]):
                tolerated.append(f"{scope}/{code}")
        if given:
            answers[scope] = given
    marks: list[Mark] = []
    dropped: list[str] = []
    for image in images:
        if image.is_target:
            kept, left_out = _merged(protocol, image, bodies)
            marks += kept
            dropped += left_out
    for mark in marks:
        provenance[f"mark:{mark.mark_id}"] = str(Provenance.AGREED)
    return ReferenceStandard(
        images[0].case_id,
        "consensus",
        ReadingBody(answers, tuple(marks)),
        provenance,
        {
            "merge": str(protocol.consensus_merge),
            "tolerated_answers": tolerated,
            "not_in_consensus": dropped,
        },
    )


def _merged(
    protocol: Protocol, image: Image, bodies: Sequence[ReadingBody]
) -> tuple[list[Mark], list[str]]:
    """The image's reference marks, and the ids of marks left out."""
    rule = protocol.consensus_merge
    if rule is MergeRule.FIRST:
        return list(bodies[0].on_image(image.image_id)), []
    merged = ReadingBody({}, bodies[0].on_image(image.image_id))
    dropped: list[str] = []
    for n, body in enumerate(bodies[1:], start=2):
        marks: list[Mark] = []
        for group in object_groups(protocol, image, merged, body):
            first = [m for m in merged.marks if m.mark_id in group.x_marks]
            second = [m for m in body.marks if m.mark_id in group.y_marks]
            if not first or not second:
                if rule is MergeRule.UNION:
                    marks += first or second
                else:
                    dropped += [m.mark_id for m in (*first, *second)]
                continue
            marks += _merge_group(image, rule, first, second, weight=n - 1, dropped=dropped)
        merged = ReadingBody({}, _renumbered(marks))
    return list(merged.marks), dropped


def _merge_group(
    image: Image,
    rule: MergeRule,
    first: list[Mark],
    second: list[Mark],
    weight: int,
    dropped: list[str],
) -> list[Mark]:
    """One object of both sides. `weight` is how many readers `first` already stands for."""
    model = first[0]
    if model.is_point:
        return [replace(model, shape=_midpoint(model, second[0], weight))]
    a = _union(first, image)
    b = _union(second, image)
    if a == b:
        return first
    if rule is MergeRule.INTERSECTION:
        planes = {z: a[z].intersection(b[z]) for z in a if z in b}
    elif rule is MergeRule.UNION:
        planes = union_planes([a, b], image.rows, image.cols)
    else:
        planes = mean_boundary(a, b, weight, image.rows, image.cols)
    planes = {z: mask for z, mask in planes.items() if not mask.empty}
    if not planes:
        dropped += [m.mark_id for m in (*first, *second)]
        return []
    return [replace(model, shape=PaintedShape(planes), note="")]


def _union(marks: Sequence[Mark], image: Image) -> Planes:
    planes = [mark_planes(m, image.rows, image.cols) for m in marks]
    return union_planes(planes, image.rows, image.cols)


def _midpoint(first: Mark, second: Mark, weight: int) -> PointShape:
    a, b = first.shape, second.shape
    assert isinstance(a, PointShape) and isinstance(b, PointShape)
    total = weight + 1
    return PointShape((a.x * weight + b.x) / total, (a.y * weight + b.y) / total, a.z)


def mean_boundary(a: Planes, b: Planes, weight: int, rows: int, cols: int) -> Planes:
    """Pixels where the weighted mean of both signed distances (index units) is inside.

    Distances are three-dimensional over the slices both regions span, cropped to their box.
    Exactly on the mean boundary counts as inside, so that merging equal regions changes nothing.
    """
    slices = sorted({*a, *b})
    box = reduce(Box.union, [m.box for m in (*a.values(), *b.values())], Box(0, 0, 0, 0))
    box = Box(box.row0 - 1, box.col0 - 1, box.row1 + 1, box.col1 + 1).clipped(rows, cols)
    span = range(slices[0], slices[-1] + 1)
    mean = (
        _signed_distance(_volume(a, span, box)) * weight + _signed_distance(_volume(b, span, box))
    ) / (weight + 1)
    inside = mean >= 0
    return {
        z: Mask.from_array(inside[n], (box.row0, box.col0), (rows, cols))
        for n, z in enumerate(span)
    }


def _volume(planes: Mapping[int, Mask], span: range, box: Box) -> npt.NDArray[np.bool_]:
    out = np.zeros((len(span), box.rows, box.cols), dtype=bool)
    for n, z in enumerate(span):
        if z in planes:
            out[n] = planes[z].to_array(box)
    return out


def _signed_distance(inside: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Positive inside, negative outside; half a pixel at the border on either side.

    `inside` is (z, y, x). A single slice is taken as flat: its neighbours count for nothing, or
    its own thinness would be its depth everywhere.
    """
    from scipy.ndimage import distance_transform_edt  # slow to import, and only this needs it

    margin = [(0, 0) if inside.shape[0] == 1 else (1, 1), (1, 1), (1, 1)]
    padded = np.pad(inside, margin)
    if padded.shape[0] == 1:
        depth = distance_transform_edt(padded[0])[None]
        height = distance_transform_edt(~padded[0])[None]
    else:
        depth = distance_transform_edt(padded)
        height = distance_transform_edt(~padded)
    signed = np.where(padded, depth - 0.5, 0.5 - height)
    cropped = signed[margin[0][0] : signed.shape[0] - margin[0][1], 1:-1, 1:-1]
    return np.asarray(cropped, dtype=np.float64)


def _renumbered(marks: Sequence[Mark]) -> tuple[Mark, ...]:
    counters: dict[str, int] = {}
    out = []
    for mark in marks:
        counters[mark.class_code] = counters.get(mark.class_code, 0) + 1
        out.append(replace(mark, number=counters[mark.class_code]))
    return tuple(out)
