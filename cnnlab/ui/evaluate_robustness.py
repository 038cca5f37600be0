"""How much a run bears: accuracy as pictures are shifted, turned, darkened, blurred and the like, beside a second run.

This module never asks a model: `evaluation.robustness` does, in a process of its own.
"""

from collections.abc import Iterator

import streamlit as st

from cnnlab.charts import figures
from cnnlab.evaluation.corruptions import CORRUPTIONS
from cnnlab.evaluation.judged import JudgedSplit, dataset_of
from cnnlab.evaluation.robustness import (
    MOST_PICTURES,
    RobustnessResult,
    find_robustness,
    robustness_of,
    start_robustness,
    weakest_words,
)
from cnnlab.runs import store
from cnnlab.runs.folder import RunFolder
from cnnlab.settings import workspace
from cnnlab.ui import evaluate_job, frame, run_parts, text

KEY = "robustness"
LEAD = (
    f"Up to {MOST_PICTURES} test pictures are altered in {len(CORRUPTIONS)} ways, {5 * len(CORRUPTIONS)} copies each, and the "
    f"network is asked about every copy. The same pictures and the same random numbers for every run of a dataset, so runs "
    f"can be compared."
)


def draw(judged: JudgedSplit) -> None:
    """Draw the trial as far as it is; its curves once it has finished."""
    st.caption(LEAD)
    if evaluate_job.working(find_robustness(judged.run), key=KEY):
        return
    result = robustness_of(judged.run)
    if result is None:
        if dataset_of(judged.run) is None:
            frame.warning("The dataset of this run is no longer here, so there are no pictures to alter.")
            return
        evaluate_job.starter("Try it out", lambda: start_robustness(judged.run), key=KEY)
        return
    st.fragment(_result)(judged, result)


def _result(judged: JudgedSplit, result: RobustnessResult) -> None:
    frame.words(*weakest_words(result, num_classes=len(judged.class_names)))
    other = _choose_other(judged, result)
    grid = st.grid(3, min_column_width=300, border=True)
    for place, (kind, row) in enumerate(CORRUPTIONS.items()):
        with grid.cell():
            st.plotly_chart(
                figures.robustness_curve(
                    list(_lines(judged, result, other, place=place)),
                    title=row.label,
                    unit=row.unit,
                    steps=(row.untouched, *row.steps),
                    chance=1.0 / len(judged.class_names),
                ),
                key=f"robustness-{kind}",
                alt=f"Accuracy as pictures suffer from: {row.label}",
            )
            st.caption(row.sentence)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            f"Bars are 95 % intervals (Wilson); the dotted line is guessing. Took {text.duration(result.seconds)}."
        )
        st.space("stretch")
        if dataset_of(judged.run) is not None:
            evaluate_job.starter("Try again", lambda: start_robustness(judged.run), key=KEY, again=True)


def _choose_other(judged: JudgedSplit, result: RobustnessResult) -> tuple[str, RobustnessResult] | None:
    """Draw the choice of a run to compare with: one that was asked about the same pictures."""
    reference = judged.spec.dataset
    rows = {
        row.id: row
        for row in store.list_runs(states=run_parts.CAN_PREDICT)
        if row.id != judged.run.id and row.dataset_id == reference.id
    }
    tried = {}
    for id in rows:
        run = RunFolder(workspace().runs / id)
        found = robustness_of(run)
        if found is not None and _same_pictures(run, found, judged, result):
            tried[id] = found
    if not tried:
        st.caption(
            "Try out another run on this dataset in the same way, and both can be laid on the same axes."
        )
        return None
    if st.session_state.get("robustness-other") not in (None, *tried):
        del st.session_state["robustness-other"]
    chosen = st.selectbox(
        "Compare with",
        tried,
        index=None,
        format_func=lambda id: text.shorten(rows[id].name, limit=80),
        placeholder="No other run",
        key="robustness-other",
        width=360,
    )
    if chosen is None:
        return None
    st.markdown(
        f":gray[Circles: {text.escape(judged.spec.name, limit=80)}, {text.percent(result.accuracy)} untouched. Diamonds: "
        f"{text.escape(rows[chosen].name, limit=80)}, {text.percent(tried[chosen].accuracy)} untouched.]"
    )
    return rows[chosen].name, tried[chosen]


def _same_pictures(
    run: RunFolder, found: RobustnessResult, judged: JudgedSplit, result: RobustnessResult
) -> bool:
    reference = run.spec().dataset
    return reference.version == judged.spec.dataset.version and (found.split, found.num_pictures) == (
        result.split,
        result.num_pictures,
    )


def _lines(
    judged: JudgedSplit, result: RobustnessResult, other: tuple[str, RobustnessResult] | None, *, place: int
) -> Iterator[dict[str, object]]:
    for name, each in ((judged.spec.name, result), *((other,) if other else ())):
        shares = [each.share(correct) for correct in (each.untouched, *each.curves[place].correct)]
        accuracy, low, high = zip(*shares, strict=True)
        yield {"name": name, "accuracy": accuracy, "low": low, "high": high}
