"""The chapters of the report: one file each, found by walking this package.

A chapter module has `ORDER` (its place, a whole number) and
`chapter(data: ReportData, setting: Setting) -> Chapter`.
"""

from __future__ import annotations

import importlib
import pkgutil

from workstation.domain.report import ReportData
from workstation.reports.blocks import Chapter
from workstation.reports.setting import Setting


def all_chapters(data: ReportData, setting: Setting) -> tuple[Chapter, ...]:
    """Every chapter found, in order; worded in the language in force."""
    modules = [
        importlib.import_module(f"{__name__}.{found.name}")
        for found in pkgutil.iter_modules(__path__)
    ]
    return tuple(
        module.chapter(data, setting) for module in sorted(modules, key=lambda m: int(m.ORDER))
    )
