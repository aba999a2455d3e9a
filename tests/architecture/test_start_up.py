"""What a start of the window must not load: each of these takes long and is needed later, if at
all (benchmarks/cold_start.py)."""

from __future__ import annotations

import subprocess
import sys

HEAVY = (
    "sqlalchemy", "imagecodecs", "alembic", "pydicom", "scipy", "matplotlib", "nibabel", "openpyxl", "typst", "pandas",
    "skimage", "statsmodels",
)  # fmt: skip


def test_the_window_starts_without_what_it_does_not_need() -> None:
    code = (
        "import sys, workstation.bootstrap, workstation.ui.application, workstation.ui.desk as d\n"
        "d.desks()\n"
        f"print(*sorted(set({HEAVY!r}) & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.split() == []
