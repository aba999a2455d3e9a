"""Simulated readers: what is planted, read with a small tremor, and a few scripted deviations."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from workstation.demo.ct import CtScene
from workstation.demo.fundus import FundusScene, PlantedLesion
from workstation.domain.image import Image
from workstation.domain.marks import BoxShape, Mark, PaintedShape, PointShape, Shape
from workstation.domain.masks import Mask
from workstation.domain.reading import ReadingBody
from workstation.domain.schema import CASE_SCOPE, Level, Scope

REFERRED = frozenset({"III", "IV", "V", "VI"})
Bits = npt.NDArray[np.bool_]


def fundus_body(
    images: Sequence[Image], scenes: dict[str, FundusScene], deviations: dict[str, str], tremor: int
) -> ReadingBody:
    """A reading of all images of a case.

    `scenes` and `deviations` by eye; `tremor` is how many pixels the hand is off to the right.
    """
    answers: dict[Scope, dict[str, Any]] = {}
    marks: list[Mark] = []
    for image in images:
        eye = str(image.eye)
        given, drawn = _read_photo(scenes[eye], image, deviations.get(eye, ""), tremor)
        answers[Scope(Level.IMAGE, image.image_id)] = given
        marks += drawn
    return ReadingBody(answers, tuple(marks))


def _read_photo(
    scene: FundusScene, image: Image, deviation: str, tremor: int
) -> tuple[dict[str, Any], list[Mark]]:
    if not scene.acceptable or deviation == "not_evaluable":
        return {"quality": "unacceptable", "quality_reason": "media_opacity"}, []
    diagnosis, stage, lesions = scene.diagnosis, scene.stage, list(scene.lesions)
    if deviation == "diagnosis":
        diagnosis, stage, lesions = "normal", "", []
    if deviation == "stage_down":
        stage = "II"
    given: dict[str, Any] = {"quality": "acceptable", "eye": scene.eye, "diagnosis": diagnosis}
    if diagnosis == "DR":
        given["stage"] = stage
    given["referral"] = "yes" if stage in REFERRED else "no"
    laser = scene.laser_scars and deviation != "laser"
    given["laser_scars"] = "yes" if laser else "no"
    if not laser:
        lesions = [lesion for lesion in lesions if lesion.class_code != "LS"]
    shapes: list[tuple[str, Shape]] = []
    if diagnosis == "DR":
        shapes.append(("FOVEA", PointShape(scene.fovea_xy[0] + tremor, scene.fovea_xy[1])))
    for lesion in lesions:
        shapes.append((lesion.class_code, _shape(lesion, image, deviation, tremor)))
    if deviation == "other_microaneurysm":
        shapes = [s for s in shapes if s[0] != "MA"]
        x, y = scene.fovea_xy
        shapes.append(("MA", PointShape(x - 150.0, y + 160.0)))
    return given, _numbered(image.image_id, shapes)


def _shape(lesion: PlantedLesion, image: Image, deviation: str, tremor: int) -> Shape:
    x, y = lesion.center_xy
    if lesion.class_code == "MA":
        return PointShape(round(x + tremor, 1), round(y, 1))
    if lesion.class_code == "IRMA":
        # Both readers box it 90 x 100 pixels; ten pixels apart the IoU is exactly 0.80.
        left = round(x) - 45 + (10 if deviation == "exact_threshold" else 0)
        top = round(y) - 50
        return BoxShape(float(left), float(top), float(left + 89), float(top + 99))
    bits, (row0, col0) = lesion.bits, lesion.origin
    if deviation == "outline":
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (15, 15))
        bits = cv2.dilate(bits.astype(np.uint8), kernel).astype(bool)
    return PaintedShape({0: _laid(bits, row0, col0 + tremor, image.rows, image.cols)})


def _laid(bits: Bits, row0: int, col0: int, rows: int, cols: int) -> Mask:
    """Bits laid at a place of the plane, cut at its border."""
    top, left = max(0, -row0), max(0, -col0)
    cut = bits[top : rows - row0, left : cols - col0]
    return Mask.from_array(cut, (row0 + top, col0 + left), (rows, cols))


def ct_body(image: Image, scene: CtScene, deviation: str, tremor: int) -> ReadingBody:
    """A reading of a CT case: presence, suspicion, every nodule painted with its type."""
    nodules = list(scene.nodules)
    if deviation == "missed_nodule":
        nodules = nodules[:-1]
    shapes: list[tuple[str, Shape]] = []
    kinds: list[str] = []
    for n, nodule in enumerate(nodules):
        planes = {
            int(z): _laid(nodule.bits[z], 0, tremor, image.rows, image.cols)
            for z in np.flatnonzero(nodule.bits.any(axis=(1, 2)))
        }
        shapes.append(("NODULE", PaintedShape(planes)))
        kinds.append("solid" if deviation == "nodule_type" and n == 1 else nodule.kind)
    answers: dict[str, Any] = {
        "quality": "acceptable",
        "nodules": "present" if nodules else "absent",
    }
    if nodules:
        answers["suspicion"] = "3"
    marks = _numbered(image.image_id, shapes)
    typed = [
        Mark(m.mark_id, m.image_id, m.class_code, m.number, m.shape, {"type": kind})
        for m, kind in zip(marks, kinds, strict=True)
    ]
    return ReadingBody({CASE_SCOPE: answers}, tuple(typed))


def _numbered(image_id: str, shapes: Sequence[tuple[str, Shape]]) -> list[Mark]:
    counters: dict[str, int] = {}
    out = []
    for code, shape in shapes:
        counters[code] = counters.get(code, 0) + 1
        out.append(Mark(str(uuid.uuid4()), image_id, code, counters[code], shape))
    return out
