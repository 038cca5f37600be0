"""The same run over several seeds: a table with mean and spread, and more seeds with one click.

This module never trains anything: it hands copies of a run to the queue.
"""

import statistics
from collections.abc import Sequence
from itertools import islice

import pandas as pd
import streamlit as st

from cnnlab.errors import CnnlabError
from cnnlab.evaluation.comparison import mean_difference_interval
from cnnlab.runs.families import Family, Spread, families, unused_seeds, with_seed
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.rows import RunRow
from cnnlab.settings import workspace
from cnnlab.training.launch import start_run
from cnnlab.ui import frame, run_parts, runs_table, text

MOST_COPIES = 20
USUAL_COPIES = 3
COPIES_KEY = "runs-copies"
SPREAD = "± is the standard deviation between the seeds: a difference smaller than that may be luck."


def table(rows: Sequence[RunRow]) -> list[RunRow]:
    """Draw one row for each group of runs that differ in the seed only; return all runs of the selected groups."""
    if not rows:
        st.markdown(runs_table.NO_MATCH)
        return []
    groups = families(rows)
    event = st.dataframe(
        _table(groups),
        key=f"runs-families-{hash(tuple(row.id for group in groups for row in group.rows))}",
        on_select="rerun",
        selection_mode="multi-row",
        hide_index=True,
        row_height=runs_table.ROW_HEIGHT,
        height=runs_table.table_height(len(groups)),
        placeholder="–",
        alt="Runs over several seeds with mean and spread of their accuracies",
        column_config=_columns(),
    )
    st.caption(SPREAD)
    chosen = [groups[position] for position in event.selection.rows if position < len(groups)]
    if len(chosen) == 2:
        # What was run before is what the other is held against.
        _difference(*sorted(chosen, key=lambda group: group.rows[-1].id))
    return [row for group in chosen for row in group.rows]


def _difference(before: Family, after: Family) -> None:
    """Say whether one of two groups is better than the other by more than its seeds differ among themselves."""
    old, new = before.scores("test_accuracy"), after.scores("test_accuracy")
    if min(len(old), len(new)) < 2:
        frame.note("To tell these two apart over seeds, each needs a test accuracy of at least two seeds.")
        return
    if len({(group.rows[0].dataset_id, group.rows[0].dataset_version) for group in (before, after)}) > 1:
        frame.note(
            "These two were judged by different pictures: their accuracies cannot be laid side by side."
        )
        return
    low, high = mean_difference_interval(old, new)
    change = statistics.fmean(new) - statistics.fmean(old)
    span = f"{100 * change:+.1f} points (95 % interval {100 * low:+.1f} to {100 * high:+.1f})"
    names = [text.shorten(group.name, limit=80) for group in (after, before)]
    if low <= 0.0 <= high:
        frame.note(
            f"Within noise: {names[0]!r} against {names[1]!r}, {span} over {len(new)} and {len(old)} seeds."
        )
        return
    better, worse = names if change > 0 else names[::-1]
    sentence = f"{better!r} is better than {worse!r} over {len(new)} and {len(old)} seeds: {span}."
    st.success(text.escape(sentence, limit=frame.ERROR_LIMIT), icon=":material/verified:")


def again_button(row: RunRow, *, everything: Sequence[RunRow]) -> None:
    """Draw the button that runs the same again with seeds that it has not seen."""
    if st.button(
        "Other seeds",
        icon=":material/casino:",
        key="runs-seeds",
        disabled=row.damaged,
        help="Run the same again with other seeds: how much the scores differ is how much of them is luck.",
    ):
        _ask(row, next(group for group in families(everything) if row in group.rows))


@st.dialog("Run again with other seeds", icon=":material/casino:")
def _ask(row: RunRow, group: Family) -> None:
    done = ", ".join(str(seed) for seed in group.seeds)
    st.markdown(f"**{text.escape(group.name, limit=120)}**  \n:gray[Seeds so far: {done}]")
    spread = group.spread("test_accuracy")
    if spread:
        st.caption(f"Test accuracy {_in_words(spread)}")
    count = st.number_input("Copies", 1, MOST_COPIES, USUAL_COPIES, key=COPIES_KEY)
    seeds = list(islice(unused_seeds(group.seeds), count))
    st.caption(
        f"Seeds {', '.join(map(str, seeds))}; each is a run of its own, and they wait for each other in the queue."
    )
    with st.container(horizontal=True, horizontal_alignment="right"):
        queued = st.button(
            f"Queue {text.counted(len(seeds), 'run')}",
            type="primary",
            icon=":material/play_arrow:",
            key="runs-seeds-queue",
            on_click=_queue,
            args=(row, group.seeds),
        )
    if queued:
        st.rerun()


def _queue(row: RunRow, used: Sequence[int]) -> None:
    """Queue as many copies as the dialog says now; it draws nothing, for it is called back."""
    count = min(int(st.session_state.get(COPIES_KEY, USUAL_COPIES)), MOST_COPIES)
    seeds = list(islice(unused_seeds(used), count))
    try:
        spec = RunFolder(workspace().runs / row.id).spec()
        for seed in seeds:
            start_run(with_seed(spec, seed=seed))
    except CnnlabError as error:
        runs_table.say(error, icon=":material/error:")
    else:
        runs_table.say(f"Queued {text.counted(len(seeds), 'run')}, seeds {', '.join(map(str, seeds))}.")


def _in_words(spread: Spread) -> str:
    if spread.deviation is None:
        return f"{text.percent(spread.mean)} with one seed."
    return (
        f"{text.percent(spread.mean)} ± {100 * spread.deviation:.1f} points over {spread.count} seeds, "
        f"from {text.percent(spread.low)} to {text.percent(spread.high)}."
    )


def _table(groups: Sequence[Family]) -> pd.DataFrame:
    rows = []
    for group in groups:
        test, validation, newest = (
            group.spread("test_accuracy"),
            group.spread("val_accuracy"),
            group.rows[0],
        )
        rows.append(
            {
                "name": text.shorten(group.name, limit=80),
                "dataset": text.shorten(newest.dataset_name, limit=60),
                "network": text.shorten(run_parts.network_name(newest), limit=60),
                "seeds": len(group.seeds),
                "test": _percent(test, "mean"),
                "test_spread": _percent(test, "deviation"),
                "test_low": _percent(test, "low"),
                "test_high": _percent(test, "high"),
                "validation": _percent(validation, "mean"),
                "validation_spread": _percent(validation, "deviation"),
            }
        )
    return pd.DataFrame(rows)


def _percent(spread: Spread | None, part: str) -> float | None:
    value = getattr(spread, part, None)
    return None if value is None else 100.0 * value


def _columns() -> dict[str, object]:
    def number(label: str, *, format: str, help: str) -> object:
        return st.column_config.NumberColumn(label, format=format, help=help, width="small")

    points = "Standard deviation between the seeds, in points."
    return {
        "name": st.column_config.TextColumn("Name"),
        "dataset": st.column_config.TextColumn("Dataset"),
        "network": st.column_config.TextColumn("Network"),
        "seeds": number("Seeds", format="%d", help="How many different seeds were run."),
        "test": number("Test, mean", format="%.1f %%", help="Mean test accuracy of those that have ended."),
        "test_spread": number("±", format="%.1f", help=points),
        "test_low": number("lowest", format="%.1f %%", help="Of the seed with the lowest test accuracy."),
        "test_high": number("highest", format="%.1f %%", help="Of the seed with the highest test accuracy."),
        "validation": number("Validation", format="%.1f %%", help="Mean accuracy of the best epochs."),
        "validation_spread": number("± ", format="%.1f", help=points),
    }
