"""B01 and B02: a window step until it is painted on 1600 x 1200, the image fitted; B03: the pass
over the pixels alone.

Ours: the product's pane. The peers hold the same pixels and are asked for the same steps, all in
one process, round by round. VTK renders into a window off the screen, in software.
"""

from support.measure import Line, Result
from support.panes import FLOOR, run_child
from support.screen import screen

# The QGraphicsView of the tutorials takes the nearest pixel: a coarser picture, so information.
RIVALS = ("pyqtgraph ImageItem", "pyqtgraph, autoDownsample", "vtkImageSlice")
SIZES = ("5000 x 4000", "3000 x 2000", "512 x 512")
COPY = "copying that many bytes"
PASSES = ("numpy, float32", "numpy, table[pixels]", "vtkImageMapToWindowLevelColors")


def run(context):
    rounds, steps = (2, 12) if context.quick else (9, 60)
    sizes = SIZES[::2] if context.quick else SIZES
    lines, notes, versions = [], [], {}
    offscreen = ("offscreen", {"QT_QPA_PLATFORM": "offscreen"})
    with screen() as real:
        for name, variables in dict([offscreen] if context.quick else [offscreen, real]).items():
            found = run_child(context, "window_level.py", variables, rounds, steps, *sizes)
            versions |= found["versions"]
            for size, times in found["drags"].items():
                number = "B01" if size.startswith("5000") else "B02"
                lines.append(line(f"{size}, {name}", times, number, FLOOR, RIVALS))
            lines.append(
                line(f"20 Mpx through a table, {name}", found["kernels"], "B03", COPY, PASSES)
            )
    notes.append("OpenCV is the engine we use ourselves; its linear pass cannot do a LUT")
    return Result(lines, notes, versions)


def line(name, times, number, floor, rivals):
    """A line of the table from what a child measured."""
    peers = {peer: values for peer, values in times.items() if peer != "ours"}
    return Line(name, times["ours"], peers, b_number=number, floor=floor, different_engine=rivals)
