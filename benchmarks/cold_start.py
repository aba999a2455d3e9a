"""From process start to the first painted image: the product on an encrypted study, sign-in and
all; napari and a bare Qt window on a plain file with the same pixels.

Every round opens a copy of the study that nobody has opened, so the draft is made as well.
"""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from support import studies
from support.measure import (
    CHILDREN,
    ROOT,
    CannotRun,
    Line,
    Result,
    first_image,
    interleaved,
    median_phases,
)
from support.screen import screen

from workstation.bootstrap import Opener
from workstation.services.opening import NewStudy
from workstation.store.slots import FLOOR_KIB

PRODUCT, NAPARI, BARE = "product", "napari", "bare Qt window"
REMARKS = {
    NAPARI: "reads a plain file and asks for no passphrase, which favours it; software OpenGL "
    "here, which does not",
    BARE: "the floor: reads a plain file, can do nothing but show it",
}


def run(context):
    if context.quick:
        return _first_window(context)
    # On two cores the peer's environment and the study are made side by side.
    with ThreadPoolExecutor(1) as pool:
        peer = pool.submit(context.peer, "napari")
        study = prepared(context)
        problem = peer.exception()
    if problem is not None and not isinstance(problem, CannotRun):
        raise problem
    with screen() as (name, variables), tempfile.TemporaryDirectory(dir=context.cache) as folder:
        notes = [f"screen: {name}"]
        bench = Bench(context, study, Path(folder), variables)
        if problem is None and name.startswith("offscreen"):
            problem = CannotRun("it needs OpenGL, which the offscreen platform lacks")
        if problem is None:
            try:
                bench.try_napari(peer.result())
            except CannotRun as failed:
                problem = failed
        if problem is not None:
            notes.append(f"{NAPARI}: peer not available: {problem}")
        lines = [bench.window(), *(bench.line(kind) for kind in bench.about["images"])]
        notes.append("Argon2id at the strength of a person's own study (256 MiB)")
        return Result(lines, notes, bench.versions)


def _first_window(context):
    """The sign-in page alone, of a study without a case; the demo study takes a minute to make."""
    with screen() as (name, variables), tempfile.TemporaryDirectory(dir=context.cache) as folder:
        os.environ["WORKSTATION_HOME"] = folder
        made = Path(folder) / "made"
        made.mkdir()
        opener = Opener(FLOOR_KIB)
        document = opener.protocol("lung_nodule_ct").document
        new = NewStudy(
            made / "empty", "Benchmark", document, studies.LOGIN, "Coordinator",
            studies.PASSPHRASE, 1,
        )  # fmt: skip
        opener.create(new).close()
        about = {
            "login": studies.LOGIN,
            "passphrase": studies.PASSPHRASE,
            "images": {"ct": {"study": "empty", "case": ""}},
        }
        (made / "about.json").write_text(json.dumps(about), "utf-8")
        bench = Bench(context, made, Path(folder), variables)
        return Result([bench.window()], [f"screen: {name}"])


class Bench:
    def __init__(self, context, study, folder, variables):
        self.context = context
        self.study = study
        self.folder = folder
        self.about = json.loads((study / "about.json").read_text("utf-8"))
        self.versions = {}
        self.napari = None
        home = {
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "XDG_DATA_HOME": str(folder / "data"),
        }
        plain = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "PYTHONPATH")}
        self.peers = {**plain, **variables, **home, "QT_API": "pyside6"}
        self.ours = {
            **plain,
            **variables,
            "PYTHONPATH": str(ROOT),
            "WORKSTATION_HOME": str(folder / "workstation"),
            "BENCHMARK_LOGIN": self.about["login"],
            "BENCHMARK_PASSPHRASE": self.about["passphrase"],
        }

    def try_napari(self, python):
        self._napari(python, "ct")
        self.napari = python

    def line(self, kind):
        candidates = {PRODUCT: lambda: self._product(kind), BARE: lambda: self._bare(kind)}
        if self.napari is not None:
            candidates[NAPARI] = lambda: self._napari(self.napari, kind)
        found = interleaved(candidates, self.context.rounds)
        for report in (reports[-1] for reports in found.values()):
            self.versions |= report["versions"]
        times = {
            name: [report["stamps"]["on screen"] for report in reports]
            for name, reports in found.items()
        }
        peers = {name: times[name] for name in (NAPARI, BARE) if name in times}
        remarks = {name: REMARKS[name] for name in peers}
        if kind == "fundus":
            for name in peers:
                remarks[name] += "; one photograph, where the product shows both eyes"
        title = f"{kind}: {self.about['images'][kind]['what']}"
        phases = median_phases(found[PRODUCT])
        return Line(
            title, times[PRODUCT], peers, remarks, phases, "B25", BARE, different_engine=(NAPARI,)
        )

    def window(self):
        """Until the sign-in page is painted; the bare window paints a gradient."""
        found = interleaved(
            {
                PRODUCT: lambda: self._product("ct", "first")["stamps"]["sign-in page painted"],
                BARE: lambda: first_image(self.context.python, "bare_window.py", [], self.peers)[
                    "stamps"
                ]["image painted"],
            },
            self.context.rounds,
        )
        return Line(
            "first painted window: the sign-in page", found[PRODUCT], {BARE: found[BARE]},
            b_number="B25", floor=BARE,
        )  # fmt: skip

    def _file(self, kind):
        return str(self.study / self.about["images"][kind]["file"])

    def _bare(self, kind):
        return first_image(self.context.python, "bare_window.py", [self._file(kind)], self.peers)

    def _napari(self, python, kind):
        return first_image(python, "napari_peer.py", [self._file(kind)], self.peers)

    def _product(self, kind, *until):
        about = self.about["images"][kind]
        fresh = self.folder / about["study"]
        shutil.copytree(self.study / about["study"], fresh, copy_function=_copied)
        try:
            arguments = [str(fresh), about["case"], *until]
            return first_image(self.context.python, "product.py", arguments, self.ours)
        finally:
            shutil.rmtree(fresh)


def _copied(source, target):
    """Images never change: a link will do. Everything else is written to."""
    if Path(source).parent.parent.name == "blobs":
        os.link(source, target)
    else:
        shutil.copy2(source, target)
    return target


def prepared(context):
    """The folder of demo studies, made again when the code that makes them has changed."""
    home = context.cache / f"study-{_key()}"
    if (home / "about.json").is_file():
        return home
    for old in context.cache.glob("study-*"):
        shutil.rmtree(old, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=context.cache) as folder:
        made = Path(folder) / "made"
        settings = {**os.environ, "PYTHONPATH": str(ROOT), "WORKSTATION_HOME": folder}
        command = [context.python, str(CHILDREN / "prepare.py"), str(made)]
        done = subprocess.run(command, env=settings, capture_output=True, text=True)
        if done.returncode != 0:
            raise CannotRun("the demo study cannot be made: " + done.stderr.strip()[-500:])
        made.rename(home)
    return home


def _key():
    sources = [CHILDREN / "prepare.py", *(ROOT / "resources" / "protocols").glob("*")]
    sources += [p for p in (ROOT / "workstation").rglob("*.py") if "ui" not in p.parts]
    digest = hashlib.sha256()
    for path in sorted(sources):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
