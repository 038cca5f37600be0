"""Where a run was carried out: versions, machine, fingerprints; to look at, to copy, and to take away.

This module never asks the machine that the pages run on: the worker wrote everything down.
"""

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from cnnlab.runs.environment import (
    CHANGE_NUMBERS,
    FILE,
    SHORT,
    Environment,
    differences,
    environment_of_report,
    read_environments,
)
from cnnlab.runs.folder import RunFolder
from cnnlab.ui import frame, text

TABS = ("In short", "All packages", "As JSON")
UNKNOWN = "not known"


def draw(folder: RunFolder) -> None:
    """Draw an expander with the environment of a run; what is in it is read once it is opened."""
    place = st.expander("Environment", icon=":material/memory:", key="run-environment", on_change="rerun")
    if not place.open:
        return
    with place:
        found = read_environments(folder.path)
        report = folder.report()
        if not found and report is not None and report.versions:
            st.caption("This run is from before environments were written down; this is what its report has.")
            found = (environment_of_report(report),)
        if not found:
            st.markdown(
                ":gray[Nothing is written down yet. The worker does it as soon as TensorFlow is loaded.]"
            )
            return
        _environment(folder, found)


def _environment(folder: RunFolder, found: Sequence[Environment]) -> None:
    position = len(found) - 1
    if len(found) > 1:
        position = st.selectbox(
            "Attempt",
            range(len(found)),
            index=position,
            format_func=lambda position: _attempt(found[position]),
            key="run-environment-attempt",
        )
        if position:
            _changed(found[position - 1], found[position])
    environment = found[position]
    short, packages, json = st.tabs(TABS, key="run-environment-tabs")
    with short:
        grid = st.grid(3, min_column_width=280)
        for title, facts in _facts(environment).items():
            with grid.cell():
                frame.figures({title: facts})
    with packages:
        st.code(environment.requirements() or "Nothing is known.", language=None, height=320)
    with json:
        st.code(environment.model_dump_json(indent=2), language="json", height=320)
    if (folder.path / FILE).is_file():
        st.download_button(
            f"Download {FILE}",
            (folder.path / FILE).read_bytes(),
            file_name=FILE,
            mime="application/json",
            icon=":material/download:",
            key="run-environment-download",
            on_click="ignore",
        )


def _changed(before: Environment, after: Environment) -> None:
    changes = differences(before, after)
    if changes:
        frame.warning(f"Not as in the attempt before: {'; '.join(changes)}.")
    else:
        st.caption("As in the attempt before, in all that can change a number.")


def _attempt(environment: Environment) -> str:
    return (
        f"Attempt {environment.attempt}, {datetime.fromtimestamp(environment.at).astimezone():%d %b %Y %H:%M}"
    )


def _facts(environment: Environment) -> dict[str, dict[str, str]]:
    """What matters, under headings: label and value, as Markdown."""
    # A report of before knows neither cards nor variables; an attempt that had none is told so.
    none = "none" if environment.attempt else ""
    software = {
        "Python": environment.python,
        **{name: environment.packages[name] for name in CHANGE_NUMBERS if name in environment.packages},
        "cnnlab": environment.cnnlab,
        "Commit": environment.commit[:SHORT],
        "Its files": environment.source[:SHORT],
    }
    threads = (f"{name.split('_')[0]} {number or 'auto'}" for name, number in environment.threads.items())
    machine = {
        "Machine": environment.machine,
        "Cores": environment.cores,
        "Memory": environment.memory_bytes and text.file_size(environment.memory_bytes),
        "Graphics cards": ", ".join(environment.gpus) or none,
        "Threads": ", ".join(threads),
        "Variables": ", ".join(f"{name}={value}" for name, value in environment.variables.items()) or none,
    }
    asked = {
        "Settings": environment.settings[:SHORT],
        "Seed": environment.seed,
        "Deterministic": {True: "yes", False: "no", None: ""}[environment.deterministic],
    }
    if (seen := environment.dataset) is not None:
        asked |= {
            "Dataset": f"{seen.id}, version {seen.version}",
            "Pictures": text.count(seen.num_pictures),
            "Fingerprint": seen.content[:SHORT],
            "Split": seen.division[:SHORT],
        }
    found = {"Software": software, "Machine": machine, "What was asked for": asked}
    return {
        title: {
            label: UNKNOWN if value in ("", None) else text.escape(value) for label, value in rows.items()
        }
        for title, rows in found.items()
    }
