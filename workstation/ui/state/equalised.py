"""The equalised copy of a photograph, made once and not in the way."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, QTimer, Signal

from workstation.display.photo import Rgb, equalised
from workstation.domain.viewing import PhotoLook

Made = TypeVar("Made")

# A smaller picture is equalised at once: about 30 ms.
AT_ONCE_PX = 1_500_000
POLL_MS = 25
_worker = ThreadPoolExecutor(1, thread_name_prefix="equalise")


class Equalised(QObject, Generic[Made]):
    """`prepare` makes of the equalised picture what a pane shows; it runs in the worker as well.
    `ready` says that what was asked for is there now."""

    ready = Signal()

    def __init__(self, parent: QObject, prepare: Callable[[Rgb], Made]) -> None:
        super().__init__(parent)
        self._prepare = prepare
        self._of: npt.NDArray[np.generic] | None = None
        self._red_free = False
        self._made: Made | None = None
        self._under_way: Future[Made] | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self._collect)

    def of(self, stored: npt.NDArray[np.generic], look: PhotoLook) -> Made | None:
        """What to show of a picture with CLAHE; None while it is made, without CLAHE, and of grey.

        The whole picture is equalised, so that nothing of it changes when the view moves.
        """
        if not look.clahe or stored.ndim != 3:
            return None
        if self._of is not stored or self._red_free != look.red_free:
            self._of, self._red_free = stored, look.red_free
            self._made = None
            rgb = np.asarray(stored, np.uint8)
            if rgb.shape[0] * rgb.shape[1] <= AT_ONCE_PX:
                self._under_way = None
                self._made = self._prepare(equalised(rgb, look))
            else:
                prepare = self._prepare
                self._under_way = _worker.submit(lambda: prepare(equalised(rgb, look)))
                self._timer.start()
        return self._made

    def _collect(self) -> None:
        if self._under_way is not None and self._under_way.done():
            self._made, self._under_way = self._under_way.result(), None
            self.ready.emit()
        if self._under_way is None:
            self._timer.stop()
