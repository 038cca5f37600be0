"""The command line: `python -m cnnlab --help`."""

import sys

from cnnlab.command.line import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
