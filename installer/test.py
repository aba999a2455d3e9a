"""Set everything up and run the whole test suite, without a display; more arguments go to pytest.

python3 installer/test.py
python3 installer/test.py tests/store -k audit
"""

import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import environment


def main(given=None):
    try:
        environment.check_python()
        environment.system_libraries(display=True, programs=[("Xvfb", "xvfb")])
        environment.oracles([("dcm2pnm", "dcmtk"), ("gdcmconv", "libgdcm-tools")])
        python = environment.ready("dev.txt")
    except environment.Problem as problem:
        environment.say(problem)
        return 2
    settings = dict(os.environ, PYTHONPATH=environment.ROOT, QT_QPA_PLATFORM="offscreen")
    extra = sys.argv[1:] if given is None else given
    return subprocess.call([python, "-m", "pytest"] + extra, cwd=environment.ROOT, env=settings)


if __name__ == "__main__":
    sys.exit(main())
