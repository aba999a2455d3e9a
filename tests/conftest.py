"""What every test gets: no display, its own home, English, sample data, no stray warnings."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
settings.register_profile("ci", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("ci")

from workstation.i18n import set_language  # noqa: E402  after the environment is set


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("WORKSTATION_HOME", str(tmp_path / "home"))
    set_language("en")
    yield
    set_language("en")


@pytest.fixture(autouse=True)
def _no_stray_logs(
    caplog: pytest.LogCaptureFixture, request: pytest.FixtureRequest
) -> Iterator[None]:
    """An unexpected line of WARNING or worse fails the test; `expects_log` asks for it."""
    yield
    if request.node.get_closest_marker("expects_log"):
        return
    stray = [
        r.getMessage()
        for r in caplog.get_records("call")
        if r.levelno >= logging.WARNING and r.name.startswith("workstation")
    ]
    assert not stray


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of sample data; tests that need it are skipped without it."""
    root = Path(__file__).resolve().parents[1]
    folder = Path(os.environ.get("WORKSTATION_SAMPLES", root.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip("sample data not found (WORKSTATION_SAMPLES)")
    return folder
