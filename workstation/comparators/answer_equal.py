"""Category: the share of a unit's answers that are the same (1 or 0 for a single question)."""

from __future__ import annotations

from fractions import Fraction

from workstation.comparators.answers import shown, unit_answers
from workstation.comparators.regions import Regions
from workstation.comparators.registry import Comparator, Names
from workstation.domain.agreement import NEITHER_ASKED, ReasonType, Score
from workstation.domain.protocol import AgreementItem


def scores(item: AgreementItem, regions: Regions) -> tuple[Score, ...]:
    """Equal answers over answers given by at least one reader; one side only is not equal."""
    out = []
    for unit in unit_answers(item, regions):
        asked = unit.asked
        equal = sum(1 for _, a, b in asked if a == b)
        out.append(
            Score(
                item.item_id,
                unit.unit,
                ReasonType.CATEGORY,
                Fraction(equal, len(asked)) if asked else None,
                "" if asked else NEITHER_ASKED,
                unit.images,
                {"answers": [[str(s), shown(a), shown(b)] for s, a, b in asked]},
            )
        )
    return tuple(out)


COMPARATOR = Comparator(
    "answer_equal",
    scores,
    "YY/T 1949 B.3.4; A 5.5.3.1",
    frozenset({Names.QUESTION}),
)
