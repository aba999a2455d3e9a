"""Planes on their way to the panes: read in threads, those looked at first; bounded in memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, QTimer, Signal

from workstation.display.colour import through_profile
from workstation.display.kernels import Pixels, pyramid, screen_pixels
from workstation.domain.errors import WorkstationError
from workstation.domain.image import Image

ReadPlane = Callable[[Image, int], npt.NDArray[np.generic]]
ReadTable = Callable[[Image], "ColourTable"]

THREADS = 2
# A plane of fewer pixels is halved in no time when it is shown: its pyramid is not kept.
SMALL_PIXELS = 1 << 20
# A small plane is worth waiting for, so long: nobody sees it, and nothing flickers.
PATIENCE_S = 0.03
# How often it is asked whether what a pane waits for is there.
ASK_MS = 8
# What is held of planes that are not on the screen; one's own arrays, beside the store's.
HELD_BYTES = 768 << 20


@dataclass(frozen=True)
class Plane:
    """A plane ready to be shown: `stored` as it is kept, `levels` of the pyramid as they are
    resampled: stored grey values, or colours in the byte order of the screen."""

    stored: Pixels
    levels: list[Pixels]

    @property
    def own_bytes(self) -> int:
        """Bytes beside the stored pixels, which the store may hold as well."""
        return sum(level.nbytes for level in self.levels if level is not self.stored)


ColourTable = npt.NDArray[np.uint8] | None


def prepared(stored: npt.NDArray[np.generic], table: ColourTable = None) -> Plane:
    """Colours turned into screen pixels, through the table of the image's own profile if it has
    one, and the pyramid; in a loader thread where it is large. A small one is halved when it is
    shown so small."""
    if stored.ndim == 3:
        seen = np.asarray(stored, np.uint8)
        seen = seen if table is None else through_profile(seen, table)
        first: Pixels = screen_pixels(seen)
    else:
        first = stored
    small = stored.shape[0] * stored.shape[1] <= SMALL_PIXELS
    return Plane(stored, [first] if small else pyramid(first))


Wanted = tuple[str, int]


def _no_table(_: Image) -> ColourTable:
    return None


class PlaneLoader(QObject):
    """`take` from the main thread; `arrived` (image id, slice) comes on the main thread when what
    was not there is, or cannot be read."""

    arrived = Signal(str, int)

    def __init__(
        self, read: ReadPlane, held_bytes: int = HELD_BYTES, table: ReadTable = _no_table
    ) -> None:
        super().__init__()
        self.reader = _Reader(read, held_bytes, table)
        # Planes taken that were not there. The threads touch no Qt object: they are asked.
        self._awaited: dict[Wanted, Image] = {}
        self._timer = QTimer(self)
        self._timer.setInterval(ASK_MS)
        self._timer.timeout.connect(self._ask)

    def take(self, image: Image, z: int) -> Plane | None:
        """The plane, or None while it is on its way. Raises what reading it raised."""
        found = self.reader.take(image, z)
        if found is None:
            self._awaited[image.image_id, z] = image
            self._timer.start()
        return found if found is None or isinstance(found, Plane) else prepared(found)

    def _ask(self) -> None:
        here = [one for one, image in self._awaited.items() if self.has(image, one[1])]
        for one in here:
            del self._awaited[one]
        if not self._awaited:
            self._timer.stop()
        for image_id, z in here:
            self.arrived.emit(image_id, z)

    def look_ahead(self, image: Image, z: int) -> None:
        """Read the other slices too, from slice `z` outwards; replaces what was to be read ahead
        of this image."""
        self.reader.look_ahead(image, z)

    def has(self, image: Image, z: int) -> bool:
        """Whether the plane is there, or will never be."""
        return self.reader.has(image, z)

    def close(self, wait: bool = False) -> None:
        """Read nothing more and let go of everything; `wait` for the planes being read."""
        self._timer.stop()
        self._awaited.clear()
        self.reader.close(wait)


class _Reader:
    """What the threads hold: no Qt object, which must neither be destroyed nor signal in one."""

    def __init__(self, read: ReadPlane, held_bytes: int, table: ReadTable) -> None:
        self._read = read
        self._table = table
        self._limit = held_bytes
        self._held: OrderedDict[Wanted, Plane | Pixels] = OrderedDict()
        self._bytes = 0
        self._broken: dict[Wanted, Exception] = {}
        # First what panes show, the newest wish first; then what may be wished for next.
        self._wishes: OrderedDict[Wanted, Image] = OrderedDict()
        self._ahead: OrderedDict[Wanted, Image] = OrderedDict()
        self._under_way: set[Wanted] = set()
        self._changed = threading.Condition()
        self._closed = False
        self._threads: list[threading.Thread] = []

    def take(self, image: Image, z: int) -> Plane | Pixels | None:
        wanted = (image.image_id, z)
        with self._changed:
            if self._closed:
                return None
            if not self._settled(wanted):
                self._wishes[wanted] = image
                self._wishes.move_to_end(wanted)
                self._start()
                if image.rows * image.cols <= SMALL_PIXELS:
                    self._changed.wait_for(lambda: self._settled(wanted), PATIENCE_S)
            if wanted in self._broken:
                raise self._broken[wanted]
            if wanted in self._held:
                self._held.move_to_end(wanted)
            return self._held.get(wanted)

    def look_ahead(self, image: Image, z: int) -> None:
        each = image.rows * image.cols * image.samples * np.dtype(image.dtype).itemsize
        most = self._limit // max(1, 2 * each)
        near = list(around(z, image.slices))[:most]
        with self._changed:
            for wanted in [w for w in self._ahead if w[0] == image.image_id]:
                del self._ahead[wanted]
            for wanted in [(image.image_id, n) for n in near]:
                if not self._settled(wanted):
                    self._ahead[wanted] = image
            if not self._closed:
                self._start()

    def has(self, image: Image, z: int) -> bool:
        with self._changed:
            return self._settled((image.image_id, z))

    def close(self, wait: bool) -> None:
        with self._changed:
            self._closed = True
            for one in (self._wishes, self._ahead, self._held, self._broken):
                one.clear()
            self._changed.notify_all()
        for thread in self._threads if wait else ():
            thread.join()

    def _settled(self, wanted: Wanted) -> bool:
        return wanted in self._held or wanted in self._broken

    def _start(self) -> None:
        while len(self._threads) < THREADS:
            thread = threading.Thread(target=self._work, name="planes", daemon=True)
            self._threads.append(thread)
            thread.start()
        self._changed.notify_all()

    def _next(self) -> tuple[Wanted, Image] | None:
        """What to read now; waits for a wish. None when all is over."""
        while not self._closed:
            for queue, newest in ((self._wishes, True), (self._ahead, False)):
                while queue:
                    wanted, image = queue.popitem(last=newest)
                    if wanted not in self._under_way and not self._settled(wanted):
                        self._under_way.add(wanted)
                        return wanted, image
            self._changed.wait()
        return None

    def _work(self) -> None:
        while True:
            with self._changed:
                chosen = self._next()
            if chosen is None:
                return
            wanted, image = chosen
            found: Plane | Pixels | Exception
            try:
                found = self._read(image, wanted[1])
                if image.rows * image.cols > SMALL_PIXELS or image.colour_table is not None:
                    found = prepared(found, self._table(image))
            except (WorkstationError, OSError, MemoryError) as error:
                found = error
            with self._changed:
                self._under_way.discard(wanted)
                if self._closed:
                    return
                if isinstance(found, Exception):
                    self._broken[wanted] = found
                else:
                    self._keep(wanted, found)
                self._changed.notify_all()

    def _keep(self, wanted: Wanted, plane: Plane | Pixels) -> None:
        self._held[wanted] = plane
        self._bytes += _cost(plane)
        while self._bytes > self._limit and len(self._held) > 1:
            _, dropped = self._held.popitem(last=False)
            self._bytes -= _cost(dropped)


def _cost(plane: Plane | Pixels) -> int:
    return plane.own_bytes + plane.stored.nbytes if isinstance(plane, Plane) else plane.nbytes


def around(z: int, count: int) -> Iterator[int]:
    """0 to count - 1, from `z` to both ends."""
    yield z
    for step in range(1, count):
        if z + step < count:
            yield z + step
        if z - step >= 0:
            yield z - step
