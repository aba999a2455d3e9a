"""Slices in order along their normal; what shares a place is told apart or refused; never guessed."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.domain.image import LookupTable
from workstation.domain.intake import FileFacts, SourceFile
from workstation.imaging.series import frame_time_of, picture_plan, stack_plans

_numbers = itertools.count()
AXIAL = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]


def facts(frames: int = 1, samples: int = 1, **attributes: Any) -> FileFacts:
    n = next(_numbers)
    source = SourceFile(f"f{n}.dcm", 1, (f"f{n}.dcm", ""))
    base = {"Modality": "CT", "SeriesInstanceUID": "1.2", "PixelSpacing": [0.5, 0.5],
            "Rows": 8, "Columns": 8}  # fmt: skip
    return FileFacts(source, "dicom", f"{n:064x}", 8, 8, frames, samples, base | attributes)


def at(z: float, x: float = 0.0, y: float = 0.0, **attributes: Any) -> FileFacts:
    return facts(ImagePositionPatient=[x, y, z], ImageOrientationPatient=AXIAL, **attributes)


def shuffled(files: Sequence[FileFacts]) -> list[FileFacts]:
    return random.Random(4).sample(list(files), len(files))


@given(
    st.lists(st.floats(-1, 1), min_size=4, max_size=4).filter(lambda q: sum(map(abs, q)) > 0.3),
    st.integers(2, 12),
    st.floats(0.2, 6),
    st.tuples(*[st.floats(-300, 300)] * 3),
)
def test_any_orientation_is_sorted_along_its_normal(
    quaternion: list[float], count: int, step: float, start: tuple[float, float, float]
) -> None:
    w, x, y, z = np.array(quaternion) / np.linalg.norm(quaternion)
    turn = np.array([
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ])  # fmt: skip
    orientation = [*turn[:, 0], *turn[:, 1]]
    files = [
        facts(ImagePositionPatient=list(np.array(start) + n * step * turn[:, 2]),
              ImageOrientationPatient=orientation, InstanceNumber=count - n)
        for n in range(count)
    ]  # fmt: skip
    (plan,) = stack_plans(shuffled(files))
    assert plan.files == tuple(files) and plan.warnings == () and plan.frames == ()
    assert plan.geometry is not None and plan.geometry.step_mm == pytest.approx(step)
    assert plan.geometry.origin == pytest.approx(start) and plan.geometry.tilt_deg == 0
    assert np.diff(plan.geometry.positions_mm) == pytest.approx([step] * (count - 1))


def test_a_gap_and_uneven_steps_are_said() -> None:
    (plan,) = stack_plans(shuffled([at(z) for z in (0, 1, 2, 5, 6, 7)]))
    assert plan.warnings == ("stack.gap:3", "stack.step:1.000-3.000")
    assert plan.geometry is not None and plan.geometry.step_mm is None


@pytest.mark.parametrize(("degrees", "said"), [(0.0, 0.0), (0.04, 0.0), (0.2, 0.2), (18.5, 18.5)])
def test_gantry_tilt_is_the_angle_of_the_origins(degrees: float, said: float) -> None:
    slope = float(np.tan(np.radians(degrees)))
    (plan,) = stack_plans([at(2.0 * n, y=2.0 * n * slope) for n in range(10)])
    assert plan.geometry is not None
    assert plan.geometry.tilt_deg == pytest.approx(said, abs=1e-6)
    assert plan.geometry.step_vector == pytest.approx((0, 2.0 * slope, 2.0))
    assert plan.warnings == ((f"stack.tilt:{said:.1f}",) if said else ())


def test_slices_shifted_in_their_plane_are_no_block() -> None:
    (plan,) = stack_plans([at(n, x=3.0 if n == 4 else 0.0) for n in range(9)])
    assert plan.warnings == ("stack.offset:3.0",)
    assert plan.geometry is not None and plan.geometry.step_mm is None
    assert plan.geometry.step_vector is None


@pytest.mark.parametrize(
    ("modality", "keyword", "values", "parts"),
    [
        ("MR", "EchoTime", [20.0, 90.0], ["TE 20.0", "TE 90.0"]),
        ("MR", "DiffusionBValue", [0.0, 800.0, 50.0], ["b 0.0", "b 50.0", "b 800.0"]),
        ("CT", "TemporalPositionIdentifier", [2, 1], ["t 1", "t 2"]),
        ("CT", "AcquisitionNumber", [1, 2], ["acquisition 1", "acquisition 2"]),
        ("MR", "TriggerTime", [0.0, 50.0, 100.0],
         ["trigger 0.0", "trigger 50.0", "trigger 100.0"]),
        ("CT", "AcquisitionTime", ["101010.5", "101020.5"], ["1", "2"]),
        ("MR", "ImageType", [["ORIGINAL", "M"], ["ORIGINAL", "P"]], ["1", "2"]),
    ],
)  # fmt: skip
def test_slices_at_one_place_are_told_apart(
    modality: str, keyword: str, values: list[Any], parts: list[str]
) -> None:
    files = [at(z, Modality=modality, **{keyword: v}) for z in range(5) for v in values]
    plans = stack_plans(shuffled(files))
    assert [p.part for p in plans] == parts
    for plan in plans:
        assert len(plan.files) == 5 and not plan.refused and not plan.warnings
        assert len({str(f.attributes[keyword]) for f in plan.files}) == 1


def test_two_keys_together_tell_apart() -> None:
    files = [
        at(z, Modality="MR", EchoTime=te, AcquisitionNumber=n)
        for z in range(4) for te in (10.0, 20.0) for n in (1, 2)
    ]  # fmt: skip
    assert [len(p.files) for p in stack_plans(shuffled(files))] == [4] * 4


def test_acquisitions_that_go_on_elsewhere_stay_one_stack() -> None:
    """Numbers that differ with the place, and with nothing twice, split nothing."""
    files = [at(z, AcquisitionNumber=z // 5, AcquisitionTime=f"{z}") for z in range(15)]
    (plan,) = stack_plans(shuffled(files))
    assert len(plan.files) == 15


def test_a_slice_sent_twice_is_refused_and_named() -> None:
    files = [at(z) for z in range(4)]
    again = at(2)
    (plan,) = stack_plans([*files, again])
    assert plan.files == tuple(files)
    assert [(r.name, r.code) for r in plan.refused] == [
        (again.source.name, "stack.duplicate_position")
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"SeriesInstanceUID": "9.9"},
        {"StudyInstanceUID": "9.9"},
        {"PatientID": "other"},
        {"FrameOfReferenceUID": "9.9"},
        {"PixelSpacing": [0.7, 0.7]},
        {"RescaleSlope": 2.0},
        {"ImageOrientationPatient": [1, 0, 0, 0, 0, -1]},
        {"Modality": "MR"},
        {"PhotometricInterpretation": "MONOCHROME1"},
    ],
    ids=lambda c: next(iter(c)),
)
def test_what_does_not_belong_together_is_kept_apart(changes: dict[str, Any]) -> None:
    mine = [at(z) for z in range(3)]
    base = {"ImageOrientationPatient": AXIAL} | changes
    others = [facts(**(base | {"ImagePositionPatient": [0, 10 + z, 10 + z]})) for z in range(2)]
    assert sorted(len(p.files) for p in stack_plans([*others, *mine])) == [2, 3]


def test_slices_scaled_each_by_itself_are_one_stack_of_mr_or_pet() -> None:
    files = [at(z, Modality="PT", RescaleSlope=1.0 + z, RescaleIntercept=0.0) for z in range(3)]
    (plan,) = stack_plans(files)
    assert plan.slice_rescale == ((1.0, 0.0), (2.0, 0.0), (3.0, 0.0))
    (even,) = stack_plans([at(z, Modality="PT", RescaleSlope=2.0) for z in range(3)])
    assert even.slice_rescale == () and even.slope == 2.0


@pytest.mark.parametrize(
    "orientation",
    [[1, 0, 0, 1, 0, 0], [1, 0, 0, 0.3, 0.9, 0], [2, 0, 0, 0, 2, 0], [0] * 6, [1, 0, 0, 0, 1]],
)
def test_an_orientation_that_is_no_frame_refuses_its_slices(orientation: list[float]) -> None:
    bad = [
        facts(ImagePositionPatient=[0, 0, z], ImageOrientationPatient=orientation) for z in (0, 1)
    ]
    good = at(5, SeriesInstanceUID="7")
    plans = stack_plans([*bad, good])
    assert sorted(r.code for p in plans for r in p.refused) == ["stack.orientation"] * 2
    assert [f for p in plans for f in p.files] == [good]


def test_slices_without_a_place_are_refused() -> None:
    (plan,) = stack_plans([facts(Modality="MR")])
    assert plan.files == () and [r.code for r in plan.refused] == ["stack.no_position"]


# Frames of one file


def enhanced(**shared: Any) -> FileFacts:
    """Six frames in the order of no place: two stacks, each of three slices."""
    order = [(2, "A"), (0, "B"), (1, "A"), (0, "A"), (2, "B"), (1, "B")]
    frames = [
        {"ImagePositionPatient": [0.0, 0.0, z * 1.5], "ImageOrientationPatient": AXIAL,
         "PixelSpacing": [0.7, 0.6], "StackID": stack, "RescaleSlope": 1.0 + z,
         "RescaleIntercept": -5.0, "WindowCenter": 40.0 + z, "WindowWidth": 400.0, **shared}
        for z, stack in order
    ]  # fmt: skip
    made = facts(frames=6, Modality="MR")
    attributes = {k: v for k, v in made.attributes.items() if k != "PixelSpacing"}
    return FileFacts(made.source, "dicom", made.sha256, 8, 8, 6, 1, attributes | {"frames": frames})


def test_frames_of_an_enhanced_object_lie_where_their_groups_say() -> None:
    first, second = stack_plans([enhanced()])
    assert (first.part, first.frames) == ("A", (3, 2, 0))
    assert (second.part, second.frames) == ("B", (1, 5, 4))
    for plan in (first, second):
        assert plan.geometry is not None
        assert plan.geometry.positions_mm == pytest.approx((0, 1.5, 3.0))
        assert plan.spacing is not None and (plan.spacing.row_mm, plan.spacing.col_mm) == (0.7, 0.6)
        assert plan.slice_rescale == ((1.0, -5.0), (2.0, -5.0), (3.0, -5.0))
        assert [w[0].center for w in plan.slice_windows] == [40.0, 41.0, 42.0]
        assert plan.frame_time_ms is None and plan.refused == ()


def test_frames_without_a_place_are_a_stack_in_time() -> None:
    (plan,) = stack_plans([facts(frames=4, Modality="US", samples=3, FrameTime=40.0,
                                 PatientOrientation=["L", "F"])])  # fmt: skip
    assert plan.geometry is None and plan.frames == (0, 1, 2, 3) and plan.frame_time_ms == 40.0
    assert plan.orientation == ("L", "F") and plan.spacing is None


def test_one_place_for_many_frames_is_no_place_for_each() -> None:
    many = facts(frames=3, ImagePositionPatient=[0, 0, 0], ImageOrientationPatient=AXIAL)
    (plan,) = stack_plans([many])
    assert plan.geometry is None and plan.frames == (0, 1, 2)


@pytest.mark.parametrize(
    ("said", "milliseconds"),
    [
        ({"FrameTime": 33.3}, 33.3),
        ({"FrameTimeVector": [0, 40, 40, 40]}, 40.0),
        ({"FrameTimeVector": [0, 40, 80]}, None),
        ({"CineRate": 25}, 40.0),
        ({"RecommendedDisplayFrameRate": 10}, 100.0),
        ({"FrameTime": 0, "CineRate": 0}, None),
        ({"FrameTime": "nan"}, None),
        ({}, None),
    ],
)
def test_time_from_frame_to_frame(said: dict[str, Any], milliseconds: float | None) -> None:
    assert frame_time_of(said) == milliseconds


@pytest.mark.parametrize(
    ("said", "laterality", "view"),
    [
        ({"ImageLaterality": "R", "ViewPosition": "MLO"}, "R", "MLO"),
        ({"Laterality": "L", "ViewPosition": "AP\\PA"}, "L", ""),
        ({"ImageLaterality": "X", "ViewPosition": "ZHANG SAN"}, "", ""),
        ({}, "", ""),
    ],
)
def test_side_and_view_are_what_the_header_says(
    said: dict[str, Any], laterality: str, view: str
) -> None:
    plan = picture_plan(facts(**({"Modality": "MG"} | said)))
    assert (plan.laterality, plan.view) == (laterality, view)


def test_very_many_orientations_are_told_apart() -> None:
    """A file says one for each of its frames: less than a thousandth apart they are the same."""
    frames = []
    for n in range(200):
        x, y = np.cos(turn := 0.004 * (n // 2) + 0.0005 * (n % 2)), np.sin(turn)
        frames.append(
            {"ImagePositionPatient": [0, 0, n], "ImageOrientationPatient": [x, y, 0, -y, x, 0]}
        )
    one = facts(200)
    plans = stack_plans([replace(one, attributes={**one.attributes, "frames": frames})])
    assert {plan.frames for plan in plans} == {(n, n + 1) for n in range(0, 200, 2)}


@pytest.mark.parametrize(
    "other", [{"modality_lut": LookupTable(0, 12, (1, 2))}, {"PresentationLUTShape": "INVERSE"}]
)
def test_what_a_stack_has_once_tells_slices_apart(other: dict[str, Any]) -> None:
    """Polarity and table are kept for the whole stack: slices of others make one of their own."""
    plans = stack_plans([at(n, Modality="MR", **(other if n > 2 else {})) for n in range(5)])
    assert sorted(len(plan.files) for plan in plans) == [2, 3]


def test_padding_of_some_slices_only_hides_nothing_in_the_others() -> None:
    same = [at(n, PixelPaddingValue=3) for n in range(3)]
    assert [plan.padding for plan in stack_plans(same)] == [(3, 3)]
    (plan,) = stack_plans([*same, at(4), at(5, PixelPaddingValue=7)])
    assert plan.padding is None


@pytest.mark.parametrize(
    ("image", "series", "side"),
    [
        ("L", "L", "L"),
        ("R", "", "R"),
        ("", "L", "L"),
        ("L", "R", ""),
        ("B", "B", "B"),
        ("X", "", ""),
    ],
)
def test_sides_that_contradict_each_other_are_no_side(image: str, series: str, side: str) -> None:
    assert picture_plan(facts(ImageLaterality=image, Laterality=series)).laterality == side
