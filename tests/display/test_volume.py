"""Volumes: where voxels lie, planes through them, HU and millimetres against closed forms."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.display.volume import (
    Axis,
    LabelBox,
    Plane,
    Projection,
    Sampling,
    Volume,
    check,
    grid_plane,
    grid_section,
    index_map,
    label_section,
    reduced,
    shown,
    standard_planes,
    volume_of,
)
from workstation.domain.errors import InvalidValue
from workstation.domain.geometry import edges_of_plane
from workstation.domain.image import (
    Image,
    ImageKind,
    LookupTable,
    Spacing,
    SpacingKind,
    StackGeometry,
)

AXES = [s * np.eye(3)[n] for n in range(3) for s in (1, -1)]
ORIENTATIONS = [
    (tuple(a), tuple(b), s) for a, b in itertools.product(AXES, AXES)
    if abs(a @ b) < 0.5 for s in (1, -1)
]  # fmt: skip


def stack(
    shape: tuple[int, int, int] = (5, 6, 7),
    spacing: tuple[float, float] = (0.5, 0.8),
    step: float = 2.0,
    row: tuple[float, float, float] = (1.0, 0.0, 0.0),
    col: tuple[float, float, float] = (0.0, 1.0, 0.0),
) -> Image:
    positions = tuple(n * step for n in range(shape[0]))
    geometry = StackGeometry((-10.0, 5.0, 30.0), row, col, positions, step, 0.0)
    return Image(
        "i", "c", "S0001", ImageKind.STACK, "CT", shape[1], shape[2], shape[0], 1, "int16", (),
        spacing=Spacing(*spacing, SpacingKind.PATIENT), geometry=geometry,
    )  # fmt: skip


def fixed(voxels: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    voxels.flags.writeable = False
    return voxels


def ramp(shape: tuple[int, int, int]) -> npt.NDArray[np.generic]:
    return fixed(np.arange(math.prod(shape), dtype=np.int16).reshape(shape))


def test_there_are_48_orientations() -> None:
    assert len(ORIENTATIONS) == 48


def test_a_voxel_lies_where_the_header_says() -> None:
    """PS3.3 C.7.6.2.1.1: the second column is one column spacing along the row direction."""
    volume = volume_of(stack(), ramp((5, 6, 7)))
    assert volume.to_patient((0, 0, 0)) == (-10.0, 5.0, 30.0)
    assert volume.to_patient((1, 0, 0)) == pytest.approx((-9.2, 5.0, 30.0))
    assert volume.to_patient((0, 1, 0)) == pytest.approx((-10.0, 5.5, 30.0))
    assert volume.to_patient((0, 0, 1)) == pytest.approx((-10.0, 5.0, 32.0))
    assert volume.spacing == pytest.approx((0.8, 0.5, 2.0))


def test_values_are_those_of_the_voxel_a_point_lies_in() -> None:
    voxels = ramp((5, 6, 7))
    image = replace(stack(), slope=2.0, intercept=-1000.0)
    volume = volume_of(image, voxels)
    for z, y, x in itertools.product(range(5), range(6), range(7)):
        place = volume.to_patient((x + 0.4, y - 0.4, z + 0.4))
        assert volume.value_at(place) == 2.0 * float(voxels[z, y, x]) - 1000.0
    assert volume.value_at(volume.to_patient((-0.6, 0, 0))) is None


@given(
    st.tuples(*[st.floats(-300, 300)] * 3), st.floats(-math.pi, math.pi),
    st.floats(-math.pi, math.pi), st.tuples(*[st.floats(0.1, 5)] * 3),
    st.tuples(*[st.floats(-40, 600)] * 3),
)  # fmt: skip
def test_points_go_to_planes_and_voxels_and_back(
    center: tuple[float, float, float], a: float, b: float,
    sides: tuple[float, float, float], index: tuple[float, float, float],
) -> None:  # fmt: skip
    steps = tuple(tuple(float(v) for v in np.eye(3)[n] * sides[n]) for n in range(3))
    volume = Volume(ramp((2, 2, 2)), center, steps)  # type: ignore[arg-type]
    assert volume.to_index(volume.to_patient(index)) == pytest.approx(index, abs=1e-8)
    plane = Plane(center, (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)).turned((0.0, 0.0, 1.0), a)
    plane = plane.turned((1.0, 0.0, 0.0), b)
    u, v, w = plane.from_patient(index)
    back = np.array(plane.to_patient(u, v)) + w * np.array(plane.normal)
    assert back == pytest.approx(index, abs=1e-8)


@pytest.mark.parametrize(("row", "col", "flip"), ORIENTATIONS)
def test_no_letter_is_wrong_in_any_orientation(
    row: tuple[float, float, float], col: tuple[float, float, float], flip: int
) -> None:
    """The planes, whichever way the slices were taken: R on the left of axial and coronal, the
    front on top of axial and left of sagittal, the head on top; and the voxels shown are there."""
    shape = (4, 5, 6)
    voxels = np.zeros(shape, np.int16)
    normal = np.cross(row, col) * flip
    image = stack(shape, row=row, col=col)
    steps = (
        tuple(np.array(row) * 0.8), tuple(np.array(col) * 0.5), tuple(normal * 2.0),
    )  # fmt: skip
    assert image.geometry is not None
    blank = Volume(fixed(voxels), image.geometry.origin, steps)
    # The value of a voxel says where it lies in the patient.
    for z, y, x in np.ndindex(shape):
        p = np.round(np.array(blank.to_patient((x, y, z))) - blank.center, 6)
        voxels.flags.writeable = True
        voxels[z, y, x] = 100 * (p[0] > 0) + 10 * (p[1] > 0) + (p[2] > 0)
    voxels.flags.writeable = False
    planes = standard_planes(blank)
    letters = {axis: edges_of_plane(plane.right, plane.down) for axis, plane in planes.items()}
    assert [letters[Axis.AXIAL].left, letters[Axis.AXIAL].top] == ["R", "A"]
    assert [letters[Axis.CORONAL].left, letters[Axis.CORONAL].top] == ["R", "H"]
    assert [letters[Axis.SAGITTAL].left, letters[Axis.SAGITTAL].top] == ["A", "H"]
    digit = {"L": (100, 1), "R": (100, 0), "P": (10, 1), "A": (10, 0), "H": (1, 1), "F": (1, 0)}
    for axis, plane in planes.items():
        section = grid_section(blank, plane)
        assert section is not None
        for edge, values in (
            (letters[axis].left, section.values[:, 0]), (letters[axis].top, section.values[0]),
            (letters[axis].right, section.values[:, -1]),
            (letters[axis].bottom, section.values[-1]),
        ):  # fmt: skip
            unit, wanted = digit[edge]
            assert (values // unit % 10 == wanted).all(), (axis, edge)


def test_slices_oblique_to_the_body_are_shown_as_they_are() -> None:
    angle = math.radians(20)
    col = (0.0, math.cos(angle), math.sin(angle))
    voxels = ramp((5, 6, 7))
    volume = volume_of(stack(col=col), voxels)
    plane = standard_planes(volume)[Axis.AXIAL]
    section = grid_section(volume, plane)
    assert section is not None and np.array_equal(section.values, voxels[2])
    assert edges_of_plane(plane.right, plane.down).top == "AF"


@pytest.mark.parametrize("axis", Axis)
def test_hu_is_exact_at_voxel_centres(axis: Axis) -> None:
    voxels = fixed(np.random.default_rng(1).integers(-1024, 3071, (5, 6, 7), np.int16))
    volume = volume_of(stack(), voxels)
    plane = standard_planes(volume, volume.to_patient((2, 3, 1)))[axis]
    section = grid_section(volume, plane)
    assert section is not None
    for (row, col), value in np.ndenumerate(section.values):
        u, v = section.u0 + col * section.step_u, section.v0 + row * section.step_v
        assert volume.value_at(plane.to_patient(u, v)) == value


def test_distances_on_a_plane_are_millimetres_within_half_a_pixel() -> None:
    """Two voxels 60 columns and 20 slices apart: (60 * 0.8)^2 + (20 * 2)^2 = 62.48 mm squared."""
    voxels = np.zeros((40, 10, 100), np.int16)
    voxels[5, 4, 20] = voxels[25, 4, 80] = 1000
    volume = volume_of(stack((40, 10, 100)), fixed(voxels))
    plane = standard_planes(volume, volume.to_patient((20, 4, 5)))[Axis.CORONAL]
    section = grid_section(volume, plane)
    assert section is not None
    sampling = Sampling(section.u0, section.v0, 0.25, 320, 330)
    seen = shown(section, sampling, -1.0)
    bright = np.argwhere(seen >= 0.9 * seen.max()).astype(float)
    first = bright[bright[:, 1] < 160].mean(axis=0)
    second = bright[bright[:, 1] >= 160].mean(axis=0)
    length = float(np.linalg.norm(first - second)) * sampling.step_mm
    assert abs(length - math.hypot(60 * 0.8, 20 * 2.0)) < 0.5 * sampling.step_mm


def test_what_is_shown_is_linear_between_voxels() -> None:
    """scipy.ndimage.map_coordinates on the same places is the second implementation."""
    from scipy.ndimage import map_coordinates

    voxels = fixed(np.random.default_rng(2).integers(-1024, 3071, (30, 40, 50), np.int16))
    volume = volume_of(stack((30, 40, 50)), voxels)
    plane = standard_planes(volume)[Axis.SAGITTAL]
    section = grid_section(volume, plane)
    assert section is not None
    sampling = Sampling(section.u0 + 1, section.v0 + 1, 0.37, 40, 130)
    matrix = index_map(volume, plane, sampling)
    rows, cols = np.mgrid[0:130, 0:40]
    x, y, z = (m[0] * cols + m[1] * rows + m[2] for m in matrix)
    x = np.floor(x + 0.5)  # the plane shows the column of voxels it lies in
    wanted = map_coordinates(voxels, [z, y, x], order=1, output=np.float64)
    assert shown(section, sampling, 0.0) == pytest.approx(wanted, abs=0.1)


def test_a_sphere_has_its_volume_in_every_plane() -> None:
    """4/3 pi r^3 with r = 12 mm, within 1 %, from sections through voxels that are no cubes."""
    shape, radius = (30, 80, 60), 12.0
    image = stack(shape, (0.5, 0.8), 1.25)
    volume = volume_of(image, ramp((30, 80, 60)))
    z, y, x = np.indices(shape)
    places = (
        volume.to_patient_matrix @ np.stack([x.ravel(), y.ravel(), z.ravel(), np.ones(x.size)])
    )  # fmt: skip
    distance = np.linalg.norm(places[:3].T - volume.center, axis=1).reshape(shape)
    ball = volume_of(image, fixed((distance <= radius).astype(np.int16)))
    whole = 4 / 3 * math.pi * radius**3
    for axis, plane in standard_planes(ball).items():
        through = {Axis.AXIAL: 2, Axis.CORONAL: 1, Axis.SAGITTAL: 0}[axis]
        total = 0.0
        for n in range(shape[2 - through]):
            index = list(ball.to_index(ball.center))
            index[through] = n
            section = grid_section(ball, plane.moved(ball.to_patient(index)))
            assert section is not None
            pixel = section.step_u * section.step_v * ball.spacing[through]
            total += float(section.values.sum()) * pixel
        assert total == pytest.approx(whole, rel=0.01)


def test_a_slab_holds_the_voxels_within_half_its_thickness() -> None:
    voxels = fixed(np.random.default_rng(3).integers(0, 1000, (9, 6, 7), np.int16))
    volume = volume_of(stack((9, 6, 7)), voxels)
    plane = standard_planes(volume, volume.to_patient((3, 3, 4)))[Axis.AXIAL]
    for projection, wanted in (
        (Projection.MAXIMUM, voxels[2:7].max(0)), (Projection.MINIMUM, voxels[2:7].min(0)),
        (Projection.MEAN, voxels[2:7].mean(0)),
    ):  # fmt: skip
        section = grid_section(volume, plane, 8.0, projection)
        assert section is not None
        assert section.values == pytest.approx(wanted)
    thin = grid_section(volume, plane, 1.9, Projection.MAXIMUM)
    assert thin is not None and np.array_equal(thin.values, voxels[4])


def test_a_tilted_stack_is_straight_again() -> None:
    """A rod along the table in slices tilted by 15 degrees, each shifted against the last."""
    tilt = math.radians(15)
    col = (0.0, math.cos(tilt), -math.sin(tilt))
    normal = np.cross((1.0, 0.0, 0.0), col)
    step = (0.0, 0.0, 2.0)
    positions = tuple(float(n * 2.0 * normal[2]) for n in range(40))
    image = stack((40, 100, 20), (0.5, 0.5))
    tilted = StackGeometry(
        (0.0, 0.0, 0.0), (1.0, 0.0, 0.0), col, positions, positions[1], 15.0, step
    )
    image = replace(image, geometry=tilted)
    voxels = np.zeros((40, 100, 20), np.int16)
    where = []
    for z in range(40):
        # The rod runs along the patient's z at y = 20 mm: in every slice at the same row.
        row = 20.0 / col[1] / 0.5
        voxels[z, round(row), 10] = 1000
        where.append((10, round(row), z))
    volume = volume_of(image, fixed(voxels))
    assert volume.tilt_deg == 15.0
    ys = [volume.to_patient(one)[1] for one in where]
    assert ys == pytest.approx([ys[0]] * 40)
    plane = standard_planes(volume)[Axis.SAGITTAL]
    assert grid_plane(volume, plane) is None
    axial = grid_section(volume, standard_planes(volume)[Axis.AXIAL])
    assert axial is not None and axial.values.shape == (100, 20)
    # The normal of the slices makes 15 degrees with the rod.
    assert math.degrees(math.acos(abs(plane.down[2]))) == pytest.approx(15.0)


def test_marks_are_cut_with_the_voxels_they_lie_on() -> None:
    bits = np.zeros((2, 3, 2), np.uint8)
    bits[1, 2, 0] = 1
    volume = volume_of(stack(), ramp((5, 6, 7)))
    label = LabelBox(bits, (3, 1, 2))
    plane = standard_planes(volume, volume.to_patient((3, 3, 3)))[Axis.AXIAL]
    section = grid_section(volume, plane)
    assert section is not None
    sampling = Sampling(section.u0 - 0.35, section.v0 - 0.2, 0.1, 55, 30)
    found = label_section(volume, plane, label, sampling)
    assert found is not None
    cut, col0, row0 = found
    rows, cols = np.nonzero(cut)
    # Voxel (3, 3): 0.8 mm wide and 0.5 mm high around (2.4, 1.5) from the first voxel's centre.
    assert (cols.min() + col0, cols.max() + col0) == (24, 31)
    assert (rows.min() + row0, rows.max() + row0) == (15, 19)
    other = plane.moved(volume.to_patient((3, 3, 1)))
    assert label_section(volume, other, label, sampling) is None


def test_a_coarser_copy_lies_where_the_volume_does() -> None:
    z, y, x = np.indices((8, 12, 16))
    voxels = fixed((100 * z + 10 * y + x).astype(np.int16))
    volume = volume_of(stack((8, 12, 16)), voxels)
    coarse = reduced(volume, 4)
    assert coarse.voxels.shape == (4, 4, 4)
    assert coarse.center == pytest.approx(volume.center)
    for index in np.ndindex(4, 4, 4):
        place = volume.to_index(coarse.to_patient(index))
        wanted = 100 * place[2] + 10 * place[1] + place[0]
        assert abs(float(coarse.voxels[index[::-1]]) - wanted) <= 0.5


def test_slices_with_their_own_rescale_become_modality_values() -> None:
    image = replace(stack((2, 6, 7)), slice_rescale=((1.0, 0.0), (0.5, -10.0)))
    volume = volume_of(image, fixed(np.full((2, 6, 7), 20, np.int16)))
    assert volume.value_at(volume.to_patient((1, 1, 0))) == 20.0
    assert volume.value_at(volume.to_patient((1, 1, 1))) == 0.0


GEOMETRY = stack().geometry
assert GEOMETRY is not None


@pytest.mark.parametrize(
    ("image", "code"),
    [
        (replace(stack(), kind=ImageKind.PHOTOGRAPH), "volume.no_stack"),
        (stack((1, 6, 7)), "volume.one_slice"),
        (replace(stack(), geometry=None), "volume.no_geometry"),
        (replace(stack(), spacing=None), "volume.no_spacing"),
        (
            replace(stack(), spacing=Spacing(1.0, 1.0, SpacingKind.DETECTOR)),
            "volume.no_spacing",
        ),
        (replace(stack(), modality_lut=LookupTable(0, 8, (0, 1))), "volume.lookup_table"),
        (
            replace(stack(), geometry=replace(GEOMETRY, step_mm=None)),
            "volume.uneven",
        ),
        (replace(stack(), geometry=replace(GEOMETRY, tilt_deg=12.3)), "volume.tilt"),
    ],
)
def test_what_is_no_volume_is_refused(image: Image, code: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        check(image)
    assert refused.value.code == code


def test_voxels_must_be_the_stacks_and_read_only() -> None:
    with pytest.raises(InvalidValue):
        volume_of(stack(), ramp((4, 6, 7)))
    with pytest.raises(InvalidValue):
        Volume(np.zeros((2, 2, 2), np.int16), (0, 0, 0), ((1, 0, 0), (0, 1, 0), (0, 0, 1)))
    with pytest.raises(InvalidValue):
        Volume(ramp((2, 2, 2)), (0, 0, 0), ((1, 0, 0), (0, 1, 0), (1, 1, 0)))
    with pytest.raises(InvalidValue):
        Plane((0, 0, 0), (1, 0, 0), (1, 0, 0))
