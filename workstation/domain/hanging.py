"""Hanging protocols: which image hangs where, from what is known of the images, never guessed.

As if facing the patient: the right side of the body on the left of the screen. Images whose eye or
side is unknown are hung after the others, without a side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from workstation.domain.errors import InvalidValue
from workstation.domain.image import Eye, Image, ImageKind


class Anchor(StrEnum):
    """Which side of its pane a fitted image leans on; mammograms lean with the chest wall."""

    CENTER = "center"
    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Slot:
    """A place of the grid; `image_id` empty keeps it empty."""

    image_id: str = ""
    anchor: Anchor = Anchor.CENTER


@dataclass(frozen=True, slots=True)
class Hanging:
    """A grid of images, row by row. `hanging_id` names the kind, `page` counts from 1."""

    hanging_id: str
    rows: int
    cols: int
    slots: tuple[Slot, ...]
    page: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.rows <= 2 or not 1 <= self.cols <= 4:
            raise InvalidValue("hanging.grid", rows=self.rows, cols=self.cols)
        if len(self.slots) != self.rows * self.cols:
            raise InvalidValue("hanging.grid", rows=self.rows, cols=self.cols)

    @property
    def image_ids(self) -> tuple[str, ...]:
        return tuple(slot.image_id for slot in self.slots if slot.image_id)


def hangings(images: Sequence[Image], earlier: Sequence[Image] = ()) -> tuple[Hanging, ...]:
    """All ways to hang the images of a case, the default first; empty for no image.

    Every image of the case is in at least one of them; `earlier` photographs hang below those of
    the same eye and field.
    """
    targets = [image for image in images if image.is_target]
    photos = [image for image in targets if image.kind is ImageKind.PHOTOGRAPH]
    breasts = [image for image in targets if image.modality == "MG"]
    stacks = [image for image in targets if image.kind is ImageKind.STACK]
    taken = {i.image_id for i in (*photos, *breasts, *stacks)}
    plain = [image for image in targets if image.image_id not in taken]
    out: list[Hanging] = []
    out += _fundus(photos)
    out += _with_earlier(photos, earlier)
    out += _mammograms(breasts)
    for n, stack in enumerate(stacks):
        out.append(Hanging("stack", 1, 1, (Slot(stack.image_id),), n + 1))
    out += _in_rows("radiographs", plain, 2)
    beside = [i for i in images if not i.is_target and i.kind is ImageKind.STACK]
    if stacks:
        for n, other in enumerate(beside):
            slots = Slot(stacks[0].image_id), Slot(other.image_id)
            out.append(Hanging("beside", 1, 2, slots, n + 1))
    return tuple(out)


def _fundus(photos: Sequence[Image]) -> list[Hanging]:
    """A row for each field, OD left, OS right; two rows a page. Then those of unknown eye."""
    fields = sorted({photo.field for photo in photos if photo.eye is not None})
    rows: list[tuple[Slot, Slot]] = []
    for name in fields:
        right = [p for p in photos if p.field == name and p.eye is Eye.OD]
        left = [p for p in photos if p.field == name and p.eye is Eye.OS]
        for n in range(max(len(right), len(left))):
            rows.append((_slot(right, n), _slot(left, n)))
    out: list[Hanging] = []
    for start in range(0, len(rows), 2):
        some = rows[start : start + 2]
        slots = tuple(slot for row in some for slot in row)
        name = "eyes" if len(some) == 1 else "eyes_fields"
        filled = [slot for slot in slots if slot.image_id]
        if len(filled) == 1:
            out.append(Hanging("eyes", 1, 1, (filled[0],), len(out) + 1))
        else:
            out.append(Hanging(name, len(some), 2, slots, len(out) + 1))
    if len(rows) > 1:
        for n, row in enumerate(rows):
            if all(slot.image_id for slot in row):
                out.append(Hanging("eyes_one_field", 1, 2, row, n + 1))
    return out + _in_rows("eye_unknown", [p for p in photos if p.eye is None], 2)


def _with_earlier(photos: Sequence[Image], earlier: Sequence[Image]) -> list[Hanging]:
    """A page for each field both visits have: this visit above, the one before it below."""
    out: list[Hanging] = []
    for name in sorted({photo.field for photo in photos if photo.eye is not None}):
        rows = [
            [[i for i in visit if i.field == name and i.eye is eye] for eye in (Eye.OD, Eye.OS)]
            for visit in (photos, earlier)
        ]
        if any(rows[0]) and any(rows[1]):
            slots = tuple(_slot(some, 0) for row in rows for some in row)
            out.append(Hanging("previous_visit", 2, 2, slots, len(out) + 1))
    return out


def _slot(images: Sequence[Image], n: int) -> Slot:
    return Slot(images[n].image_id) if n < len(images) else Slot()


def _mammograms(images: Sequence[Image]) -> list[Hanging]:
    """CC above MLO, right breast left; then each view as a pair; the rest in rows."""
    placed = {
        (side, view): [i for i in images if i.laterality == side and i.view == view]
        for side in ("R", "L")
        for view in ("CC", "MLO")
    }
    rows: dict[str, tuple[Slot, Slot]] = {}
    for view in ("CC", "MLO"):
        pair = [placed["R", view], placed["L", view]]
        if any(pair):
            rows[view] = (_breast(pair[0]), _breast(pair[1]))
    out = []
    if len(rows) == 2:
        out.append(Hanging("breasts", 2, 2, (*rows["CC"], *rows["MLO"])))
    for view, row in rows.items():
        out.append(Hanging(f"breasts_{view.lower()}", 1, 2, row))
    hung = {i for hanging in out for i in hanging.image_ids}
    return out + _in_rows("radiographs", [i for i in images if i.image_id not in hung], 2)


def _breast(images: Sequence[Image]) -> Slot:
    return Slot(images[0].image_id, chest_wall(images[0])) if images else Slot()


def chest_wall(image: Image) -> Anchor:
    """The side of the image where the chest wall is, by PatientOrientation (0020,0020): the row
    direction leads to posterior (wall right) or to anterior (wall left). Centre where it does not
    say: nothing is mirrored to make it fit."""
    leads = image.patient_orientation[0][:1]
    return {"P": Anchor.RIGHT, "A": Anchor.LEFT}.get(leads, Anchor.CENTER)


def _in_rows(hanging_id: str, images: Sequence[Image], cols: int) -> list[Hanging]:
    out: list[Hanging] = []
    for start in range(0, len(images), cols):
        some = images[start : start + cols]
        slots = tuple(Slot(image.image_id) for image in some)
        out.append(Hanging(hanging_id, 1, len(some), slots, len(out) + 1))
    return out
