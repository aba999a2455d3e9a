"""Set everything up and start: the window on the demo study, or `--headless --out DIR`.

python3 installer/run.py                          the window, demo study
python3 installer/run.py --store PATH             the window, your own study
python3 installer/run.py --headless --out DIR     the demo study played without a display
"""

import argparse
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import environment


def arguments(given):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--store", help="folder of your own study")
    parser.add_argument("--headless", action="store_true", help="play the demo study, no display")
    parser.add_argument("--out", help="folder for the results of --headless")
    parsed = parser.parse_args(given)
    if parsed.headless != bool(parsed.out):
        parser.error("--headless and --out DIR go together")
    return parsed


def command_of(parsed):
    if parsed.headless:
        return ["demo", "--headless", "--out", os.path.abspath(parsed.out)]
    return ["run", "--store", os.path.abspath(parsed.store)] if parsed.store else ["run", "--demo"]


def main(given=None):
    parsed = arguments(given)
    try:
        environment.check_python()
        environment.system_libraries(display=not parsed.headless)
        python = environment.ready("runtime.txt")
    except environment.Problem as problem:
        environment.say(problem)
        return 2
    settings = dict(os.environ, PYTHONPATH=environment.ROOT)
    try:
        return subprocess.call([python, "-m", "workstation"] + command_of(parsed), env=settings)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
