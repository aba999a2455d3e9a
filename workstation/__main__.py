"""`python -m workstation`: a command, or the window."""

import sys

from workstation.bootstrap import main

if __name__ == "__main__":
    sys.exit(main())
