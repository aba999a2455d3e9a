"""The private environment beside the checkout: made once, renewed when the lock changes.

Standard library only, and nothing a Python older than 3.11 cannot parse: an old Python gets one
sentence, not a syntax error.
"""

import hashlib
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HOME = os.environ.get("WORKSTATION_ENV") or os.path.join(ROOT, ".venv")
OLDEST, TOO_NEW = (3, 11), (3, 14)
NEEDED_MIB = 2500

# What the Qt and codec wheels expect of a Linux system; the second group only with a display.
LIBRARIES = [
    ("libGL.so.1", "libgl1"),
    ("libEGL.so.1", "libegl1"),
    ("libfontconfig.so.1", "libfontconfig1"),
    ("libdbus-1.so.3", "libdbus-1-3"),
    ("libxkbcommon.so.0", "libxkbcommon0"),
    ("libglib-2.0.so.0", "libglib2.0-0"),
]
DISPLAY_LIBRARIES = [
    ("libxkbcommon-x11.so.0", "libxkbcommon-x11-0"),
    ("libxcb-cursor.so.0", "libxcb-cursor0"),
    ("libxcb-icccm.so.4", "libxcb-icccm4"),
    ("libxcb-keysyms.so.1", "libxcb-keysyms1"),
    ("libxcb-shape.so.0", "libxcb-shape0"),
    ("libxcb-randr.so.0", "libxcb-randr0"),
    ("libxcb-render-util.so.0", "libxcb-render-util0"),
    ("libxcb-image.so.0", "libxcb-image0"),
    ("libxcb-xinerama.so.0", "libxcb-xinerama0"),
]


class Problem(Exception):
    """Something the person can mend: one sentence in English, one in Chinese."""

    def __init__(self, english, chinese):
        Exception.__init__(self, english)
        self.english = english
        self.chinese = chinese


def say(problem):
    """Print a problem, in Chinese first where the system speaks it."""
    language = (
        os.environ.get("WORKSTATION_LANG") or os.environ.get("LC_ALL") or os.environ.get("LANG", "")
    )
    texts = [problem.english, problem.chinese]
    if language.lower().startswith("zh"):
        texts.reverse()
    sys.stderr.write("\n".join(texts) + "\n")


def check_python(version=None):
    version = tuple((version or sys.version_info)[:2])
    if OLDEST <= version < TOO_NEW:
        return
    raise Problem(
        "Python %d.%d does not fit: install Python 3.11, 3.12 or 3.13 and run this again with it."
        % version,
        "Python %d.%d 不适用：请安装 Python 3.11、3.12 或 3.13 后重新运行。" % version,
    )


def has_library(name):
    import ctypes

    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def missing_packages(display, programs=()):
    """Debian packages of what is missing on this Linux machine; empty elsewhere."""
    if not sys.platform.startswith("linux"):
        return []
    wanted = LIBRARIES + (DISPLAY_LIBRARIES if display else [])
    found = [package for library, package in wanted if not has_library(library)]
    return found + [package for program, package in programs if shutil.which(program) is None]


def system_libraries(display, programs=(), run=subprocess.call):
    """Install what is missing where that is possible, else say the one line to type."""
    packages = missing_packages(display, programs)
    if not packages:
        return
    line = "apt-get install -y --no-install-recommends " + " ".join(packages)
    apt = shutil.which("apt-get")
    if apt and hasattr(os, "geteuid") and os.geteuid() == 0:
        print("Installing system libraries: " + " ".join(packages))
        environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
        quiet = {"stdout": subprocess.DEVNULL, "env": environment}
        run([apt, "update", "-q"], **quiet)
        if run(line.replace("apt-get", apt, 1).split(), **quiet) == 0:
            return
    if apt:
        raise Problem(
            "System libraries are missing; type: sudo " + line,
            "缺少系统库，请输入：sudo " + line,
        )
    raise Problem(
        "System libraries are missing; install the packages that hold: "
        + ", ".join(
            library for library, package in LIBRARIES + DISPLAY_LIBRARIES if package in packages
        ),
        "缺少系统库，请安装提供以下文件的软件包："
        + ", ".join(
            library for library, package in LIBRARIES + DISPLAY_LIBRARIES if package in packages
        ),
    )


def oracles(programs, run=subprocess.call):
    """Install programs some tests compare with, where root may; without them those are skipped.

    `programs` are (program, Debian package). Nothing is raised: no network, no comparison.
    """
    packages = [package for program, package in programs if shutil.which(program) is None]
    apt = shutil.which("apt-get")
    if not packages or not apt or not hasattr(os, "geteuid") or os.geteuid() != 0:
        return
    print("Installing what some tests compare with: " + " ".join(packages))
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": environment}
    run([apt, "update", "-q"], **quiet)
    run([apt, "install", "-y", "--no-install-recommends"] + packages, **quiet)


def python_of(home):
    if os.name == "nt":
        return os.path.join(home, "Scripts", "python.exe")
    return os.path.join(home, "bin", "python")


def stamp_of(lock):
    """What the environment was made from: this Python and the exact lock."""
    with open(lock, "rb") as data:
        digest = hashlib.sha256(data.read()).hexdigest()
    return "%s %d.%d" % ((digest,) + tuple(sys.version_info[:2]))


def check_room(home):
    parent = os.path.dirname(home)
    probe = os.path.join(parent, ".write-test-%d" % os.getpid())
    try:
        with open(probe, "w") as out:
            out.write("x")
        os.remove(probe)
    except OSError:
        raise Problem(
            "The folder %s cannot be written: copy the program to a folder of your own, or set "
            "WORKSTATION_ENV to one." % parent,
            "文件夹 %s 不可写：请将程序复制到您自己的文件夹，或用 WORKSTATION_ENV 指定一个。"
            % parent,
        ) from None
    free = shutil.disk_usage(parent).free >> 20
    if free < NEEDED_MIB:
        raise Problem(
            "The disk is too full: %d MiB are free, about %d MiB are needed." % (free, NEEDED_MIB),
            "磁盘空间不足：可用 %d MiB，约需 %d MiB。" % (free, NEEDED_MIB),
        )


def ready(lock_name, home=HOME, run=subprocess.call):
    """The environment's Python, made or renewed where needed; seconds when nothing changed."""
    lock = os.path.join(ROOT, "requirements", lock_name)
    stamp = os.path.join(home, "stamp-" + lock_name)
    python = python_of(home)
    wanted = stamp_of(lock)
    if os.path.isfile(stamp) and os.path.isfile(python):
        with open(stamp) as data:
            if data.read() == wanted:
                return python
    check_room(home)
    if not os.path.isfile(python) or _other_python(home):
        shutil.rmtree(home, ignore_errors=True)
        print("Making a private environment ...")
        if run([sys.executable, "-m", "venv", home]) != 0:
            shutil.rmtree(home, ignore_errors=True)
            raise Problem(
                "Python's venv module is missing; on Debian or Ubuntu type: "
                "sudo apt-get install python3-venv",
                "缺少 Python 的 venv 模块；Debian 或 Ubuntu 请输入：sudo apt-get install python3-venv",
            )
    print("Installing the locked packages (first start only) ...")
    command = [
        python,
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "-qq",
        "--require-hashes",
        "--only-binary",
        ":all:",
        "-r",
        lock,
    ]
    if run(command) != 0:
        if shutil.disk_usage(home).free >> 20 < 100:
            raise Problem(
                "The disk is full: free some space and run this again.",
                "磁盘已满：请释放空间后重新运行。",
            )
        raise Problem(
            "The packages could not be installed: no package index can be reached from here, or it "
            "lacks one of them. Connect to the network once, or set PIP_FIND_LINKS to a folder of "
            "downloaded wheels.",
            "无法安装软件包：无法访问软件源，或缺少某个包。请联网一次，或用 PIP_FIND_LINKS 指定已下载的 wheel 文件夹。",
        )
    with open(stamp, "w") as out:
        out.write(wanted)
    with open(os.path.join(home, "python-version"), "w") as out:
        out.write("%d.%d" % tuple(sys.version_info[:2]))
    return python


def _other_python(home):
    """Whether the environment was made by another minor version of Python."""
    try:
        with open(os.path.join(home, "python-version")) as data:
            return data.read() != "%d.%d" % tuple(sys.version_info[:2])
    except OSError:
        return False
