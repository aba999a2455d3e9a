"""From agreeing readings to one reference: equal answers, merged outlines, with provenance.

Merge rules (decision 8): mean boundary (the zero level of the mean of both signed distance maps,
in pixels), intersection, union, first reader. A lesion only one reader drew is in the reference
under `union`, the first reader's under `first`; otherwise it is listed in the notes. Anatomy has
no distance limit, and what only one reader marked of it is kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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
from workstation.domain.schema import Scope, asked

Planes = dict[int, Mask]


def consensus(
    protocol: Protocol, images: Sequence[Image], bodies: Sequence[ReadingBody]
) -> ReferenceStandard:
    """The reference of a case whose readings agree; `bodies` in the order of the readers' slots.

    Where the rules let answers differ, the first reader's stands, or the only one there is;
    provenance and notes say so.
    """
    answers: dict[Scope, dict[str, Any]] = {}
    provenance: dict[str, str] = {}
    tolerated: list[str] = []
    bodies = _told_apart(bodies)
    for scope in case_scopes(images):
        given, sources = _answers(protocol, scope, bodies)
        provenance |= {f"{scope}/{code}": str(source) for code, source in sources.items()}
        tolerated += [f"{scope}/{c}" for c, s in sources.items() if s is not Provenance.AGREED]
        if given:
            answers[scope] = given
    marks: list[Mark] = []
    dropped: list[Mark] = []
    for image in images:
        if image.is_target:
            merged = merge(protocol, image, bodies)
            marks += merged.marks
            dropped += merged.left_out
            provenance |= {f"mark:{k}": str(source) for k, source in merged.provenance.items()}
    return ReferenceStandard(
        images[0].case_id,
        "consensus",
        ReadingBody(answers, tuple(marks)),
        provenance,
        {
            "merge": str(protocol.consensus_merge),
            "tolerated_answers": tolerated,
            "not_in_consensus": [mark.mark_id for mark in dropped],
            "left_out": _counted(dropped),
        },
    )


def _answers(
    protocol: Protocol, scope: Scope, bodies: Sequence[ReadingBody]
) -> tuple[dict[str, Any], dict[str, Provenance]]:
    """The scope's answers, each the first there is, and how far the readers gave the same."""
    found: dict[str, Any] = {}
    sources: dict[str, Provenance] = {}
    for question in protocol.schema.at(scope.level):
        values = [body.answer(scope, question.code) for body in bodies]
        given = [value for value in values if value is not None]
        if given:
            found[question.code] = given[0]
            if all(value == given[0] for value in values):
                sources[question.code] = Provenance.AGREED
            else:
                alone = len(given) == 1
                sources[question.code] = Provenance.ONE_READER if alone else Provenance.TOLERATED
    # What only the reader was asked whose other answer did not stand is not asked any more.
    codes = [q.code for q in asked(protocol.schema, scope, found) if q.code in found]
    return {code: found[code] for code in codes}, {code: sources[code] for code in codes}


def _told_apart(bodies: Sequence[ReadingBody]) -> list[ReadingBody]:
    """The bodies with no mark id in two of them: a reading from a file may use any."""
    used: set[str] = set()
    out = []
    for n, body in enumerate(bodies, start=1):
        marks = tuple(
            replace(m, mark_id=f"{m.mark_id}-{n}") if m.mark_id in used else m for m in body.marks
        )
        used |= {m.mark_id for m in marks}
        out.append(replace(body, marks=marks))
    return out


def _counted(marks: Sequence[Mark]) -> list[dict[str, Any]]:
    counts = Counter((mark.image_id, mark.class_code) for mark in marks)
    return [{"image": i, "class": code, "count": n} for (i, code), n in counts.items()]


@dataclass(frozen=True, slots=True)
class Merged:
    """An image's reference marks with their provenance, and the marks left out."""

    marks: tuple[Mark, ...]
    provenance: Mapping[str, Provenance]
    left_out: tuple[Mark, ...]


def merge(protocol: Protocol, image: Image, bodies: Sequence[ReadingBody]) -> Merged:
    """The marks of several readers as one, by the protocol's merge rule."""
    bodies = _told_apart(bodies)
    merged = ReadingBody({}, bodies[0].on_image(image.image_id))
    sources = {mark.mark_id: Provenance.AGREED for mark in merged.marks}
    left_out: list[Mark] = []
    for n, body in enumerate(bodies[1:], start=2):
        marks: list[Mark] = []
        for group in object_groups(protocol, image, merged, body):
            first = [m for m in merged.marks if m.mark_id in group.x_marks]
            second = [m for m in body.on_image(image.image_id) if m.mark_id in group.y_marks]
            if first and second:
                kept = _merge_group(image, protocol.consensus_merge, first, second, weight=n - 1)
                marks += kept or []
                left_out += [] if kept else [*first, *second]
                continue
            alone = first or second
            others = [body] if first else [merged]
            if not stands_alone(protocol, image, alone[0], bool(first), others):
                left_out += alone
                continue
            marks += alone
            if not protocol.schema.lesion_class(group.class_code).is_lesion:
                sources |= {m.mark_id: Provenance.ONE_READER for m in alone}
        merged = ReadingBody({}, _renumbered(marks))
    found = {m.mark_id: sources.get(m.mark_id, Provenance.AGREED) for m in merged.marks}
    return Merged(merged.marks, found, tuple(left_out))


def stands_alone(
    protocol: Protocol, image: Image, mark: Mark, is_first: bool, others: Sequence[ReadingBody]
) -> bool:
    """Whether what one reader drew and matches nothing of the others is in the reference.

    Lesions by the merge rule. Anatomy also where nobody else marked it: it is there in every eye,
    and marking it is not asked of everyone.
    """
    rule = protocol.consensus_merge
    if rule is MergeRule.UNION or (rule is MergeRule.FIRST and is_first):
        return True
    return not protocol.schema.lesion_class(mark.class_code).is_lesion and not any(
        m.class_code == mark.class_code for other in others for m in other.on_image(image.image_id)
    )


def _merge_group(
    image: Image, rule: MergeRule, first: list[Mark], second: list[Mark], weight: int
) -> list[Mark]:
    """One object of both sides; empty where nothing is left of it. `weight` is how many readers
    `first` already stands for."""
    model = first[0]
    if rule is MergeRule.FIRST:
        return first
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
    return [replace(model, shape=PaintedShape(planes), note="")] if planes else []


def _union(marks: Sequence[Mark], image: Image) -> Planes:
    planes = [mark_planes(m, image.rows, image.cols) for m in marks]
    return union_planes(planes, image.rows, image.cols)


def _midpoint(first: Mark, second: Mark, weight: int) -> PointShape:
    a, b = first.shape, second.shape
    assert isinstance(a, PointShape) and isinstance(b, PointShape)
    total = weight + 1
    z = round((a.z * weight + b.z) / total)
    return PointShape((a.x * weight + b.x) / total, (a.y * weight + b.y) / total, z)


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
