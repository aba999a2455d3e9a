"""What a start of the window must not load: each of these takes long and is needed later, if at
all (benchmarks/cold_start.py)."""

from __future__ import annotations

import subprocess
import sys

# Until the sign-in page is painted.
NOT_AT_FIRST = (
    "numpy", "cv2", "yaml", "sqlalchemy", "pydicom", "pyqtgraph", "vtkmodules", "workstation.bootstrap",
    "workstation.cli.study", "workstation.comparators", "workstation.domain.protocol", "workstation.ui.main_window",
    "workstation.ui.desks",
)  # fmt: skip

# Until somebody has signed in and every desk is there.
HEAVY = (
    "sqlalchemy", "imagecodecs", "alembic", "pydicom", "scipy", "matplotlib", "nibabel", "openpyxl", "typst", "pandas",
    "skimage", "statsmodels", "pyqtgraph", "vtkmodules",
)  # fmt: skip


def loaded_of(names: tuple[str, ...], code: str) -> list[str]:
    program = f"import sys\n{code}\nprint(*sorted(set({names!r}) & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout.split()


def test_the_sign_in_page_needs_next_to_nothing() -> None:
    code = "import workstation.start, workstation.ui.application"
    assert loaded_of((*NOT_AT_FIRST, *HEAVY), code) == []


def test_the_window_starts_without_what_it_does_not_need() -> None:
    code = (
        "import workstation.bootstrap, workstation.ui.main_window, workstation.ui.desk as d\n"
        "d.desks()"
    )
    assert loaded_of(HEAVY, code) == []


def test_what_signing_in_needs_is_loaded_while_the_person_types() -> None:
    code = (
        "import threading, workstation.start as start, workstation.ui.application\n"
        "start.make_ready()\n"
        "[t.join() for t in threading.enumerate() if t is not threading.current_thread()]"
    )
    needed = ("workstation.bootstrap", "sqlalchemy", "workstation.ui.desks.reading")
    assert loaded_of(needed, code) == sorted(needed)


def test_all_but_the_sign_in_page_is_asked_of_the_composition_root() -> None:
    code = (
        "import workstation.start as start\n"
        "door = start.Door()\n"
        "assert isinstance(door.recent(), tuple) and 'workstation.bootstrap' not in sys.modules\n"
        "assert 'dr_screening' in [shipped.name for shipped in door.protocols()]"
    )
    assert loaded_of(("workstation.bootstrap",), code) == ["workstation.bootstrap"]
