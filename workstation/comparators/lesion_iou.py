"""Overall lesion region: IoU of the union of all compared area lesions."""

from __future__ import annotations

from workstation.comparators.iou_score import iou_score, nearest_undefined
from workstation.comparators.regions import NearestUndefined, Regions
from workstation.comparators.registry import Comparator
from workstation.domain.agreement import ReasonType, Score
from workstation.domain.protocol import AgreementItem


def scores(item: AgreementItem, regions: Regions) -> tuple[Score, ...]:
    """One IoU per unit; the disc, the fovea and points are no lesion area."""
    out = []
    for scope, images in regions.units(item.unit).items():
        try:
            pairs = [
                (
                    regions.union(0, regions.compared_areas(0, image), image),
                    regions.union(1, regions.compared_areas(1, image), image),
                )
                for image in images
            ]
        except NearestUndefined:
            out.append(nearest_undefined(item, scope, images, ReasonType.LESION_IOU))
            continue
        out.append(iou_score(item, scope, images, ReasonType.LESION_IOU, pairs, {}))
    return tuple(out)


COMPARATOR = Comparator("lesion_iou", scores, "YY/T 1949 B.3.4")
