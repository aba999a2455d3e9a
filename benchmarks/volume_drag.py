"""B26: a 3-D view of 300 slices turned by hand, milliseconds a frame, then the fine picture in
strips; beside VTK's mapper with its default settings on the same voxels.
"""

import time

from support import volumes
from support.measure import CannotRun, Line, Result, interleaved, timed

DEFAULT = "vtkFixedPointVolumeRayCastMapper, defaults"
COLS, ROWS = 800, 600


def run(context):
    from workstation.display.volume import reduced
    from workstation.domain.errors import EnvironmentProblem
    from workstation.ui.canvas.scene import LOOKS, Scene, prepare, strip_rows
    from workstation.ui.canvas.volume_view import STRIP_SECONDS
    from workstation.ui.panels.mpr import COARSE, FINE

    prepare()
    volume = volumes.volume()
    fine = reduced(volume, FINE)
    try:
        scene = Scene(volume, reduced(fine, COARSE), fine)
    except EnvironmentProblem:
        raise CannotRun("no OpenGL") from None
    rounds = 3 if context.quick else 11
    lines = []
    longest = []
    for look in ("bone", "lung") if context.quick else LOOKS:
        scene.set_look(look)

        def drag():
            scene.turn(3, 1)
            scene.picture(COLS, ROWS, rough=True)

        def refine():
            done, last, strips = 0, (0, 0.0), []
            while done < ROWS:
                count = min(strip_rows(ROWS, *last, STRIP_SECONDS), ROWS - done)
                start = time.perf_counter()
                scene.picture(COLS, ROWS, False, done, count)
                last = (count, time.perf_counter() - start)
                strips.append(last[1] * 1000)
                done += count
            return sum(strips), max(strips)

        scene.warm_up()  # in the background in the product
        candidates = {"ours": timed(drag)}
        if look == "bone":
            candidates[DEFAULT] = timed(_default(LOOKS[look]))
        found = interleaved(candidates, rounds)
        refined = [refine() for _ in range(rounds)]
        longest.append(max(most for _, most in refined))
        phases = {
            "fine picture, all strips": sorted(t for t, _ in refined)[rounds // 2],
            "longest strip": longest[-1],
        }
        lines.append(
            Line(f"{look}: one frame of a drag, {COLS} x {ROWS}", found.pop("ours"), found,
                 phases=phases, b_number="B26")
        )  # fmt: skip
    notes = [
        f"{'software' if scene.software else 'hardware'} OpenGL; the longest strip took "
        f"{max(longest):.0f} ms, the window is awake between strips",
    ]
    return Result(lines, notes)


def _default(look):
    """Nothing set but the look: not even shading, which ours has."""
    from vtkmodules.vtkCommonDataModel import vtkPiecewiseFunction
    from vtkmodules.vtkRenderingCore import (
        vtkColorTransferFunction,
        vtkRenderer,
        vtkRenderWindow,
        vtkVolume,
        vtkVolumeProperty,
    )
    from vtkmodules.vtkRenderingVolume import vtkFixedPointVolumeRayCastMapper

    mapper = vtkFixedPointVolumeRayCastMapper()
    mapper.SetInputData(volumes.image_data(volumes.voxels()))
    color, opaque, shown = vtkColorTransferFunction(), vtkPiecewiseFunction(), vtkVolumeProperty()
    for value, rgb in look.colors:
        color.AddRGBPoint(value, *rgb)
    for value, alpha in look.opacity:
        opaque.AddPoint(value, alpha)
    shown.SetColor(color)
    shown.SetScalarOpacity(opaque)
    shown.SetInterpolationTypeToLinear()
    body = vtkVolume()
    body.SetMapper(mapper)
    body.SetProperty(shown)
    renderer, window = vtkRenderer(), vtkRenderWindow()
    window.SetOffScreenRendering(1)
    window.SetSize(COLS, ROWS)
    window.AddRenderer(renderer)
    renderer.AddVolume(body)
    renderer.ResetCamera()
    window.Render()

    def work():
        renderer.GetActiveCamera().Azimuth(3)
        window.Render()

    return work
