"""B12: the whole import of a CT series through the services: inspected in the child, looked at for
what identifies a person, decoded, hashed, compressed, enciphered, written and entered in the
database; files a second, and which step takes how long.
"""

import hashlib
import os
import tempfile
import time
from pathlib import Path

from support import studies
from support.measure import CannotRun, Line, Result, interleaved, timed

FLOOR = "the files read and hashed"
ORM = "pydicom headers and SQLAlchemy ORM, no pixels"


def run(context):
    count = 60 if context.quick else studies.SLICES
    rounds = 1 if context.quick else 5
    steps = {}
    with tempfile.TemporaryDirectory(dir=context.cache) as folder:
        os.environ["WORKSTATION_HOME"] = folder
        plain = studies.write_series(Path(folder) / "plain", count=count)
        found = interleaved(
            {
                "ours": lambda: _imported(Path(folder), plain, steps),
                FLOOR: timed(lambda: [_hashed(path) for path in sorted(plain.iterdir())]),
                ORM: timed(lambda: _indexed(plain)),
            },
            rounds,
        )
    ours = sorted(found["ours"])[len(found["ours"]) // 2]
    line = Line(
        f"import of {count} slices", found.pop("ours"), found,
        {ORM: "indexes the headers, and leaves the pixels where they are"},
        steps, "B12", FLOOR,
    )  # fmt: skip
    return Result([line], [f"{count / ours * 1000:.0f} files a second"])


def _hashed(path):
    return hashlib.sha256(path.read_bytes()).digest()


def _imported(folder, plain, steps):
    """Milliseconds of an import into a new study; `steps` gets those of the steps it reports."""
    from workstation.bootstrap import Opener
    from workstation.services import importing
    from workstation.services.opening import NewStudy
    from workstation.store.slots import FLOOR_KIB

    opener = Opener(FLOOR_KIB)
    document = opener.protocol("lung_nodule_ct").document
    with tempfile.TemporaryDirectory(dir=folder) as home:
        new = NewStudy(
            Path(home) / "study", "Benchmark", document, studies.LOGIN, "Coordinator",
            studies.PASSPHRASE, 1,
        )  # fmt: skip
        workspace = opener.create(new)
        begun = []

        def progress(done, total, what):
            if not begun or begun[-1][0] != what:
                begun.append((what, time.perf_counter()))

        start = time.perf_counter()
        try:
            command = importing.ImportFiles((plain,), "Coordinator")
            result, _ = importing.run_import(workspace, command, lambda: 1 << 50, progress)
        finally:
            end = time.perf_counter()
            workspace.close()
        if not result.images:
            raise CannotRun("nothing was imported")
    steps.clear()
    before = [("before the first file", start), *begun]
    for (what, at), (_, until) in zip(before, [*begun, ("", end)], strict=True):
        steps[what] = steps.get(what, 0.0) + (until - at) * 1000
    return (end - start) * 1000


def _indexed(plain):
    from pydicom import dcmread
    from sqlalchemy import Column, Integer, String, create_engine
    from sqlalchemy.orm import Session, declarative_base

    names = (
        "SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID", "PatientID", "Modality", "InstanceNumber",
        "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "Rows", "Columns",
        "RescaleSlope", "RescaleIntercept", "WindowCenter", "WindowWidth",
    )  # fmt: skip
    base = declarative_base()
    columns = {name: Column(String) for name in names}
    kind = type(
        "Row",
        (base,),
        {"__tablename__": "rows", "id": Column(Integer, primary_key=True), **columns},
    )
    engine = create_engine("sqlite://")
    base.metadata.create_all(engine)
    with Session(engine) as session:
        for path in plain.iterdir():
            header = dcmread(path, stop_before_pixels=True)
            session.add(kind(**{name: str(header.get(name)) for name in names}))
        session.commit()
    engine.dispose()
