"""What is uploaded on the Predict page: pictures, and archives whose pictures wait on disk, in this session's folders.

The folder of a picture inside an archive counts as its true class where the run knows a class of
that name. This module never decodes a picture.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import streamlit as st

from cnnlab.data.archive_kinds import is_archive_name
from cnnlab.errors import CnnlabError
from cnnlab.prediction.pictures import Picture, Unpacked, unpack
from cnnlab.settings import workspace
from cnnlab.ui import frame, text
from cnnlab.ui.datasets_add import ARCHIVE_ENDINGS, PICTURE_ENDINGS

MOST_PICTURES = 1000
"""So many are asked about at once; more would only be slow to look at."""
UNPACKED = "predict-unpacked"
DIGESTS = "predict-digests"
"""By the number that the uploader gave a file; a few bytes each, so none is ever forgotten."""
MOST_NAMED = 5
ASSETS = Path(__file__).resolve().parent / "assets"

_pasting = st.components.v2.component(
    "cnnlab_predict_paste",
    html='<p class="paste" role="status"></p>',
    css=(ASSETS / "predict_paste.css").read_text(encoding="utf-8"),
    js=(ASSETS / "predict_paste.js").read_text(encoding="utf-8"),
)


def choose_uploads(class_names: Sequence[str]) -> list[Picture]:
    """Draw the uploader; returns the pictures in it, those of archives with their true class where it is told."""
    files = st.file_uploader(
        "Pictures, or a ZIP or tar of them",
        type=[*PICTURE_ENDINGS, *ARCHIVE_ENDINGS],
        accept_multiple_files=True,
        key="predict-files",
        help="In an archive with a folder for each class, the folder's name is taken as the true class.",
    )
    _pasting(key="predict-paste", data={"uploader": "predict-files"})
    pictures, left_out = _taken(), 0
    archives = _archives([file for file in files if _is_archive(file)])
    for file in files:
        if not _is_archive(file):
            pictures.append(_uploaded(file, file.name))
        elif (unpacked := archives.get(file.file_id)) is not None:
            left_out += unpacked.left_out
            pictures += [
                replace(each, truth=each.folder if each.folder in class_names else "")
                for each in unpacked.pictures
            ]
            _say_refused(file.name, unpacked.refused)
    left_out += max(0, len(pictures) - MOST_PICTURES)
    if left_out:
        frame.warning(
            f"{text.count(len(pictures[:MOST_PICTURES]) + left_out)} pictures were chosen; the first {MOST_PICTURES} are "
            f"answered. Ask about the rest in a second go."
        )
    return pictures[:MOST_PICTURES]


def _taken() -> list[Picture]:
    """Draw the way to the camera; returns the picture that was taken, if one was."""
    wanted = st.toggle(
        "Take one with the camera",
        key="predict-camera-wanted",
        help="Your browser asks you before this page can see anything; the picture goes to this server only.",
    )
    # Only drawn when it is wanted: a browser asks for the camera as soon as there is one on the page.
    taken = st.camera_input("Camera", key="predict-camera", label_visibility="collapsed") if wanted else None
    return [_uploaded(taken, "camera.jpg")] if taken else []


def _uploaded(file: Any, name: str) -> Picture:
    """A picture of the uploader, whose bytes are hashed once and not whenever the page is drawn."""
    digests: dict[str, str] = st.session_state.setdefault(DIGESTS, {})
    picture = Picture(name=name, source=file.getvalue(), digest=digests.get(file.file_id, ""))
    digests[file.file_id] = picture.digest
    return picture


def _is_archive(file: object) -> bool:
    return is_archive_name(file.name)


def _archives(files: Sequence) -> dict[str, Unpacked]:
    """Open what is new, forget what left the uploader, say what cannot be opened."""
    known: dict[str, Unpacked] = st.session_state.setdefault(UNPACKED, {})
    for gone in set(known) - {file.file_id for file in files}:
        known.pop(gone).folder.cleanup()
    for file in files:
        if file.file_id in known:
            continue
        try:
            with st.spinner(f"Unpacking {text.escape(file.name, limit=60)}"):
                known[file.file_id] = unpack(
                    lambda path, file=file: _write(file, path),
                    name=file.name,
                    inside=workspace().imports,
                    most=MOST_PICTURES,
                )
        except (CnnlabError, OSError) as error:
            frame.warning(f"{error} The other files are answered.")
    return known


def _write(file: object, path: Path) -> None:
    path.write_bytes(file.getbuffer())


def _say_refused(name: str, refused: Sequence[tuple[str, str]]) -> None:
    if refused:
        named = " ".join(f"{file}: {reason}" for file, reason in refused[:MOST_NAMED])
        frame.warning(
            f"{text.counted(len(refused), 'file')} of {name} could not be taken. {named}"
            f"{' And others.' if len(refused) > MOST_NAMED else ''}"
        )
