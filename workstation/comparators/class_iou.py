"""Per-class region: IoU of each class named by the item; the unit's score is the lowest."""

from __future__ import annotations

from workstation.comparators.iou_score import iou_score, nearest_undefined
from workstation.comparators.regions import NearestUndefined, Regions
from workstation.comparators.registry import Comparator, Names
from workstation.domain.agreement import ReasonType, Score
from workstation.domain.protocol import AgreementItem


def scores(item: AgreementItem, regions: Regions) -> tuple[Score, ...]:
    """One score per unit and class; all of them must satisfy the rule."""
    schema = regions.pair.protocol.schema
    out = []
    for scope, images in regions.units(item.unit).items():
        for code in item.classes:
            lesion = schema.lesion_class(code)
            try:
                pairs = [
                    (
                        regions.union(0, regions.of_class(0, image, lesion), image),
                        regions.union(1, regions.of_class(1, image, lesion), image),
                    )
                    for image in images
                ]
            except NearestUndefined:
                out.append(nearest_undefined(item, scope, images, ReasonType.CLASS_IOU))
                continue
            out.append(iou_score(item, scope, images, ReasonType.CLASS_IOU, pairs, {"class": code}))
    return tuple(out)


COMPARATOR = Comparator(
    "class_iou",
    scores,
    "YY/T 1949 B.3.4 (each kind of lesion)",
    frozenset({Names.CLASSES}),
)
