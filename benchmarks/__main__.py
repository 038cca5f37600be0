"""Runs benchmarks and prints their tables: `python -m benchmarks` for all, `python -m benchmarks NAME ...` for some.

With `--write` each table goes into `docs/performance.md` as well, in the place of the one before, and the
few that the README shows go there: no figure is ever copied by hand.
"""

import argparse
import importlib
import os
import platform
import re
from datetime import UTC, datetime
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

NAMES = (
    "first_page",
    "pages",
    "building",
    "importing",
    "size",
    "learner",
    "transfer",
    "rates",
    "speed",
    "extraction",
    "estimates",
    "predicting",
    "evaluating",
    "presets",
    "claims",
)
"""Modules of this folder, each with a function `run() -> pandas.DataFrame` and a docstring that says what it measures."""

REPOSITORY = Path(__file__).resolve().parents[1]
DOCUMENTS = (REPOSITORY / "docs" / "performance.md", REPOSITORY / "README.md")
"""A document holds the table of a benchmark where it has the pair of comments of its name."""


def main() -> None:
    """Run benchmarks one after the other."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; all by default")
    parser.add_argument("--write", action="store_true", help="put the tables into the documents")
    asked = parser.parse_args()
    machine = _machine()
    print(machine)
    for name in asked.names or NAMES:
        module = importlib.import_module(f"benchmarks.{name}")
        about = module.__doc__.strip()
        print(f"\n## {name}\n\n{about}\n", flush=True)
        table = module.run().to_markdown(index=False)
        print(table, flush=True)
        if asked.write:
            day = datetime.now(UTC).date()
            _write(name, f"{about}\n\n{table}\n\nMeasured on {day:%d %B %Y}: {machine}.")


def _write(name: str, text: str) -> None:
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    for document in DOCUMENTS:
        before = document.read_text(encoding="utf-8")
        between = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        after = between.sub(lambda _: f"{begin}\n{text}\n{end}", before)
        document.write_text(after, encoding="utf-8")


def _machine() -> str:
    from cnnlab.runs.machine import describe_machine

    return f"{describe_machine()}, Python {platform.python_version()}"


if __name__ == "__main__":
    main()
