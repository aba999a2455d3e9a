"""`workstation render`: one frame of an image file as a PNG."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from workstation.cli.session import Session, pass_session
from workstation.display.grey import Choice
from workstation.domain.image import Window
from workstation.i18n import tr
from workstation.services import rendering


@click.command("render")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The PNG to write.")
@click.option("--frame", default=1, show_default=True, help="Frame to show, counted from 1.")
@click.option(
    "--window",
    nargs=2,
    type=float,
    metavar="C W",
    help="Window centre and width, in modality units (HU for CT).",
)
@click.option("--function", metavar="NAME", help="LINEAR, LINEAR_EXACT or SIGMOID.")
@click.option("--overlays", is_flag=True, help="Draw the overlays stored in the file.")
@pass_session
def render(
    session: Session,
    file: Path,
    out: Path,
    frame: int,
    window: tuple[float, float] | None,
    function: str | None,
    overlays: bool,
) -> None:
    """Write one frame of a DICOM file, JPEG, PNG or TIFF as an 8-bit PNG.

    The PNG has the stored matrix size: no aspect scaling, no colour profile applied. Without
    --window: the file's first window, else its VOI LUT, else from the smallest to the largest
    modality value that is no padding.
    """
    command = rendering.RenderFile(
        file, frame, window, function.upper() if function else None, overlays
    )
    viewing = session.opener.viewing()
    shown = rendering.render(viewing, command)
    _write(out, viewing.png(shown.pixels))
    image = shown.view.image
    session.show(
        {
            "out": str(out),
            "rows": image.rows,
            "columns": image.cols,
            "samples": image.samples,
            "frame": frame,
            "frames": image.slices,
            "photometric": shown.view.photometric,
            "inverted": image.samples == 1 and (image.monochrome1 or image.inverse_shape),
            "transfer_syntax": shown.view.syntax,
            "decoder": image.decoder,
            "overlays": overlays,
            **_window_json(shown.choice),
        },
        tr(
            "{out}: {cols} x {rows}, frame {frame} of {frames}, {window}",
            out=str(out),
            cols=image.cols,
            rows=image.rows,
            frame=frame,
            frames=image.slices,
            window=_window_text(shown.choice),
        ),
    )


def _write(out: Path, data: bytes) -> None:
    """The file appears whole or not at all."""
    part = out.with_name(f".{out.name}.part")
    try:
        part.write_bytes(data)
        os.replace(part, out)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _window_json(choice: Choice | None) -> dict[str, Any]:
    if isinstance(choice, Window):
        return {
            "window": {"center": choice.center, "width": choice.width},
            "function": choice.function,
            "explanation": choice.explanation,
        }
    table = "VOI LUT" if choice is not None else None
    return {"window": None, "function": table, "explanation": getattr(choice, "explanation", "")}


def _window_text(choice: Choice | None) -> str:
    if isinstance(choice, Window):
        return f"C {choice.center:g} W {choice.width:g} {choice.function}"
    return "VOI LUT" if choice is not None else "RGB"
