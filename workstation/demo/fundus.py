"""Colour fundus photographs made by code, with what was planted in them; seeded.

45 degree fields, macula-centred: the disc lies nasal of the fovea, so right of it in a right eye.
Nothing here is a patient's image.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

ROWS, COLS = 1632, 2176
FIELD_RADIUS = 790
DISC_DISTANCE = 520
DISC_RADIUS = 92

Float = npt.NDArray[np.float32]
Bits = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class PlantedLesion:
    """One lesion: its class and its pixels on the full matrix (`bits` laid at `origin`)."""

    class_code: str
    origin: tuple[int, int]
    bits: Bits

    @property
    def center_xy(self) -> tuple[float, float]:
        rows, cols = np.nonzero(self.bits)
        return float(cols.mean() + self.origin[1]), float(rows.mean() + self.origin[0])


@dataclass(frozen=True, slots=True)
class FundusScene:
    """A photograph and its truth. `stage` is empty without retinopathy."""

    image: npt.NDArray[np.uint8]
    eye: str
    disc_xy: tuple[float, float]
    fovea_xy: tuple[float, float]
    lesions: tuple[PlantedLesion, ...]
    diagnosis: str
    stage: str
    acceptable: bool
    laser_scars: bool


@dataclass(frozen=True, slots=True)
class ScenePlan:
    """What a photograph is to show."""

    eye: str
    diagnosis: str = "normal"
    stage: str = ""
    acceptable: bool = True
    lesions: tuple[tuple[str, int], ...] = ()
    laser_scars: bool = False


def make_fundus(plan: ScenePlan, seed: int) -> FundusScene:
    """Draw a photograph of `ROWS` x `COLS`; the same plan and seed give the same pixels."""
    rng = np.random.Generator(np.random.PCG64(seed))
    side = 1.0 if plan.eye == "OD" else -1.0
    center = np.array([COLS / 2, ROWS / 2])
    fovea = center + np.array([-side * 40, rng.uniform(-15, 15)])
    disc = fovea + np.array([side * DISC_DISTANCE, rng.uniform(-60, -20)])
    yy, xx = np.mgrid[0:ROWS, 0:COLS].astype(np.float32)
    radius = np.hypot(xx - center[0], yy - center[1])

    tone = rng.uniform(0.92, 1.08)
    image = _background(rng, xx, yy, radius, center, tone)
    _macula(image, xx, yy, fovea)
    _disc(image, xx, yy, disc, rng)
    _vessels(image, rng, disc, fovea, side)
    lesions = tuple(
        _plant(image, rng, code, disc, fovea, side)
        for code, count in plan.lesions
        for _ in range(count)
    )
    if plan.laser_scars:
        lesions += tuple(_plant(image, rng, "LS", disc, fovea, side) for _ in range(14))
    image = cv2.GaussianBlur(image, (0, 0), 1.1)
    if not plan.acceptable:
        image = cv2.GaussianBlur(image, (0, 0), 24) * 0.55 + 0.22
    image += rng.normal(0, 0.008, image.shape).astype(np.float32)
    edge = np.clip((FIELD_RADIUS - radius) / 3.0, 0, 1)
    notch = (np.abs(yy - center[1]) < 22) & (xx > center[0] + FIELD_RADIUS - 26)
    edge[notch] = 0
    image *= edge[..., None]
    pixels = np.clip(np.rint(image * 255), 0, 255).astype(np.uint8)
    return FundusScene(
        pixels,
        plan.eye,
        (float(disc[0]), float(disc[1])),
        (float(fovea[0]), float(fovea[1])),
        lesions,
        plan.diagnosis,
        plan.stage,
        plan.acceptable,
        plan.laser_scars,
    )


def _noise(rng: np.random.Generator, sigma: float, shrink: int) -> Float:
    """Smooth noise of unit deviation over the whole matrix."""
    small = rng.normal(0, 1, (ROWS // shrink + 2, COLS // shrink + 2)).astype(np.float32)
    small = cv2.GaussianBlur(small, (0, 0), max(sigma / shrink, 0.8))
    small /= small.std()
    return np.asarray(cv2.resize(small, (COLS, ROWS), interpolation=cv2.INTER_CUBIC))


def _background(
    rng: np.random.Generator,
    xx: Float,
    yy: Float,
    radius: Float,
    center: npt.NDArray[np.float64],
    tone: float,
) -> Float:
    """Orange retina: bright towards the middle, choroid shining through in streaks."""
    light = 1.05 - 0.42 * (radius / FIELD_RADIUS) ** 2
    light *= 1 + 0.05 * _noise(rng, 160, 16) + 0.018 * _noise(rng, 22, 4)
    streaks = _noise(rng, 9, 3) * 0.5 + _noise(rng, 40, 8)
    image = np.empty((ROWS, COLS, 3), np.float32)
    image[..., 0] = 0.74 * tone * light + 0.012 * streaks
    image[..., 1] = 0.335 * tone * light + 0.016 * streaks
    image[..., 2] = 0.135 * tone * light + 0.008 * streaks
    rim = np.clip((radius - FIELD_RADIUS * 0.86) / (FIELD_RADIUS * 0.14), 0, 1)
    image *= (1 - 0.35 * rim)[..., None]
    return image


def _macula(image: Float, xx: Float, yy: Float, fovea: npt.NDArray[np.float64]) -> None:
    d2 = (xx - fovea[0]) ** 2 + (yy - fovea[1]) ** 2
    wide = np.exp(-d2 / (2 * 150**2))
    pit = np.exp(-d2 / (2 * 52**2))
    for channel, (a, b) in enumerate(((0.20, 0.16), (0.30, 0.26), (0.22, 0.2))):
        image[..., channel] *= 1 - a * wide - b * pit
    image += (0.10 * np.exp(-d2 / (2 * 7.0**2)))[..., None]


def _disc(
    image: Float,
    xx: Float,
    yy: Float,
    disc: npt.NDArray[np.float64],
    rng: np.random.Generator,
) -> None:
    """Yellowish disc with a paler cup and a soft rim."""
    shape = rng.uniform(1.06, 1.16)
    d = np.hypot(xx - disc[0], (yy - disc[1]) / shape)
    rim = 1 / (1 + np.exp((d - DISC_RADIUS) / 4.5))
    cup = 1 / (1 + np.exp((d - DISC_RADIUS * rng.uniform(0.36, 0.5)) / 7))
    for channel, (inside, deep) in enumerate(((0.95, 0.99), (0.68, 0.86), (0.36, 0.62))):
        image[..., channel] += rim * (inside - image[..., channel]) * 0.88
        image[..., channel] += cup * (deep - image[..., channel]) * 0.75
    halo = np.exp(-((d - DISC_RADIUS * 1.1) ** 2) / (2 * 14**2))
    image *= (1 - 0.10 * halo)[..., None]


def _vessels(
    image: Float,
    rng: np.random.Generator,
    disc: npt.NDArray[np.float64],
    fovea: npt.NDArray[np.float64],
    side: float,
) -> None:
    """Arcades above and below the macula, nasal branches; veins darker and wider."""
    veins = np.zeros((ROWS, COLS), np.float32)
    arteries = np.zeros((ROWS, COLS), np.float32)
    temporal = math.pi if side > 0 else 0.0
    for canvas, width, offset in ((veins, 15.0, 0.0), (arteries, 10.5, 0.16)):
        for up in (-1.0, 1.0):
            start = temporal + up * side * (1.02 + offset)
            _branch(canvas, rng, disc, start, width, 1150, -up * side * 0.00125, 0)
            nasal = temporal + math.pi + up * side * (0.75 + offset)
            _branch(canvas, rng, disc, nasal, width * 0.7, 620, up * side * 0.0004, 1)
        _branch(canvas, rng, disc, temporal + side * (0.25 + offset), width * 0.35, 330, 0.0, 2)
        _branch(canvas, rng, disc, temporal - side * (0.3 + offset), width * 0.35, 330, 0.0, 2)
    keep = np.ones((ROWS, COLS), np.float32)
    cv2.circle(keep, (int(fovea[0]), int(fovea[1])), 95, 0.0, -1)
    keep = cv2.GaussianBlur(keep, (0, 0), 26)
    for canvas, depth in ((veins, (0.30, 0.52, 0.42)), (arteries, (0.17, 0.40, 0.36))):
        soft = np.clip(cv2.GaussianBlur(canvas, (0, 0), 1.5), 0, 1) * keep
        for channel in range(3):
            image[..., channel] *= 1 - depth[channel] * soft
    reflex = cv2.erode(arteries, np.ones((5, 5), np.uint8))
    image += (0.055 * cv2.GaussianBlur(reflex, (0, 0), 1.2) * keep)[..., None]


def _branch(
    canvas: Float,
    rng: np.random.Generator,
    start: npt.NDArray[np.float64],
    heading: float,
    width: float,
    length: float,
    bend: float,
    depth: int,
) -> None:
    """One vessel that thins, wanders and forks."""
    if width < 1.6 or length < 50 or depth > 5:
        return
    place = start.astype(np.float64).copy()
    step, done, wander = 9.0, 0.0, 0.0
    next_fork = rng.uniform(60, 130)
    while done < length:
        wander = 0.9 * wander + rng.normal(0, 0.012)
        heading += bend * step + wander * 0.5
        following = place + step * np.array([math.cos(heading), math.sin(heading)])
        thick = max(1, round(width * (1 - 0.55 * done / length)))
        cv2.line(canvas, _point(place), _point(following), 1.0, thick, cv2.LINE_AA)
        place, done = following, done + step
        if done > next_fork:
            turn = rng.choice([-1.0, 1.0]) * rng.uniform(0.45, 0.95)
            thinner = width * (1 - 0.55 * done / length) * rng.uniform(0.45, 0.68)
            _branch(
                canvas, rng, place, heading + turn, thinner,
                (length - done) * rng.uniform(0.35, 0.7), -turn * 0.0007, depth + 1,
            )  # fmt: skip
            next_fork = done + rng.uniform(80, 190)


def _point(place: npt.NDArray[np.float64]) -> tuple[int, int]:
    return round(float(place[0])), round(float(place[1]))


# Lesions

_SIZES = {
    "MA": (5, 7), "HE": (19, 30), "EX": (26, 38), "CWS": (30, 42), "IRMA": (46, 56),
    "NV": (58, 80), "PRH": (90, 120), "FP": (70, 95), "LS": (13, 19), "DRUSEN": (9, 16), "VB": (40, 50),
}  # fmt: skip
_COLORS = {
    "MA": (0.42, 0.07, 0.05), "HE": (0.36, 0.06, 0.045), "EX": (0.98, 0.86, 0.38),
    "CWS": (0.93, 0.88, 0.72), "IRMA": (0.45, 0.10, 0.07), "NV": (0.50, 0.09, 0.07),
    "PRH": (0.30, 0.04, 0.03), "FP": (0.86, 0.82, 0.74), "LS": (0.86, 0.74, 0.48),
    "DRUSEN": (0.95, 0.80, 0.42), "VB": (0.42, 0.10, 0.08),
}  # fmt: skip


def _plant(
    image: Float,
    rng: np.random.Generator,
    code: str,
    disc: npt.NDArray[np.float64],
    fovea: npt.NDArray[np.float64],
    side: float,
) -> PlantedLesion:
    """Draw one lesion and return its region."""
    low, high = _SIZES[code]
    size = rng.uniform(low, high)
    place = _place(rng, code, disc, fovea, size)
    reach = int(size * 1.9) + 6
    row0, col0 = int(place[1]) - reach, int(place[0]) - reach
    yy, xx = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float32)
    region = _outline(rng, xx, yy, size, code)
    alpha = cv2.GaussianBlur(region.astype(np.float32), (0, 0), 7.0 if code == "CWS" else 1.6)
    if code == "EX":
        alpha = cv2.GaussianBlur(_specks(rng, region, size), (0, 0), 1.4)
    elif code in ("NV", "IRMA", "VB"):
        alpha = cv2.GaussianBlur(_tangle(rng, region, size), (0, 0), 1.1)
    window = image[row0 : row0 + 2 * reach + 1, col0 : col0 + 2 * reach + 1]
    strength = 0.9 if code not in ("CWS", "FP", "LS") else 0.72
    for channel, value in enumerate(_COLORS[code]):
        window[..., channel] += alpha * strength * (value - window[..., channel])
    return PlantedLesion(code, (row0, col0), region)


def _place(
    rng: np.random.Generator,
    code: str,
    disc: npt.NDArray[np.float64],
    fovea: npt.NDArray[np.float64],
    size: float,
) -> npt.NDArray[np.float64]:
    """Inside the field, off the disc (new vessels sit beside it) and off the fovea."""
    center = np.array([COLS / 2, ROWS / 2])
    if code == "NV":
        angle = rng.uniform(0, 2 * math.pi)
        return disc + (DISC_RADIUS + size) * np.array([math.cos(angle), math.sin(angle)])
    while True:
        angle = rng.uniform(0, 2 * math.pi)
        distance = rng.uniform(130, FIELD_RADIUS * 0.68)
        place = fovea + distance * np.array([math.cos(angle), math.sin(angle)])
        inside = np.linalg.norm(place - center) < FIELD_RADIUS - size * 2 - 40
        if inside and np.linalg.norm(place - disc) > DISC_RADIUS + size * 2 + 20:
            return place


def _outline(rng: np.random.Generator, xx: Float, yy: Float, size: float, code: str) -> Bits:
    """An irregular roundish region; flame haemorrhages are drawn out."""
    angle = np.arctan2(yy, xx)
    wobble = np.ones_like(xx)
    for k in range(2, 6):
        strength = 0.22 / k if code not in ("MA", "LS", "DRUSEN") else 0.05 / k
        wobble += rng.normal(0, strength) * np.cos(k * angle + rng.uniform(0, 2 * math.pi))
    stretch = rng.uniform(1.0, 1.35)
    turn = rng.uniform(0, math.pi)
    u = xx * math.cos(turn) + yy * math.sin(turn)
    v = -xx * math.sin(turn) + yy * math.cos(turn)
    return np.asarray(np.hypot(u / stretch, v * stretch) < size * np.clip(wobble, 0.6, 1.4))


def _specks(rng: np.random.Generator, region: Bits, size: float) -> Float:
    """Hard exudate: a cluster of small bright grains inside the region."""
    out = np.zeros(region.shape, np.float32)
    rows, cols = np.nonzero(region)
    for _ in range(int(size * 1.6)):
        n = rng.integers(len(rows))
        cv2.circle(out, (int(cols[n]), int(rows[n])), int(rng.integers(2, 6)), 1.0, -1)
    return out * region


def _tangle(rng: np.random.Generator, region: Bits, size: float) -> Float:
    """Fine looping vessels inside the region."""
    out = np.zeros(region.shape, np.float32)
    middle = region.shape[0] / 2
    for _ in range(9):
        heading = rng.uniform(0, 2 * math.pi)
        place = np.array([middle, middle]) + rng.normal(0, size * 0.25, 2)
        for _ in range(int(size / 2.2)):
            heading += rng.normal(0, 0.5)
            following = place + 4.5 * np.array([math.cos(heading), math.sin(heading)])
            cv2.line(out, _point(place), _point(following), 1.0, 2, cv2.LINE_AA)
            place = following
    return out * region
