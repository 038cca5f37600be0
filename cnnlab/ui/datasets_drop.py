"""Where a folder is dropped: the uploader, and what makes it keep the places of the files in the folder."""

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import streamlit as st

ASSETS = Path(__file__).resolve().parent / "assets"

_places = st.components.v2.component(
    "cnnlab_dropped_folder",
    html='<p class="dropped-folder"></p>',
    css=(ASSETS / "dropped_folder.css").read_text(encoding="utf-8"),
    js=(ASSETS / "dropped_folder.js").read_text(encoding="utf-8"),
)


def folder_uploader(label: str, *, endings: Sequence[str], key: str, sentence: str) -> Sequence[BinaryIO]:
    """Draw an uploader for a folder; the name of each file that comes is its path in there, to be kept as text.

    Args:
        label: What is to be dropped.
        endings: Which files leave the computer of whoever drops it.
        key: Of the uploader.
        sentence: What happens next, in words of ours; drawn below by what keeps the paths.
    """
    files = st.file_uploader(label, type=list(endings), accept_multiple_files="directory", key=key)
    _places(key="dropped-folder", data={"sentence": sentence})
    return files
