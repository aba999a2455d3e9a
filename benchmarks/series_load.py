"""B13: 300 slices of 512 x 512 from the encrypted store into one volume, through the product's own
path, beside a pydicom stack of the plain files; B15: the first slice.

Pixels are compared once: a fast wrong volume is no number.
"""

import os

import numpy as np
from support import studies
from support.measure import CannotRun, Line, Result, interleaved, timed

FLOOR = "pread of the plain files into one array"
PYDICOM, PYDICOM_2 = "pydicom stack, plain files", "pydicom stack, 2 threads"
SORTED = "pydicom: headers sorted, one slice"
VTK = "vtkDICOMImageReader, plain files"


def run(context):
    home = studies.kept(context, "series", studies.make_series)
    files = sorted((home / studies.PLAIN).glob("*.dcm"))
    with _Opened(home / studies.STORE) as opened:
        image, fresh = opened.image, opened.fresh
        volume = fresh().volume(image, _silent)
        stacked = _pydicom(files)
        if not np.array_equal(volume, stacked):
            raise CannotRun("the volumes differ")
        rounds = 3 if context.quick else 15
        lines = [
            _line(
                "imported study (encrypted) to volume", "B13", rounds,
                lambda: fresh().volume(image, _silent),
                {
                    FLOOR: lambda: _pread(files),
                    PYDICOM: lambda: _pydicom(files),
                    PYDICOM_2: lambda: _pydicom_threads(files),
                    VTK: lambda: _vtk(home / studies.PLAIN),
                },
                FLOOR, (PYDICOM, PYDICOM_2),
            ),
            _line(
                "first slice of an imported study, decoded", "B15", 3 * rounds,
                lambda: fresh().plane(image, image.slices // 2),
                {SORTED: lambda: _first(files)},
                "", (SORTED,),
            ),
        ]  # fmt: skip
        stored = sum(plane.stored_bytes for plane in image.planes)
        notes = [
            f"stored bytes are {stored / volume.nbytes:.2f} of the pixels'",
            "ours reads, hashes, deciphers and decompresses on two threads; the peers' files are "
            "neither encrypted nor compressed; VTK's reader takes them in the order of their names",
        ]
    return Result(lines, notes)


def _line(what, number, rounds, ours, peers, floor, rivals):
    found = interleaved(
        {"ours": timed(ours)} | {name: timed(work) for name, work in peers.items()}, rounds
    )
    return Line(
        what, found.pop("ours"), found, b_number=number, floor=floor, different_engine=rivals
    )


class _Opened:
    """The study's first image, and pixels that have nothing in memory yet."""

    def __init__(self, home):
        self._home = home

    def __enter__(self):
        from workstation.imaging.pixels import StudyPixels

        self._workspace = studies.signed_in(self._home)
        with self._workspace.reading() as uow:
            self.image = uow.images.all()[0]
        self.fresh = lambda: StudyPixels(self._workspace.blobs)
        return self

    def __exit__(self, *_):
        self._workspace.close()


def _silent(*_):
    return None


def _pread(files):
    size = studies.SIZE * studies.SIZE * 2
    out = np.empty((len(files), studies.SIZE, studies.SIZE), np.uint16)
    for z, path in enumerate(files):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            whole = os.fstat(descriptor).st_size
            os.preadv(descriptor, [out[z]], whole - size)
        finally:
            os.close(descriptor)
    return out


def _slice(path):
    import pydicom

    ds = pydicom.dcmread(path)
    return float(ds.ImagePositionPatient[2]), ds.pixel_array


def _stacked(slices):
    ordered = sorted(slices, key=lambda one: one[0])
    return np.stack([pixels for _, pixels in ordered])


def _pydicom(files):
    return _stacked(map(_slice, files))


def _pydicom_threads(files):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(2) as pool:
        return _stacked(pool.map(_slice, files))


def _first(files):
    """A viewer that knows nothing yet: all headers, sorted, then the middle slice."""
    import pydicom

    wanted = ["ImagePositionPatient", "ImageOrientationPatient", "InstanceNumber"]
    places = [
        (
            pydicom.dcmread(
                path, stop_before_pixels=True, specific_tags=wanted
            ).ImagePositionPatient[2],
            path,
        )
        for path in files
    ]
    return pydicom.dcmread(sorted(places)[len(places) // 2][1]).pixel_array


def _vtk(folder):
    from vtkmodules.vtkIOImage import vtkDICOMImageReader

    reader = vtkDICOMImageReader()
    reader.SetDirectoryName(str(folder))
    reader.Update()
    return reader.GetOutput()
