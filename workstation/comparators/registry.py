"""Finds the comparators: every module of this package that defines `COMPARATOR`."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import workstation.comparators as package
from workstation.comparators.regions import Regions
from workstation.domain.agreement import Score
from workstation.domain.protocol import AgreementItem

Scorer = Callable[[AgreementItem, Regions], tuple[Score, ...]]


@dataclass(frozen=True, slots=True)
class Comparator:
    """`kind` is what a protocol writes in an agreement item; `source` the clause or paper."""

    kind: str
    scores: Scorer
    source: str


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
