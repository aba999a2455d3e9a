"""Makes any string printable with the shipped font: nothing missing, nothing invisible.

The template receives text as data and never evaluates it, so nothing needs escaping there. What
remains are characters the font has no picture for (PDF/A forbids them) and words too long for a
line.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from pathlib import Path
from typing import Any

LONG_WORD = 24
"""Longer words get invisible break points, so that they cannot run over their column."""

_WORD = re.compile(rf"[!-~\u00a1-\u024f\u0370-\u052f]{{{LONG_WORD + 1},}}")
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@functools.cache
def glyphs(font: Path) -> frozenset[int]:
    """The code points a font file has pictures for."""
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(str(font)).get_charmap())


def printable(text: str, available: frozenset[int]) -> str:
    """`text` with unprintable characters named ([U+1F600]) instead of dropped.

    Line breaks and tabs become spaces; control characters and direction overrides, which could
    make a name read as another, are named too.
    """
    shown: list[str] = []
    for character in unicodedata.normalize("NFC", text):
        if character in "\n\r\t\u2028\u2029":
            shown.append(" ")
        elif unicodedata.category(character) in _INVISIBLE or ord(character) not in available:
            shown.append(f"[U+{ord(character):04X}]")
        else:
            shown.append(character)
    return "".join(shown)


def breakable(text: str) -> str:
    """`text` with break points (U+200B) inside words longer than LONG_WORD."""
    return _WORD.sub(_with_breaks, text)


def printable_value(value: Any, available: frozenset[int]) -> Any:
    """A template value with every string made printable; hashes marked as code stay unbroken."""
    if isinstance(value, str):
        return breakable(printable(value, available))
    if isinstance(value, list):
        return [printable_value(part, available) for part in value]
    if isinstance(value, dict):
        whole = value.get("code") is True
        return {
            key: part
            if key == "svg"
            else printable(part, available)
            if whole and isinstance(part, str)
            else printable_value(part, available)
            for key, part in value.items()
        }
    return value


def _with_breaks(match: re.Match[str]) -> str:
    word = match.group()
    return "\u200b".join(word[i : i + 8] for i in range(0, len(word), 8))
