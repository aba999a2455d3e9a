"""An overlap of two regions as a score: exact, both empty and one empty kept apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from workstation.comparators.regions import Planes, overlap
from workstation.domain.agreement import BOTH_EMPTY, ReasonType, Score
from workstation.domain.image import Image
from workstation.domain.protocol import AgreementItem
from workstation.domain.schema import Scope


def iou_score(
    item: AgreementItem,
    scope: Scope,
    images: Sequence[Image],
    reason: ReasonType,
    pairs: Sequence[tuple[Planes, Planes]],
    more: Mapping[str, Any],
) -> Score:
    """IoU over all images of the unit; undefined "both_empty" (agrees), one empty is 0."""
    both, union, first, second = overlap(pairs)
    return Score(
        item.item_id,
        scope,
        reason,
        Fraction(both, union) if union else None,
        "" if union else BOTH_EMPTY,
        tuple(i.image_id for i in images),
        {"intersection": both, "union": union, "first": first, "second": second, **more},
    )


def nearest_undefined(
    item: AgreementItem, scope: Scope, images: Sequence[Image], reason: ReasonType
) -> Score:
    """The rule cannot be computed: several marks, and no fovea to tell which one counts."""
    return Score(
        item.item_id, scope, reason, None, "nearest_undefined", tuple(i.image_id for i in images)
    )
