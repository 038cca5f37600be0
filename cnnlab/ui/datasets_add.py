"""The ways to bring a dataset: ready-made, an archive, pictures of one class, a folder on the server.

Uploads go to the workspace's disk in pieces as soon as they are here, and the uploader is emptied so
that the session does not keep them. What lies in folders is looked at before anything is imported.
"""

from collections.abc import Sequence

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from cnnlab.data.archive_kinds import ENDINGS
from cnnlab.data.folders import allowed_roots
from cnnlab.data.import_records import (
    ArchiveImport,
    DroppedFolderImport,
    FolderImport,
    ImportRequest,
    SourceImport,
    UploadImport,
)
from cnnlab.data.intake import stage_upload, start_import
from cnnlab.data.library import list_datasets
from cnnlab.data.preview_contents import PICTURE_ENDINGS
from cnnlab.data.sources import SOURCES, Source
from cnnlab.ui import datasets_drop, datasets_preview, datasets_target, forms, frame, text

TABS = ("Ready-made", "A ZIP or tar", "A folder of yours", "Pictures of one class", "A folder on the server")
ARCHIVE_ENDINGS = tuple(dict.fromkeys(ending.rpartition(".")[2] for ending in ENDINGS))
TABLE_ENDINGS = ("csv", "tsv")
FIRST_LOOKED_AT = "You see what is in it, and decide, before anything is imported."
UPLOADS = "datasets-uploads"
"""How many uploads this session has handed on; a part of the uploaders' keys, so that they come back empty."""

ZIP_LAYOUTS = """
flowers.zip
├── daisy/   1.jpg  2.jpg  …
└── rose/    3.jpg  4.jpg  …

flowers.zip
├── train/   daisy/  rose/  …
└── test/    daisy/  rose/  …
"""


def draw() -> None:
    """Draw one tab for each way."""
    ready, archive, dropped, pictures, folder = st.tabs(TABS, key="add-ways")
    with ready:
        _ready_made()
    with archive, frame.errors_as_text():
        _archive()
    with dropped, frame.errors_as_text():
        _dropped()
    with pictures, frame.errors_as_text():
        _pictures()
    with folder, frame.errors_as_text():
        _folder()


def _ready_made() -> None:
    st.caption(
        "Somebody else's pictures, to try everything out with. Two come with cnnlab; the others are fetched when asked."
    )
    grid = st.grid("auto", min_column_width=270)
    for name, source in SOURCES.items():
        with grid.container(border=True, height="stretch"), frame.errors_as_text():
            _source(name, source)


def _source(name: str, source: Source) -> None:
    badge = (
        ":green-badge[:material/check: is here]"
        if source.is_here()
        else (f":gray-badge[:material/download: {source.download_megabytes} MB download]")
    )
    st.markdown(f"**{source.label}**&ensp;{badge}")
    st.markdown(source.sentence)
    st.caption(
        f"{source.num_classes} classes · {source.num_pictures:,} pictures · {source.image_size} × {source.image_size} "
        f"pixels · {source.credit}"
    )
    st.space("stretch")
    settings = {}
    with st.container(horizontal=True, gap="xsmall"):
        add = st.empty()
        if source.settings:
            with st.popover("Settings", icon=":material/tune:", width="content"):
                edited = forms.edit(source.settings, key=f"source-{name}", columns=2)
            settings = edited.spec.model_dump() if edited.spec else None
        if add.button(
            f"Add {source.label}", key=f"add-{name}", icon=":material/add:", disabled=settings is None
        ):
            _start(SourceImport(source=name, name=source.label, settings=settings))


def _archive() -> None:
    left, right = st.columns([3, 2], gap="medium")
    with right:
        st.markdown(
            "One folder a class. Folders called train, valid or test above them are kept as the split. Instead of class "
            "folders there may be a table such as labels.csv with the columns file and label, or names like cat_001.jpg."
        )
        st.code(ZIP_LAYOUTS.strip("\n"), language=None)
    with left:
        file = st.file_uploader(
            "ZIP or tar of class folders", type=list(ARCHIVE_ENDINGS), key=_uploader("zip")
        )
        st.caption(FIRST_LOOKED_AT)
        if file is not None:
            staged = stage_upload(file, name=file.name)
            _empty_uploaders()
            datasets_preview.look_at(ArchiveImport(file=staged))


def _dropped() -> None:
    st.markdown(
        "Drop a folder here: one folder a class in it, or a table such as labels.csv beside the pictures that says "
        "file and label (and split or group, if there are any). Nothing but pictures and tables leaves your computer."
    )
    files = datasets_drop.folder_uploader(
        "Folder of pictures",
        endings=(*PICTURE_ENDINGS, *TABLE_ENDINGS),
        key=_uploader("dropped"),
        sentence=FIRST_LOOKED_AT,
    )
    if files:
        with st.spinner(f"Keeping {text.counted(len(files), 'file')} …"):
            staged = [stage_upload(file, name=file.name) for file in files]
        _empty_uploaders()
        datasets_preview.look_at(DroppedFolderImport.create({"files": staged}))


def _pictures() -> None:
    files = st.file_uploader(
        "Pictures, all of the same class",
        type=list(PICTURE_ENDINGS),
        accept_multiple_files=True,
        key=_uploader("pictures"),
    )
    name, add_to = datasets_target.ask("pictures", placeholder="Name of the class")
    class_name = _class_name(add_to)
    ready = bool(files and class_name)
    if files:
        st.caption(_becomes(files, class_name=class_name or "", name=name, add_to=add_to))
    if st.button(
        "Add the pictures",
        key="import-pictures",
        type="primary",
        icon=":material/upload:",
        disabled=not ready,
    ):
        staged = [stage_upload(file, name=file.name) for file in files]
        _start(
            UploadImport.create(
                {"files": staged, "class_name": class_name.strip(), "name": name, "add_to": add_to}
            )
        )


def _becomes(files: Sequence[UploadedFile], *, class_name: str, name: str, add_to: str | None) -> str:
    """Say what the pictures are going to be, before anything starts."""
    size = text.file_size(sum(file.size for file in files))
    many = f"{text.counted(len(files), 'file')} ({size})"
    if not class_name:
        return f"{many} are there. Say of which class they are."
    of_class = f"{many} become pictures of the class “{text.escape(class_name, limit=80)}”"
    each = "Each is decoded once; one that cannot be read is left out and named."
    if not add_to:
        called = text.escape(name or class_name, limit=80)
        return f"{of_class} in a new dataset called “{called}”. {each} It needs a second class: add its pictures to it afterwards."
    target = next((dataset for dataset in list_datasets() if dataset.id == add_to), None)
    if target is None:
        return f"{of_class}. {each}"
    known = "which it has already" if class_name in target.class_names else "which is new to it"
    return (
        f"{of_class} of {text.escape(target.name, limit=80)}, {known}, in its version {target.newest_version + 1}. {each} "
        f"Those that it holds already are left out too."
    )


def _class_name(add_to: str | None) -> str | None:
    known = next((dataset.class_names for dataset in list_datasets() if dataset.id == add_to), ())
    if not known:
        return st.text_input("Class", key="pictures-class", max_chars=120, placeholder="daisy").strip()
    return st.selectbox(
        "Class",
        known,
        index=None,
        accept_new_options=True,
        key=f"pictures-class-{add_to}",
        placeholder="Choose a class, or type a new one",
    )


def _folder() -> None:
    roots = " or ".join(f"`{root}`" for root in allowed_roots())
    st.markdown(
        f"For what is too large to upload. The folder is read, never changed; it has to be below {roots}."
    )
    path = st.text_input(
        "Folder of class folders", key="folder-path", placeholder=str(allowed_roots()[0] / "flowers")
    )
    st.caption(FIRST_LOOKED_AT)
    if st.button(
        "Look at the folder",
        key="look-folder",
        type="primary",
        icon=":material/folder_open:",
        disabled=not path,
    ):
        datasets_preview.look_at(FolderImport.create({"path": path}))


def _uploader(kind: str) -> str:
    return f"upload-{kind}-{st.session_state.get(UPLOADS, 0)}"


def _empty_uploaders() -> None:
    st.session_state[UPLOADS] = st.session_state.get(UPLOADS, 0) + 1


def _start(request: ImportRequest) -> None:
    job = start_import(request)
    _empty_uploaders()
    st.query_params.from_dict({"import": job.id})
    st.rerun()
