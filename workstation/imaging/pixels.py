"""The `Pixels` port: stored planes back to arrays, the last used kept in memory."""

from __future__ import annotations

import threading
from collections import OrderedDict

import numpy as np
import numpy.typing as npt
import zstandard

from workstation.display.colour import GRID
from workstation.domain.errors import IntegrityProblem
from workstation.domain.image import Image
from workstation.domain.ports import Blobs

CACHE_BYTES = 512 << 20
MAX_PLANE_BYTES = 4 << 30


class StudyPixels:
    """Decodes what the import stored; those bytes were checked then and are authenticated now."""

    def __init__(self, blobs: Blobs, cache_bytes: int = CACHE_BYTES) -> None:
        self._blobs = blobs
        self._limit = cache_bytes
        self._held = 0
        self._cache: OrderedDict[str, npt.NDArray[np.generic]] = OrderedDict()
        self._lock = threading.Lock()

    def plane(self, image: Image, z: int = 0) -> npt.NDArray[np.generic]:
        reference = image.planes[z]
        with self._lock:
            held = self._cache.get(reference.blob_id)
            if held is not None:
                self._cache.move_to_end(reference.blob_id)
                return held
        plain = self._blobs.read(image.case_id, image.image_id, reference.blob_id)
        if reference.codec == "jpeg":
            import imagecodecs  # only where photographs are read

            pixels = np.asarray(imagecodecs.jpeg8_decode(plain))
        else:
            raw = zstandard.ZstdDecompressor().decompress(plain, max_output_size=MAX_PLANE_BYTES)
            pixels = np.frombuffer(raw, np.dtype(image.dtype).newbyteorder("<"))
            pixels = pixels.reshape(_shape(image))
        if pixels.shape != _shape(image):
            raise IntegrityProblem("blob.damaged")
        pixels.flags.writeable = False
        with self._lock:
            self._cache[reference.blob_id] = pixels
            self._held += pixels.nbytes
            while self._held > self._limit and len(self._cache) > 1:
                _, dropped = self._cache.popitem(last=False)
                self._held -= dropped.nbytes
        return pixels

    def encoded(self, image: Image, z: int = 0) -> tuple[str, bytes]:
        reference = image.planes[z]
        if reference.codec == "jpeg":
            return "jpeg", self._blobs.read(image.case_id, image.image_id, reference.blob_id)
        return "raw", np.ascontiguousarray(self.plane(image, z)).tobytes()

    def colour_table(self, image: Image) -> npt.NDArray[np.uint8] | None:
        reference = image.colour_table
        if reference is None:
            return None
        plain = self._blobs.read(image.case_id, image.image_id, reference.blob_id)
        raw = zstandard.ZstdDecompressor().decompress(plain, max_output_size=GRID**3 * 3)
        return np.frombuffer(raw, np.uint8).reshape(GRID, GRID, GRID, 3)


def _shape(image: Image) -> tuple[int, ...]:
    return (image.rows, image.cols, 3) if image.samples == 3 else (image.rows, image.cols)


def stored_form(pixels: npt.NDArray[np.generic]) -> bytes:
    """Canonical pixels as they are kept: little-endian, losslessly compressed."""
    little = pixels.astype(pixels.dtype.newbyteorder("<"), copy=False)
    return zstandard.ZstdCompressor(level=3).compress(np.ascontiguousarray(little).tobytes())
