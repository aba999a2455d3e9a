"""Bilingual labels of protocol content, and stable codes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workstation.domain.errors import InvalidValue

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}\Z")


@dataclass(frozen=True, slots=True)
class Label:
    """A text in both languages of the product."""

    zh_CN: str
    en: str

    def __post_init__(self) -> None:
        if not self.zh_CN.strip() or not self.en.strip():
            raise InvalidValue("label.empty")

    def text(self, language: str) -> str:
        return self.zh_CN if language == "zh_CN" else self.en

    @classmethod
    def from_dict(cls, data: Any, where: str) -> Label:
        if not isinstance(data, Mapping) or not all(
            isinstance(data.get(key), str) for key in ("zh_CN", "en")
        ):
            raise InvalidValue("protocol.label", where=where)
        return cls(data["zh_CN"], data["en"])

    def to_dict(self) -> dict[str, str]:
        return {"zh_CN": self.zh_CN, "en": self.en}


def checked_code(value: object, where: str) -> str:
    """A stable identifier: Latin letters, digits, `_ . + -`; raises InvalidValue otherwise."""
    if not isinstance(value, str) or not _CODE.match(value):
        raise InvalidValue("protocol.code", where=where, value=value)
    return value
