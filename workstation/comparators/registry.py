"""Finds the comparators: every module of this package that defines `COMPARATOR`."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import workstation.comparators as package
from workstation.comparators.regions import Regions
from workstation.domain.agreement import Score
from workstation.domain.errors import InvalidValue
from workstation.domain.protocol import AgreementItem, Protocol
from workstation.domain.schema import QuestionKind

Scorer = Callable[[AgreementItem, Regions], tuple[Score, ...]]


class Names(StrEnum):
    """What an agreement item can name, beside its threshold."""

    QUESTION = "question"  # of the form
    ATTRIBUTE = "attribute"  # in the field `question`: of every class named
    VALUES = "values"
    CLASSES = "classes"


@dataclass(frozen=True, slots=True)
class Comparator:
    """`kind` is what a protocol writes in an agreement item; `source` the clause or paper.

    `needs` is what an item of this kind must name, and may; `question_kinds` narrows what kind of
    question it can be about.
    """

    kind: str
    scores: Scorer
    source: str
    needs: frozenset[Names] = frozenset()
    question_kinds: frozenset[QuestionKind] = frozenset(QuestionKind)


@functools.cache
def comparators() -> Mapping[str, Comparator]:
    """All comparators by kind. Raises ValueError where two files claim one kind."""
    found: dict[str, Comparator] = {}
    for info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        comparator = getattr(module, "COMPARATOR", None)
        if isinstance(comparator, Comparator):
            if comparator.kind in found:
                raise ValueError(f"two comparators of kind {comparator.kind}")
            found[comparator.kind] = comparator
    return MappingProxyType(found)


def check_items(protocol: Protocol) -> None:
    """Raises InvalidValue for an agreement item of an unknown kind, or one that names too little
    or too much for its kind: a rule that would decide nothing must not be found out at the first
    comparison."""
    for item in protocol.agreement:
        where = f"agreement.{item.item_id}"
        comparator = comparators().get(item.kind)
        if comparator is None:
            raise InvalidValue(
                "protocol.choice", where=where, value=item.kind, choices=sorted(comparators())
            )
        _check_names(protocol, item, comparator, where)


def _check_names(
    protocol: Protocol, item: AgreementItem, comparator: Comparator, where: str
) -> None:
    needs = comparator.needs
    wanted = {
        "question": Names.QUESTION in needs or Names.ATTRIBUTE in needs,
        "values": Names.VALUES in needs,
        "classes": Names.CLASSES in needs,
    }
    for field, needed in wanted.items():
        given = bool(getattr(item, field))
        if needed and not given:
            raise InvalidValue("protocol.item_needs", where=where, kind=item.kind, field=field)
        if given and not needed:
            raise InvalidValue("protocol.item_unneeded", where=where, kind=item.kind, field=field)
    if Names.ATTRIBUTE in needs:
        for code in item.classes:
            attributes = {a.code for a in protocol.schema.lesion_class(code).attributes}
            if item.question not in attributes:
                raise InvalidValue(
                    "protocol.not_an_attribute", where=where, attribute=item.question, code=code
                )
    elif Names.QUESTION in needs:
        question = next((q for q in protocol.schema.questions if q.code == item.question), None)
        if question is None or question.kind not in comparator.question_kinds:
            raise InvalidValue(
                "protocol.question_kind",
                where=where,
                question=item.question,
                kinds=sorted(comparator.question_kinds),
            )
