"""`python -m gradstep`, and the command `gradstep`."""

import signal

# An interrupt before anything has begun ends the program without a word, and without a traceback of its imports.
signal.signal(signal.SIGINT, signal.SIG_DFL)

import sys  # noqa: E402  # after the line above, so that it holds for all imports

from gradstep.tui.cli import main  # noqa: E402  # likewise

if __name__ == "__main__":
    sys.exit(main())
