"""Tries faults and prints their table: `make chaos`, or `python -m tests.chaos NAME ...` for some.

With `--write` the table goes into `docs/reliability.md`, in the place of the one before: no figure is
ever copied by hand. The exit code is 1 where something did not hold.
"""

import argparse
import os
import platform
import re
import sys
import time
import traceback
from datetime import UTC, datetime

# Before anything of the project: workers inherit these.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import pandas as pd

from cnnlab.runs.machine import describe_machine
from tests.chaos.faults import FAULTS, Fault
from tests.chaos.form import DOCUMENT, END, BEGIN, Form, LeftOut
from tests.chaos.workplace import environment


def main() -> int:
    """Try faults one after the other."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(FAULTS)}; all by default")
    parser.add_argument("--short", action="store_true", help="with the few repeats of `make test`")
    parser.add_argument("--write", action="store_true", help="put the table into docs/reliability.md")
    asked = parser.parse_args()
    form, rows, held = Form(short=asked.short), [], True
    for name in asked.names or FAULTS:
        row, holds = try_fault(FAULTS[name], form)
        print(f"{name}: {row['outcome']} ({row['seconds']} s)", flush=True)
        rows.append(row)
        held &= holds
    table = pd.DataFrame(rows).to_markdown(index=False)
    print(f"\n{table}\n\n{sum(row['tried'] for row in rows)} times in all. {_machine()}.")
    if asked.write and held:
        _write(f"{table}\n\nMeasured on {datetime.now(UTC).date():%d %B %Y}: {_machine()}.")
    return 0 if held else 1


def try_fault(fault: Fault, form: Form) -> tuple[dict[str, object], bool]:
    """One row of the table, and whether everything held."""
    started, tries, holds = time.perf_counter(), 0, True
    try:
        outcome = fault.carry(form)
        tries, said = outcome.tries, f"held: {outcome.facts}"
    except LeftOut as reason:
        said = f"left out: {reason}"
    except Exception as error:
        traceback.print_exc()
        said, holds = f"**did not hold**: {' '.join(str(error).split())[:200]}", False
    row = {
        "fault": fault.title,
        "what is done": fault.done,
        "tried": tries,
        "seconds": round(time.perf_counter() - started),
        "outcome": said,
    }
    return row, holds


def _write(text: str) -> None:
    before = DOCUMENT.read_text(encoding="utf-8")
    between = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    DOCUMENT.write_text(between.sub(lambda _: f"{BEGIN}\n{text}\n{END}", before), encoding="utf-8")


def _machine() -> str:
    return f"{describe_machine()}, Python {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main())
