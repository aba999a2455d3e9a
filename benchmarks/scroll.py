"""B04, axial: the next slice of 512 x 512 x 300 until it is painted on 1024 x 1024, from memory."""

from support.measure import Line, Result
from support.panes import FLOOR, run_child
from support.screen import screen

RIVALS = ("pyqtgraph ImageItem", "pyqtgraph ImageView", "QGraphicsView, smooth",
          "vtkImageSlice")  # fmt: skip


def run(context):
    rounds, steps = (3, 40) if context.quick else (9, 300)
    lines, versions = [], {}
    offscreen = ("offscreen", {"QT_QPA_PLATFORM": "offscreen"})
    with screen() as real:
        for name, variables in dict([offscreen] if context.quick else [offscreen, real]).items():
            found = run_child(context, "scroll.py", variables, rounds, steps)
            versions |= found["versions"]
            times = found["axial"]
            peers = {peer: values for peer, values in times.items() if peer != "ours"}
            lines.append(
                Line(f"axial slices, {name}", times["ours"], peers, b_number="B04",
                     floor=FLOOR, different_engine=RIVALS)
            )  # fmt: skip
    return Result(lines, ["ours also writes the slice's number, zoom and window; nearest gives a coarser picture"],
                  versions)  # fmt: skip
