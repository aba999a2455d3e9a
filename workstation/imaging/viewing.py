"""The `FileViewing` port: one delivered file looked at outside any study, through the child."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from workstation.display.grey import whole_depth
from workstation.domain.errors import InvalidValue
from workstation.domain.image import Image, ImageKind
from workstation.domain.intake import DecodedPlane, FileFacts, FileView, Refusal, SourceFile
from workstation.imaging.intake import ChildIntake
from workstation.imaging.series import (
    inverse_shape,
    padding_of,
    rescale_of,
    windows_of,
)

T = TypeVar("T")


class ChildViewing:
    """Opens the file in a child process of its own, as an import would."""

    def view(self, path: Path, frame: int, *, overlays: bool) -> FileView:
        intake = ChildIntake()
        try:
            facts = _taken(next(intake.inspect([SourceFile(path.name, 0, (str(path), ""))])))
            if not 1 <= frame <= facts.frames:
                raise InvalidValue("dicom.no_frame", frame=frame, frames=facts.frames)
            plane = _taken(intake.decode(facts, frame - 1))
            mask = None
            if overlays:
                mask = _taken(intake.overlays(facts, frame - 1)).pixels.astype(np.bool_)
        finally:
            intake.close()
        return FileView(
            image_of(facts, plane),
            frame,
            plane.pixels,
            mask,
            str(facts.attributes.get("PhotometricInterpretation", "")) or _photo_colours(facts),
            str(facts.attributes.get("syntax_name", facts.kind)),
        )

    def png(self, pixels: npt.NDArray[np.uint8]) -> bytes:
        import imagecodecs

        return bytes(imagecodecs.png_encode(np.ascontiguousarray(pixels)))


def _taken(found: T | Refusal) -> T:
    """What was found, or the refusal raised."""
    if isinstance(found, Refusal):
        raise InvalidValue(found.code, **found.params)
    return found


def _photo_colours(facts: FileFacts) -> str:
    return "RGB" if facts.samples == 3 else "MONOCHROME2"


def image_of(facts: FileFacts, plane: DecodedPlane) -> Image:
    """What the file says of showing it; it belongs to no case and is stored nowhere."""
    a = facts.attributes
    slope, intercept = rescale_of(a)
    frames = _frames(a)
    return Image(
        image_id="",
        case_id="",
        number="",
        kind=ImageKind.RADIOGRAPH,
        modality=str(a.get("Modality", "")),
        rows=facts.rows,
        cols=facts.cols,
        slices=facts.frames,
        samples=3 if plane.pixels.ndim == 3 else 1,
        dtype=str(plane.pixels.dtype),
        planes=(),
        windows=windows_of(a) if facts.kind == "dicom" else (whole_depth(plane.pixels.dtype),),
        slope=slope,
        intercept=intercept,
        monochrome1=a.get("PhotometricInterpretation") == "MONOCHROME1",
        padding=padding_of(a),
        decoder=plane.decoder,
        source_sha256=(facts.sha256,),
        warnings=plane.warnings,
        inverse_shape=inverse_shape(a),
        modality_lut=a.get("modality_lut"),  # type: ignore[arg-type]
        voi_luts=a.get("voi_luts", ()),  # type: ignore[arg-type]
        slice_rescale=tuple(rescale_of(one) for one in frames),
        slice_windows=tuple(windows_of(one) for one in frames),
    )


def _frames(attributes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What holds for each frame: what the header says of all, and over it the frame's own."""
    return [{**attributes, **one} for one in attributes.get("frames", ())]
