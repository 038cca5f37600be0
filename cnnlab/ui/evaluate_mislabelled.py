"""Labels that are likely wrong: the search, what they cost the run, and their pictures with suggestions.

The search runs in a process of its own; a fragment looks at it once a second, and only while it works.
This module never searches itself and never changes a label.
"""

import contextlib

import pandas as pd
import streamlit as st

from cnnlab.data.dataset import Dataset
from cnnlab.evaluation.decisions import Decision, decide, load_decisions
from cnnlab.evaluation.judged import JudgedSplit
from cnnlab.evaluation.mislabelled import (
    UNSURE_BELOW,
    Search,
    SearchResult,
    describe_method,
    find_search,
    load_mislabelled,
    start_search,
    table_path,
)
from cnnlab.evaluation.mistakes import price_of
from cnnlab.runs.folder import RunFolder
from cnnlab.ui import evaluate_corrections, evaluate_pictures, frame, text
from cnnlab.ui.evaluate_album import Album

POLL_SECONDS = 1.0
LEAD = (
    "Heads are trained on four fifths of the pictures and judge the last fifth, five times over; a label is likely wrong "
    "where a head that never saw the picture is surer of another class than it usually is where that class is the label "
    "([confident learning](https://arxiv.org/abs/1911.00068)). Pictures of all three splits are looked at."
)
ALL = "all"


def draw(judged: JudgedSplit, dataset: Dataset | None) -> None:
    """Draw the search as far as it is; its pictures once it has finished."""
    st.caption(LEAD)
    if dataset is None:
        frame.warning("The dataset of this run is no longer here, so its labels cannot be looked at.")
        return
    search = find_search(judged.run)
    if search is not None and search.state == "running":
        st.fragment(_watch, run_every=POLL_SECONDS)(search)
        return
    if search is not None and search.state == "failed":
        frame.problem(search.message)
    result = search.result() if search is not None else None
    if result is None:
        _start(judged, "Search for wrong labels", primary=True)
        return
    found = _found(judged.run.path.name, table_path(judged.run).stat().st_mtime_ns, judged.run)
    _summary(judged, result, found)
    _pictures(judged, dataset, found[found["mislabelled"]])


def _start(judged: JudgedSplit, label: str, *, primary: bool) -> None:
    if st.button(
        label,
        key="mistakes-search",
        icon=":material/search:" if primary else ":material/refresh:",
        type="primary" if primary else "tertiary",
    ):
        with frame.errors_as_text():
            start_search(judged.run)
            st.rerun()


def _watch(search: Search) -> None:
    if not search.exists or search.state != "running":
        st.rerun()
    activity, share = search.progress()
    # Loading TensorFlow cannot be interrupted, so the end may take some seconds to come.
    ending = search.is_cancelled
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(share or 0.0, text="Ending" if ending else text.escape(activity))
        st.button(
            "Cancel",
            icon=":material/close:",
            key="mistakes-cancel",
            type="tertiary",
            on_click=_cancel,
            args=(search,),
            disabled=ending,
        )


def _cancel(search: Search) -> None:
    """Ask it to end; its folder may be gone already. It draws nothing: that would blank the page."""
    with contextlib.suppress(OSError):
        search.cancel()


@st.cache_resource(max_entries=8, show_spinner=False)
def _found(run_id: str, written_at: int, _run: RunFolder) -> pd.DataFrame:
    return load_mislabelled(_run)


def _summary(judged: JudgedSplit, result: SearchResult, found: pd.DataFrame) -> None:
    price = price_of(judged, found)
    unsure = result.accuracy < UNSURE_BELOW
    cards = (
        (
            "Likely mislabelled",
            text.count(result.num_mislabelled),
            f"Of {text.counted(result.num_pictures, 'picture')} in all three splits.",
        ),
        (
            "Wrong labels, estimated",
            "–" if unsure else text.percent(result.wrong_share),
            "The heads know too little to tell." if unsure else "Share of all labels, by the same counts.",
        ),
        (
            "Heads agree with labels",
            text.percent(result.accuracy),
            f"{100 * result.accuracy_low:.1f} to {100 * result.accuracy_high:.1f} % with 95 % confidence.",
        ),
        (
            f"{judged.split.capitalize()} mistakes on these",
            f"{price.wrong_on_suspects:,} of {price.wrong:,}",
            "What is counted as this run's mistake and may be the label's.",
        ),
    )
    grid = st.grid(4, min_column_width=170, border=True)
    for card in cards:
        with grid.cell():
            frame.card(*card)
    if unsure:
        frame.warning(describe_method(result, judged.spec))
    else:
        st.info(text.escape(price.sentence()), icon=":material/payments:")
        st.caption(text.escape(describe_method(result, judged.spec), limit=frame.ERROR_LIMIT))
    status = judged.run.status()
    if result.features == "learned" and status is not None and status.attempt != result.attempt:
        frame.warning("The run went on since this search, and has other features now. Search again.")


def _pictures(judged: JudgedSplit, dataset: Dataset, suspects: pd.DataFrame) -> None:
    decisions = load_decisions(judged.run)
    rows = _rows(judged, suspects)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        splits = [split for split in ("training", "validation", "test") if (rows["split"] == split).any()]
        split = st.segmented_control(
            "Split",
            [ALL, *splits],
            default=ALL,
            required=True,
            format_func=str.capitalize,
            key="mistakes-split",
        )
        open_only = st.toggle(
            "Only undecided",
            key="mistakes-open-only",
            help="Hides what you have decided about, and what a newer version has corrected.",
        )
        st.space("stretch")
        _start(judged, "Search again", primary=False)
    fates = evaluate_corrections.fates(dataset)
    if split != ALL:
        rows = rows[rows["split"] == split]
    if open_only:
        rows = rows[~rows["picture"].isin([*decisions, *fates])]
    if rows.empty:
        st.success("There is none here.", icon=":material/verified:")
        return
    album = Album(
        judged=judged,
        dataset=dataset,
        rows=rows,
        key="mistakes-mislabelled",
        decisions=decisions,
        fates=fates,
        given="Label",
        verb="likely",
    )
    shown = evaluate_pictures.draw(album)
    _take_all(album, shown)


def _rows(judged: JudgedSplit, suspects: pd.DataFrame) -> pd.DataFrame:
    places = pd.Series(range(len(judged)), index=judged.pictures)
    return suspects.rename(columns={"likely": "said", "other": "sure"}).assign(
        correct=False, place=places.reindex(suspects["picture"]).fillna(-1).astype(int).to_numpy()
    )


def _take_all(album: Album, shown: pd.DataFrame) -> None:
    """Draw the way to take every suggestion of the page at once; each can still be changed."""
    undecided = shown[~shown["picture"].isin([*album.decisions, *album.fates])]
    if undecided.empty:
        return
    st.caption(
        "Look before you take them: some of these pictures are only hard to tell, or show neither class. Open one to "
        "decide about it alone."
    )
    if st.button(
        f"Take the suggestion for the {text.counted(len(undecided), 'undecided picture')} on this page",
        icon=":material/done_all:",
        key="mistakes-take-all",
        help="They wait above until you make a new version, and each can still be changed.",
    ):
        with frame.errors_as_text():
            decide(
                album.judged.run,
                {
                    int(row.picture): Decision(kind="correct", label=int(row.said))
                    for row in undecided.itertuples()
                },
            )
            st.rerun()
