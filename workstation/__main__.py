"""`python -m workstation`: a command, or the window."""

import sys

if __name__ == "__main__":
    # A spawned decoder imports this module again under another name, and needs nothing of it.
    try:
        from workstation.start import main

        sys.exit(main())
    except KeyboardInterrupt:  # before a command began
        sys.exit(130)
