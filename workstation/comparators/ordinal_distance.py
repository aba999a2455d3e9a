"""Ordinal distance: how many steps of the scale two answers are apart, the largest of a unit."""

from __future__ import annotations

from fractions import Fraction

from workstation.comparators.answers import UnitAnswers, shown, unit_answers
from workstation.comparators.regions import Regions
from workstation.comparators.registry import Comparator, Names
from workstation.domain.agreement import NEITHER_ASKED, ONE_SIDE_ONLY, ReasonType, Score
from workstation.domain.protocol import AgreementItem
from workstation.domain.schema import QuestionKind


def scores(item: AgreementItem, regions: Regions) -> tuple[Score, ...]:
    """The largest distance; an answer on one side only has no distance and is undefined."""
    return tuple(_score(item, unit) for unit in unit_answers(item, regions))


def _score(item: AgreementItem, unit: UnitAnswers) -> Score:
    asked = unit.asked
    evidence = {"answers": [[str(s), shown(a), shown(b)] for s, a, b in asked]}
    one_sided = any(a is None or b is None for _, a, b in asked)
    value, undefined = None, NEITHER_ASKED if not asked else ""
    if asked and one_sided:
        undefined = ONE_SIDE_ONLY
    elif asked:
        codes = unit.question.codes
        value = Fraction(max(abs(codes.index(a) - codes.index(b)) for _, a, b in asked))
    return Score(
        item.item_id,
        unit.unit,
        ReasonType.ORDINAL_DISTANCE,
        value,
        undefined,
        unit.images,
        evidence,
    )


COMPARATOR = Comparator(
    "ordinal_distance",
    scores,
    "A 5.5.3.1",
    frozenset({Names.QUESTION}),
    frozenset({QuestionKind.ORDINAL}),
)
