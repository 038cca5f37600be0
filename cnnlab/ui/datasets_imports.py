"""Imports on the screen: those under way with a bar and a way to cancel, and what came out of one.

An import is a process of its own that outlives pages and the server; this module only looks at its
folder, once a second and only while one is under way.
"""

from datetime import datetime

import pandas as pd
import streamlit as st

from cnnlab.data.import_records import ImportProgress, ImportReport
from cnnlab.data.intake import ImportJob, find_import, list_imports
from cnnlab.errors import DatasetError
from cnnlab.prediction.tables import to_csv
from cnnlab.ui import frame, nav, text

POLL_SECONDS = 1.0
ROWS_AT_A_GLANCE = 10
"""More refused files than these can be searched."""
STATE_WORDS = {
    "finished": ":green-badge[:material/check: finished]",
    "failed": ":red-badge[:material/error: failed]",
    "cancelled": ":gray-badge[:material/cancel: cancelled]",
    "lost": ":red-badge[:material/help: lost]",
}


def under_way() -> None:
    """Draw every import that is under way, and look again each second until none is."""
    live = [job for job in list_imports() if not job.progress().ended]
    if live:
        st.fragment(_watch, run_every=POLL_SECONDS)([job.id for job in live])


def _watch(ids: list[str]) -> None:
    for id in ids:
        try:
            job = find_import(id)
            progress = job.progress()
        except DatasetError:
            st.rerun()
        if progress.ended:
            st.rerun()
        _live(job, progress)


def _live(job: ImportJob, progress: ImportProgress) -> None:
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f":material/downloading: **Importing {text.escape(job.title)}**", width="stretch")
            st.button("Cancel", key=f"cancel-{job.id}", icon=":material/close:", on_click=job.cancel)
        st.progress(progress.share_done or 0.0, text=_where(progress))
        st.caption("It runs by itself: you may leave this page, and find it here again.")


def _where(progress: ImportProgress) -> str:
    parts = [text.escape(progress.phase)]
    if progress.total:
        parts.append(f"{progress.done:,} of {progress.total:,} {text.escape(progress.unit)}")
    if progress.seconds_left is not None:
        parts.append(f"{text.about(progress.seconds_left)} left")
    return " · ".join(parts)


def outcome() -> None:
    """Draw what came out of the import that the address names, once it has ended."""
    id = st.query_params.get("import")
    if not id:
        return
    try:
        job = find_import(id)
    except DatasetError as error:
        frame.warning(error)
        return
    progress = job.progress()
    if progress.ended:
        with st.container(border=True):
            _outcome(job, progress)


def _outcome(job: ImportJob, progress: ImportProgress) -> None:
    report = job.report()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**Import of {text.escape(job.title)}**&ensp;{STATE_WORDS[progress.state]}", width="stretch"
        )
        if st.button("Close", key="import-close", icon=":material/close:", type="tertiary"):
            # What the import made stays on the screen, now by its own address.
            made = {"dataset": progress.dataset_id} if progress.dataset_id else {}
            st.query_params.from_dict(made)
            st.rerun()
    if progress.state == "cancelled":
        frame.note(progress.message)
    elif progress.state != "finished":
        frame.problem(progress.message)
    if report is None:
        return
    if report.num_taken or report.num_refused:
        _counts(report)
    for note in report.notes:
        frame.note(note)
    if report.num_refused:
        _refused(report, job=job)
    if report.passed_over:
        kinds = ", ".join(f"{text.escape(kind)} × {count:,}" for kind, count in report.passed_over.items())
        st.caption(f"Passed over, because nobody meant them as pictures: {kinds}.")


def _counts(report: ImportReport) -> None:
    seconds = f" in {text.duration(report.seconds)}" if report.seconds else ""
    st.markdown(
        f"{text.counted(report.num_taken, 'picture')} of {text.counted(len(report.taken), 'class', plural='classes')} "
        f"taken{seconds}; {text.counted(report.num_refused, 'file')} refused."
    )
    if report.taken:
        with st.expander("Pictures taken, by class", icon=":material/list:"):
            st.dataframe(
                {"Class": list(report.taken), "Pictures": list(report.taken.values())},
                hide_index=True,
                column_config={"Pictures": st.column_config.NumberColumn(format="localized")},
                alt="Pictures taken by class",
            )


def _refused(report: ImportReport, *, job: ImportJob) -> None:
    frame.warning(
        f"{text.counted(report.num_refused, 'file')} could not be taken. Each is below with its reason."
    )
    table = report.refused_table().rename(columns={"name": "File", "reason": "Why it was not taken"})
    st.dataframe(
        _searched(table, key=f"import-search-{job.id}"),
        hide_index=True,
        alt="Files that were not taken, and why",
        column_config={"Why it was not taken": st.column_config.TextColumn(width="large")},
    )
    if len(table) < report.num_refused:
        st.caption(f"The first {len(table):,} of {report.num_refused:,} are kept with their reasons.")
    st.download_button(
        "Download as CSV",
        lambda: to_csv(table).encode("utf-8-sig"),
        file_name=f"refused-{job.id}.csv",
        mime="text/csv",
        icon=":material/download:",
        key="import-csv",
        on_click="ignore",
    )


def _searched(table: pd.DataFrame, *, key: str) -> pd.DataFrame:
    """The rows with a text in their name or reason that somebody looks for, where there are many."""
    if len(table) <= ROWS_AT_A_GLANCE:
        return table
    wanted = st.text_input(
        "Find a file or a reason", key=key, icon=":material/search:", placeholder="too large"
    )
    found = pd.concat(
        [table[column].str.contains(wanted, case=False, regex=False) for column in table], axis=1
    )
    rows = table[found.any(axis=1)]
    if wanted:
        st.caption(f"{len(rows):,} of {text.counted(len(table), 'row')} hold it.")
    return rows


def recent() -> None:
    """Draw the imports of the past with a way to their reports."""
    ended = [(job, job.progress()) for job in list_imports()]
    ended = [(job, progress) for job, progress in ended if progress.ended]
    if not ended:
        return
    with st.expander(f"Past imports ({len(ended)})", icon=":material/history:"):
        for job, progress in ended:
            with st.container(horizontal=True, vertical_alignment="center"):
                started = text.ago(datetime.fromtimestamp(job.started_at))
                st.markdown(
                    f"{STATE_WORDS[progress.state]} {text.escape(job.title)} :gray[{started}]",
                    width="stretch",
                )
                if st.button(
                    "Report", key=f"report-{job.id}", type="tertiary", icon=":material/description:"
                ):
                    nav.go("datasets", **{"import": job.id})
