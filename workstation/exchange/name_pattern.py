"""Photographs to patient, visit, eye, field, centre by a pattern of their file names.

A pattern is the name without extension with `{patient}`, `{visit}`, `{eye}`, `{field}`, `{centre}`
where they stand and `*` for anything else: `{patient}_{eye}_F{field}`. `/` separates folders.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from workstation.domain.errors import InvalidValue
from workstation.domain.ports import PhotoRow

_PARTS = {
    "patient": r"[A-Za-z0-9.-]+?",
    "eye": r"[A-Za-z右左眼]+?",
    "field": r"[A-Za-z0-9]+?",
    "centre": r"[A-Za-z0-9-]+?",
    "visit": r"[1-9][0-9]{0,2}",
}
EYES = {
    "od": "OD", "r": "OD", "re": "", "right": "OD", "右": "OD", "右眼": "OD",
    "os": "OS", "l": "OS", "left": "OS", "左": "OS", "左眼": "OS",
}  # fmt: skip


def eye_of(text: str) -> str:
    """OD, OS, or empty for an empty text.

    Raises InvalidValue for a word that is neither: laterality is never guessed.
    """
    if not text.strip():
        return ""
    found = EYES.get(text.strip().lower(), "")
    if not found:
        raise InvalidValue("mapping.eye", value=text.strip())
    return found


@dataclass(frozen=True, slots=True)
class NamePattern:
    """The `PhotoMapping` of a pattern."""

    regex: re.Pattern[str]

    def delivered(self, file_names: Sequence[str]) -> NamePattern:
        return self

    def unmatched(self) -> tuple[str, ...]:
        return ()

    def row(self, file_name: str) -> PhotoRow | None:
        stem = re.sub(r"\.[A-Za-z0-9]{1,5}\Z", "", file_name)
        found = self.regex.search(stem)
        if found is None:
            return None
        parts = found.groupdict(default="")
        return PhotoRow(
            parts["patient"],
            eye_of(parts.get("eye", "")),
            parts.get("field", ""),
            parts.get("centre", ""),
            int(parts["visit"]) if parts.get("visit") else None,
        )


def name_pattern(pattern: str) -> NamePattern:
    """Raises InvalidValue for a pattern without `{patient}`, with an unknown or repeated part."""
    names = re.findall(r"\{(\w*)\}", pattern)
    unknown = [n for n in names if n not in _PARTS]
    if unknown or len(set(names)) != len(names) or "patient" not in names:
        raise InvalidValue("mapping.pattern", pattern=pattern)
    out = ""
    for piece in re.split(r"(\{\w+\}|\*)", pattern):
        if piece == "*":
            out += r"[^/]*"
        elif piece.startswith("{"):
            out += f"(?P<{piece[1:-1]}>{_PARTS[piece[1:-1]]})"
        else:
            out += re.escape(piece)
    return NamePattern(re.compile(rf"(?:\A|/){out}\Z"))
