"""Where three linked planes lie in a volume: one crosshair, the turns, the slab."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, Signal

from workstation.display.volume import (
    Axis,
    Plane,
    Projection,
    Vector,
    Volume,
    grid_plane,
    standard_planes,
)

THICKEST_MM = 60


class MprState(QObject):
    """All planes go through `center`, the crosshair, a patient point in LPS mm. `moving` while a
    hand is on it: what takes long is drawn coarser until it comes to rest."""

    changed = Signal()

    def __init__(self, volume: Volume) -> None:
        super().__init__()
        self.volume = volume
        self.moving = False
        self._start()

    def _start(self) -> None:
        center = self.volume.nearest_center(self.volume.center)
        self.planes: dict[Axis, Plane] = standard_planes(self.volume, center)
        self.thickness_mm = 0.0
        self.projection = Projection.MAXIMUM

    def reset(self) -> None:
        """The standard planes through the middle, no slab."""
        self._start()
        self.changed.emit()

    @property
    def center(self) -> Vector:
        return self.planes[Axis.AXIAL].center

    def is_standard(self, axis: Axis) -> bool:
        """Whether the plane is as it was at the start but for its place."""
        start = standard_planes(self.volume)[axis]
        now = self.planes[axis]
        return bool(
            np.allclose(start.right, now.right, atol=1e-9)
            and np.allclose(start.down, now.down, atol=1e-9)
        )

    def move_to(self, point: Vector) -> None:
        """The crosshair to a patient point, held inside the volume."""
        index = np.array(self.volume.to_index(point))
        most = np.array(self.volume.voxels.shape[::-1]) - 1
        inside = self.volume.to_patient(np.clip(index, 0, most).tolist())
        self.planes = {axis: plane.moved(inside) for axis, plane in self.planes.items()}
        self.changed.emit()

    def step(self, axis: Axis, steps: int) -> None:
        """Along the normal of a plane: from voxel to voxel where the plane runs along the grid,
        else by the shortest voxel side. Positive steps go away from the viewer."""
        plane = self.planes[axis]
        grid = grid_plane(self.volume, plane)
        if grid is not None:
            index = list(self.volume.nearest_index(self.center))
            inverse = self.volume.to_index_matrix[:3, :3] @ np.array(plane.normal)
            index[grid.through] += steps if inverse[grid.through] > 0 else -steps
            target = np.array(self.volume.to_patient(index))
            # Only the depth changes: the crosshair stays where it is on this plane.
            depth = float((target - np.array(self.center)) @ np.array(plane.normal))
        else:
            depth = steps * min(self.volume.spacing)
        self.move_to(plane.at_depth(depth))

    def turn(self, axis: Axis, angle: float) -> None:
        """Turn the two other planes about the normal of this one, by radians."""
        about = self.planes[axis].normal
        self.planes = {
            one: plane if one is axis else plane.turned(about, angle)
            for one, plane in self.planes.items()
        }
        self.changed.emit()

    def set_slab(self, thickness_mm: float, projection: Projection) -> None:
        self.thickness_mm = min(max(0.0, thickness_mm), float(THICKEST_MM))
        self.projection = projection
        self.changed.emit()

    def set_moving(self, moving: bool) -> None:
        if self.moving != moving:
            self.moving = moving
            self.changed.emit()
