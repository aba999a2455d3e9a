"""The pieces a chapter is made of; the typst template lays out exactly these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Tone = Literal["normal", "note", "warning"]
Align = Literal["left", "right", "center"]


@dataclass(frozen=True, slots=True)
class Heading:
    """A section inside a chapter."""

    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text; a note or warning stands in a box."""

    text: str
    tone: Tone = "normal"


@dataclass(frozen=True, slots=True)
class Code:
    """A value set in small type and never broken: a hash, a command."""

    text: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Label and value, one pair a line."""

    rows: tuple[tuple[str, str | Code], ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A table column; `weight` is its share of the width, 0 = as wide as its content."""

    title: str
    weight: int = 1
    align: Align = "left"


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose header repeats on every page it runs over."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError("a table row has one cell per column")


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing as SVG with words for those who cannot see it."""

    caption: str
    svg: str
    alternative: str


@dataclass(frozen=True, slots=True)
class Box:
    """A box of the flow diagram: a title, a count, and lines of its parts."""

    title: str
    count: int
    parts: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class FlowDiagram:
    """Steps downwards, each with an optional box of what left there; then the outcomes abreast."""

    caption: str
    steps: tuple[tuple[Box, Box | None], ...]
    outcomes: tuple[Box, ...]
    last: Box


Block = Heading | Paragraph | Facts | Table | Chart | FlowDiagram


@dataclass(frozen=True, slots=True)
class Chapter:
    """A numbered chapter of the report."""

    title: str
    blocks: tuple[Block, ...]


def to_template(block: Block) -> dict[str, Any]:
    """The block as the JSON value the template reads, tagged with its kind."""
    match block:
        case Heading(text):
            return {"kind": "heading", "text": text}
        case Paragraph(text, tone):
            return {"kind": "paragraph", "text": text, "tone": tone}
        case Facts(rows):
            return {"kind": "facts", "rows": [_fact(*row) for row in rows]}
        case Table(caption, columns, rows, note):
            return {
                "kind": "table",
                "caption": caption,
                "columns": [
                    {"title": c.title, "weight": c.weight, "align": c.align} for c in columns
                ],
                "rows": [list(row) for row in rows],
                "note": note,
            }
        case Chart(caption, svg, alternative):
            return {"kind": "chart", "caption": caption, "svg": svg, "alternative": alternative}
        case FlowDiagram(caption, steps, outcomes, last):
            return {
                "kind": "flow",
                "caption": caption,
                "steps": [
                    {"main": _box(main), "side": None if side is None else _box(side)}
                    for main, side in steps
                ],
                "outcomes": [_box(box) for box in outcomes],
                "last": _box(last),
            }


def _fact(label: str, value: str | Code) -> dict[str, Any]:
    if isinstance(value, Code):
        return {"label": label, "value": value.text, "code": True}
    return {"label": label, "value": value, "code": False}


def _box(box: Box) -> dict[str, Any]:
    return {
        "title": box.title,
        "count": str(box.count),
        "parts": [{"title": title, "count": str(count)} for title, count in box.parts],
    }
