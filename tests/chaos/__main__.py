"""Tries faults and prints their table: `make chaos`, or `python -m tests.chaos NAME ...` for some.

With `--write` each row goes into `docs/reliability.md` as soon as it is known, in the place of the one
before: no figure is ever copied by hand. The exit code is 1 where something did not hold.
"""

import argparse
import os
import platform
import sys
import time
import traceback
from datetime import UTC, datetime

# Before anything of the project is loaded: workers inherit these.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["CUDA_VISIBLE_DEVICES"] = ""

from cnnlab.runs.machine import describe_machine
from tests.chaos import document
from tests.chaos.faults import FAULTS, Fault
from tests.chaos.form import Form, LeftOut


def main() -> int:
    """Try faults one after the other."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(FAULTS)}; all by default")
    parser.add_argument("--short", action="store_true", help="with the few repeats of `make test`")
    parser.add_argument("--write", action="store_true", help="put the rows into docs/reliability.md")
    asked = parser.parse_args()
    machine = f"{describe_machine()}, Python {platform.python_version()}"
    print(f"{machine}\n\n{document.HEADING}", flush=True)
    all_held = True
    for name in asked.names or FAULTS:
        row, held = try_fault(FAULTS[name], Form(short=asked.short))
        all_held &= held
        print(row, flush=True)
        if asked.write:
            document.write_row(row, measured=f"Measured on {datetime.now(UTC).date():%d %B %Y}: {machine}.")
    return 0 if all_held else 1


def try_fault(fault: Fault, form: Form) -> tuple[str, bool]:
    """One row of the table, and whether everything held."""
    started, tries, held = time.perf_counter(), 0, True
    try:
        outcome = fault.carry(form)
        tries, said = outcome.tries, f"held: {outcome.facts}"
    except LeftOut as reason:
        said = f"left out: {reason}"
    except Exception as error:
        traceback.print_exc()
        said, held = f"**did not hold**: {' '.join(str(error).split())[:200]}", False
    seconds = f"{time.perf_counter() - started:.0f}"
    return document.row(fault.title, fault.done, str(tries), seconds, said), held


if __name__ == "__main__":
    sys.exit(main())
