"""What is odd about the pictures of a dataset, with the pictures, and what can be done about it in one click.

Every action makes a version of the dataset, which can be taken back. This module never measures a
picture: a process of its own does.
"""

import pandas as pd
import streamlit as st

from cnnlab.charts import palette
from cnnlab.checks.dismissed import dismiss, load_dismissed, restore, without_dismissed
from cnnlab.checks.findings import Finding, counts_of, find_all, table_of
from cnnlab.checks.job import job_of, start_check
from cnnlab.checks.measures import looks_of, measured_at
from cnnlab.data.corrections import correct_labels, go_back
from cnnlab.data.dataset import Dataset
from cnnlab.data.refusals import refused_files
from cnnlab.ui import datasets_gallery, frame, text
from cnnlab.ui.evaluate_job import starter, working
from cnnlab.ui.gallery import Tile, gallery

SAID = "checks-said"
"""What the last action did, to be told when the page is drawn next."""
LEFT_OUT_COLOR = "#d55e00"


def draw(dataset: Dataset) -> None:
    """Draw the findings, or the way to them."""
    if said := st.session_state.pop(SAID, None):
        st.toast(said, icon=":material/check:")
    if working(job_of(dataset), key="checks"):
        st.caption("It goes on when you leave the page.")
        return
    _way_back(dataset)
    found = _found(dataset, dataset.id, dataset.version, dataset.changed_at, measured_at(dataset))
    if found is None:
        frame.note(
            f"The {text.counted(dataset.num_pictures, 'picture')} were not looked at yet: copies, near-duplicates, labels "
            f"that contradict each other, and pictures that are dark, blurred or empty are found in a minute or two."
        )
        starter("Check the pictures", lambda: start_check(dataset), key="checks")
        return
    table, everything, sentences = found
    dismissed = load_dismissed(dataset)
    findings = without_dismissed(everything, dismissed)
    for sentence in sentences:
        frame.warning(sentence)
    if not findings:
        frame.note(
            f"All {text.counted(len(table), 'picture')} were looked at, and nothing is odd about them."
        )
    for finding in findings:
        _finding(dataset, table, finding)
    _dismissed(dataset, everything, findings)
    _not_taken(dataset)


def _finding(dataset: Dataset, table: pd.DataFrame, finding: Finding) -> None:
    count = len(finding.pictures)
    several = f" in {text.counted(finding.num_groups, 'group')}" if finding.num_groups < count else ""
    key = f"check-{finding.name.replace(' ', '-')}"
    opened = st.expander(
        f"{finding.check.label}: {text.counted(count, 'picture')}{several}",
        icon=":material/troubleshoot:",
        key=key,
        on_change="rerun",
    )
    with opened:
        if not opened.open:
            return
        st.markdown(finding.check.sentence)
        marks = f"{key}-marked-{dataset.id}-{dataset.version}"
        marked: set[int] = st.session_state.setdefault(marks, set())
        _pictures(dataset, table, finding, marked=marked, key=f"{key}-{dataset.id}")
        _actions(dataset, finding, marked=marked, key=key)


def _pictures(dataset: Dataset, table: pd.DataFrame, finding: Finding, *, marked: set[int], key: str) -> None:
    page = datasets_gallery.pager(len(finding.pictures), key=f"{key}-page")
    size = datasets_gallery.PICTURES_A_PAGE
    shown = finding.pictures[page * size : (page + 1) * size]
    small = datasets_gallery.thumbnails(dataset, shown)
    rows = table.loc[list(shown)]
    tiles = [
        Tile(
            picture=int(row.Index),
            jpeg=answer if isinstance(answer, bytes) else None,
            alt=f"{row.class_name}, {row.split}" if isinstance(answer, bytes) else str(answer),
            caption=text.shorten(row.class_name, limit=80),
            note=f"{row.split}{_group(finding, row.Index)}",
            color=LEFT_OUT_COLOR if row.Index in marked else palette.SPLITS[row.split].color,
            title=text.shorten(row.name, limit=200),
            detail=f"{row.width:,} × {row.height:,}",
            badge="leave out" if row.Index in marked else "",
        )
        for row, answer in zip(rows.itertuples(), small, strict=True)
    ]
    st.caption("Click on a picture to mark it.")
    gallery(
        tiles, key=key, tile_pixels=140, on_open=lambda picture: marked.symmetric_difference_update({picture})
    )


def _group(finding: Finding, picture: int) -> str:
    if finding.num_groups == len(finding.pictures):
        return ""
    return f" · group {list(finding.groups.unique()).index(finding.groups[picture]) + 1}"


def _actions(dataset: Dataset, finding: Finding, *, marked: set[int], key: str) -> None:
    because = f"the check '{finding.check.label}'"
    with st.container(horizontal=True):
        if finding.check.remedy == "keep one":
            surplus = finding.surplus()
            label = f"Keep one of each, leave out {text.count(len(surplus))}"
            if st.button(label, key=f"{key}-keep", type="primary", icon=":material/filter_1:"):
                _leave_out(dataset, surplus, because=because)
        elif st.button(
            f"Leave out all {text.count(len(finding.pictures))}",
            key=f"{key}-all",
            type="primary" if finding.check.remedy == "leave out" else "secondary",
            icon=":material/delete_sweep:",
        ):
            _leave_out(dataset, finding.pictures, because=because)
        chosen = tuple(marked & set(finding.pictures))
        if st.button(
            f"Leave out the {text.count(len(chosen))} marked" if chosen else "Leave out the marked",
            key=f"{key}-marked",
            disabled=not chosen,
            icon=":material/check_box:",
        ):
            _leave_out(dataset, chosen, because=because)
        if st.button(
            "These are fine",
            key=f"{key}-fine",
            type="tertiary",
            icon=":material/thumb_up:",
            help="Takes them off this list; it can be brought back.",
        ):
            with frame.errors_as_text():
                dismiss(dataset, check=finding.name, pictures=finding.pictures)
                st.rerun()
    if finding.check.remedy == "look" and (chosen := tuple(marked & set(finding.pictures))):
        _move(dataset, chosen, because=because, key=key)


def _move(dataset: Dataset, pictures: tuple[int, ...], *, because: str, key: str) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        label = st.selectbox(
            "Or move the marked to",
            range(dataset.num_classes),
            index=None,
            key=f"{key}-class",
            format_func=lambda label: dataset.class_names[label],
            placeholder="Class",
            width=260,
        )
        if st.button("Move", key=f"{key}-move", disabled=label is None, icon=":material/drive_file_move:"):
            _change(dataset, labels=dict.fromkeys(pictures, label), left_out=(), because=because)


def _leave_out(dataset: Dataset, pictures: tuple[int, ...], *, because: str) -> None:
    _change(dataset, labels={}, left_out=pictures, because=because)


def _change(dataset: Dataset, *, labels: dict[int, int], left_out: tuple[int, ...], because: str) -> None:
    with frame.errors_as_text():
        made = correct_labels(dataset, labels=labels, left_out=left_out, because=because)
        st.session_state[SAID] = f"Version {made.version}: {text.escape(made.change, limit=200)}"
        st.rerun()


def _dismissed(dataset: Dataset, everything: list[Finding], left: list[Finding]) -> None:
    """Say how much was found to be fine, and offer to show it again."""
    count = sum(len(finding.pictures) for finding in everything) - sum(
        len(finding.pictures) for finding in left
    )
    if not count:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{text.counted(count, 'picture')} found to be fine.", width="content")
        if st.button("Show them again", key="checks-restore", type="tertiary", icon=":material/undo:"):
            with frame.errors_as_text():
                restore(dataset)
                st.rerun()


def _not_taken(dataset: Dataset) -> None:
    """Name the files that no import could take: they are in no version, and nobody should wonder where they are."""
    table = refused_files(dataset)
    if table.empty:
        return
    with st.expander(
        f"Not taken at import: {text.counted(len(table), 'file')}", icon=":material/broken_image:"
    ):
        st.markdown("They are in no version. Mend them, and add them to the dataset, or leave it at that.")
        st.dataframe(
            table,
            hide_index=True,
            column_config={
                "name": st.column_config.TextColumn("File", width="medium"),
                "reason": st.column_config.TextColumn("Why", width="large"),
            },
            alt="Files that were not taken, each with the reason",
        )


def _way_back(dataset: Dataset) -> None:
    """Offer to take back what the newest version changed."""
    before = dataset.entry.corrected_from
    if before is None:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f":material/history: **Version {dataset.version}:** {text.escape(dataset.change, limit=frame.ERROR_LIMIT)}",
            width="stretch",
        )
        if st.button("Undo", key="checks-undo", type="tertiary", icon=":material/undo:"):
            with frame.errors_as_text():
                made = go_back(dataset, version=before)
                st.session_state[SAID] = f"Version {made.version} is as version {before} was."
                st.rerun()


@st.cache_resource(max_entries=8, show_spinner="Comparing pictures …")
def _found(
    _dataset: Dataset, id: str, version: int, changed_at: float, measured: float
) -> tuple[pd.DataFrame, list[Finding], list[str]] | None:
    looks = looks_of(_dataset)
    if looks is None:
        return None
    table = table_of(_dataset.table(), looks)
    return table, find_all(table), counts_of(table)
