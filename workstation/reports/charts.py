"""Charts as SVG: text drawn as outlines, the same bytes for the same data."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workstation.reports.printable import glyphs, printable

INK = "#1f2933"
GRID = "#d5dae0"
BLUE = "#2f6fab"
ORANGE = "#b35900"
ROW_LABEL_LENGTH = 32


@dataclass(frozen=True, slots=True)
class ForestRow:
    """One line of a forest plot: value, and intervals as (low, high) or None."""

    label: str
    value: float | None
    first: tuple[float, float] | None
    second: tuple[float, float] | None


def histogram(
    counts: Sequence[int],
    *,
    threshold: float | None,
    x_title: str,
    y_title: str,
    threshold_title: str,
    font: Path,
) -> str:
    """Counts in equal bins over 0 to 1, with the protocol's threshold as a line."""
    figure, axes, style = _figure(6.3, 2.5, font)
    width = 1.0 / len(counts)
    axes.bar(
        [(i + 0.5) * width for i in range(len(counts))],
        counts,
        width=width * 0.94,
        color=BLUE,
        linewidth=0,
    )
    if threshold is not None:
        axes.axvline(threshold, color=ORANGE, linewidth=1.2, linestyle=(0, (4, 2)))
        axes.annotate(
            threshold_title,
            (threshold, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(-4, -3),
            textcoords="offset points",
            ha="right",
            va="top",
            color=ORANGE,
            fontproperties=style,
            parse_math=False,
        )
    axes.set_xlim(0, 1)
    axes.set_xticks([i / 10 for i in range(11)])
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.set_ylim(0, max(*counts, 1) * 1.15)
    axes.grid(axis="y", color=GRID, linewidth=0.6)
    return _finished(figure, axes, style, x_title, y_title)


def forest(
    rows: Sequence[ForestRow],
    *,
    thresholds: Sequence[float],
    x_title: str,
    first_title: str,
    second_title: str,
    missing_title: str,
    font: Path,
) -> str:
    """Values with their intervals, one row each, the two kinds of interval apart."""
    figure, axes, style = _figure(6.3, 0.9 + 0.42 * max(len(rows), 1), font)
    lowest = 0.0
    for i, row in enumerate(rows):
        y = len(rows) - 1 - i
        for limits, shift, colour, title in (
            (row.first, 0.13, BLUE, first_title),
            (row.second, -0.13, ORANGE, second_title),
        ):
            if limits is None or row.value is None:
                continue
            lowest = min(lowest, limits[0])
            axes.plot(limits, (y + shift, y + shift), color=colour, linewidth=1.4, label=title)
            axes.plot([row.value], [y + shift], "s", color=colour, markersize=3.6)
        if row.value is None:
            axes.text(0.0, y, f" {missing_title}", fontproperties=style, va="center", color=INK)
        elif row.first is None and row.second is None:
            axes.plot([row.value], [y], "s", color=INK, markersize=3.6)
    for threshold in sorted(set(thresholds)):
        axes.axvline(threshold, color=INK, linewidth=0.9, linestyle=(0, (4, 2)))
    axes.set_xlim(max(-1.0, lowest - 0.05), 1.02)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_yticks(range(len(rows)))
    axes.set_yticklabels([_row_label(row.label, font) for row in reversed(rows)], parse_math=False)
    axes.grid(axis="x", color=GRID, linewidth=0.6)
    handles, labels = axes.get_legend_handles_labels()
    once = dict(zip(labels, handles, strict=True))
    if once:
        figure.legend(
            once.values(),
            once.keys(),
            prop=style,
            frameon=False,
            loc="outside upper right",
            ncols=2,
        )
    return _finished(figure, axes, style, x_title, "")


def _row_label(text: str, font: Path) -> str:
    """Printable by the font, and short enough to leave room for the chart."""
    shown = printable(text, glyphs(font))
    return shown if len(shown) <= ROW_LABEL_LENGTH else shown[: ROW_LABEL_LENGTH - 1] + "…"


def _figure(width_inches: float, height_inches: float, font: Path) -> tuple[Any, Any, Any]:
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties

    figure = Figure(figsize=(width_inches, height_inches), layout="constrained")
    axes = figure.add_subplot()
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(INK)
    return figure, axes, FontProperties(fname=str(font), size=8)


def _finished(figure: Any, axes: Any, style: Any, x_title: str, y_title: str) -> str:
    import matplotlib

    axes.set_xlabel(x_title, fontproperties=style, color=INK, parse_math=False)
    axes.set_ylabel(y_title, fontproperties=style, color=INK, parse_math=False)
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        label.set_fontproperties(style)
        label.set_color(INK)
    drawn = io.StringIO()
    # The salt names the clip paths; without it every run would give other bytes.
    with matplotlib.rc_context({"svg.fonttype": "path", "svg.hashsalt": "report"}):
        figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    return drawn.getvalue()
