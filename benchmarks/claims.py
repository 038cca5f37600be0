"""Every experiment of the Learn page with the settings it comes with, in an empty workspace: how long it took, and what it said.

The time is from the click to the answer: starting the process and loading TensorFlow included.
"""

import time

import pandas as pd

from benchmarks.workspaces import empty_workspace
from cnnlab.claims.experiments import start_experiment
from cnnlab.claims.table import CLAIMS

POLL_SECONDS = 0.1


def run() -> pd.DataFrame:
    """Measure every claim that has an experiment, one after the other."""
    with empty_workspace():
        return pd.DataFrame([_row(name) for name, claim in CLAIMS.items() if claim.measure is not None])


def _row(name: str) -> dict[str, object]:
    claim = CLAIMS[name]
    started = time.perf_counter()
    experiment = start_experiment(name, claim.settings())
    while experiment.state == "running":
        time.sleep(POLL_SECONDS)
    seconds = time.perf_counter() - started
    answer = experiment.answer()
    return {
        "claim": claim.title,
        "seconds": round(seconds, 1),
        "verdict": answer.verdict if answer else experiment.state,
        "what was measured": answer.sentence if answer else experiment.message,
    }
