"""One-to-one matching of two readers' marks of a class, and what stays unmatched.

Areas match by IoU (Hungarian, largest total IoU; a pair counts from `matching_iou` on), points by
the distance of their centres (smallest total; up to `matching_distance_px`). IoU and distance are
exact; the assignment itself works on their nearest floats, ties by number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from workstation.comparators.regions import Planes, Regions
from workstation.domain.image import Image
from workstation.domain.marks import Mark, area_px, intersection_px, mark_center


@dataclass(frozen=True, slots=True)
class Match:
    """A pair of marks; `iou` is None for points."""

    first: Mark
    second: Mark
    iou: Fraction | None


@dataclass(frozen=True, slots=True)
class Matching:
    """Matched pairs and what only one reader has; `touching` are unmatched areas that overlap
    something of the other reader (split or merged, not missed)."""

    matches: tuple[Match, ...]
    only_first: tuple[Mark, ...]
    only_second: tuple[Mark, ...]
    touching: frozenset[str]


def match(
    regions: Regions,
    image: Image,
    first: Sequence[Mark],
    second: Sequence[Mark],
    minimum_iou: Fraction | None,
    maximum_distance_px: Fraction | None,
    *,
    anywhere: bool = False,
) -> Matching:
    """Match the marks of one class on one image.

    `minimum_iou` None lets any overlap match; `maximum_distance_px` None lets no points match but
    those at the same place; `anywhere` lets points match however far apart, the nearest first.
    """
    first, second = sorted(first, key=lambda m: m.number), sorted(second, key=lambda m: m.number)
    worth: dict[tuple[int, int], tuple[float, Fraction | None]] = {}
    touching: set[str] = set()
    for i, a in enumerate(first):
        for j, b in enumerate(second):
            if a.is_point or b.is_point:
                value = _point_worth(a, b, image, maximum_distance_px, anywhere)
                if value is not None:
                    worth[i, j] = (value, None)
    ious = _overlapping(
        [{} if m.is_point else regions.planes(0, m, image) for m in first],
        [{} if m.is_point else regions.planes(1, m, image) for m in second],
    )
    for (i, j), iou in ious.items():
        touching |= {first[i].mark_id, second[j].mark_id}
        if minimum_iou is None or iou >= minimum_iou:
            worth[i, j] = (float(iou), iou)
    pairs = _assignment(len(first), len(second), worth)
    matches = tuple(Match(first[i], second[j], worth[i, j][1]) for i, j in pairs)
    used_first = {i for i, _ in pairs}
    used_second = {j for _, j in pairs}
    return Matching(
        matches,
        tuple(m for i, m in enumerate(first) if i not in used_first),
        tuple(m for j, m in enumerate(second) if j not in used_second),
        frozenset(touching),
    )


def match_areas(first: Sequence[Planes], second: Sequence[Planes]) -> tuple[tuple[int, int], ...]:
    """Match areas given by their pixels alone, any overlap counting; index pairs, ascending."""
    worth: dict[tuple[int, int], tuple[float, Fraction | None]] = {
        at: (float(iou), iou) for at, iou in _overlapping(first, second).items()
    }
    return tuple(_assignment(len(first), len(second), worth))


def _overlapping(
    first: Sequence[Planes], second: Sequence[Planes]
) -> dict[tuple[int, int], Fraction]:
    """IoU of every two areas that overlap, by their indices."""
    ious = {(i, j): _iou(a, b) for i, a in enumerate(first) for j, b in enumerate(second)}
    return {at: iou for at, iou in ious.items() if iou > 0}


def _iou(a: Planes, b: Planes) -> Fraction:
    both = intersection_px(a, b)
    union = area_px(a) + area_px(b) - both
    return Fraction(both, union) if union else Fraction(0)


def _point_worth(
    a: Mark, b: Mark, image: Image, limit: Fraction | None, anywhere: bool
) -> float | None:
    """Larger for nearer; None beyond the limit."""
    ax, ay, az = mark_center(a, image.rows, image.cols)
    bx, by, bz = mark_center(b, image.rows, image.cols)
    squared = (ax - bx) ** 2 + (ay - by) ** 2
    if anywhere:
        return 1.0 + 1.0 / (1.0 + float(squared + (az - bz) ** 2))
    if az != bz or squared > (limit or Fraction(0)) ** 2:
        return None
    reach = float(limit or 1) ** 2 + 1.0
    return 1.0 + (reach - float(squared)) / reach


def _assignment(
    rows: int, cols: int, worth: dict[tuple[int, int], tuple[float, Fraction | None]]
) -> list[tuple[int, int]]:
    if not worth:
        return []
    from scipy.optimize import linear_sum_assignment  # slow to import, and only this needs it

    table = np.zeros((rows, cols))
    for (i, j), (value, _) in worth.items():
        table[i, j] = value
    chosen = zip(*linear_sum_assignment(table, maximize=True), strict=True)
    return [(int(i), int(j)) for i, j in chosen if (int(i), int(j)) in worth]
