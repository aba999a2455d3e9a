"""`workstation metrics`: agreement in readings that were made elsewhere; no study is needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from workstation.cli.session import Session
from workstation.domain.errors import WorkstationError
from workstation.domain.estimate import NotEstimable
from workstation.domain.nodule_readings import NoduleReadings, RadiographReadings
from workstation.i18n import tr
from workstation.messages import LIDC_CAVEATS, not_estimable, sentence
from workstation.services.external_readings import (
    PairAgreement,
    RegionOverlap,
    pairwise_agreement,
)


@click.group()
def metrics() -> None:
    """Compute agreement from readings made elsewhere."""


@metrics.command()
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.pass_context
def lidc(ctx: click.Context, sources: tuple[Path, ...]) -> None:
    """Pairwise agreement in LIDC-IDRI reading files (XML), or folders of them.

    One line for every file that is refused; the exit status is 2 then.
    """
    session = ctx.ensure_object(Session)
    files: list[Mapping[str, Any]] = []
    texts: list[str] = []
    refused: list[Mapping[str, Any]] = []
    for file in session.opener.nodule_files(sources):
        try:
            readings = session.opener.nodule_readings(file)
        except WorkstationError as error:
            refused.append(
                {"file": file.as_posix(), "code": error.code, "message": sentence(error)}
            )
            continue
        if isinstance(readings, RadiographReadings):
            files.append({"file": file.as_posix(), **_radiograph_data(readings)})
            texts.append(f"{file.as_posix()}: {_radiograph_text(readings)}")
        else:
            pairs = pairwise_agreement(readings)
            files.append({"file": file.as_posix(), **_ct_data(readings, pairs)})
            texts.append(f"{file.as_posix()}: {_ct_text(readings, pairs)}")
    caveats = {code: tr(text) for code, text in LIDC_CAVEATS.items()}
    if texts:
        texts.append("\n".join(caveats.values()))
    session.show({"files": files, "refused": refused, "caveats": caveats}, "\n\n".join(texts))
    for line in refused:
        click.echo(line["message"], err=True)
    if refused:
        ctx.exit(2)


def _radiograph_data(readings: RadiographReadings) -> dict[str, Any]:
    return {
        "kind": "chest_radiograph",
        "series": readings.series_uid,
        "task": readings.task,
        "marks_by_reader": list(readings.marks_by_reader),
    }


def _radiograph_text(readings: RadiographReadings) -> str:
    return tr(
        "chest radiograph, not CT (“{task}”): {readers} readers, {marks} places marked; no "
        "overlap is computed.",
        task=readings.task,
        readers=len(readings.marks_by_reader),
        marks=sum(readings.marks_by_reader),
    )


def _ct_data(
    readings: NoduleReadings, pairs: Sequence[PairAgreement] | NotEstimable
) -> dict[str, Any]:
    return {
        "kind": "ct",
        "series": readings.series_uid,
        "task": readings.task,
        "readers": [
            {
                "reader": s.number,
                "nodules": len(s.nodules),
                "small_nodules": len(s.small_nodules),
                "non_nodules": len(s.non_nodules),
            }
            for s in readings.sessions
        ],
        "pairs": _reason(pairs) if isinstance(pairs, NotEstimable) else [_pair(p) for p in pairs],
    }


def _pair(pair: PairAgreement) -> dict[str, Any]:
    matched = pair.matched
    return {
        "readers": [pair.first, pair.second],
        "matched": _reason(matched)
        if isinstance(matched, NotEstimable)
        else [{"first": m.first_id, "second": m.second_id, **_overlap(m.overlap)} for m in matched],
        "only_first": list(pair.only_first),
        "only_second": list(pair.only_second),
        "overall": _overlap(pair.overall),
    }


def _overlap(overlap: RegionOverlap) -> dict[str, Any]:
    value = overlap.iou
    counts = overlap.counts
    return {
        "intersection": counts.intersection,
        "first": counts.first,
        "second": counts.second,
        "iou": _reason(value) if isinstance(value, NotEstimable) else str(value),
    }


def _reason(result: NotEstimable) -> dict[str, str]:
    return {"not_estimable": result.reason_code}


def _ct_text(readings: NoduleReadings, pairs: Sequence[PairAgreement] | NotEstimable) -> str:
    lines = [tr("CT, {readers} readers (“{task}”)", readers=len(readings.sessions),
                task=readings.task)]  # fmt: skip
    for s in readings.sessions:
        lines.append(
            tr(
                "reader {number}: nodules of at least 3 mm {nodules}, smaller ones {small}, "
                "non-nodules {others}",
                number=s.number,
                nodules=len(s.nodules),
                small=len(s.small_nodules),
                others=len(s.non_nodules),
            )
        )
    if isinstance(pairs, NotEstimable):
        return "\n".join([*lines, not_estimable(pairs)])
    heads = (
        tr("readers"),
        tr("matched"),
        tr("only the first"),
        tr("only the second"),
        tr("overall IoU"),
        tr("IoU of each matched nodule"),
    )
    return "\n".join([*lines, "\t".join(heads), *(_row(pair) for pair in pairs)])


def _row(pair: PairAgreement) -> str:
    if isinstance(pair.matched, NotEstimable):
        count, each = 0, not_estimable(pair.matched)
    else:
        count, each = len(pair.matched), ", ".join(_iou(m.overlap) for m in pair.matched)
    cells = (
        f"{pair.first}-{pair.second}",
        count,
        len(pair.only_first),
        len(pair.only_second),
        _iou(pair.overall),
        each,
    )
    return "\t".join(str(cell) for cell in cells)


def _iou(overlap: RegionOverlap) -> str:
    """Rounded, with the voxel counts it rests on."""
    value = overlap.iou
    if isinstance(value, NotEstimable):
        return not_estimable(value)
    counts = overlap.counts
    union = counts.first + counts.second - counts.intersection
    return f"{float(value):.3f} ({counts.intersection}/{union})"
