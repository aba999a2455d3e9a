"""Frozen values to plain JSON and back, by their type hints: exact and without loss."""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from fractions import Fraction
from typing import Any, TypeVar, get_args, get_origin

from workstation.domain.errors import IntegrityProblem
from workstation.domain.reading import ReadingBody, body_from_json, body_to_json
from workstation.domain.schema import Scope

T = TypeVar("T")


def encode(value: Any) -> Any:
    """Plain JSON values; fractions as "n/d", times as ISO 8601, scopes as their text."""
    match value:
        case Scope():
            return str(value)
        case ReadingBody():
            return body_to_json(value)
        case Enum():
            return value.value
        case None | bool() | int() | float() | str():
            return value
        case Fraction():
            return f"{value.numerator}/{value.denominator}"
        case datetime():
            return value.isoformat()
        case Mapping():
            return {str(encode(k)): encode(v) for k, v in value.items()}
        case frozenset() | set():
            return sorted(encode(v) for v in value)
        case list() | tuple():
            return [encode(v) for v in value]
    if dataclasses.is_dataclass(value):
        return {f.name: encode(getattr(value, f.name)) for f in dataclasses.fields(value)}
    raise TypeError(f"no stored form for {type(value).__name__}")


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def decode(kind: type[T], data: Any) -> T:
    """The value of type `kind`. Raises IntegrityProblem where the data is no such value."""
    try:
        return typing.cast(T, _decoded(kind, data))
    except (KeyError, TypeError, ValueError) as error:
        raise IntegrityProblem("store.unreadable_value", kind=kind.__name__) from error


def _decoded(kind: Any, data: Any) -> Any:
    origin = get_origin(kind)
    if kind is Any or kind is object:
        return data
    if origin in (typing.Union, types.UnionType):
        if data is None:
            return None
        inner = [arg for arg in get_args(kind) if arg is not type(None)]
        return _decoded(inner[0], data)
    if origin is tuple:
        args = get_args(kind)
        if len(args) == 2 and args[1] is Ellipsis:
            return tuple(_decoded(args[0], v) for v in data)
        return tuple(_decoded(a, v) for a, v in zip(args, data, strict=True))
    if origin is frozenset:
        return frozenset(_decoded(get_args(kind)[0], v) for v in data)
    if origin is not None and issubclass(origin, Mapping):
        key, value = get_args(kind)
        return {_decoded(key, k): _decoded(value, v) for k, v in data.items()}
    if kind is Scope:
        return Scope.parse(data)
    if kind is ReadingBody:
        return body_from_json(data)
    if kind is Fraction:
        return Fraction(data)
    if kind is datetime:
        return datetime.fromisoformat(data)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(data)
    if dataclasses.is_dataclass(kind):
        hints = _hints(typing.cast(type, kind))
        names = [f.name for f in dataclasses.fields(kind) if f.name in data]
        return typing.cast(Any, kind)(**{n: _decoded(hints[n], data[n]) for n in names})
    if kind is float and isinstance(data, int) and not isinstance(data, bool):
        return float(data)
    if kind in (str, int, float, bool) and isinstance(data, kind):
        return data
    raise TypeError(f"{kind} does not fit")
