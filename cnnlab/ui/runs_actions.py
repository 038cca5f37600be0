"""What one can do with the selected runs: open, ask, star, describe, delete.

Each button calls the room that does it; this module never writes a file of a run itself.
"""

from collections.abc import Sequence

import streamlit as st

from cnnlab.errors import CnnlabError
from cnnlab.runs import marks, queue
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.rows import RunRow
from cnnlab.runs.states import STATES
from cnnlab.settings import workspace
from cnnlab.ui import bundles, frame, nav, run_parts, runs_filters, runs_seeds, runs_table, text, train_clone

NAMED_IN_A_QUESTION = 8
TAGS_KEY, NOTE_KEY = "runs-tags", "runs-note"


def actions(selected: Sequence[RunRow], *, everything: Sequence[RunRow]) -> None:
    """Draw what one can do with the selected runs.

    Args:
        selected: Runs as the index has them.
        everything: All runs, whose tags can be given to these too.
    """
    if not selected:
        st.caption("Select runs by the boxes at the left of the table; their curves and settings come below.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if len(selected) == 1:
            _for_one(selected[0], everything=everything)
        bundles.download_selected(selected)
        _star(selected)
        if st.button(
            "Tags and note" if len(selected) == 1 else "Tags", icon=":material/sell:", key="runs-describe"
        ):
            _describe(selected, runs_filters.list_tags(everything))
        deletable = [row for row in selected if row.damaged or "delete" in STATES[row.state].actions]
        label = "Delete" if len(selected) == 1 else f"Delete {len(deletable)}"
        if st.button(label, icon=":material/delete:", key="runs-delete", disabled=not deletable):
            _confirm_delete(deletable)
        if len(deletable) < len(selected):
            st.caption("A run that is queued or under way has to be stopped before it can be deleted.")
    if len(selected) == 1:
        _words_of(selected[0])


def _for_one(row: RunRow, *, everything: Sequence[RunRow]) -> None:
    nav.button("train", label="Open", key="runs-open", primary=True, run=row.id)
    if row.state in run_parts.CAN_PREDICT:
        nav.button("evaluate", label="Evaluate", key="runs-evaluate", run=row.id)
        nav.button("predict", label="Predict", key="runs-predict", run=row.id)
    if not row.damaged:
        nav.button(
            "train",
            label="Clone with changes",
            key="runs-clone",
            icon=":material/content_copy:",
            **{train_clone.LIKE: row.id},
        )
    runs_seeds.again_button(row, everything=everything)


def _words_of(row: RunRow) -> None:
    """Say why a run failed, and what somebody noted."""
    if row.message:
        frame.problem(row.message)
    if row.note:
        st.markdown("  \n".join(f":gray[{text.escape(line, limit=2000)}]" for line in row.note.splitlines()))


def _star(selected: Sequence[RunRow]) -> None:
    starred = all(row.starred for row in selected)
    st.button(
        "Take the star away" if starred else "Star",
        icon=":material/star:",
        key="runs-star",
        on_click=_for_each,
        args=(selected,),
        kwargs={"do": lambda run: marks.star(run, starred=not starred)},
    )


@st.dialog("Tags and note", icon=":material/sell:")
def _describe(rows: Sequence[RunRow], known: Sequence[str]) -> None:
    shared = [tag for tag in rows[0].tags if all(tag in row.tags for row in rows)]
    others = {tag for row in rows for tag in row.tags} - set(shared)
    st.multiselect(
        "Tags",
        [*known],
        default=shared,
        accept_new_options=True,
        key=TAGS_KEY,
        placeholder="Choose tags, or write a new one",
        help=f"At most {marks.MOST_TAGS} a run, each of {marks.LONGEST_TAG} letters.",
    )
    if others:
        st.caption("Tags that only some of these runs have stay as they are.")
    if len(rows) == 1:
        st.text_area("Note", value=rows[0].note, max_chars=marks.LONGEST_NOTE, key=NOTE_KEY, height=140)
    with st.container(horizontal=True, horizontal_alignment="right"):
        saved = st.button(
            "Save",
            type="primary",
            icon=":material/check:",
            key="runs-describe-save",
            on_click=_save_words,
            args=(rows, shared),
        )
    if saved:
        st.rerun()


def _save_words(rows: Sequence[RunRow], shared: Sequence[str]) -> None:
    chosen = list(st.session_state.get(TAGS_KEY, shared))

    def write(run: RunFolder) -> None:
        marks.change_tags(run, add=chosen, remove=[tag for tag in shared if tag not in chosen])
        if len(rows) == 1:
            marks.write_note(run, note=st.session_state.get(NOTE_KEY) or "")

    _for_each(rows, do=write)


def _for_each(rows: Sequence[RunRow], *, do) -> None:
    """Do something to each run; one that cannot be does not keep the others. Draws nothing: it is called back."""
    for row in rows:
        try:
            do(RunFolder(workspace().runs / row.id))
        except CnnlabError as error:
            runs_table.say(error, icon=":material/error:")


@st.dialog("Delete runs", icon=":material/delete:")
def _confirm_delete(rows: Sequence[RunRow]) -> None:
    names = "\n".join(f"- {text.escape(row.name, limit=80)}" for row in rows[:NAMED_IN_A_QUESTION])
    more = len(rows) - NAMED_IN_A_QUESTION
    st.markdown(names + (f"\n- … and {more} more" if more > 0 else ""))
    st.markdown("Their curves, models and predictions go with them. This cannot be undone.")
    frame.keep_or_delete("runs", on_delete=_delete, args=(rows,))


def _delete(rows: Sequence[RunRow]) -> None:
    freed: list[int] = []
    _for_each(rows, do=lambda run: freed.append(queue.delete(run)))
    if freed:
        runs_table.say(f"Deleted {text.counted(len(freed), 'run')}; {text.file_size(sum(freed))} came free.")
