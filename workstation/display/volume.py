"""A stack of slices as a volume in patient space: planes through it, and where their points lie.

Frames: voxel indices (x = column, y = row, z = slice), 0-based, whole numbers at voxel centres;
patient space LPS in mm; and plane coordinates (u, v) in mm from the plane's centre, u to the right
of the screen and v down. A tilted gantry is not sheared away in the pixels: the matrix from indices
to patient space has the true step from slice to slice, so every plane through it is right.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import cv2
import numpy as np
import numpy.typing as npt

from workstation.domain.errors import InvalidValue
from workstation.domain.image import Image, ImageKind, SpacingKind, StackGeometry

Voxels = npt.NDArray[np.generic]
Floats = npt.NDArray[np.float64]
Vector = tuple[float, float, float]

DTYPES = ("int16", "uint16", "uint8", "float32")
# A plane that leaves its row of voxels by no more than this over the whole volume runs along it.
ALIGNED_VOXELS = 0.1
# Below this a tilt is what the rounding of slice positions makes of none.
LEAST_TILT_DEG = 0.05


class Projection(StrEnum):
    """What a slab shows of the values across it."""

    MEAN = "mean"
    MAXIMUM = "maximum"
    MINIMUM = "minimum"


class Axis(StrEnum):
    """The three standard planes."""

    AXIAL = "axial"
    CORONAL = "coronal"
    SAGITTAL = "sagittal"


@dataclass(frozen=True, slots=True)
class Plane:
    """A plane in patient space: (u, v) in mm lies at `center + u * right + v * down`.

    `right` and `down` are unit vectors at a right angle, the patient directions that are shown to
    the right and down on the screen. Raises InvalidValue("volume.plane") for anything else.
    """

    center: Vector
    right: Vector
    down: Vector

    def __post_init__(self) -> None:
        right, down = np.array(self.right), np.array(self.down)
        unit = max(abs(np.linalg.norm(right) - 1), abs(np.linalg.norm(down) - 1))
        finite = np.isfinite([*self.center, *self.right, *self.down]).all()
        if not finite or unit > 1e-6 or abs(float(right @ down)) > 1e-6:
            raise InvalidValue("volume.plane")

    @property
    def normal(self) -> Vector:
        """Unit vector away from the viewer."""
        (a, b, c), (x, y, z) = self.right, self.down
        return b * z - c * y, c * x - a * z, a * y - b * x

    def to_patient(self, u: float, v: float) -> Vector:
        c, r, d = self.center, self.right, self.down
        return c[0] + u * r[0] + v * d[0], c[1] + u * r[1] + v * d[1], c[2] + u * r[2] + v * d[2]

    def from_patient(self, point: Sequence[float]) -> tuple[float, float, float]:
        """(u, v, w) of a patient point; w is its distance behind the plane, all in mm."""
        x, y, z = (float(p) - c for p, c in zip(point, self.center, strict=True))
        u, v, w = (x * a + y * b + z * c for a, b, c in (self.right, self.down, self.normal))
        return u, v, w

    def at_depth(self, w: float) -> Vector:
        """The point `w` mm behind the centre."""
        normal = self.normal
        return _vector(np.array(self.center) + w * np.array(normal))

    def moved(self, center: Vector) -> Plane:
        """The same plane through another point."""
        return Plane(center, self.right, self.down)

    def turned(self, axis: Vector, angle: float) -> Plane:
        """Turned about a unit vector through the centre, by radians (right-hand rule)."""
        turn = _rotation(axis, angle)
        right = turn @ np.array(self.right)
        down = turn @ np.array(self.down)
        # Many small turns must not add up to a plane that is none.
        right /= np.linalg.norm(right)
        down -= right * (down @ right)
        return Plane(self.center, _vector(right), _vector(down / np.linalg.norm(down)))


@dataclass(frozen=True, eq=False)
class Volume:
    """Voxels (z, y, x), read-only, and where they lie.

    `origin` is the patient point of voxel (0, 0, 0); `steps` are the vectors in mm to the next
    column, row and slice. Modality values are voxel * `slope` + `intercept`. `tilt_deg` is the
    gantry tilt that the step between slices has. Raises InvalidValue("volume.voxels") for voxels
    that are no grey volume or can be written to, "volume.steps" where the steps span no space.
    """

    voxels: Voxels
    origin: Vector
    steps: tuple[Vector, Vector, Vector]
    slope: float = 1.0
    intercept: float = 0.0
    tilt_deg: float = 0.0
    to_patient_matrix: Floats = field(init=False, repr=False)
    to_index_matrix: Floats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        voxels = self.voxels
        if voxels.ndim != 3 or 0 in voxels.shape or voxels.dtype.name not in DTYPES:
            raise InvalidValue("volume.voxels")
        if voxels.flags.writeable:
            raise InvalidValue("volume.voxels")
        matrix = np.eye(4)
        matrix[:3, :3] = np.array(self.steps, np.float64).T
        matrix[:3, 3] = self.origin
        lengths = np.linalg.norm(matrix[:3, :3], axis=0)
        if not np.isfinite(matrix).all() or not (lengths > 0).all():
            raise InvalidValue("volume.steps")
        # The three leave a plane by at least 30 degrees: no scanner tilts further.
        if abs(float(np.linalg.det(matrix[:3, :3] / lengths))) < 0.5:
            raise InvalidValue("volume.steps")
        inverse = np.linalg.inv(matrix)
        for one in (matrix, inverse):
            one.flags.writeable = False
        object.__setattr__(self, "to_patient_matrix", matrix)
        object.__setattr__(self, "to_index_matrix", inverse)

    @property
    def spacing(self) -> Vector:
        """Distance between voxel centres along columns, rows and slices, in mm."""
        return _vector(np.linalg.norm(self.to_patient_matrix[:3, :3], axis=0))

    @property
    def center(self) -> Vector:
        """The middle of the volume."""
        slices, rows, cols = self.voxels.shape
        return self.to_patient(((cols - 1) / 2, (rows - 1) / 2, (slices - 1) / 2))

    def to_patient(self, index: Sequence[float]) -> Vector:
        """The patient point of a voxel index (x, y, z)."""
        return _vector(self.to_patient_matrix @ np.array([*index, 1.0]))

    def to_index(self, point: Sequence[float]) -> Vector:
        """The voxel index (x, y, z), not rounded, of a patient point."""
        return _vector(self.to_index_matrix @ np.array([*point, 1.0]))

    def voxel_at(self, point: Sequence[float]) -> tuple[int, int, int] | None:
        """The voxel (x, y, z) a patient point lies in; None outside."""
        index = [math.floor(v + 0.5) for v in self.to_index(point)]
        inside = all(0 <= i < n for i, n in zip(index, self.voxels.shape[::-1], strict=True))
        return (index[0], index[1], index[2]) if inside else None

    def value_at(self, point: Sequence[float]) -> float | None:
        """The modality value of the voxel a patient point lies in; None outside."""
        index = self.voxel_at(point)
        if index is None:
            return None
        x, y, z = index
        return float(self.voxels[z, y, x]) * self.slope + self.intercept

    def nearest_index(self, point: Sequence[float]) -> tuple[int, int, int]:
        """The voxel (x, y, z) nearest to a patient point."""
        x, y, z = (
            min(max(math.floor(v + 0.5), 0), n - 1)
            for v, n in zip(self.to_index(point), self.voxels.shape[::-1], strict=True)
        )
        return x, y, z

    def nearest_center(self, point: Sequence[float]) -> Vector:
        """The centre of that voxel."""
        return self.to_patient(self.nearest_index(point))


def check(image: Image) -> None:
    """Raises InvalidValue with the reason why an image cannot be looked at as a volume."""
    number = image.number
    if image.kind is not ImageKind.STACK or image.samples != 1:
        raise InvalidValue("volume.no_stack", image=number)
    if image.slices < 2:
        raise InvalidValue("volume.one_slice", image=number)
    if image.geometry is None:
        raise InvalidValue("volume.no_geometry", image=number)
    if image.spacing is None or image.spacing.kind is not SpacingKind.PATIENT:
        raise InvalidValue("volume.no_spacing", image=number)
    if image.modality_lut is not None:
        raise InvalidValue("volume.lookup_table", image=number)
    if image.geometry.step_mm is None:
        gaps = np.diff(image.geometry.positions_mm)
        raise InvalidValue(
            "volume.uneven", image=number, least=f"{gaps.min():.2f}", most=f"{gaps.max():.2f}"
        )
    if _step(image.geometry) is None:
        raise InvalidValue("volume.tilt", image=number, tilt=f"{image.geometry.tilt_deg:.1f}")


def volume_of(image: Image, voxels: Voxels) -> Volume:
    """The volume of a stack whose stored values are `voxels` (slices, rows, cols), which are kept
    and not copied; where slices have their own rescale, modality values in float32 are made.

    Raises InvalidValue as `check` does, and where the voxels are not the image's.
    """
    check(image)
    geometry, spacing = image.geometry, image.spacing
    assert geometry is not None and spacing is not None
    if voxels.shape != (image.slices, image.rows, image.cols):
        raise InvalidValue("volume.voxels")
    slope, intercept = image.slope, image.intercept
    if image.slice_rescale:
        rescale = np.array(image.slice_rescale, np.float32)[:, :, None, None]
        voxels = voxels.astype(np.float32) * rescale[:, 0] + rescale[:, 1]
        slope, intercept = 1.0, 0.0
    kept = voxels.view()
    kept.flags.writeable = False
    step = _step(geometry)
    assert step is not None
    row, col = _frame(geometry)
    columns, rows = _vector(row * spacing.col_mm), _vector(col * spacing.row_mm)
    return Volume(kept, geometry.origin, (columns, rows, step), slope, intercept, tilt_of(geometry))


def tilt_of(geometry: StackGeometry) -> float:
    """Gantry tilt in degrees; 0 for what is rounding."""
    return geometry.tilt_deg if abs(geometry.tilt_deg) > LEAST_TILT_DEG else 0.0


def _step(geometry: StackGeometry) -> Vector | None:
    """From slice to slice in mm: along the normal, or as kept where the gantry was tilted."""
    if geometry.step_mm is None:
        return None
    if tilt_of(geometry):
        return geometry.step_vector
    row, col = _frame(geometry)
    return _vector(np.cross(row, col) * geometry.step_mm)


def _frame(geometry: StackGeometry) -> tuple[Floats, Floats]:
    """Row and column direction at a right angle: they are written with few digits."""
    row = np.array(geometry.row_direction) / np.linalg.norm(geometry.row_direction)
    col = np.array(geometry.col_direction) - row * (np.array(geometry.col_direction) @ row)
    return row, col / np.linalg.norm(col)


def standard_planes(volume: Volume, center: Vector | None = None) -> dict[Axis, Plane]:
    """The axial, coronal and sagittal plane through a point (the middle where none is given).

    Radiological: axial seen from the feet and coronal from the front, the patient's right on the
    screen's left; sagittal from the left, the front on the screen's left; the head is up. The
    axes are those of the acquisition that are nearest to the patient's: its slices are shown as
    they are, also where they are oblique to the body.
    """
    place = volume.center if center is None else center
    left, back, head = _axes(volume)
    return {
        Axis.AXIAL: Plane(place, left, back),
        Axis.CORONAL: Plane(place, left, _negative(head)),
        Axis.SAGITTAL: Plane(place, back, _negative(head)),
    }


def _axes(volume: Volume) -> tuple[Vector, Vector, Vector]:
    """Unit vectors at right angles nearest to the patient's left, back and head."""
    matrix = volume.to_patient_matrix[:3, :3]
    row = matrix[:, 0] / np.linalg.norm(matrix[:, 0])
    col = matrix[:, 1] - row * (matrix[:, 1] @ row)
    col /= np.linalg.norm(col)
    frame = [row, col, np.cross(row, col)]
    orders = ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0))
    fit = [round(sum(abs(frame[n][a]) for a, n in enumerate(order)), 6) for order in orders]
    best = orders[fit.index(max(fit))]
    found = [frame[n] * (1.0 if frame[n][a] >= 0 else -1.0) for a, n in enumerate(best)]
    return _vector(found[0]), _vector(found[1]), _vector(found[2])


@dataclass(frozen=True, slots=True)
class GridPlane:
    """A plane that runs along rows of voxels: which index axis (0 x, 1 y, 2 z) goes right, which
    down and which through, and from where to where on it."""

    right: int
    down: int
    through: int
    reversed_right: bool
    reversed_down: bool


def grid_plane(volume: Volume, plane: Plane) -> GridPlane | None:
    """How the plane lies in the grid of voxels; None where it is oblique to it."""
    inverse = volume.to_index_matrix[:3, :3]
    extent = np.array(volume.voxels.shape[::-1])
    found = []
    for direction in (plane.right, plane.down):
        along = inverse @ np.array(direction)
        axis = int(np.argmax(np.abs(along)))
        others = np.delete(along, axis) / abs(along[axis]) * extent[axis]
        if np.abs(others).max() > ALIGNED_VOXELS:
            return None
        found.append((axis, along[axis] < 0))
    (right, reversed_right), (down, reversed_down) = found
    if right == down:
        return None
    return GridPlane(right, down, 3 - right - down, bool(reversed_right), bool(reversed_down))


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """Stored values on a plane: `values` (rows, cols), pixel (x, y) at
    (u0 + x * step_u, v0 + y * step_v) in mm on the plane. Float32, or as stored.
    """

    values: Voxels
    u0: float
    v0: float
    step_u: float
    step_v: float


def grid_section(
    volume: Volume,
    plane: Plane,
    thickness_mm: float = 0.0,
    projection: Projection = Projection.MEAN,
) -> Section | None:
    """The voxels of a plane that runs along the grid, none of them interpolated: those nearest to
    the plane, or of a slab the voxels whose centres lie within half its thickness.

    None where the plane is oblique to the grid or lies outside the volume, and for a slab of a
    tilted stack, whose voxels do not lie straight behind one another.
    """
    grid = grid_plane(volume, plane)
    if grid is None or (thickness_mm > 0 and volume.tilt_deg):
        return None
    size = volume.voxels.shape[::-1]
    index = volume.to_index(plane.center)
    depth = index[grid.through]
    slices = thickness_mm / volume.spacing[grid.through]
    first, last = _slab(depth, slices, size[grid.through])
    if first > last:
        return None
    # Columns and rows of the plane start where the index is 0, at the depth shown.
    corner = [0.0, 0.0, 0.0]
    middle = math.floor(depth + 0.5) if thickness_mm <= 0 else depth
    corner[grid.through] = middle
    if grid.reversed_right:
        corner[grid.right] = size[grid.right] - 1
    if grid.reversed_down:
        corner[grid.down] = size[grid.down] - 1
    u0, v0, _ = plane.from_patient(volume.to_patient(corner))
    cut = _taken(volume.voxels, grid, first, last, projection)
    spacing = volume.spacing
    return Section(cut, u0, v0, spacing[grid.right], spacing[grid.down])


def _slab(depth: float, thickness: float, size: int) -> tuple[int, int]:
    """First and last slice, in slices; at least the nearest one."""
    nearest = math.floor(depth + 0.5)
    if not 0 <= nearest < size:
        return 1, 0
    first = min(math.ceil(depth - thickness / 2 - 1e-6), nearest)
    last = max(math.floor(depth + thickness / 2 + 1e-6), nearest)
    return max(first, 0), min(last, size - 1)


def _taken(
    voxels: Voxels, grid: GridPlane, first: int, last: int, projection: Projection
) -> Voxels:
    """(down, right) array of the slices first..last across the plane."""
    axis = 2 - grid.through
    part: list[slice] = [slice(None)] * 3
    part[axis] = slice(first, last + 1)
    cut = project(voxels[tuple(part)], axis, projection)
    if grid.right > grid.down:  # index order is x, y, z; array order the other way round
        cut = cut.T
    down, right = (-1 if back else 1 for back in (grid.reversed_down, grid.reversed_right))
    return np.asarray(cut[::down, ::right])


def project(slab: Voxels, axis: int, projection: Projection) -> Voxels:
    """Values across a slab as one: float32 for a mean of several, else as they are."""
    if slab.shape[axis] == 1:
        return np.asarray(np.take(slab, 0, axis))
    if projection is Projection.MEAN:
        return np.asarray(slab.mean(axis=axis, dtype=np.float32))
    reduce = np.max if projection is Projection.MAXIMUM else np.min
    return np.asarray(reduce(slab, axis=axis))


@dataclass(frozen=True, slots=True)
class Sampling:
    """Pixels (cols, rows) on a plane: pixel (0, 0) at (u0, v0), `step_mm` apart both ways."""

    u0: float
    v0: float
    step_mm: float
    cols: int
    rows: int


def index_map(volume: Volume, plane: Plane, sampling: Sampling) -> Floats:
    """The 3 x 3 matrix from (pixel column, pixel row, 1) to the voxel index (x, y, z)."""
    right = np.array(plane.right) * sampling.step_mm
    down = np.array(plane.down) * sampling.step_mm
    corner = np.array(plane.to_patient(sampling.u0, sampling.v0))
    inverse = volume.to_index_matrix
    columns = [inverse[:3, :3] @ right, inverse[:3, :3] @ down]
    return np.stack([*columns, inverse[:3, :3] @ corner + inverse[:3, 3]], axis=1)


def shown(section: Section, sampling: Sampling, outside: float) -> npt.NDArray[np.float32]:
    """Values of a section at the pixels of a sampling, (rows, cols) float32, linear between pixel
    centres and the edge held for half a pixel; `outside` beyond it."""
    values = np.ascontiguousarray(section.values, np.float32)
    scale_u, scale_v = sampling.step_mm / section.step_u, sampling.step_mm / section.step_v
    matrix = np.array(
        [
            [scale_u, 0.0, (sampling.u0 - section.u0) / section.step_u],
            [0.0, scale_v, (sampling.v0 - section.v0) / section.step_v],
        ]
    )
    x = (np.arange(sampling.cols) * scale_u + matrix[0, 2]).astype(np.float32)
    y = (np.arange(sampling.rows) * scale_v + matrix[1, 2]).astype(np.float32)
    size = (sampling.cols, sampling.rows)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    out = cv2.warpAffine(values, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    out[:, (x < -0.5) | (x > values.shape[1] - 0.5)] = outside
    out[(y < -0.5) | (y > values.shape[0] - 0.5)] = outside
    return np.asarray(out, np.float32)


@dataclass(frozen=True, eq=False)
class LabelBox:
    """A marked region of a volume: `bits` (z, y, x) uint8 of the box whose first voxel has the
    index `corner` (x, y, z). A box, because most marks are small and the volume is not."""

    bits: npt.NDArray[np.uint8]
    corner: tuple[int, int, int]


def label_section(
    volume: Volume, plane: Plane, label: LabelBox, sampling: Sampling
) -> tuple[npt.NDArray[np.uint8], int, int] | None:
    """Which pixels of a sampling lie in a marked voxel: bits, and the column and row of the first;
    nearest neighbour. None where the plane misses the box."""
    shape = label.bits.shape[::-1]
    matrix = index_map(volume, plane, sampling)
    low = np.array(label.corner) - 0.5
    high = low + np.array(shape)
    corners = [
        plane.from_patient(volume.to_patient((x, y, z)))
        for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])
    ]  # fmt: skip
    us, vs, ws = zip(*corners, strict=True)
    if min(ws) > 0 or max(ws) < 0:
        return None
    col0 = max(0, math.floor((min(us) - sampling.u0) / sampling.step_mm))
    col1 = min(sampling.cols, math.ceil((max(us) - sampling.u0) / sampling.step_mm) + 1)
    row0 = max(0, math.floor((min(vs) - sampling.v0) / sampling.step_mm))
    row1 = min(sampling.rows, math.ceil((max(vs) - sampling.v0) / sampling.step_mm) + 1)
    if col0 >= col1 or row0 >= row1:
        return None
    cols, rows = np.arange(col0, col1), np.arange(row0, row1)
    inside = np.ones((len(rows), len(cols)), bool)
    index = []
    for n in range(3):
        along = matrix[n, 0] * cols[None, :] + matrix[n, 1] * rows[:, None] + matrix[n, 2]
        whole = np.floor(along + 0.5).astype(np.int64) - label.corner[n]
        inside &= (whole >= 0) & (whole < shape[n])
        index.append(np.clip(whole, 0, shape[n] - 1))
    bits = label.bits[index[2], index[1], index[0]] * inside
    return (np.asarray(bits, np.uint8), col0, row0) if bits.any() else None


def reduced(volume: Volume, most: int) -> Volume:
    """A coarser copy of at most about `most` voxels along each axis: means of blocks, for a first
    look while the volume is turned."""
    factors = [max(1, math.ceil(n / most)) for n in volume.voxels.shape]
    kept = [n // f * f for n, f in zip(volume.voxels.shape, factors, strict=True)]
    fz, fy, fx = factors
    planes = []
    for z in range(0, kept[0], fz):
        block = volume.voxels[z : z + fz, : kept[1], : kept[2]]
        mean = block.mean(axis=0, dtype=np.float32) if fz > 1 else block[0].astype(np.float32)
        size = (kept[2] // fx, kept[1] // fy)
        planes.append(cv2.resize(mean, size, interpolation=cv2.INTER_AREA))
    coarse = np.rint(np.stack(planes)).astype(volume.voxels.dtype)
    coarse.flags.writeable = False
    steps = [tuple(v * f for v in s) for s, f in zip(volume.steps, (fx, fy, fz), strict=True)]
    origin = volume.to_patient(((fx - 1) / 2, (fy - 1) / 2, (fz - 1) / 2))
    return Volume(
        coarse, origin, (_vector(steps[0]), _vector(steps[1]), _vector(steps[2])),
        volume.slope, volume.intercept, volume.tilt_deg,
    )  # fmt: skip


def _rotation(axis: Sequence[float], angle: float) -> Floats:
    """Rodrigues' formula."""
    x, y, z = axis
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.asarray(np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross)


def _negative(vector: Vector) -> Vector:
    return -vector[0], -vector[1], -vector[2]


def _vector(values: Sequence[float] | Floats) -> Vector:
    return float(values[0]), float(values[1]), float(values[2])
