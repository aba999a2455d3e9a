"""Equalised copies of the levels of one photograph, made once each and not in the way."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, QTimer, Signal

from workstation.display.photo import equalised
from workstation.domain.viewing import PhotoLook

Plane = npt.NDArray[np.generic]

# Below this a level is equalised at once: about 30 ms.
AT_ONCE_PX = 1_500_000
POLL_MS = 25
_worker = ThreadPoolExecutor(1, thread_name_prefix="equalise")


class EqualisedLevels(QObject):
    """`ready` says that a level that was asked for is there now."""

    ready = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._key: tuple[object, bool] | None = None
        self._done: dict[int, Plane] = {}
        self._under_way: dict[int, Future[npt.NDArray[np.uint8]]] = {}
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self._collect)

    def at(
        self, level: int, levels: Sequence[Plane], plane: object, look: PhotoLook
    ) -> tuple[int, Plane]:
        """The level to show and its pixels: `level` itself, or a coarser one until it is ready.

        `plane` names what `levels` are of; grey images and looks without CLAHE pass through.
        """
        if not look.clahe or levels[level].ndim != 3:
            return level, levels[level]
        if self._key != (plane, look.red_free):
            self._key = plane, look.red_free
            self._done.clear()
            self._under_way.clear()
        while level not in self._done:
            rgb = np.asarray(levels[level], np.uint8)
            if rgb.shape[0] * rgb.shape[1] <= AT_ONCE_PX or level + 1 == len(levels):
                self._done[level] = equalised(rgb, look)
                break
            if level not in self._under_way:
                self._under_way[level] = _worker.submit(equalised, rgb, look)
                self._timer.start()
            level += 1
        return level, self._done[level]

    def _collect(self) -> None:
        for level, future in list(self._under_way.items()):
            if future.done():
                self._done[level] = future.result()
                del self._under_way[level]
                self.ready.emit()
        if not self._under_way:
            self._timer.stop()
