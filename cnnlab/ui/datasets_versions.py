"""The versions of a dataset: what made each, who learned from it, what is in it, and the way back.

Numbers of versions only grow: going back makes a new one that is equal to an older. This module never
changes a version itself.
"""

from collections import Counter
from datetime import datetime

import streamlit as st

from cnnlab.data.corrections import go_back
from cnnlab.data.dataset import Dataset
from cnnlab.data.library import find_dataset
from cnnlab.data.manifest import Manifest, Version
from cnnlab.data.splits import SPLITS
from cnnlab.runs import store
from cnnlab.ui import dataset_download, frame, run_parts, text

SAID = "versions-said"
MOST_SHOWN = 50


def draw(dataset: Dataset) -> None:
    """Draw every version, the newest first."""
    if said := st.session_state.pop(SAID, None):
        st.toast(said, icon=":material/undo:")
    versions = Manifest.read(dataset.folder).versions
    runs = Counter(row.dataset_version for row in store.list_runs(dataset_id=dataset.id))
    for version in list(reversed(versions))[:MOST_SHOWN]:
        with st.container(border=True):
            _version(dataset, version, newest=versions[-1].number, runs=runs[version.number])
    if len(versions) > MOST_SHOWN:
        st.caption(f"The newest {MOST_SHOWN} of {len(versions):,} versions.")


def _version(dataset: Dataset, version: Version, *, newest: int, runs: int) -> None:
    made = datetime.fromtimestamp(version.created_at).astimezone()
    splits = ", ".join(f"{version.num_in(split):,} {split}" for split in SPLITS)
    with run_parts.split_row():
        st.markdown(
            f"**Version {version.number}**{' · the newest' if version.number == newest else ''} · {text.ago(made)}  \n"
            f"{text.escape(version.change)}  \n"
            f":gray[{text.counted(version.num_pictures, 'picture')}: {splits} · "
            f"{text.counted(runs, 'run') if runs else 'no run'} learned from it]"
        )
        with run_parts.line():
            st.link_button(
                "ZIP",
                dataset_download.address(find_dataset(dataset.id, version=version.number)),
                icon=":material/folder_zip:",
                type="tertiary",
                help="A folder for each split and class, with a table of labels; it opens here again.",
            )
            if version.number != newest and st.button(
                "Go back to it",
                key=f"version-back-{version.number}",
                icon=":material/undo:",
                help=f"Makes version {newest + 1}, equal to this one; nothing is lost.",
            ):
                with frame.errors_as_text():
                    made_now = go_back(dataset, version=version.number)
                    st.session_state[SAID] = f"Version {made_now.version} is as version {version.number} was."
                    st.rerun()
