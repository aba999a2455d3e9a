"""Synthetic deliveries and the encrypted studies made of them, by the product's own import; kept in
the cache until the code that makes them changes."""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np

from support.measure import ROOT, CannotRun

SLICES, SIZE = 300, 512
PLAIN, STORE = "plain", "study"
LOGIN, PASSPHRASE = "coordinator", "benchmark passphrase"
READER = "reader-a"


def ct_slices(count=SLICES, size=SIZE, seed=1):
    """int16 slices in HU of a body with lungs and a scanner's noise, one by one."""
    import cv2

    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size] / (size / 512)
    body = ((x - 256) / 220) ** 2 + ((y - 256) / 160) ** 2 < 1
    lungs = [((x - side) / 60) ** 2 + ((y - 256) / 90) ** 2 < 1 for side in (160, 352)]
    outside = (x - 256) ** 2 + (y - 256) ** 2 >= 256**2
    # Noise of a reconstruction has a grain: white noise, blurred a little.
    noise = [
        cv2.GaussianBlur(rng.normal(0, 60, (size, size)), (0, 0), 0.8 * size / 512)
        for _ in range(8)
    ]
    for z in range(count):
        hu = np.full((size, size), -1000.0)
        hu[body] = 40
        hu += 40 * np.sin(x / 9 + z / 5) * np.cos(y / 13) * body
        for lung in lungs:
            hu[lung] = -850
        hu += np.roll(noise[z % 8], (z * 17, z * 29), (0, 1))
        hu[outside] = -1024
        yield hu.clip(-1024, 3071).round().astype(np.int16)


def ct_dataset(hu, z, patient="P0001", series="1"):
    """A CT slice as a scanner writes it; unsigned 12-bit values with an intercept of -1024."""
    from pydicom.dataset import Dataset, FileMetaDataset

    root = "1.2.826.0.1.3680043.10.511"
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    uid = f"{root}.{int(patient[1:])}.{series}.{z + 1}"
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = uid
    ds.file_meta.ImplementationClassUID = root
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.StudyInstanceUID = f"{root}.{int(patient[1:])}"
    ds.SeriesInstanceUID = f"{root}.{int(patient[1:])}.{series}"
    ds.FrameOfReferenceUID = f"{root}.{int(patient[1:])}.9"
    ds.Modality, ds.Manufacturer = "CT", "Synthetic"
    ds.PatientID = ds.PatientName = patient
    ds.InstanceNumber = z + 1
    ds.ConvolutionKernel, ds.KVP, ds.SliceThickness = "B40f", "120", "1"
    ds.ImagePositionPatient = [-180, -180, float(z)]
    ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    ds.PixelSpacing = [0.7, 0.7]
    ds.Rows, ds.Columns = hu.shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.RescaleSlope, ds.RescaleIntercept = "1", "-1024"
    ds.WindowCenter, ds.WindowWidth = "40", "400"
    return ds


def write_series(folder, patient="P0001", count=SLICES, seed=1):
    """`count` files of one series, Explicit VR Little Endian, uncompressed."""
    folder.mkdir(parents=True, exist_ok=True)
    for z, hu in enumerate(ct_slices(count, seed=seed)):
        ds = ct_dataset(hu, z, patient)
        ds.PixelData = (hu + 1024).astype("<u2").tobytes()
        ds.save_as(folder / f"IM{z:04d}.dcm", enforce_file_format=True)
    return folder


def make_series(home):
    """300 plain slices, and the study they were imported into."""
    write_series(home / PLAIN)
    imported(home / STORE, "lung_nodule_ct", [home / PLAIN])


def fundus(rows=3000, cols=4000, seed=1):
    """A 12-Mpx fundus photograph: retina, disc, vessels, grain."""
    import cv2

    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:rows, :cols].astype(np.float32)
    radius = np.hypot(x - cols / 2, y - rows / 2)
    grain = cv2.GaussianBlur(rng.normal(0, 12, (rows, cols)).astype(np.float32), (0, 0), 1.2)
    light = np.clip(1.1 - radius / (0.75 * rows), 0, 1)
    out = np.empty((rows, cols, 3), np.float32)
    for n, colour in enumerate((200, 95, 40)):
        out[..., n] = colour * light + grain
    cv2.circle(out, (int(cols * 0.62), rows // 2), rows // 14, (245, 200, 120), -1)
    start = np.array([cols * 0.62, rows / 2])
    for turn in np.linspace(0, 2 * np.pi, 14, endpoint=False):
        bend = turn + np.linspace(0, 0.8, 40)
        away = np.linspace(0, rows * 0.45, 40)
        way = start + np.stack([np.cos(bend) * away, np.sin(bend) * away], 1)
        cv2.polylines(out, [way.astype(np.int32)], False, (120, 35, 20), 14, cv2.LINE_AA)
    out[radius > rows * 0.48] = 0
    return out.clip(0, 255).astype(np.uint8)


def write_fundus(folder, patients, seed=1):
    """Two JPEG photographs a patient, named P0001_OD_1.jpg and so on."""
    import imagecodecs

    folder.mkdir(parents=True, exist_ok=True)
    base = fundus(seed=seed)
    for n in range(patients):
        for eye in ("OD", "OS"):
            picture = base if eye == "OD" else base[:, ::-1]
            picture = np.ascontiguousarray(np.roll(picture, 8 * n, 0))
            data = imagecodecs.jpeg8_encode(picture, level=92)
            (folder / f"P{n + 1:04d}_{eye}_1.jpg").write_bytes(data)
    return folder


def imported(home, protocol, sources, pattern=None):
    """A study at `home` with what `sources` hold, included and assigned to two readers."""
    from workstation.bootstrap import Opener
    from workstation.domain.people import Role
    from workstation.services import assigning, importing
    from workstation.services.enrolling import AddPerson, add_person
    from workstation.services.opening import NewStudy
    from workstation.store.slots import FLOOR_KIB

    opener = Opener(FLOOR_KIB)
    document = opener.protocol(protocol).document
    workspace = opener.create(
        NewStudy(home, "Benchmark", document, LOGIN, "Coordinator", PASSPHRASE, 1)
    )
    try:
        for login in (READER, "reader-b"):
            add_person(workspace, AddPerson(login, login, frozenset({Role.READER}), PASSPHRASE))
        command = importing.ImportFiles(
            tuple(sources), "Coordinator", opener.photo_mapping(pattern, None)
        )
        result, _ = importing.run_import(workspace, command, lambda: 1 << 50, lambda *_: None)
        if not result.images:
            told = sorted({refusal.code for refusal in result.refusals})
            raise CannotRun(f"nothing was imported: {', '.join(told)}")
        with workspace.reading() as uow:
            cases = [case.case_id for case in uow.cases.all()]
        for case_id in cases:
            importing.include(workspace, case_id)
        with workspace.reading() as uow:
            pairs = assigning.plan(uow).pairs
        assigning.assign(workspace, pairs)
    finally:
        workspace.close()


def kept(context, name, make):
    """The folder `make(folder)` filled, made again when the code that makes it has changed."""
    sources = [Path(__file__)]
    for room in ("imaging", "services", "store", "privacy"):
        sources += (ROOT / "workstation" / room).rglob("*.py")
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(sources)))
    home = context.cache / f"{name}-{digest.hexdigest()[:12]}"
    if home.is_dir():
        return home
    for old in context.cache.glob(f"{name}-*"):
        shutil.rmtree(old, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=context.cache) as folder:
        before = os.environ.get("WORKSTATION_HOME")
        os.environ["WORKSTATION_HOME"] = folder
        try:
            made = Path(folder) / "made"
            made.mkdir()
            make(made)
            made.rename(home)
        finally:
            if before is None:
                del os.environ["WORKSTATION_HOME"]
            else:
                os.environ["WORKSTATION_HOME"] = before
    return home


def signed_in(home, login=LOGIN):
    """The workspace of a person at the study."""
    from workstation.bootstrap import Opener
    from workstation.store.slots import FLOOR_KIB

    with tempfile.TemporaryDirectory() as folder:
        os.environ["WORKSTATION_HOME"] = folder
        return Opener(FLOOR_KIB).open(home, login, PASSPHRASE)
