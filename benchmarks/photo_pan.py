"""B06: a photograph of 4000 x 3000 panned on 1600 x 1200, a step until it is painted."""

from support.measure import Line, Result
from support.panes import FLOOR, run_child
from support.screen import screen

RIVALS = ("QGraphicsView, one pixmap, smooth", "pyqtgraph ImageItem")


def run(context):
    rounds, steps = (3, 40) if context.quick else (9, 160)
    lines, versions = [], {}
    offscreen = ("offscreen", {"QT_QPA_PLATFORM": "offscreen"})
    with screen() as real:
        for name, variables in dict([offscreen] if context.quick else [offscreen, real]).items():
            found = run_child(context, "photo_pan.py", variables, rounds, steps)
            versions |= found["versions"]
            for zoom, times in found["pans"].items():
                peers = {peer: values for peer, values in times.items() if peer != "ours"}
                lines.append(
                    Line(f"{zoom}, {name}", times["ours"], peers, b_number="B06", floor=FLOOR,
                         different_engine=RIVALS)
                )  # fmt: skip
    return Result(lines, ["nearest gives another picture than ours: information"], versions)
