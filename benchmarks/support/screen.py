"""A screen for the windows: a virtual X server where there is one, else Qt's offscreen platform."""

import contextlib
import os
import shutil
import subprocess
import sys


@contextlib.contextmanager
def screen():
    """(name, environment variables) of the screen that all candidates of a run share."""
    if not sys.platform.startswith("linux"):
        yield "the machine's own screen", {}
        return
    program = shutil.which("Xvfb")
    if program is None:
        yield "offscreen", {"QT_QPA_PLATFORM": "offscreen"}
        return
    told, tell = os.pipe()
    command = [program, "-displayfd", str(tell), "-screen", "0", "1920x1200x24"]
    server = subprocess.Popen(
        [*command, "-nolisten", "tcp"],
        pass_fds=[tell],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(tell)
    try:
        with os.fdopen(told) as answer:
            number = answer.readline().strip()
        if number:
            yield "Xvfb 1920 x 1200", {"DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb"}
        else:
            yield "offscreen (Xvfb did not start)", {"QT_QPA_PLATFORM": "offscreen"}
    finally:
        server.terminate()
        server.wait()
