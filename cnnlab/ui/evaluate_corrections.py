"""What waits to be corrected and what has been: the new version of the dataset, the way back, the next run.

The run that is looked at is judged by the version that it saw, whatever is corrected. This module never
writes a dataset itself: `evaluation.decisions` and `data.corrections` do.
"""

from collections.abc import Mapping

import streamlit as st

from cnnlab.data.corrections import Fate, find_fates, go_back
from cnnlab.data.dataset import Dataset
from cnnlab.data.library import find_dataset
from cnnlab.evaluation.decisions import Decision, decide, load_decisions, make_version, waiting
from cnnlab.evaluation.judged import JudgedSplit
from cnnlab.ui import frame, nav, text


def fates(dataset: Dataset) -> Mapping[int, Fate]:
    """What became of the pictures of a version in the newest one."""
    newest = find_dataset(dataset.id)
    return _fates(dataset, newest, (dataset.id, dataset.version, newest.version, newest.changed_at))


def draw(judged: JudgedSplit, dataset: Dataset) -> None:
    """Draw what waits, and what the newest version has that the run did not see; nothing where there is neither."""
    newest = find_dataset(dataset.id)
    if newest.version != dataset.version:
        _newer(judged, dataset, newest)
    if decided := waiting(load_decisions(judged.run)):
        _waiting(judged, newest, decided)


def _waiting(judged: JudgedSplit, newest: Dataset, decided: Mapping[int, Decision]) -> None:
    labels = sum(each.kind == "correct" for each in decided.values())
    without = len(decided) - labels
    parts = [f"{text.counted(labels, 'label')} to correct"] if labels else []
    parts += [f"{text.counted(without, 'picture')} to leave out"] if without else []
    with st.container(border=True, key="mistakes-waiting"):
        st.markdown(
            f":material/pending_actions: **{' and '.join(parts)}.** :gray[Nothing has changed yet: a new version of the "
            f"dataset carries it out. Runs keep the version that they saw.]"
        )
        because = st.text_input(
            "Why",
            value=f"looked at by hand after run {text.shorten(judged.spec.name, limit=80)!r}",
            max_chars=300,
            key=f"mistakes-because-{judged.run.id}",
            help="It is kept with the version.",
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            with frame.errors_as_text():
                if st.button(
                    f"Make version {newest.version + 1}",
                    type="primary",
                    icon=":material/save:",
                    key="mistakes-make",
                ):
                    made = make_version(judged.run, because=because)
                    st.toast(f"Version {made.version} is made.", icon=":material/check:")
                    st.rerun()
            if st.button("Forget all", key="mistakes-forget", type="tertiary", icon=":material/undo:"):
                decide(judged.run, dict.fromkeys(decided))
                st.rerun()


def _newer(judged: JudgedSplit, dataset: Dataset, newest: Dataset) -> None:
    changed = len(fates(dataset))
    verb = "is" if changed == 1 else "are"
    said = (
        f"In it {text.counted(changed, 'picture')} of this run {verb} under another class or left out."
        if changed
        else "All pictures of this run are in it, under the classes that the run saw."
    )
    advice = f"; train again to learn from version {newest.version}" if changed else ""
    with st.container(border=True, key="mistakes-newer"):
        st.markdown(
            f":material/history: **Version {newest.version} of {text.escape(newest.name, limit=80)}:** "
            f"{text.escape(newest.change, limit=frame.ERROR_LIMIT)} {said} "
            f":gray[This run saw version {dataset.version} and is judged by it{advice}.]"
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            nav.button(
                "train",
                label=f"Train again on version {newest.version}",
                key="mistakes-train",
                primary=bool(changed),
                like=judged.run.id,
            )
            nav.button("datasets", label="Look at it", key="mistakes-look", quiet=True, dataset=newest.id)
            if newest.entry.corrected_from is not None:
                _way_back(newest)


def _way_back(newest: Dataset) -> None:
    before = newest.entry.corrected_from
    if st.button(
        "Take it back",
        key="mistakes-back",
        type="tertiary",
        icon=":material/undo:",
        help=f"Makes version {newest.version + 1}, equal to version {before}. Numbers of versions only grow, so that every "
        f"run can say what it saw.",
    ):
        with frame.errors_as_text():
            made = go_back(newest, version=before)
            st.toast(f"Version {made.version} is as version {before} was.", icon=":material/undo:")
            st.rerun()


@st.cache_data(max_entries=16, show_spinner=False)
def _fates(_dataset: Dataset, _newest: Dataset, key: tuple[str, int, int, float]) -> dict[int, Fate]:
    return find_fates(_dataset, newer=_newest)
