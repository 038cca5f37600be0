"""The Evaluate page: which run and split is judged, and from which side; each side is a row of a table.

What is chosen is kept in the address. This module never computes a score.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import streamlit as st

from cnnlab.evaluation.judged import ELSEWHERE, JUDGED, JudgedSplit, judge, judged_splits
from cnnlab.evaluation.predictions import FILE
from cnnlab.runs import store
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.rows import RunRow
from cnnlab.settings import workspace
from cnnlab.ui import (
    evaluate_confidence,
    evaluate_confusion,
    evaluate_downloads,
    evaluate_elsewhere,
    evaluate_inside,
    evaluate_map,
    evaluate_mistakes,
    evaluate_overview,
    evaluate_robustness,
    frame,
    nav,
    run_parts,
    text,
)


@dataclass(frozen=True, kw_only=True)
class View:
    """One side to look at a judged run from."""

    label: str
    icon: str
    summary: str
    """One sentence of ours on what is to be seen."""
    draw: Callable[[JudgedSplit], None]
    elsewhere: bool = True
    """Whether it is to be seen of another dataset's pictures too."""


VIEWS: MappingProxyType[str, View] = MappingProxyType(
    {
        "overview": View(
            label="Overview",
            icon=":material/monitoring:",
            summary="How often it is right, class by class, and what guessing would reach.",
            draw=evaluate_overview.draw,
        ),
        "confusion": View(
            label="Confusion",
            icon=":material/grid_on:",
            summary="Which classes are taken for which, with the pictures of every cell.",
            draw=evaluate_confusion.draw,
        ),
        "confidence": View(
            label="Confidence",
            icon=":material/speed:",
            summary="Whether it is as sure as it is right, the temperature that mends it, and when to say nothing.",
            draw=evaluate_confidence.draw,
        ),
        "mistakes": View(
            label="Mistakes",
            icon=":material/report:",
            summary="What it is sure of and wrong about, where it doubts, and which labels are likely wrong.",
            draw=evaluate_mistakes.draw,
        ),
        "map": View(
            label="Map",
            icon=":material/scatter_plot:",
            summary="Which pictures it sees alike, and where its mistakes lie among them.",
            draw=evaluate_map.draw,
            elsewhere=False,
        ),
        "robustness": View(
            label="Robustness",
            icon=":material/blur_on:",
            summary="What becomes of its accuracy when pictures are shifted, turned, darkened, blurred or noisy.",
            draw=evaluate_robustness.draw,
            elsewhere=False,
        ),
        "inside": View(
            label="Inside",
            icon=":material/visibility:",
            summary="Where it looks in a picture, and what every block makes of it on the way.",
            draw=evaluate_inside.draw,
        ),
    }
)
"""In the order of the screen; the name is what the address says."""
SPLITS = {split: split.capitalize() for split in JUDGED} | {ELSEWHERE: "Other pictures"}
"""What a run is judged on, as the screen says it."""


def choose() -> JudgedSplit | None:
    """Draw the choice of a run and of the pictures; returns what is judged, None where nothing is yet.

    Raises:
        RunError: A file of the chosen run is damaged.
        EvaluationError: Its predictions do not fit its settings.
    """
    rows = {row.id: row for row in store.list_runs(states=run_parts.CAN_PREDICT) if _written_at(row.id)}
    if not rows:
        frame.empty(
            "No finished run yet",
            "A run is judged once it is done: on validation and test pictures that it never learned from. Train one first.",
            page="train",
            label="Train a network",
            icon=nav.PAGES["evaluate"].icon,
        )
        return None
    left, right = st.columns([3, 2], gap="medium", vertical_alignment="bottom")
    with left:
        run = RunFolder(workspace().runs / _choose_run(rows))
    with right:
        split = _choose_split((*(judged_splits(run) or JUDGED), ELSEWHERE))
    if split == ELSEWHERE:
        judged = evaluate_elsewhere.choose(run)
    else:
        st.query_params.pop(evaluate_elsewhere.ADDRESS, None)
        judged = _judged(run.id, split, _written_at(run.id))
    _facts(rows[run.id], judged)
    return judged


def draw(judged: JudgedSplit) -> None:
    """Draw the choice of a view, and the one that is chosen."""
    views = [name for name, view in VIEWS.items() if view.elsewhere or not judged.is_elsewhere]
    _follow_address("view", key="evaluate-view", options=views)
    name = st.segmented_control(
        "View",
        views,
        default=views[0],
        required=True,
        format_func=lambda name: f"{VIEWS[name].icon} {VIEWS[name].label}",
        key="evaluate-view",
        label_visibility="collapsed",
        wrap=True,
    )
    _write_address("view", name)
    st.caption(VIEWS[name].summary)
    with frame.errors_as_text():
        VIEWS[name].draw(judged)


def _choose_run(rows: dict[str, RunRow]) -> str:
    asked = st.query_params.get("run")
    if asked and asked not in rows:
        frame.warning(f"Run {asked!r} is not finished, has no predictions, or was deleted. Choose another.")
    _follow_address("run", key="evaluate-run", options=list(rows))
    chosen = st.selectbox(
        "Run",
        rows,
        key="evaluate-run",
        format_func=lambda id: text.shorten(rows[id].name, limit=80),
    )
    _write_address("run", chosen)
    return chosen


def _choose_split(splits: Sequence[str]) -> str:
    _follow_address("split", key="evaluate-split", options=splits)
    split = st.segmented_control(
        "Judged on",
        splits,
        default=splits[0],
        required=True,
        format_func=SPLITS.get,
        key="evaluate-split",
        help="Validation pictures decided which epoch is kept, so a run looks a little better on them than it is. "
        "Other pictures are those of another dataset with the same classes: do they come out as well?",
    )
    _write_address("split", split)
    return split


def _facts(row: RunRow, judged: JudgedSplit | None) -> None:
    with run_parts.split_row():
        st.markdown(
            f":gray[{text.escape(run_parts.network_name(row), limit=80)} on {text.escape(row.dataset_name, limit=80)} · "
            f"{row.image_size} × {row.image_size} pixels]",
            width="content",
        )
        with run_parts.line():
            nav.button("train", label="Open the run", key="evaluate-open", quiet=True, run=row.id)
            nav.button(
                "predict", label="Ask it about new pictures", key="evaluate-ask", quiet=True, run=row.id
            )
            if judged is not None:
                evaluate_downloads.draw(judged)


def _follow_address(name: str, *, key: str, options: Sequence[str]) -> None:
    """Let a choice follow the address where that changed since it was written: a link, or the way back."""
    asked = st.query_params.get(name)
    if asked in options and asked != st.session_state.get(f"{key}-written"):
        st.session_state[key] = asked
    elif st.session_state.get(key) not in (None, *options):
        del st.session_state[key]


def _write_address(name: str, value: str) -> None:
    st.session_state[f"evaluate-{name}-written"] = value
    if st.query_params.get(name) != value:
        st.query_params[name] = value


@st.cache_resource(max_entries=8, show_spinner="Reading the predictions")
def _judged(run_id: str, split: str, written_at: int) -> JudgedSplit:
    # When the predictions were written is a part of the key: those of a run trained again are others.
    return judge(RunFolder(workspace().runs / run_id), split=split)


def _written_at(run_id: str) -> int:
    """When the predictions of a run were written, in nanoseconds; 0 where it has none."""
    try:
        return (workspace().runs / run_id / FILE).stat().st_mtime_ns
    except OSError:
        return 0
