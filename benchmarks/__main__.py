"""Runs benchmarks and prints their tables: `python -m benchmarks` for all, `python -m benchmarks NAME ...` for some."""

import importlib
import os
import platform
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

NAMES = ("first_page", "pages", "importing", "learner", "transfer", "speed")
"""Modules of this folder, each with a function `run() -> pandas.DataFrame` and a docstring that says what it measures."""


def main(names: list[str]) -> None:
    """Run benchmarks one after the other."""
    print(
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    )
    for name in names or NAMES:
        module = importlib.import_module(f"benchmarks.{name}")
        print(f"\n## {name}\n\n{module.__doc__.strip()}\n", flush=True)
        print(module.run().to_markdown(index=False), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
