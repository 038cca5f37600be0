"""Server time to draw each page on a workspace with 200 runs, and those that list runs with 2,000: median and worst of 7,
after one that does not count."""

import statistics
import time

import pandas as pd
from streamlit.testing.v1 import AppTest

from benchmarks.workspaces import filled_workspace
from cnnlab.data.library import list_datasets
from cnnlab.runs.store import list_runs
from cnnlab.ui.nav import PAGES, PAGES_FOLDER
from cnnlab.ui.server import SHELL

ROUNDS = 7
FEW, MANY = 200, 2000


def run() -> pd.DataFrame:
    """Draw every page without a browser and take the time."""
    with filled_workspace(FEW):
        newest, dataset = list_runs()[0].id, list_datasets()[0].id
        visits = [(name, {}) for name in PAGES]
        visits += [("train", {"run": newest}), ("datasets", {"dataset": dataset})]
        rows = [_measured(name, query, runs=FEW) for name, query in visits]
    with filled_workspace(MANY):
        newest = [row.id for row in list_runs(limit=3)]
        visits = [("home", {}), ("runs", {}), ("runs", {"runs": ",".join(newest)}), ("predict", {})]
        rows += [_measured(name, query, runs=MANY) for name, query in visits]
    return pd.DataFrame(rows)


def _measured(name: str, query: dict[str, str], *, runs: int) -> dict[str, object]:
    seconds = [_draw(name, query) for _ in range(ROUNDS + 1)][1:]
    return {
        "runs": f"{runs:,}",
        "page": name + ("?" + next(iter(query)) if query else ""),
        "median ms": round(statistics.median(seconds) * 1000),
        "worst ms": round(max(seconds) * 1000),
    }


def _draw(name: str, query: dict[str, str]) -> float:
    page = AppTest.from_file(str(SHELL), default_timeout=60)
    for key, value in query.items():
        page.query_params[key] = value
    page.switch_page(str(PAGES_FOLDER / f"{name}.py"))
    started = time.perf_counter()
    page.run()
    seconds = time.perf_counter() - started
    if page.exception:
        raise RuntimeError(page.exception[0].value)
    return seconds
