"""B11: the wanted attributes of many files, by the product's own header reader and by pydicom.

The files have what scanners write: sequences, private elements, names, in explicit and implicit
VR; one in a hundred is deflated or big endian, which is left to pydicom and counts in our time. Beside
it: the inspection of an import, which hashes each file and looks at every element for names.
"""

import hashlib
import os
import shutil

from support import studies
from support.measure import CannotRun, Line, Result, interleaved, timed

FILES, FEW = 10_000, 1_000
SLICES = 2_000
FLOOR = "open, read 8 KiB, close"
LAZY = "pydicom, wanted tags only (lazy)"
VALUES = "pydicom, wanted tags and their values"
BEFORE_PIXELS = "pydicom, all before the pixels, values"


def run(context):
    count = FEW if context.quick else FILES
    home = studies.kept(context, f"headers{count}", lambda folder: _write(folder, count))
    paths = sorted(str(path) for path in home.glob("*/*.dcm"))
    _check(paths[:: max(1, count // 200)])
    scan = _line(
        f"{count} headers scanned, {len(_wanted())} attributes found",
        {
            "ours": lambda: [_header(path) for path in paths],
            FLOOR: lambda: [_floor(path) for path in paths],
            LAZY: lambda: [_lazy(path) for path in paths],
        },
    )
    values = _line(
        f"{count} headers scanned, values read",
        {
            "ours": lambda: [_ours(path) for path in paths],
            VALUES: lambda: [_values(path) for path in paths],
            BEFORE_PIXELS: lambda: [_before_pixels(path) for path in paths],
        },
    )
    lines = [scan, values]
    if not context.quick:
        lines.append(_inspection(context))
    return Result(lines, ["the issue asks for 8 times pydicom's lazy scan"])


def _wanted():
    from workstation.imaging.probing import ATTRIBUTES

    return ATTRIBUTES


def _line(what, candidates):
    found = interleaved({name: timed(work) for name, work in candidates.items()}, 3)
    ours = found.pop("ours")
    rivals = tuple(peer for peer in found if peer != FLOOR)
    return Line(what, ours, found, b_number="B11", floor=FLOOR, different_engine=rivals)


def _header(path):
    """As an import has it: pydicom's where ours cannot say."""
    from workstation.imaging import headers

    return headers.read_header(path, _wanted()) or _lazy(path)


def _ours(path):
    from workstation.imaging import headers

    header = headers.read_header(path, _wanted())
    if header is None:
        return _values(path)
    found = {keyword: headers.value(header, keyword) for keyword in _wanted()}
    return _values(path) if any(v is headers.ASK for v in found.values()) else found


def _check(paths):
    from workstation.imaging.attributes import _plain

    for path in paths:
        ours = _ours(path)
        for keyword, value in _values(path).items():
            known = _plain(value)
            if _plain(ours[keyword]) != (None if known in ("", []) else known):
                raise CannotRun(f"{keyword} differs in {os.path.basename(path)}")


def _floor(path):
    descriptor = os.open(path, os.O_RDONLY)
    data = os.read(descriptor, 8192)
    os.close(descriptor)
    return data


def _lazy(path):
    import pydicom

    return pydicom.dcmread(path, stop_before_pixels=True, specific_tags=list(_wanted()))


def _values(path):
    ds = _lazy(path)
    return {keyword: ds.get(keyword) for keyword in _wanted()}


def _before_pixels(path):
    import pydicom

    ds = pydicom.dcmread(path, stop_before_pixels=True)
    return {keyword: ds.get(keyword) for keyword in _wanted()}


def _inspection(context):
    """The child's inspection of 2 000 slices, against pydicom reading and walking the same."""
    from workstation.imaging.intake import ChildIntake

    home = studies.kept(context, "series", studies.make_series)
    small = context.cache / "inspect"
    shutil.rmtree(small, ignore_errors=True)
    small.mkdir()
    plain = sorted((home / studies.PLAIN).glob("*.dcm"))
    for n in range(SLICES):
        os.link(plain[n % len(plain)], small / f"{n:05d}.dcm")
    intake = ChildIntake()
    files = intake.find([small], lambda *_: None)
    peer = "pydicom and SHA-256 in this process"
    found = interleaved(
        {
            "ours": timed(lambda: list(intake.inspect(files))),
            peer: timed(lambda: [_whole(file.location[0]) for file in files]),
        },
        3,
    )
    intake.close()
    shutil.rmtree(small)
    remark = {peer: "no pipe, no checks; attributes and names by walking the data set"}
    what = f"inspection of {SLICES} CT slices in the child"
    return Line(what, found["ours"], {peer: found[peer]}, remark, b_number="B12")


def _whole(path):
    import pydicom
    from pydicom.filebase import DicomBytesIO

    with open(path, "rb") as data:
        whole = data.read()
    digest = hashlib.sha256(whole).hexdigest()
    ds = pydicom.dcmread(DicomBytesIO(whole))
    values = [ds.get(keyword) for keyword in _wanted()]
    names = [element.value for element in ds.iterall() if element.VR == "PN"]
    return digest, values, names


def _write(home, count):
    """Files as scanners write them, in folders of 1 000."""
    import numpy as np
    from pydicom.dataset import Dataset
    from pydicom.sequence import Sequence

    hu = np.zeros((64, 64), np.int16)
    for n in range(count):
        folder = home / f"{n // 1000:03d}"
        folder.mkdir(exist_ok=True)
        ds = studies.ct_dataset(hu, n)
        ds.SpecificCharacterSet = "ISO_IR 100"
        for m, keyword in enumerate(
            ("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate", "StudyTime", "SeriesTime")
        ):
            setattr(ds, keyword, "20260101" if keyword.endswith("Date") else f"12000{m}")
        ds.InstitutionName, ds.StationName, ds.PatientSex = "", "CT1", "M"
        ds.StudyDescription, ds.SeriesDescription, ds.ProtocolName = "CHEST", "1.0 B40f", "Thorax"
        ds.ExposureTime, ds.XRayTubeCurrent, ds.Exposure = "500", "120", "60"
        ds.DataCollectionDiameter, ds.ReconstructionDiameter = "500", "360"
        ds.GantryDetectorTilt, ds.TableHeight, ds.RotationDirection = "0", "150", "CW"
        ds.SliceLocation, ds.AcquisitionNumber = str(n), "1"
        code = Dataset()
        code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "C1", "99X", "Chest CT"
        request = Dataset()
        request.RequestedProcedureID, request.ScheduledProcedureStepID = "R1", "S1"
        request.RequestedProcedureCodeSequence = Sequence([code])
        ds.ProcedureCodeSequence = Sequence([code])
        ds.RequestAttributesSequence = Sequence([request])
        ds["RequestAttributesSequence"].is_undefined_length = n % 2 == 0
        references = []
        for m in range(8):
            item = Dataset()
            item.ReferencedSOPClassUID = ds.SOPClassUID
            item.ReferencedSOPInstanceUID = f"{ds.SOPInstanceUID}.{m}"
            references.append(item)
        ds.ReferencedImageSequence = Sequence(references)
        block = ds.private_block(0x0029, "MAKER HEADER", create=True)
        for m in range(1, 40):
            block.add_new(m, "LO", f"value {m}")
        ds.PixelData = bytes(64 * 64 * 2)
        implicit = n % 4 == 0
        if n % 200 == 1:
            ds.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1.99"
        elif n % 200 == 2:
            ds.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.2"
        elif implicit:
            ds.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2"
        ds.save_as(folder / f"{n:05d}.dcm", enforce_file_format=True)
