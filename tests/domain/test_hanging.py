"""Who hangs where: right side of the body on the left, nothing lost, nothing guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.domain.errors import InvalidValue
from workstation.domain.hanging import Anchor, Hanging, Slot, chest_wall, hangings
from workstation.domain.image import Eye, Image, ImageKind


def image(
    name: str, kind: ImageKind = ImageKind.PHOTOGRAPH, modality: str = "OP", **facts: object
) -> Image:
    slices = 5 if kind is ImageKind.STACK else 1
    return Image(name, "c", name, kind, modality, 4, 4, slices, 1, "uint8", (), **facts)  # type: ignore[arg-type]


def grid(hanging: Hanging) -> list[str]:
    names = [slot.image_id or "-" for slot in hanging.slots]
    return [" ".join(names[n : n + hanging.cols]) for n in range(0, len(names), hanging.cols)]


def test_the_right_eye_hangs_left() -> None:
    photos = [image("s", eye=Eye.OS, field="1"), image("d", eye=Eye.OD, field="1")]
    (found,) = hangings(photos)
    assert (found.hanging_id, grid(found)) == ("eyes", ["d s"])


def test_two_fields_hang_as_rows() -> None:
    photos = [
        image(f"{eye}{field}".lower(), eye=eye, field=field)
        for field in ("2", "1")
        for eye in (Eye.OS, Eye.OD)
    ]
    first, *others = hangings(photos)
    assert (first.hanging_id, grid(first)) == ("eyes_fields", ["od1 os1", "od2 os2"])
    assert [grid(one) for one in others] == [["od1 os1"], ["od2 os2"]]


def test_one_eye_takes_the_room_and_a_missing_field_leaves_its_place_empty() -> None:
    assert grid(hangings([image("d", eye=Eye.OD, field="1")])[0]) == ["d"]
    photos = [
        image("d1", eye=Eye.OD, field="1"),
        image("s1", eye=Eye.OS, field="1"),
        image("s2", eye=Eye.OS, field="2"),
    ]
    assert grid(hangings(photos)[0]) == ["d1 s1", "- s2"]


def test_an_unknown_eye_gets_no_side() -> None:
    photos = [image("d", eye=Eye.OD), image("s", eye=Eye.OS), image("u"), image("v")]
    assert [(h.hanging_id, grid(h)) for h in hangings(photos)] == [
        ("eyes", ["d s"]),
        ("eye_unknown", ["u v"]),
    ]


def test_the_visit_before_hangs_below() -> None:
    now = [image("d1", eye=Eye.OD, field="1"), image("s1", eye=Eye.OS, field="1"),
           image("d2", eye=Eye.OD, field="2")]  # fmt: skip
    before = [image("old", eye=Eye.OS, field="1"), image("other", eye=Eye.OS, field="3")]
    found = [grid(h) for h in hangings(now, before) if h.hanging_id == "previous_visit"]
    assert found == [["d1 s1", "- old"]]
    assert not [h for h in hangings(now) if h.hanging_id == "previous_visit"]


def breast(side: str, view: str, row_leads: str = "") -> Image:
    name = f"{side}{view}".lower()
    return image(name, ImageKind.RADIOGRAPH, "MG", laterality=side, view=view,
                 patient_orientation=(row_leads, "F" if row_leads else ""))  # fmt: skip


def test_chest_walls_meet_in_the_middle() -> None:
    four = [breast("L", "MLO", "A"), breast("R", "MLO", "P"), breast("L", "CC", "A"),
            breast("R", "CC", "P")]  # fmt: skip
    first, cc, mlo = hangings(four)
    assert grid(first) == ["rcc lcc", "rmlo lmlo"]
    assert [slot.anchor for slot in first.slots] == [Anchor.RIGHT, Anchor.LEFT] * 2
    assert (grid(cc), grid(mlo)) == (["rcc lcc"], ["rmlo lmlo"])


@pytest.mark.parametrize(
    ("leads", "wall"),
    [("P", Anchor.RIGHT), ("PL", Anchor.RIGHT), ("A", Anchor.LEFT), ("", Anchor.CENTER),
     ("L", Anchor.CENTER)],
)  # fmt: skip
def test_the_wall_is_where_the_header_says(leads: str, wall: Anchor) -> None:
    assert chest_wall(breast("R", "CC", leads)) is wall


def test_other_series_hang_beside_the_target() -> None:
    ct = [
        image("t", ImageKind.STACK, "CT"),
        image("o", ImageKind.STACK, "CT", is_target=False),
        image("scout", ImageKind.RADIOGRAPH, "CT"),
    ]
    found = [(h.hanging_id, grid(h)) for h in hangings(ct)]
    assert found == [("stack", ["t"]), ("radiographs", ["scout"]), ("beside", ["t o"])]


sides = st.sampled_from(["R", "L", ""])
views = st.sampled_from(["CC", "MLO", "XCCL", ""])
photographs = st.builds(
    lambda eye, field: {"eye": eye, "field": field},
    st.sampled_from([None, Eye.OD, Eye.OS]),
    st.sampled_from(["", "1", "2", "3"]),
)
mammograms = st.builds(
    lambda side, view: {
        "kind": ImageKind.RADIOGRAPH, "modality": "MG", "laterality": side, "view": view,
    },
    sides, views,
)  # fmt: skip
others = st.sampled_from(
    [{"kind": ImageKind.STACK, "modality": "CT"}, {"kind": ImageKind.RADIOGRAPH, "modality": "DX"}]
)


@given(st.lists(st.one_of(photographs, mammograms, others), max_size=12))
def test_every_image_hangs_somewhere_and_sides_are_kept(facts: list[dict[str, object]]) -> None:
    images = [image(str(n), **one) for n, one in enumerate(facts)]  # type: ignore[arg-type]
    found = hangings(images)
    assert {i for h in found for i in h.image_ids} == {i.image_id for i in images}
    by_id = {i.image_id: i for i in images}
    for hanging in found:
        if hanging.hanging_id.startswith(("eyes", "breasts")) and hanging.cols == 2:
            for n, slot in enumerate(hanging.slots):
                shown = by_id.get(slot.image_id)
                if shown is not None:
                    right = shown.eye is Eye.OD or shown.laterality == "R"
                    assert right == (n % 2 == 0)


@pytest.mark.parametrize(("rows", "cols", "slots"), [(3, 1, 3), (1, 5, 5), (0, 1, 0), (2, 2, 3)])
def test_a_grid_is_valid_on_construction(rows: int, cols: int, slots: int) -> None:
    with pytest.raises(InvalidValue, match="hanging.grid"):
        Hanging("x", rows, cols, (Slot(),) * slots)
