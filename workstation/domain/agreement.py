"""From scores to a verdict with typed reasons; whatever cannot be scored goes to the arbitrator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Any

from workstation.domain.image import Image
from workstation.domain.protocol import LESIONS_KEPT, AgreementItem, Protocol
from workstation.domain.reading import ReadingBody
from workstation.domain.schema import Level, Scope


class ReasonType(StrEnum):
    """Why a unit is disputed."""

    NOT_EVALUABLE_ONE_SIDE = "not_evaluable_one_side"
    CATEGORY = "category"
    ORDINAL_DISTANCE = "ordinal_distance"
    DECISION_BOUNDARY = "decision_boundary"
    LESION_IOU = "lesion_iou"
    CLASS_IOU = "class_iou"
    MISSING_OBJECT = "missing_object"
    SPLIT_MERGE = "split_merge"
    CLASS_DIFFERS = "class_differs"
    ATTRIBUTE = "attribute"
    MEASUREMENT = "measurement"
    ONE_SIDE_ONLY = "one_side_only"
    COMPARATOR_FAILED = "comparator_failed"


BOTH_EMPTY = "both_empty"
NEITHER_ASKED = "neither_asked"
ONE_SIDE_ONLY = "one_side_only"
AGREEING_UNDEFINED = frozenset({BOTH_EMPTY, NEITHER_ASKED})


@dataclass(frozen=True, slots=True)
class Score:
    """What one comparator found for one item and unit of one pair of readings.

    `value` is exact. It is None where nothing can be computed, with the reason in `undefined`:
    `both_empty` and `neither_asked` agree, anything else does not (`one_side_only`: one reader
    answered, the other was not asked or gave no answer). `scope` is the unit judged;
    `images` the images it rests on. `evidence` is plain JSON (counts, codes, mark ids).
    """

    item_id: str
    scope: Scope
    reason: ReasonType
    value: Fraction | None
    undefined: str = ""
    images: tuple[str, ...] = ()
    evidence: Mapping[str, Any] = field(default_factory=dict)
    pair: tuple[int, int] = (0, 1)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two readings of a case as a comparator sees them: no names, no times."""

    protocol: Protocol
    images: tuple[Image, ...]
    first: ReadingBody
    second: ReadingBody


@dataclass(frozen=True, slots=True)
class Reason:
    """One disputed item of one unit, with the score that made it so."""

    item_id: str
    type: ReasonType
    scope: Scope
    score: Score


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome for a case: `units` are all that were judged, `reasons` in protocol order.

    A case agrees when no unit has a reason.
    """

    units: tuple[Scope, ...]
    reasons: tuple[Reason, ...]
    scores: tuple[Score, ...]

    @property
    def agreed(self) -> bool:
        return not self.reasons

    @property
    def disputed_units(self) -> tuple[Scope, ...]:
        return tuple(unit for unit in self.units if self.of_unit(unit))

    def of_unit(self, unit: Scope) -> tuple[Reason, ...]:
        return tuple(reason for reason in self.reasons if reason.scope == unit)

    def leading(self, unit: Scope) -> Reason | None:
        """The reason of the protocol's first disputed item: the others usually follow from it."""
        reasons = self.of_unit(unit)
        return reasons[0] if reasons else None


def agrees(item: AgreementItem, score: Score) -> bool:
    """Exact decision of one score under its rule."""
    if score.value is None:
        return score.undefined in AGREEING_UNDEFINED
    return item.operator.holds(score.value, item.threshold)


def unit_scopes(images: Iterable[Image], unit: Level) -> dict[Scope, tuple[Image, ...]]:
    """The units of a case with the target images of each, in reading order.

    An image whose eye is unknown is no eye's: under unit `eye` it is judged on its own.
    """
    targets = [image for image in images if image.is_target]
    if unit is Level.CASE:
        return {Scope(Level.CASE): tuple(targets)}
    out: dict[Scope, list[Image]] = {}
    for image in targets:
        if unit is Level.EYE and image.eye is not None:
            scope = Scope(Level.EYE, str(image.eye))
        else:
            scope = Scope(Level.IMAGE, image.image_id)
        out.setdefault(scope, []).append(image)
    return {scope: tuple(group) for scope, group in out.items()}


def verdict(protocol: Protocol, images: Iterable[Image], scores: Iterable[Score]) -> Verdict:
    """Judge all scores of a case.

    An item without any score for the case counts as a failed comparator: silence is no agreement.
    """
    scores = tuple(scores)
    images = tuple(images)
    reasons: list[Reason] = []
    for item in (*protocol.agreement, LESIONS_KEPT):
        found = [score for score in scores if score.item_id == item.item_id]
        # The product's own rule has a score only where the merge would lose something.
        expected = unit_scopes(images, item.unit) if item is not LESIONS_KEPT else {}
        silent = [scope for scope in expected if all(s.scope != scope for s in found)]
        found += [
            Score(
                item.item_id,
                scope,
                ReasonType.COMPARATOR_FAILED,
                None,
                "no_score",
                tuple(i.image_id for i in expected[scope]),
            )
            for scope in silent
        ]
        for score in found:
            if not agrees(item, score):
                kind = _reason_type(score)
                for unit in _verdict_units(protocol, images, score):
                    reasons.append(Reason(item.item_id, kind, unit, score))
    units = tuple(unit_scopes(images, protocol.verdict_unit))
    order = {item.item_id: n for n, item in enumerate((*protocol.agreement, LESIONS_KEPT))}
    reasons.sort(key=lambda r: (units.index(r.scope), order[r.item_id]))
    return Verdict(units, tuple(reasons), scores)


def _reason_type(score: Score) -> ReasonType:
    if score.value is not None or score.reason is ReasonType.NOT_EVALUABLE_ONE_SIDE:
        return score.reason
    if score.undefined == ONE_SIDE_ONLY:
        return ReasonType.ONE_SIDE_ONLY
    return ReasonType.COMPARATOR_FAILED


def _verdict_units(
    protocol: Protocol, images: tuple[Image, ...], score: Score
) -> tuple[Scope, ...]:
    """The verdict units a score touches: a rule of an eye disputes all images of that eye."""
    groups = unit_scopes(images, protocol.verdict_unit)
    touched = tuple(
        unit
        for unit, members in groups.items()
        if unit == score.scope or any(i.image_id in score.images for i in members)
    )
    return touched or tuple(groups)
