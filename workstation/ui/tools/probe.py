"""Probe: the value of the pixel clicked."""

from __future__ import annotations

from workstation.domain.measures import MeasureKind
from workstation.i18n import N_
from workstation.ui.canvas.measuring import MeasureStroke
from workstation.ui.canvas.tool import Tool, ToolKind


class ProbeStroke(MeasureStroke):
    kind = MeasureKind.PROBE


TOOL = Tool("probe", N_("Probe"), "⊕", "Shift+P", 16, ProbeStroke, kind=ToolKind.MEASURE)
