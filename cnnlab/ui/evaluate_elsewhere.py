"""Judging a run by the pictures of another dataset: choose one, have the run asked, see what was left out.

A process of its own asks (`evaluation.elsewhere`). This module never asks a model.
"""

from pathlib import Path

import streamlit as st

from cnnlab.data.dataset import Dataset
from cnnlab.evaluation.elsewhere import (
    MOST_PICTURES,
    ElsewhereResult,
    datasets_to_ask_about,
    find_asking,
    judge_elsewhere,
    result_of,
    start_asking,
)
from cnnlab.evaluation.judged import JudgedSplit
from cnnlab.evaluation.predictions import FILE
from cnnlab.runs.folder import RunFolder
from cnnlab.settings import workspace
from cnnlab.specs.runs import DatasetReference
from cnnlab.ui import evaluate_job, frame, nav, text

UNKNOWN = " What it has learned from is no longer here, so such pictures may be among them."
KEY, ADDRESS = "evaluate-elsewhere", "on"


def choose(run: RunFolder) -> JudgedSplit | None:
    """Draw the choice of a dataset, and the way to its answers where there are none yet.

    Returns:
        What is judged; None until the run was asked.

    Raises:
        RunError: The run's settings are damaged.
        EvaluationError: What it said cannot be read.
    """
    datasets = {dataset.id: dataset for dataset in datasets_to_ask_about(run.spec())}
    if not datasets:
        frame.note(
            "There is no other dataset here with a class of this run. Import one, or ask the run about new pictures and keep "
            "those whose class you know as a test set."
        )
        with st.container(horizontal=True):
            nav.button("datasets", label="Import a dataset", key=f"{KEY}-import")
            nav.button("predict", label="Ask about new pictures", key=f"{KEY}-predict", run=run.id)
        return None
    dataset = datasets[_choose_dataset(datasets)]
    reference, job = dataset.reference(), find_asking(run, dataset.reference())
    if evaluate_job.working(job, key=KEY):
        return None
    result = result_of(job)
    if result is None:
        most = min(dataset.num_pictures, MOST_PICTURES)
        st.caption(
            "Pictures of classes that it does not know are left out, and those that it has learned from."
        )
        evaluate_job.starter(
            f"Ask about {text.counted(most, 'picture')}", lambda: start_asking(run, reference), key=KEY
        )
        return None
    st.caption(_left_out(result))
    with frame.errors_as_text():
        return _judged(run.id, reference, _written_at(job.folder / FILE))
    evaluate_job.starter("Ask again", lambda: start_asking(run, reference), key=KEY)
    return None


def _choose_dataset(datasets: dict[str, Dataset]) -> str:
    asked = st.query_params.get(ADDRESS)
    if asked in datasets and asked != st.session_state.get(f"{KEY}-written"):
        st.session_state[f"{KEY}-dataset"] = asked
    elif st.session_state.get(f"{KEY}-dataset") not in (None, *datasets):
        del st.session_state[f"{KEY}-dataset"]
    chosen = st.selectbox(
        "Pictures of",
        datasets,
        format_func=lambda id: (
            f"{text.shorten(datasets[id].name, limit=80)} · {text.counted(datasets[id].num_pictures, 'picture')}"
        ),
        key=f"{KEY}-dataset",
    )
    st.session_state[f"{KEY}-written"] = chosen
    st.query_params[ADDRESS] = chosen
    return chosen


def _left_out(result: ElsewhereResult) -> str:
    reasons = []
    if result.num_unknown:
        reasons.append(f"{result.num_unknown:,} of classes that it does not know")
    if result.num_seen:
        reasons.append(f"{result.num_seen:,} that it has learned from or was chosen by")
    drawn = result.num_all - result.num_unknown - result.num_seen - result.num_pictures
    if drawn:
        reasons.append(f"{drawn:,} beyond the first {MOST_PICTURES:,}, drawn evenly")
    left = f" Left out: {', '.join(reasons)}." if reasons else ""
    unknown = "" if result.knows_seen else UNKNOWN
    return f"Asked about {result.num_pictures:,} of {text.counted(result.num_all, 'picture')}.{left}{unknown}"


def _written_at(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


@st.cache_resource(max_entries=8, show_spinner="Reading the answers")
def _judged(run_id: str, reference: DatasetReference, written_at: int) -> JudgedSplit:
    # When the answers were written is a part of the key: those of a run trained again are others.
    return judge_elsewhere(RunFolder(workspace().runs / run_id), reference)
