"""Prefetch: while a reader looks at a case, the rest of it and then the next one are made ready.

Only cases of the person's own worklist, and of those only images: what they may see anyway.
"""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from workstation.domain.blinding import Field
from workstation.domain.errors import Cancelled, WorkstationError
from workstation.domain.image import Image
from workstation.domain.people import Role
from workstation.services import reading
from workstation.services.workspace import Workspace, require_sees

# Behind everything a hand waits for, but before idle work of others.
NICENESS = 10


class Prefetching:
    """Fills the pixel cache from background threads: the open case's images at once, those of the
    next case in nobody's way. Qt-free.

    What fails here is not told: opening the case meets it again, and tells.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._now = ThreadPoolExecutor(1, thread_name_prefix="opening")
        self._later = ThreadPoolExecutor(1, thread_name_prefix="prefetch", initializer=_lower)
        self._stop = threading.Event()
        self._closed = False

    def after(self, case_id: str, images: tuple[Image, ...]) -> Future[None] | None:
        """The case is open with these images: load the rest of them, then those of the next case
        of the list, and let go of all others. What was under way for another case stops.

        None after `close`: somebody's last look on the way out loads nothing."""
        if self._closed:
            return None
        self._stop.set()
        self._stop = threading.Event()
        stop = self._stop
        here = self._now.submit(self._load_here, case_id, images, stop)
        return self._later.submit(self._load_ahead, case_id, images, here, stop)

    def close(self) -> None:
        """Stop, and wait for the planes that are being read."""
        self._closed = True
        self._stop.set()
        for pool in (self._now, self._later):
            pool.shutdown(wait=True)

    def _load_here(self, case_id: str, images: tuple[Image, ...], stop: threading.Event) -> None:
        try:
            with self._workspace.reading() as uow:
                require_sees(uow, Field.IMAGES, Role.READER, uow.cases.get(case_id))
        except WorkstationError:
            return
        self._load(tuple(image for image in images if image.is_target), stop)

    def _load(self, images: tuple[Image, ...], stop: threading.Event) -> None:
        """All planes of the images, as many as find room; nothing is told of a failure."""

        def progress(done: int, total: int, what: str) -> None:
            if stop.is_set():
                raise Cancelled

        pixels = self._workspace.pixels
        try:
            for image in _fitting(images, pixels.capacity):
                progress(0, image.slices, "read")
                pixels.volume(image, progress)
        except (Cancelled, WorkstationError):
            return

    def _load_ahead(
        self, case_id: str, images: tuple[Image, ...], here: Future[None], stop: threading.Event
    ) -> None:
        here.result()
        if stop.is_set():
            return
        pixels = self._workspace.pixels
        try:
            found = self._next_images(case_id)
        except WorkstationError:
            return
        if stop.is_set():
            return
        # Everything of the open case stays, also what is only looked at beside it.
        ahead = _fitting(found, pixels.capacity - sum(map(pixel_bytes, images)))
        pixels.keep_only([*images, *ahead])
        self._load(ahead, stop)

    def _next_images(self, case_id: str) -> tuple[Image, ...]:
        """Target images of the next case in reading order; none at the end of the list."""
        with self._workspace.reading() as uow:
            found = reading.next_case(uow, uow.actor, case_id)
            if found is None:
                return ()
            require_sees(uow, Field.IMAGES, Role.READER, uow.cases.get(found))
            images = reading.ordered_images(uow.images.of_case(found))
        return tuple(image for image in images if image.is_target)


def pixel_bytes(image: Image) -> int:
    """Bytes of all planes of the image in memory."""
    each = image.rows * image.cols * image.samples * np.dtype(image.dtype).itemsize
    return image.slices * each


def _fitting(images: tuple[Image, ...], room: int) -> tuple[Image, ...]:
    """The first images, as many as find room together."""
    out = []
    for image in images:
        room -= pixel_bytes(image)
        if room < 0:
            break
        out.append(image)
    return tuple(out)


def _lower() -> None:
    """This thread, and those it starts, yield to the window's (on Linux a thread has a priority of
    its own; elsewhere it would be the whole program's)."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
