"""`workstation info`: what series files make: geometry, spacing, windows, warnings. No patient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from workstation.cli.session import Session, pass_session
from workstation.domain.geometry import EdgeLetters, edges_of_letters, edges_of_plane
from workstation.domain.image import Spacing, StackGeometry, Window
from workstation.domain.intake import FileFacts, PicturePlan, StackPlan
from workstation.i18n import tr
from workstation.messages import refusal, spacing_text, warning
from workstation.services import inspecting


@click.command()
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@pass_session
def info(session: Session, sources: tuple[Path, ...], as_json: bool) -> None:
    """Say what the files or folders SOURCES hold: series, geometry, spacing, warnings, and files
    that would be refused. Needs no study and shows nothing that tells who the patient is."""
    session.as_json = session.as_json or as_json
    found = inspecting.look(session.opener.intake(), sources, session.progress)
    rows = [_stack(plan) for plan in found.stacks]
    rows += [_picture(facts, plan) for facts, plan in found.pictures]
    refused = [{"name": r.name, "code": r.code, "message": refusal(r)} for r in found.refusals]
    lines = [line for n, row in enumerate(rows, 1) for line in _lines(n, row)]
    lines += [f"{r['name']}: {r['message']}" for r in refused]
    lines.append(
        tr(
            "{series} series and pictures; {refused} of {files} files refused.",
            series=len(rows),
            refused=len(refused),
            files=found.file_count,
        )
    )
    session.show({"files": found.file_count, "series": rows, "refused": refused}, "\n".join(lines))


def _stack(plan: StackPlan) -> dict[str, Any]:
    first = plan.files[0]
    geometry = plan.geometry
    letters = (
        edges_of_letters(*plan.orientation)
        if geometry is None
        else edges_of_plane(geometry.row_direction, geometry.col_direction)
    )
    return _common(first, plan, letters) | {
        "kind": "stack",
        "part": plan.part,
        "files": len({f.sha256 for f in plan.files}),
        "slices": len(plan.files),
        "geometry": None if geometry is None else _geometry(geometry),
        "frame_time_ms": plan.frame_time_ms,
        "rescale_differs": bool(plan.slice_rescale),
        "windows_differ": bool(plan.slice_windows),
        "transfer_syntax": sorted({_syntax(f) for f in plan.files}),
    }


def _picture(facts: FileFacts, plan: PicturePlan) -> dict[str, Any]:
    return _common(facts, plan, edges_of_letters(*plan.orientation)) | {
        "kind": "picture",
        "files": 1,
        "slices": 1,
        "geometry": None,
        "transfer_syntax": [_syntax(facts)],
    }


def _common(
    facts: FileFacts, plan: StackPlan | PicturePlan, letters: EdgeLetters
) -> dict[str, Any]:
    return {
        "first_file": facts.source.name,
        "modality": str(facts.attributes.get("Modality", "")),
        "rows": facts.rows,
        "cols": facts.cols,
        "samples": facts.samples,
        "letters": {
            "left": letters.left,
            "right": letters.right,
            "top": letters.top,
            "bottom": letters.bottom,
        },
        "laterality": plan.laterality,
        "view": plan.view,
        "aspect": list(plan.aspect),
        "spacing": _spacing(plan.spacing),
        "windows": [_window(w) for w in plan.windows],
        "slope": plan.slope,
        "intercept": plan.intercept,
        "warnings": [{"code": w, "message": warning(w)} for w in plan.warnings],
    }


def _geometry(geometry: StackGeometry) -> dict[str, Any]:
    return {
        "origin": list(geometry.origin),
        "row_direction": list(geometry.row_direction),
        "col_direction": list(geometry.col_direction),
        "positions_mm": list(geometry.positions_mm),
        "step_mm": geometry.step_mm,
        "tilt_deg": geometry.tilt_deg,
    }


def _spacing(spacing: Spacing | None) -> dict[str, Any]:
    if spacing is None:
        return {"kind": "unknown", "row_mm": None, "col_mm": None}
    return {"kind": str(spacing.kind), "row_mm": spacing.row_mm, "col_mm": spacing.col_mm}


def _window(window: Window) -> dict[str, Any]:
    return {
        "center": window.center,
        "width": window.width,
        "function": window.function,
        "explanation": window.explanation,
    }


def _syntax(facts: FileFacts) -> str:
    return str(facts.attributes.get("syntax_name", facts.kind))


def _lines(number: int, row: Mapping[str, Any]) -> list[str]:
    """One series in words."""
    side = " ".join(t for t in (row["laterality"], row["view"], row.get("part", "")) if t)
    size = f"{row['cols']} x {row['rows']} x {row['slices']}"
    lines = [
        f"{number}. {row['modality'] or '–'} {side}".rstrip() + f"  {size}  {row['first_file']}"
    ]
    spacing = row["spacing"]
    millimetres = spacing_text(spacing["kind"])
    if spacing["row_mm"] is not None:
        millimetres = f"{spacing['row_mm']:g} x {spacing['col_mm']:g} mm, {millimetres}"
    lines.append("   " + tr("Pixel spacing: {spacing}", spacing=millimetres))
    letters = row["letters"]
    if any(letters.values()):
        lines.append("   " + tr("Edges: left {left}, right {right}, top {top}, bottom {bottom}",
                                **{k: v or "–" for k, v in letters.items()}))  # fmt: skip
    else:
        lines.append("   " + tr("Edges: not known"))
    lines += _along(row)
    for window in row["windows"]:
        lines.append(f"   W {window['width']:g}  L {window['center']:g}  {window['function']}")
    lines.append("   " + ", ".join(row["transfer_syntax"]))
    return lines + [f"   ! {w['message']}" for w in row["warnings"]]


def _along(row: Mapping[str, Any]) -> Sequence[str]:
    """How a stack goes on from slice to slice."""
    if row["kind"] != "stack":
        return []
    geometry = row["geometry"]
    if geometry is None:
        time = row["frame_time_ms"]
        return ["   " + (tr("Frames every {ms} ms", ms=f"{time:g}") if time is not None
                         else tr("Frames in time; how far apart is not known"))]  # fmt: skip
    if row["slices"] == 1:
        return ["   " + tr("One slice")]
    if geometry["step_mm"] is None:
        return ["   " + tr("Slices: no even step")]
    return ["   " + tr("Slices every {mm} mm", mm=f"{geometry['step_mm']:g}")]
