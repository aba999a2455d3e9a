"""Stored planes come back as they were: by plane, as a volume, from several threads."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import imagecodecs
import numpy as np
import numpy.typing as npt
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from workstation.domain.errors import Cancelled, IntegrityProblem
from workstation.domain.image import Image, ImageKind, PlaneRef
from workstation.imaging.pixels import StudyPixels, middle_out

Array = npt.NDArray[np.generic]


class MemoryBlobs:
    """The `Blobs` port without encryption; counts its reads."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.reads: list[str] = []
        self.gate: threading.Event | None = None

    def write(self, case_id: str, image_id: str, plain: bytes) -> str:
        blob_id = hashlib.sha256(image_id.encode() + plain).hexdigest()
        self.kept[blob_id] = plain
        return blob_id

    def read(self, case_id: str, image_id: str, blob_id: str) -> bytes:
        self.reads.append(blob_id)
        if self.gate is not None:
            assert self.gate.wait(10)
        return self.kept[blob_id]

    def remove(self, blob_ids: Sequence[str]) -> None:
        for blob_id in blob_ids:
            del self.kept[blob_id]


def stack(blobs: MemoryBlobs, planes: Array, name: str = "i") -> Image:
    """An image whose planes are stored as the product stores them."""
    keep = StudyPixels(blobs).stored
    references = []
    for plane in planes:
        codec, data = keep(plane)
        references.append(PlaneRef(blobs.write("c", name, data), codec, "", len(data)))
    return Image(
        name, "c", "S0001", ImageKind.STACK, "CT", planes.shape[1], planes.shape[2], len(planes),
        3 if planes.ndim == 4 else 1, planes.dtype.name, tuple(references),
    )  # fmt: skip


def ramp(slices: int, rows: int = 7, cols: int = 5) -> npt.NDArray[np.int16]:
    return (np.arange(slices * rows * cols, dtype=np.int16) * 37).reshape(slices, rows, cols)


def silent(done: int, total: int, what: str) -> None:
    return None


@given(
    hnp.arrays(
        st.sampled_from([np.uint8, np.uint16, np.int16]),
        st.tuples(st.integers(1, 4), st.integers(1, 9), st.integers(1, 9)),
    )
)
def test_what_was_stored_comes_back(planes: Array) -> None:
    blobs = MemoryBlobs()
    image = stack(blobs, planes)
    assert image.planes[0].codec == ("raw+zstd" if planes.dtype == np.uint8 else "shuffle+zstd")
    pixels = StudyPixels(blobs)
    assert np.array_equal(pixels.volume(image, silent), planes)
    for z, plane in enumerate(planes):
        found = StudyPixels(blobs).plane(image, z)
        assert found.dtype == planes.dtype and np.array_equal(found, plane)
        assert pixels.encoded(image, z) == ("raw", plane.tobytes())


def test_planes_kept_by_earlier_versions_are_read() -> None:
    planes = ramp(2)
    blobs = MemoryBlobs()
    references = tuple(
        PlaneRef(
            blobs.write("c", "i", zstandard.ZstdCompressor(level=3).compress(p.tobytes())),
            "raw+zstd", "", 1,
        )
        for p in planes
    )  # fmt: skip
    image = replace(stack(MemoryBlobs(), planes), planes=references)
    assert np.array_equal(StudyPixels(blobs).volume(image, silent), planes)


def test_the_low_bytes_come_first() -> None:
    codec, data = StudyPixels(MemoryBlobs()).stored(np.array([[1, 0x1234], [-1, 0]], np.int16))
    assert codec == "shuffle+zstd"
    assert zstandard.ZstdDecompressor().decompress(data).hex() == "0134ff00" + "0012ff00"


def test_a_photograph_is_decoded_as_libjpeg_does() -> None:
    y, x = np.mgrid[:40, :60]
    picture = np.stack([x * 4, y * 6, x + y], axis=-1).astype(np.uint8)
    coded = imagecodecs.jpeg8_encode(picture, level=90)
    blobs = MemoryBlobs()
    plane = PlaneRef(blobs.write("c", "p", coded), "jpeg", "", len(coded))
    image = Image("p", "c", "F0001", ImageKind.PHOTOGRAPH, "OP", 40, 60, 1, 3, "uint8", (plane,))
    pixels = StudyPixels(blobs)
    assert np.array_equal(pixels.plane(image), imagecodecs.jpeg8_decode(coded))
    assert pixels.encoded(image) == ("jpeg", coded)
    with pytest.raises(IntegrityProblem):
        StudyPixels(blobs).plane(replace(image, rows=60, cols=40))


@pytest.mark.parametrize("rows", [6, 8, 4000])
def test_a_plane_of_another_size_is_refused_before_it_is_made(rows: int) -> None:
    blobs = MemoryBlobs()
    image = stack(blobs, ramp(2))
    with pytest.raises(IntegrityProblem):
        StudyPixels(blobs).plane(replace(image, rows=rows))


def test_planes_and_volume_are_the_same_memory_and_nobody_writes_there() -> None:
    blobs = MemoryBlobs()
    image = stack(blobs, ramp(5))
    pixels = StudyPixels(blobs)
    one = pixels.plane(image, 3)
    volume = pixels.volume(image, silent)
    assert np.shares_memory(one, volume[3])
    assert len(blobs.reads) == 5  # the plane that was there was not read again
    for array in (one, volume, pixels.plane(image, 0)):
        assert not array.flags.writeable


def test_one_file_is_read_for_the_first_slice() -> None:
    blobs = MemoryBlobs()
    image = stack(blobs, ramp(9))
    StudyPixels(blobs).plane(image, 4)
    assert blobs.reads == [image.planes[4].blob_id]


@given(st.integers(1, 40))
def test_the_middle_comes_first_and_nothing_is_left_out(count: int) -> None:
    order = list(middle_out(count))
    assert sorted(order) == list(range(count))
    away = [abs(z - count // 2) for z in order]
    assert away == sorted(away)


def test_two_who_want_the_same_plane_decode_it_once() -> None:
    blobs = MemoryBlobs()
    image = stack(blobs, ramp(3))
    pixels = StudyPixels(blobs)
    blobs.gate = threading.Event()
    with ThreadPoolExecutor(4) as pool:
        wanted = [pool.submit(pixels.plane, image, 1) for _ in range(4)]
        blobs.gate.set()
        found = [one.result(10) for one in wanted]
    assert blobs.reads == [image.planes[1].blob_id]
    assert all(np.array_equal(one, ramp(3)[1]) for one in found)


def test_a_plane_that_failed_is_tried_again() -> None:
    blobs = MemoryBlobs()
    image = stack(blobs, ramp(3))
    pixels = StudyPixels(blobs)
    good = blobs.kept[image.planes[1].blob_id]
    blobs.kept[image.planes[1].blob_id] = b"not a frame"
    for _ in range(2):
        with pytest.raises(IntegrityProblem):
            pixels.volume(image, silent)
    blobs.kept[image.planes[1].blob_id] = good
    assert np.array_equal(pixels.volume(image, silent), ramp(3))


def test_a_stopped_volume_goes_on_where_it_was() -> None:
    blobs = MemoryBlobs()
    image = stack(blobs, ramp(30))
    pixels = StudyPixels(blobs)

    def stop(done: int, total: int, what: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        pixels.volume(image, stop)
    assert np.array_equal(pixels.volume(image, silent), ramp(30))
    assert sorted(blobs.reads) == sorted(plane.blob_id for plane in image.planes)


def test_the_image_unused_longest_is_let_go_and_the_one_in_use_never() -> None:
    blobs = MemoryBlobs()
    images = [stack(blobs, ramp(4), f"i{n}") for n in range(3)]
    one = ramp(4).nbytes
    pixels = StudyPixels(blobs, cache_bytes=2 * one)
    pixels.volume(images[0], silent)
    pixels.volume(images[1], silent)
    pixels.plane(images[0], 0)  # used again: the second is the older one now
    pixels.volume(images[2], silent)
    blobs.reads.clear()
    pixels.volume(images[0], silent)
    assert blobs.reads == []
    pixels.volume(images[1], silent)
    assert len(blobs.reads) == 4
    small = StudyPixels(blobs, cache_bytes=1)
    assert np.array_equal(small.volume(images[0], silent), ramp(4))


def test_what_is_not_kept_is_read_again() -> None:
    blobs = MemoryBlobs()
    images = [stack(blobs, ramp(2), f"i{n}") for n in range(2)]
    pixels = StudyPixels(blobs)
    for image in images:
        pixels.volume(image, silent)
    pixels.keep_only([images[0]])
    blobs.reads.clear()
    for image in images:
        pixels.volume(image, silent)
    assert blobs.reads and set(blobs.reads) == {p.blob_id for p in images[1].planes}
