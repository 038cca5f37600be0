"""Bundles on the pages: take a run away as one ZIP, open somebody's, and say of a run that it came in one.

An upload goes to the workspace's disk in pieces before it is looked into. This module never reads a
bundle itself.
"""

import shutil
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import streamlit as st

from cnnlab.errors import BundleError
from cnnlab.export.bundle_opening import Opened, open_bundle
from cnnlab.files import TEMPORARY_PREFIX
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.origin import PICTURES, read_origin
from cnnlab.runs.rows import RunRow
from cnnlab.settings import workspace
from cnnlab.ui import bundle_download, frame, nav, run_parts, text

SAID = "bundle-said"
"""What became of a bundle, to be told on the page of its run."""
OFFERED = 20
"""Of more selected runs than these the first ones get a link."""
COPY_BYTES = 1024 * 1024
HELP = "The run in one ZIP: settings, hashes of its pictures, curves, scores and model. Another workspace opens it."


def download_button(run_id: str) -> None:
    """Draw the button that takes one run away."""
    st.link_button("Bundle", bundle_download.address(run_id), icon=":material/folder_zip:", help=HELP)


def download_selected(selected: Sequence[RunRow]) -> None:
    """Draw what takes the selected runs away, as far as they have something to take."""
    ready = [row for row in selected if row.state in run_parts.CAN_PREDICT and not row.damaged]
    if len(selected) == 1 and ready:
        download_button(ready[0].id)
    elif ready:
        with st.popover(f"Bundles of {len(ready)}", icon=":material/folder_zip:", help=HELP):
            for row in ready[:OFFERED]:
                label = text.escape(row.name, limit=60)
                st.link_button(
                    label, bundle_download.address(row.id), icon=":material/download:", type="tertiary"
                )
            if len(ready) > OFFERED:
                st.caption(f"The first {OFFERED}; select fewer to see the others.")


def open_button() -> None:
    """Draw the button that opens somebody's bundle."""
    if st.button("Open a bundle", icon=":material/unarchive:", type="tertiary", key="bundle-open"):
        _ask()


def came_from(folder: RunFolder) -> None:
    """Say that a run came in a bundle, and what of it is not here; nothing for one that was trained here."""
    if said := st.session_state.pop(SAID, None):
        st.toast(said, icon=":material/unarchive:")
    origin = read_origin(folder)
    if origin is None:
        return
    opened = text.ago(datetime.fromtimestamp(origin.opened_at).astimezone())
    with run_parts.line():
        st.badge("From a bundle", icon=":material/folder_zip:", color="violet")
        st.markdown(
            f":gray[Trained elsewhere with cnnlab {text.escape(origin.cnnlab, limit=20)}, opened here {opened}.]",
            width="content",
        )
    if (folder.path / PICTURES).exists() and not (workspace().datasets / folder.spec().dataset.id).exists():
        st.caption(
            "Its pictures are not in this workspace, only their hashes: predict and compare work, the pictures cannot be "
            "shown, and it cannot be trained further. Its Keras model is kept, and never opened here."
        )


@st.dialog("Open a bundle", icon=":material/unarchive:")
def _ask() -> None:
    most = st.get_option("server.maxUploadSize")
    st.markdown(
        "A bundle is a run in one ZIP, as the button **Bundle** of a finished run gives it. It is checked member by "
        "member, and its model is tried out in a process of its own, before anything of it appears here."
    )
    file = st.file_uploader(
        "Bundle of a run", type=["zip"], key="bundle-file", help=f"At most {most:,} MB can be uploaded."
    )
    if not st.button(
        "Open", type="primary", icon=":material/check:", key="bundle-open-now", disabled=file is None
    ):
        return
    with frame.errors_as_text():
        with st.spinner("Looking into it"):
            opened = _open(file, name=text.shorten(file.name, limit=80))
        st.session_state[SAID] = _said(opened)
        nav.go("train", run=opened.run.id)


def _open(file: BinaryIO, *, name: str) -> Opened:
    try:
        with tempfile.NamedTemporaryFile(
            dir=workspace().cache, prefix=TEMPORARY_PREFIX, suffix=".zip"
        ) as staged:
            shutil.copyfileobj(file, staged, COPY_BYTES)
            staged.flush()
            return open_bundle(Path(staged.name), name=name)
    except OSError as error:
        raise BundleError(
            f"{name!r} could not be kept ({error.strerror or error}). Make room on the disk of {workspace().home}, then "
            f"open it again."
        ) from error


def _said(opened: Opened) -> str:
    if not opened.is_new:
        return "This very run was here already."
    return "Opened. Its pictures are here too." if opened.dataset_is_here else "Opened."
