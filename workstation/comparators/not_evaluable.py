"""Evaluability: whether one reader finds the unit not evaluable and the other does not."""

from __future__ import annotations

from fractions import Fraction

from workstation.comparators.answers import shown, unit_answers
from workstation.comparators.regions import Regions
from workstation.comparators.registry import Comparator, Names
from workstation.domain.agreement import ReasonType, Score
from workstation.domain.protocol import AgreementItem
from workstation.domain.schema import QuestionKind


def scores(item: AgreementItem, regions: Regions) -> tuple[Score, ...]:
    """Share of scopes where both or neither gave one of the item's values."""
    out = []
    for unit in unit_answers(item, regions):
        same = sum(1 for _, a, b in unit.pairs if (a in item.values) == (b in item.values))
        out.append(
            Score(
                item.item_id,
                unit.unit,
                ReasonType.NOT_EVALUABLE_ONE_SIDE,
                Fraction(same, len(unit.pairs)) if unit.pairs else None,
                "" if unit.pairs else "no_scope",
                unit.images,
                {"answers": [[str(s), shown(a), shown(b)] for s, a, b in unit.pairs]},
            )
        )
    return tuple(out)


COMPARATOR = Comparator(
    "not_evaluable",
    scores,
    "YY/T 1949 A.3.3; A 5.3.3",
    frozenset({Names.QUESTION, Names.VALUES}),
    frozenset({QuestionKind.NOMINAL, QuestionKind.ORDINAL}),
)
