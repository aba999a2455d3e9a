"""A stack played as a film: the frame that is due is shown; those missed are told, not queued."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from workstation.domain.image import Image

PLAIN_RATE = 10.0
LEAST_RATE, MOST_RATE = 1.0, 60.0
TICK_MS = 8


def rate_of(image: Image) -> float:
    """Frames a second: what the file says, else ten."""
    if image.frame_time_ms and image.frame_time_ms > 0:
        return min(MOST_RATE, max(LEAST_RATE, 1000.0 / image.frame_time_ms))
    return PLAIN_RATE


def frame_at(step: int, count: int, to_and_fro: bool) -> int:
    """The frame after `step` frames from the first one: round and round, or to and fro."""
    if count < 2:
        return 0
    if not to_and_fro:
        return step % count
    at = step % (2 * count - 2)
    return at if at < count else 2 * count - 2 - at


class Cine(QObject):
    """`show(z)` a frame that is `ready(z)`; `clock` gives seconds."""

    changed = Signal()

    def __init__(
        self, count: int, rate: float, show: Callable[[int], object],
        ready: Callable[[int], bool], clock: Callable[[], float] = time.perf_counter,
    ) -> None:  # fmt: skip
        super().__init__()
        self.count = count
        self.rate = rate
        self.to_and_fro = False
        self.dropped = 0
        self._show = show
        self._ready = ready
        self._clock = clock
        self._begun = 0.0
        self._first = 0
        self._step = 0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self.tick)

    @property
    def playing(self) -> bool:
        return self._timer.isActive()

    def play(self, z: int) -> None:
        """From frame `z` on."""
        self.dropped = 0
        self._from(z)
        self._timer.start()
        self.changed.emit()

    def pause(self) -> None:
        if self.playing:
            self._timer.stop()
            self.changed.emit()

    def set_rate(self, rate: float, z: int) -> None:
        """Another speed, going on from frame `z`."""
        self.rate = min(MOST_RATE, max(LEAST_RATE, rate))
        self._from(z)
        self.changed.emit()

    def set_to_and_fro(self, on: bool, z: int) -> None:
        self.to_and_fro = on
        self._from(z)
        self.changed.emit()

    def tick(self) -> None:
        """Show the frame that is due now."""
        due = int((self._clock() - self._begun) * self.rate + 1e-6)
        if due <= self._step:
            return
        missed = due - self._step - 1
        self._step = due
        frame = frame_at(self._first + due, self.count, self.to_and_fro)
        if self._ready(frame):
            self._show(frame)
        else:
            missed += 1
        if missed:
            self.dropped += missed
            self.changed.emit()

    def _from(self, z: int) -> None:
        self._begun = self._clock()
        self._first, self._step = z, 0
