"""B28: 50 000 repaints and signals of the pane and none lost of the interpreter's own objects; and
memory after ten cases of 300 slices, opened one after another, beside what it was before.

Counts, not times: the peers' columns are what there was before.
"""

import gc
import os
import sys

from support import studies
from support.measure import CannotRun, Line, Result

REPAINTS = 50_000
CASES = 10
ALLOWED = 1.10


def run(context):
    count = 5_000 if context.quick else REPAINTS
    lines = [_references(count)]
    home = studies.kept(context, "series", studies.make_series)
    lines += _memory(home / studies.STORE)
    notes = ["references may not fall: PySide6 6.12.0 loses one of None with every call"]
    return Result(lines, notes)


def _references(count):
    import numpy as np
    from PySide6.QtCore import QObject, Signal
    from PySide6.QtWidgets import QApplication

    from workstation.domain.image import Image, ImageKind
    from workstation.ui.canvas.image_view import ImageView
    from workstation.ui.state.view_state import ViewState

    class Sender(QObject):
        told = Signal(bool)

    qt = QApplication.instance() or QApplication(["benchmark"])
    plane = np.arange(64 * 64, dtype=np.int16).reshape(64, 64)
    pane = ImageView(ViewState(), lambda image, z: plane)
    pane.set_image(Image("i", "c", "S1", ImageKind.STACK, "CT", 64, 64, 1, 1, "int16", ()))
    pane.resize(160, 120)
    pane.show()
    sender = Sender()
    sender.told.connect(lambda on: None)
    before = [sys.getrefcount(one) for one in (None, True, False)]
    start = _resident()
    for n in range(count):
        pane.view.set(window=(n % 400, 400 + n % 7))
        pane.repaint()
        sender.told.emit(n % 2 == 0)
        if n % 20 == 0:
            qt.processEvents()
    grown = _resident() - start
    lost = [
        old - sys.getrefcount(one) for old, one in zip(before, (None, True, False), strict=True)
    ]
    pane.close()
    if sys.version_info < (3, 12) and max(lost) > count // 100:
        raise CannotRun(f"{count} repaints lost {lost} references of None, True and False")
    return Line(
        f"memory grown by {count} repaints and signals", [grown], b_number="B28", unit="MiB"
    )


def _memory(home):
    from workstation.imaging.pixels import StudyPixels

    workspace = studies.signed_in(home)
    with workspace.reading() as uow:
        image = uow.images.all()[0]
    pixels = StudyPixels(workspace.blobs)

    def opened():
        """A case is opened, loaded whole, and left."""
        volume = pixels.volume(image, lambda *_: None)
        held = _resident()
        del volume
        pixels.keep_only([])
        gc.collect()
        return held

    opened()
    before = _resident()
    held = [opened() for _ in range(CASES)]
    after = _resident()
    workspace.close()
    voxels = image.slices * image.rows * image.cols * 2 / 2**20
    if after > ALLOWED * before:
        raise CannotRun(f"{after:.0f} MiB after {CASES} cases, {before:.0f} before")
    return [
        Line(
            f"memory after {CASES} cases of {image.slices} slices", [after],
            {"before": [before]}, b_number="B28", floor="before", unit="MiB",
        ),
        Line(
            "memory of one case, open", [max(held) - before], {"its voxels": [voxels]},
            b_number="B28", floor="its voxels", unit="MiB",
        ),
    ]  # fmt: skip


def _resident():
    """MiB this process has in memory now."""
    if sys.platform == "linux":
        with open("/proc/self/statm", "rb") as data:
            return int(data.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    import psutil

    return psutil.Process().memory_info().rss / 2**20
