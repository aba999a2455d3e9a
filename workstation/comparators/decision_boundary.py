"""Decision boundary: whether both answers lie on the same side (refer or do not refer)."""

from __future__ import annotations

from fractions import Fraction

from workstation.comparators.answers import shown, unit_answers
from workstation.comparators.regions import Regions
from workstation.comparators.registry import Comparator, Names
from workstation.domain.agreement import NEITHER_ASKED, ReasonType, Score
from workstation.domain.protocol import AgreementItem
from workstation.domain.schema import QuestionKind


def scores(item: AgreementItem, regions: Regions) -> tuple[Score, ...]:
    """Share of answers on the same side; the item's values are the positive ones, no answer is
    the negative side."""
    out = []
    for unit in unit_answers(item, regions):
        asked = unit.asked
        same = sum(1 for _, a, b in asked if (a in item.values) == (b in item.values))
        out.append(
            Score(
                item.item_id,
                unit.unit,
                ReasonType.DECISION_BOUNDARY,
                Fraction(same, len(asked)) if asked else None,
                "" if asked else NEITHER_ASKED,
                unit.images,
                {"answers": [[str(s), shown(a), shown(b)] for s, a, b in asked]},
            )
        )
    return tuple(out)


COMPARATOR = Comparator(
    "decision_boundary",
    scores,
    "YY/T 1949 B.3.4 (referral)",
    frozenset({Names.QUESTION, Names.VALUES}),
    frozenset({QuestionKind.NOMINAL, QuestionKind.ORDINAL}),
)
