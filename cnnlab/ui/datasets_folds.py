"""Cross-validation of a dataset that is split into folds: what each fold said, and queueing those that are missing.

This module never trains: it hands copies of a run to the queue.
"""

import statistics
from collections.abc import Mapping

import pandas as pd
import streamlit as st

from cnnlab.checks.measures import looks_of
from cnnlab.checks.near_duplicates import near_duplicates
from cnnlab.data.dataset import Dataset
from cnnlab.errors import CnnlabError
from cnnlab.runs import store
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.rows import RunRow
from cnnlab.runs.states import STATES
from cnnlab.settings import workspace
from cnnlab.specs.runs import RunSpec
from cnnlab.training.cross_validation import FoldGroup, folds_of_versions, groups_of_folds, queue_folds
from cnnlab.ui import frame, nav, text

SAID = "folds-said"
MOST_RUNS = 200


def draw(dataset: Dataset) -> None:
    """Draw the groups of runs that differ in the fold only; nothing where there are no folds."""
    folds = dataset.split.folds
    if folds < 2:
        return
    frame.section(
        "Cross-validation",
        lead=f"The same run {folds} times, each with another fold held out: the mean says how good it is, the spread how much of "
        f"that is luck.",
    )
    if said := st.session_state.pop(SAID, None):
        st.success(said, icon=":material/check:")
    rows = {row.id: row for row in store.list_runs(dataset_id=dataset.id, limit=MOST_RUNS)}
    specs = [(row.id, spec) for row in rows.values() if (spec := _spec(row)) is not None]
    groups = groups_of_folds(specs, versions=folds_of_versions(dataset))
    if not groups:
        st.markdown("Train on this split once; then the other folds can be queued here.")
        nav.button("train", label="Train on it", key="folds-train", dataset=dataset.id)
        return
    for number, group in enumerate(groups):
        with st.container(border=True):
            _group(dataset, group, rows, folds=folds, key=f"folds-{number}")


def _group(dataset: Dataset, group: FoldGroup, rows: Mapping[str, RunRow], *, folds: int, key: str) -> None:
    found = {fold: rows[run] for fold, run in sorted(group.runs.items())}
    scores = [
        row.val_accuracy for row in found.values() if row.val_accuracy is not None and STATES[row.state].ended
    ]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{text.escape(group.name, limit=80)}** · {_in_words(scores, folds=folds)}", width="stretch"
        )
        missing = folds - len(found)
        if missing and st.button(
            f"Queue the other {text.counted(missing, 'fold')}",
            key=f"{key}-queue",
            icon=":material/play_arrow:",
        ):
            _queue(dataset, group)
    st.dataframe(
        pd.DataFrame(
            {
                "fold": list(found),
                "run": [text.shorten(row.name, limit=80) for row in found.values()],
                "state": [str(row.state) for row in found.values()],
                "validation": [_percent(row.val_accuracy) for row in found.values()],
                "test": [_percent(row.test_accuracy) for row in found.values()],
            }
        ),
        hide_index=True,
        placeholder="–",
        column_config={
            "fold": st.column_config.NumberColumn("Fold held out", width="small"),
            "run": st.column_config.TextColumn("Run"),
            "state": st.column_config.TextColumn("State", width="small"),
            "validation": st.column_config.NumberColumn("Validation", format="%.1f %%"),
            "test": st.column_config.NumberColumn("Test", format="%.1f %%"),
        },
        alt="One run for each fold, with its accuracies",
    )


def _queue(dataset: Dataset, group: FoldGroup) -> None:
    with frame.errors_as_text():
        looks = looks_of(dataset) if dataset.split.use_near_duplicates else None
        near = None if looks is None else near_duplicates(looks)
        spec = group.spec.with_changes(dataset=group.spec.dataset.with_changes(version=dataset.version))
        queued = queue_folds(spec, near=near, done=group.runs)
        st.session_state[SAID] = (
            f"Queued {text.counted(len(queued), 'run')}; each fold is a version of the dataset."
        )
        st.rerun()


def _spec(row: RunRow) -> RunSpec | None:
    """The settings of a run; None where it is damaged."""
    try:
        return RunFolder(workspace().runs / row.id).spec()
    except CnnlabError:
        return None


def _in_words(scores: list[float], *, folds: int) -> str:
    if not scores:
        return f"0 of {folds} folds have ended"
    mean = f"validation accuracy {text.percent(statistics.fmean(scores))}"
    spread = f" ± {100 * statistics.stdev(scores):.1f} points" if len(scores) > 1 else ""
    return f"{mean}{spread} over {len(scores)} of {folds} folds"


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share
