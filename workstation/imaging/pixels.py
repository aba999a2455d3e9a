"""The `Pixels` port: stored planes back to arrays, the images used last kept in memory.

Each image has one array, (slices, rows, cols) or with 3 samples behind, in which its planes are
decoded where they are asked for: a volume and its planes are the same memory. The system gives an
array its memory as it is written, so a stack of which one slice was looked at costs that slice.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

import numpy as np
import numpy.typing as npt
import zstandard

from workstation.display.colour import GRID
from workstation.domain.errors import EnvironmentProblem, IntegrityProblem
from workstation.domain.image import Image, PlaneRef
from workstation.domain.ports import Blobs, Progress

CACHE_BYTES = 512 << 20
# Reading, hashing, deciphering and decompressing let other threads run. More than two do not help
# where the rest of the program wants to run too.
THREADS = 2
PROGRESS_SECONDS = 0.05

JPEG, RAW, SHUFFLED = "jpeg", "raw+zstd", "shuffle+zstd"
LEVEL = {RAW: 3, SHUFFLED: 1}

_ABSENT, _COMING, _HERE = range(3)


class _Held:
    """An image's array and which of its planes are in it."""

    def __init__(self, image: Image) -> None:
        try:
            self.array = np.empty((image.slices, *shape_of(image)), _dtype(image))
        except MemoryError as error:
            raise EnvironmentProblem("image.no_memory", image=image.number) from error
        self.state = bytearray(image.slices)
        self.plane_bytes = self.array.nbytes // image.slices

    @property
    def nbytes(self) -> int:
        """Bytes of the planes that are there or coming."""
        return self.plane_bytes * (len(self.state) - self.state.count(_ABSENT))


class StudyPixels:
    """Decodes what the import stored; those bytes were checked then and are authenticated now.

    Safe to call from any thread: two that want the same plane wait for one decoding.
    """

    def __init__(self, blobs: Blobs, cache_bytes: int = CACHE_BYTES) -> None:
        self._blobs = blobs
        self._limit = cache_bytes
        self._images: OrderedDict[str, _Held] = OrderedDict()
        self._arrived = threading.Condition()

    @property
    def capacity(self) -> int:
        return self._limit

    def plane(self, image: Image, z: int = 0) -> npt.NDArray[np.generic]:
        held = self._held(image)
        self._bring(image, held, z)
        return _read_only(held.array[z])

    def volume(self, image: Image, progress: Progress) -> npt.NDArray[np.generic]:
        held = self._held(image)
        total = image.slices
        order = iter(middle_out(total))
        taking = threading.Lock()
        stop = threading.Event()

        def work() -> None:
            while not stop.is_set():
                with taking:
                    z = next(order, None)
                if z is None:
                    return
                self._bring(image, held, z)

        with ThreadPoolExecutor(min(THREADS, total), thread_name_prefix="pixels") as pool:
            running = {pool.submit(work) for _ in range(min(THREADS, total))}
            try:
                while running:
                    progress(held.state.count(_HERE), total, "read")
                    done, running = wait(running, PROGRESS_SECONDS, FIRST_EXCEPTION)
                    for one in done:
                        one.result()
            finally:
                stop.set()
        return _read_only(held.array)

    def encoded(self, image: Image, z: int = 0) -> tuple[str, bytes]:
        reference = image.planes[z]
        if reference.codec == JPEG:
            return JPEG, self._blobs.read(image.case_id, image.image_id, reference.blob_id)
        return "raw", np.ascontiguousarray(self.plane(image, z)).tobytes()

    def keep_only(self, images: Sequence[Image]) -> None:
        kept = {image.image_id for image in images}
        with self._arrived:
            for image_id in [one for one in self._images if one not in kept]:
                del self._images[image_id]

    def colour_table(self, image: Image) -> npt.NDArray[np.uint8] | None:
        reference = image.colour_table
        if reference is None:
            return None
        plain = self._blobs.read(image.case_id, image.image_id, reference.blob_id)
        raw = zstandard.ZstdDecompressor().decompress(plain, max_output_size=GRID**3 * 3)
        return np.frombuffer(raw, np.uint8).reshape(GRID, GRID, GRID, 3)

    def stored(self, pixels: npt.NDArray[np.generic]) -> tuple[str, bytes]:
        return stored_form(pixels)

    # The arrays

    def _held(self, image: Image) -> _Held:
        """The image's array, which is the one used last now."""
        with self._arrived:
            held = self._images.get(image.image_id)
            if held is None:
                held = self._images[image.image_id] = _Held(image)
            self._images.move_to_end(image.image_id)
            return held

    def _bring(self, image: Image, held: _Held, z: int) -> None:
        """Decode the plane into its place, unless it is there or another thread is at it."""
        with self._arrived:
            while held.state[z] == _COMING:
                self._arrived.wait()
            if held.state[z] == _HERE:
                return
            held.state[z] = _COMING
            self._make_room()
        state = _ABSENT
        try:
            self._decode(image, image.planes[z], held.array[z])
            state = _HERE
        finally:
            with self._arrived:
                held.state[z] = state
                self._arrived.notify_all()

    def _make_room(self) -> None:
        """Let go of whole images, the one longest unused first; never of the one used last."""
        total = sum(held.nbytes for held in self._images.values())
        while total > self._limit and len(self._images) > 1:
            _, dropped = self._images.popitem(last=False)
            total -= dropped.nbytes

    def _decode(self, image: Image, plane: PlaneRef, out: npt.NDArray[np.generic]) -> None:
        plain = self._blobs.read(image.case_id, image.image_id, plane.blob_id)
        if plane.codec == JPEG:
            import imagecodecs  # only where photographs are read

            pixels = np.asarray(imagecodecs.jpeg8_decode(plain))
            if pixels.shape != out.shape:
                raise IntegrityProblem("blob.damaged")
            out[...] = pixels
            return
        try:
            if zstandard.frame_content_size(plain) != out.nbytes:
                raise IntegrityProblem("blob.damaged")
            raw = zstandard.ZstdDecompressor().decompress(plain)
        except zstandard.ZstdError as error:
            raise IntegrityProblem("blob.damaged") from error
        if plane.codec == SHUFFLED:
            _unshuffle(raw, out)
        else:
            out[...] = np.frombuffer(raw, out.dtype).reshape(out.shape)


def middle_out(count: int) -> Iterator[int]:
    """0 ... count - 1, from the middle to both ends: what is looked at first comes first."""
    middle = count // 2
    yield middle
    for step in range(1, count):
        if middle - step >= 0:
            yield middle - step
        if middle + step < count:
            yield middle + step


def shape_of(image: Image) -> tuple[int, ...]:
    """(rows, cols), or (rows, cols, 3) of a colour image: the shape of a plane."""
    return (image.rows, image.cols, 3) if image.samples == 3 else (image.rows, image.cols)


def _dtype(image: Image) -> np.dtype[np.generic]:
    return np.dtype(image.dtype).newbyteorder("<")


def _read_only(array: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    view = array.view()
    view.flags.writeable = False
    return view


def stored_form(pixels: npt.NDArray[np.generic]) -> tuple[str, bytes]:
    """Canonical pixels as they are kept: the codec, and the bytes without loss.

    Of 16-bit pixels all low bytes come first and then all high bytes, which hardly differ from
    their neighbours: a slice gets smaller by an eighth, and is written and read faster.
    """
    little = np.ascontiguousarray(pixels.astype(pixels.dtype.newbyteorder("<"), copy=False))
    codec = SHUFFLED if little.dtype.itemsize == 2 else RAW
    flat = little.reshape(-1).view(np.uint8)
    if codec == SHUFFLED:
        flat = np.ascontiguousarray(flat.reshape(-1, 2).T).reshape(-1)
    return codec, zstandard.ZstdCompressor(level=LEVEL[codec]).compress(flat.data)


def _unshuffle(raw: bytes, out: npt.NDArray[np.generic]) -> None:
    """Low bytes, then high bytes, back to 16-bit pixels; `out` is contiguous."""
    import cv2  # its merge is twice as fast as shifting, and lets other threads run

    low, high = np.frombuffer(raw, np.uint8).reshape(2, out.shape[0], -1)
    cv2.merge([low, high], out.view(np.uint8).reshape(out.shape[0], -1, 2))
