"""B27: smooth surfaces of 13 marked bodies in 300 x 512 x 512 voxels; beside VTK's other filter for
it and scikit-image's marching cubes.
"""

import numpy as np
from support import volumes
from support.measure import CannotRun, Line, Result, interleaved, timed

EDGES = "vtkDiscreteFlyingEdges3D"
CUBES = "skimage marching_cubes, in boxes"
RAW = "vtkSurfaceNets3D, not smoothed"


def run(context):
    from workstation.ui.canvas.scene import prepare, surface

    prepare()
    labels = volumes.labels()
    spacing = (volumes.SPACING, volumes.SPACING, volumes.STEP)
    boxes = _boxes(labels)
    data = volumes.image_data(labels, spacing)

    def ours():
        return [surface(box, spacing) for box in boxes]

    peers = {EDGES: _edges(data, len(boxes)), RAW: _nets(data, len(boxes))}
    try:
        peers[CUBES] = _cubes(boxes, spacing)
    except ImportError:
        notes = ["scikit-image is not in this environment"]
    else:
        notes = []
    if sum(mesh.GetNumberOfCells() for mesh in ours()) == 0:
        raise CannotRun("no surface")
    found = interleaved(
        {"ours": timed(ours)} | {name: timed(work) for name, work in peers.items()},
        2 if context.quick else 9,
    )
    remarks = {
        RAW: "on the whole grid; ours works in each mark's box",
        CUBES: "steps as they are; ours is smoothed, which is half of its time",
    }
    line = Line(
        "13 marks to smooth surfaces", found.pop("ours"), found, b_number="B27", floor=RAW,
        different_engine=(EDGES,),
        remarks={peer: said for peer, said in remarks.items() if peer in found},
    )  # fmt: skip
    return Result([line], notes)


def _boxes(labels):
    from scipy.ndimage import find_objects

    from workstation.display.volume import LabelBox

    out = []
    for n, (z, y, x) in enumerate(find_objects(labels), 1):
        bits = (labels[z, y, x] == n).astype(np.uint8)
        out.append(LabelBox(bits, (x.start, y.start, z.start)))
    return out


def _edges(data, count):
    from vtkmodules.vtkFiltersGeneral import vtkDiscreteFlyingEdges3D

    def work():
        one = vtkDiscreteFlyingEdges3D()
        one.SetInputData(data)
        one.GenerateValues(count, 1, count)
        one.Update()
        return one.GetOutput()

    return work


def _nets(data, count):
    from vtkmodules.vtkFiltersCore import vtkSurfaceNets3D

    def work():
        one = vtkSurfaceNets3D()
        one.SetInputData(data)
        one.GenerateValues(count, 1, count)
        one.SmoothingOff()
        one.Update()
        return one.GetOutput()

    return work


def _cubes(boxes, spacing):
    from skimage.measure import marching_cubes

    def work():
        return [marching_cubes(np.pad(b.bits, 1), 0.5, spacing=spacing[::-1]) for b in boxes]

    return work
