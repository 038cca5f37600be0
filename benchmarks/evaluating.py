"""Server time to draw the Evaluate page of a run with 10,000 test pictures of 100 classes: the first time, and median and worst of 7 more."""

import statistics
import time

import pandas as pd
from streamlit.testing.v1 import AppTest

from benchmarks.workspaces import empty_workspace, import_and_wait
from cnnlab.data.import_records import SourceImport
from cnnlab.evaluation.judged import JudgedSplit, judge
from cnnlab.ui.evaluate import VIEWS
from cnnlab.ui.evaluate_report import report_html
from cnnlab.ui.nav import PAGES_FOLDER
from cnnlab.ui.server import SHELL
from tests.pages.judged import crowded_run

ROUNDS = 7
MEASURED = tuple(name for name in VIEWS if name in ("overview", "confusion", "confidence"))
"""Those that are drawn from the predictions alone. The first one also loads scikit-learn, as on a server just started."""


def run() -> pd.DataFrame:
    """Draw every view without a browser and take the time, then write the report."""
    with empty_workspace():
        folder = crowded_run(pictures=import_and_wait(SourceImport(name="Digits", source="digits")))
        # Any page first, as on a server that has drawn one: what all pages need is loaded then.
        draw_page("home")
        rows = [
            _measured(view, [draw_page("evaluate", run=folder.id, view=view) for _ in range(ROUNDS + 1)])
            for view in MEASURED
        ]
        judged = judge(folder)
        rows.append(_measured("report as HTML", [_write(judged) for _ in range(ROUNDS + 1)]))
    return pd.DataFrame(rows)


def _measured(what: str, seconds: list[float]) -> dict[str, object]:
    first, *more = seconds
    return {
        "what": what,
        "first ms": round(first * 1000),
        "median ms": round(statistics.median(more) * 1000),
        "worst ms": round(max(more) * 1000),
    }


def draw_page(name: str, **query: str) -> float:
    """Draw a page without a browser, with what its address asks for; returns the seconds."""
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


def _write(judged: JudgedSplit) -> float:
    started = time.perf_counter()
    report_html(judged)
    return time.perf_counter() - started
