"""The window stories once more on an X screen: another platform plug-in, real focus, real paint."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

STORY = Path(__file__).with_name("test_window_story.py")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="X screens are of Linux")
@pytest.mark.timeout(600)
@pytest.mark.parametrize("size", ["1920x1080", "1366x768"])
def test_the_stories_on_an_x_screen(size: str, tmp_path: Path) -> None:
    program = shutil.which("Xvfb")
    if program is None:
        pytest.skip("Xvfb is not installed; installer/test.py installs it where it may")
    read, write = os.pipe()
    with subprocess.Popen(
        [program, "-displayfd", str(write), "-screen", "0", f"{size}x24", "-nolisten", "tcp"],
        pass_fds=(write,), stderr=subprocess.DEVNULL,
    ) as screen:  # fmt: skip
        os.close(write)
        with os.fdopen(read) as pipe:
            number = pipe.readline().strip()
        try:
            settings = os.environ | {"DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb"}
            done = subprocess.run(
                [sys.executable, "-m", "pytest", str(STORY), "-q", "-p", "no:cacheprovider",
                 "--basetemp", str(tmp_path / "story")],
                cwd=STORY.parents[2], env=settings, capture_output=True, text=True, timeout=500,
            )  # fmt: skip
        finally:
            screen.terminate()
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert "2 passed" in done.stdout
