"""Chest-like CT series made by code, with nodules planted; seeded. Nothing here is a patient's."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

SIZE = 512
SLICES = 36
SPACING_MM = 0.68
STEP_MM = 2.0

Bits = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Nodule:
    """A planted nodule: type ("solid", "part_solid", "ground_glass") and its voxels (z, y, x)."""

    kind: str
    bits: Bits


@dataclass(frozen=True, slots=True)
class CtScene:
    """HU volume int16 (z, y, x) and its nodules; `scout` is a coarser second series."""

    volume: npt.NDArray[np.int16]
    nodules: tuple[Nodule, ...]


def make_ct(nodules: tuple[tuple[str, float], ...], seed: int) -> CtScene:
    """Draw a series with nodules of (type, diameter in mm)."""
    rng = np.random.Generator(np.random.PCG64(seed))
    volume = np.full((SLICES, SIZE, SIZE), -1000.0, np.float32)
    lungs = np.zeros((SLICES, SIZE, SIZE), bool)
    for z in range(SLICES):
        _slice(volume[z], lungs[z], z / (SLICES - 1))
    _vessels(volume, lungs, rng)
    planted = []
    taken: list[npt.NDArray[np.float64]] = []
    for kind, diameter_mm in nodules:
        planted.append(_nodule(volume, lungs, rng, kind, diameter_mm, taken))
    for z in range(SLICES):
        volume[z] = cv2.GaussianBlur(volume[z], (0, 0), 0.9)
    body = volume > -900
    volume += np.where(body, rng.normal(0, 16, volume.shape), rng.normal(0, 5, volume.shape))
    return CtScene(np.clip(np.rint(volume), -1024, 3071).astype(np.int16), tuple(planted))


def _ellipse(
    plane: npt.NDArray[np.float32],
    center: tuple[float, float],
    axes: tuple[float, float],
    value: float,
    turn: float = 0.0,
) -> None:
    middle = (round(center[0]), round(center[1]))
    cv2.ellipse(plane, middle, (round(axes[0]), round(axes[1])), turn, 0, 360, value, -1)


def _slice(plane: npt.NDArray[np.float32], lungs: Bits, height: float) -> None:
    """One axial slice: skin and fat, muscle, ribs, spine, lungs, heart and great vessels."""
    swell = 1 - 0.10 * abs(height - 0.5)
    _ellipse(plane, (256, 262), (222 * swell, 158 * swell), -95)
    _ellipse(plane, (256, 262), (205 * swell, 142 * swell), 45)
    for n in range(14):
        angle = math.pi * (0.1 + 0.13 * n) + height * 1.6
        place = (256 + 190 * swell * math.cos(angle), 262 + 128 * swell * math.sin(angle))
        _ellipse(plane, place, (15, 6), 420, math.degrees(angle) + 90)
    grow = 0.72 + 0.28 * math.sin(math.pi * min(1.0, 0.25 + height * 0.75))
    lung = np.zeros(plane.shape, np.uint8)
    cv2.ellipse(lung, (158, 262), (round(82 * grow), round(112 * grow)), 6, 0, 360, 1, -1)
    cv2.ellipse(lung, (354, 262), (round(80 * grow), round(110 * grow)), -6, 0, 360, 1, -1)
    heart = np.zeros(plane.shape, np.uint8)
    if height < 0.6:
        reach = 0.6 + 0.4 * math.sin(math.pi * (height / 0.6))
        cv2.ellipse(heart, (285, 238), (round(76 * reach), round(60 * reach)), 25, 0, 360, 1, -1)
    lung[heart > 0] = 0
    plane[lung > 0] = -860
    plane[heart > 0] = 50
    lungs[:] = lung > 0
    _ellipse(plane, (256, 368), (30, 26), 240)
    _ellipse(plane, (256, 366), (20, 16), 150)
    _ellipse(plane, (256, 392), (9, 22), 320)
    _ellipse(plane, (256, 398), (10, 10), 30)
    _ellipse(plane, (292, 330), (14, 14), 55)
    if height > 0.45:
        _ellipse(plane, (256, 232), (46, 30), 45)
        _ellipse(plane, (256, 268), (10, 11), -990)
    else:
        _ellipse(plane, (226, 272), (7, 7), -960)
        _ellipse(plane, (290, 272), (7, 7), -960)


def _vessels(volume: npt.NDArray[np.float32], lungs: Bits, rng: np.random.Generator) -> None:
    """Branching vessels from both hila, drawn as short capsules of falling width."""
    vessel = np.zeros(volume.shape, np.float32)
    for hilum, outward in (
        (np.array([200.0, 262.0, 18.0]), -1),
        (np.array([312.0, 262.0, 18.0]), 1),
    ):
        for _ in range(26):
            azimuth = rng.uniform(-1.25, 1.25)
            heading = np.array(
                [outward * math.cos(azimuth), math.sin(azimuth), rng.normal(0, 0.09)]
            )
            _vessel(
                vessel, rng, hilum + rng.normal(0, 4, 3), heading, rng.uniform(2.6, 4.6), 150, 0
            )
    mask = lungs & (vessel > 0)
    volume[mask] = np.maximum(volume[mask], (-820 + 860 * vessel)[mask])


def _vessel(
    canvas: npt.NDArray[np.float32],
    rng: np.random.Generator,
    place: npt.NDArray[np.float64],
    heading: npt.NDArray[np.float64],
    width: float,
    length: float,
    depth: int,
) -> None:
    done = 0.0
    fork = rng.uniform(22, 50)
    while done < length and width > 0.7:
        heading = heading + rng.normal(0, 0.06, 3) * np.array([1, 1, 0.25])
        heading /= np.linalg.norm(heading)
        following = place + 5 * heading
        z = round(float(place[2]))
        if not 0 <= z < SLICES:
            return
        ends = [(round(float(p[0])), round(float(p[1]))) for p in (place, following)]
        cv2.line(canvas[z], ends[0], ends[1], min(1.0, 0.55 + width / 8), max(1, round(width)))
        place, done, width = following, done + 5, width * 0.975
        if done > fork and depth < 4:
            turned = heading + rng.normal(0, 0.7, 3) * np.array([1, 1, 0.3])
            _vessel(canvas, rng, place, turned, width * 0.72, (length - done) * 0.7, depth + 1)
            fork = done + rng.uniform(18, 42)


_HU = {"solid": 35.0, "part_solid": -420.0, "ground_glass": -600.0}


def _nodule(
    volume: npt.NDArray[np.float32],
    lungs: Bits,
    rng: np.random.Generator,
    kind: str,
    diameter_mm: float,
    taken: list[npt.NDArray[np.float64]],
) -> Nodule:
    """A slightly irregular ball inside the lung, away from the others."""
    radius = diameter_mm / 2
    inner = np.stack([cv2.erode(p.astype(np.uint8), np.ones((41, 41))) for p in lungs]) > 0
    candidates = np.argwhere(inner[6 : SLICES - 6]) + np.array([6, 0, 0])
    while True:
        z, y, x = candidates[rng.integers(len(candidates))]
        spot = np.array([z * STEP_MM, y * SPACING_MM, x * SPACING_MM])
        if all(np.linalg.norm(spot - other) > 40 for other in taken):
            break
    taken.append(spot)
    zz, yy, xx = np.mgrid[0:SLICES, 0:SIZE, 0:SIZE].astype(np.float32)
    dz, dy, dx = (zz - z) * STEP_MM, (yy - y) * SPACING_MM, (xx - x) * SPACING_MM
    angle = np.arctan2(dy, dx)
    wobble = 1 + 0.07 * np.cos(3 * angle + rng.uniform(0, 6)) + 0.04 * np.cos(5 * angle)
    distance = np.sqrt(dz**2 + dy**2 + dx**2) / wobble
    bits = distance <= radius
    volume[bits] = np.maximum(volume[bits], _HU[kind])
    if kind == "part_solid":
        volume[distance <= radius * 0.5] = 20.0
    return Nodule(kind, bits)
