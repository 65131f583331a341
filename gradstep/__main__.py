"""`python -m gradstep`."""

import sys

from gradstep.tui.cli import main

if __name__ == "__main__":
    sys.exit(main())
