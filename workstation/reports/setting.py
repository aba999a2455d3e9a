"""What a chapter may know beside the data: the language and the fonts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from workstation.domain.errors import EnvironmentProblem


@dataclass(frozen=True, slots=True)
class Setting:
    """Language of the labels ("zh_CN" or "en") and the regular font's file."""

    language: str
    regular_font: Path


def font_file(folder: Path, weight: str) -> Path:
    """The shipped font of a weight ("Regular", "Bold").

    Raises EnvironmentProblem("report.font_missing"): with any other font the pages would differ
    from machine to machine.
    """
    found = sorted(folder.glob(f"*Sans*SC*{weight}*.ttf"))
    if not found:
        raise EnvironmentProblem("report.font_missing", folder=str(folder), weight=weight)
    return found[0]
