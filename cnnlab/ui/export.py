"""The Export page: which run is taken away, each format with its state and a button, and how far making them is.

Formats are made by processes of their own; a fragment looks once a second, and only while one works.
This module never makes anything itself.
"""

import contextlib

import streamlit as st

from cnnlab.errors import CnnlabError
from cnnlab.export.exports import MODEL, Export, list_exports, start_export
from cnnlab.export.formats import FORMATS, Format
from cnnlab.export.package import EVERYTHING
from cnnlab.runs import store
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.rows import RunRow
from cnnlab.settings import workspace
from cnnlab.ui import export_download, export_results, frame, run_parts, text

POLL_SECONDS = 1.0
BADGES = {
    "ready": ("Ready", ":material/verified:", "green"),
    "refused": ("Not offered", ":material/block:", "red"),
    "failed": ("Failed", ":material/error:", "red"),
    "running": ("Being made", ":material/progress_activity:", "blue"),
    "waiting": ("Waiting", ":material/hourglass_empty:", "gray"),
    "cancelled": ("Cancelled", ":material/close:", "gray"),
    "missing": ("Not installed", ":material/extension_off:", "gray"),
}
"""What is said of each state; a format that nobody asked for yet has none."""
WAITING = "Waiting"
"""How the activity of an export begins whose turn has not come yet."""


def choose_run() -> RunFolder | None:
    """Draw the choice of a run, kept in the address; None when there is none to take away."""
    rows = {
        row.id: row
        for row in store.list_runs(states=run_parts.CAN_PREDICT)
        if (workspace().runs / row.id / MODEL).is_file()
    }
    if not rows:
        frame.empty(
            "No finished run yet",
            "Train a network first; once its run is done, take it away from here.",
            page="train",
            label="Train a network",
            icon=":material/deployed_code:",
        )
        return None
    asked = st.query_params.get("run")
    if asked and asked not in rows:
        frame.warning(f"Run {asked!r} is not finished, has no model, or was deleted. Choose another.")
    chosen = st.selectbox(
        "Run",
        list(rows),
        index=list(rows).index(asked) if asked in rows else 0,
        key="export-run",
        format_func=lambda id: text.shorten(rows[id].name, limit=80),
    )
    st.query_params["run"] = chosen
    st.caption(_facts(rows[chosen]))
    return RunFolder.find(chosen, runs=workspace().runs)


def formats(run: RunFolder) -> None:
    """Draw every format with its state and one button, and what came out side by side."""
    exports = list_exports(run)
    working = any(export.state == "running" for export in exports.values())
    _everything(run, exports, working=working)
    st.fragment(_list, run_every=POLL_SECONDS if working else None)(run, working=working)
    export_results.side_by_side(run, exports)


def _facts(row: RunRow) -> str:
    accuracy = f"test accuracy {text.percent(row.test_accuracy)}"
    if row.test_accuracy is None:
        accuracy = f"validation accuracy {text.percent(row.val_accuracy)}"
    return (
        f"{text.escape(run_parts.network_name(row), limit=80)} · {text.escape(row.dataset_name, limit=80)} · "
        f"{accuracy} · {row.image_size} × {row.image_size} pixels"
    )


def _everything(run: RunFolder, exports: dict[str, Export], *, working: bool) -> None:
    """Draw what concerns all formats: making those that are not there, and taking away those that are."""
    offered = [name for name, export in exports.items() if export.is_offered]
    left = [
        name
        for name, row in FORMATS.items()
        if not row.missing
        and name not in offered
        and (name not in exports or exports[name].state != "running")
    ]
    with st.container(horizontal=True, vertical_alignment="center"):
        if left and st.button(
            "Make all" if not exports else "Make all others",
            icon=":material/conveyor_belt:",
            type="secondary" if offered or working else "primary",
            key="export-all",
        ):
            _start(run, *left)
        if offered:
            st.link_button(
                "Download everything",
                export_download.address(run.id, EVERYTHING),
                icon=":material/download:",
                type="primary",
            )
        ready = f"{len(offered)} of {len(FORMATS)} formats ready"
        st.markdown(f":gray[{ready}]" if offered else ":gray[One is made at a time.]", width="content")


def _list(run: RunFolder, *, working: bool) -> None:
    exports = list_exports(run)
    if working and not any(export.state == "running" for export in exports.values()):
        st.rerun()
    for name, row in FORMATS.items():
        with st.container(border=True, key=f"export-row-{name}", gap="xsmall"):
            _row(run, name, row, exports.get(name))


def _row(run: RunFolder, name: str, row: Format, export: Export | None) -> None:
    state = _state(row, export)
    with run_parts.split_row():
        with run_parts.line():
            st.markdown(f"**{row.label}**", width="content")
            if state:
                label, icon, color = BADGES[state]
                st.badge(label, icon=icon, color=color)
        _button(run, name, export, state)
    st.markdown(f":gray[{row.sentence} Good for {row.good_for}.]")
    if state == "missing":
        st.caption(text.escape(row.missing))
    elif state == "running":
        _progress(export)
    elif state == "failed":
        frame.problem(export.message)
    elif state in ("ready", "refused"):
        found = export.result()
        if state == "refused":
            frame.warning(found.reason)
        else:
            st.caption(f"{export_results.in_short(found)} {text.escape(found.reason)}")


def _state(row: Format, export: Export | None) -> str:
    """One of `BADGES`, or '' for what nobody asked for."""
    if export is None:
        return "missing" if row.missing else ""
    state = export.state
    if state == "finished":
        return "ready" if export.is_offered else "refused"
    return "waiting" if state == "running" and export.progress()[0].startswith(WAITING) else state


def _button(run: RunFolder, name: str, export: Export | None, state: str) -> None:
    """Draw the one thing that can be done with a format now."""
    if state == "ready":
        address = export_download.address(run.id, name)
        st.link_button("Download", address, icon=":material/download:")
    elif state in ("running", "waiting"):
        ending = export.is_cancelled
        st.button(
            "Ending" if ending else "Cancel",
            icon=":material/close:",
            key=f"export-cancel-{name}",
            type="tertiary",
            on_click=_cancel,
            args=(export,),
            disabled=ending,
        )
    elif state != "missing":
        again = state in ("failed", "refused")
        if st.button(
            "Try again" if again else "Make",
            icon=":material/refresh:" if again else ":material/build:",
            key=f"export-make-{name}",
        ):
            _start(run, name)


def _progress(export: Export) -> None:
    activity, share = export.progress()
    said = "Ending" if export.is_cancelled else text.escape(activity)
    st.progress(share or 0.0, text=said)


def _start(run: RunFolder, *names: str) -> None:
    """Start some formats and draw the page anew; one that cannot be started does not keep the others."""
    refused = []
    for name in names:
        try:
            start_export(run, name)
        except CnnlabError as error:
            refused.append(error)
    for error in refused:
        frame.problem(error)
    if not refused:
        st.rerun()


def _cancel(export: Export) -> None:
    """Ask it to end; its folder may be gone already. It draws nothing: that would blank the page."""
    with contextlib.suppress(OSError):
        export.cancel()
