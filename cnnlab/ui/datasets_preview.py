"""What an import is going to do, on the screen before it starts: classes, splits, room, what is left out, what is here already.

A process of its own looks; this module reads what it found, and asks for the name. Nobody has to wait
for it: the import can be started at any time.
"""

from datetime import datetime

import streamlit as st

from cnnlab.data.dataset import FEW_PICTURES
from cnnlab.data.import_records import ArchiveImport, FolderImport, ImportProgress, ImportRequest
from cnnlab.data.intake import start_import, title_of
from cnnlab.data.preview_records import Preview, Twin
from cnnlab.data.previews import (
    PreviewJob,
    find_preview,
    list_previews,
    proposed_name,
    size_of,
    start_preview,
)
from cnnlab.data.splits import SPLITS, TEST, TRAINING, VALIDATION, SplitSpec
from cnnlab.errors import DatasetError
from cnnlab.ui import datasets_target, frame, nav, text

POLL_SECONDS = 0.5
CLASSES_SHOWN = 12
MANY_LEFT_OUT = 0.02
"""A share of files without a class that is more than a few notes beside the pictures."""
LAYOUTS = {
    "classes": ":material/folder: One folder a class",
    "table": ":material/table: The classes are in a table beside the pictures",
    "names": ":material/label: The classes are in the names of the files, as in cat_001.jpg",
}
TWINS = {
    "same": "These are the same pictures as {name}, imported {when}.",
    "inside": "All of these pictures are in {name} already, which holds {there}; it was imported {when}.",
    "around": "All pictures of {name}, imported {when}, are among these, and {more} that it does not hold.",
    "overlap": "{shared} of {here} compared are in {name} already, imported {when}.",
}


def look_at(request: ImportRequest) -> None:
    """Look at what somebody brought, and show the page that says what is found."""
    st.query_params.from_dict({"preview": start_preview(request).id})
    st.rerun()


def is_open() -> bool:
    """Whether the address names a preview that is there."""
    try:
        find_preview(st.query_params.get("preview", ""))
    except DatasetError:
        return False
    return True


def draw() -> None:
    """Draw the preview that the address names, if it names one."""
    id = st.query_params.get("preview")
    if not id:
        return
    try:
        job = find_preview(id)
    except DatasetError as error:
        frame.note(error)
        return
    with st.container(border=True, key="preview"), frame.errors_as_text():
        _preview(job)


def waiting() -> None:
    """Draw what was brought and neither imported nor dropped, with a way back to it."""
    jobs = [] if is_open() else list_previews()
    if not jobs:
        return
    with st.expander(f"Brought, not imported yet ({len(jobs)})", icon=":material/pending_actions:"):
        for job in jobs:
            request = job.request()
            with st.container(horizontal=True, vertical_alignment="center"):
                brought = text.ago(datetime.fromtimestamp(job.started_at))
                st.markdown(f"{text.escape(title_of(request))} :gray[{brought}]", width="stretch")
                if st.button("Go on", key=f"go-on-{job.id}", type="tertiary", icon=":material/resume:"):
                    nav.go("datasets", preview=job.id)
                if st.button("Remove", key=f"remove-{job.id}", type="tertiary", icon=":material/delete:"):
                    job.drop()
                    st.rerun()


def _preview(job: PreviewJob) -> None:
    request, progress = job.request(), job.progress()
    with st.container(horizontal=True, vertical_alignment="center"):
        size = size_of(request)
        st.markdown(
            f"**Before importing {text.escape(title_of(request))}**"
            f"{f'&ensp;:gray[{text.file_size(size)}]' if size else ''}",
            width="stretch",
        )
        if st.button("Choose another", key="preview-drop", icon=":material/close:", type="tertiary"):
            job.drop()
            st.query_params.clear()
            st.rerun()
    preview = job.found()
    if progress.state == "failed":
        frame.problem(progress.message)
        return
    if preview is not None:
        _found(preview)
    if not progress.ended:
        st.fragment(_watch, run_every=POLL_SECONDS)(job.id, preview is not None)
    elif preview is None:
        frame.note(progress.message)
    for twin in (preview and preview.twins) or ():
        _twin(twin)
    _ask(job, request)


def _watch(id: str, found: bool) -> None:
    """Look again until there is more to show than there was."""
    try:
        job = find_preview(id)
    except DatasetError:
        st.rerun()
    progress = job.progress()
    if progress.ended or (job.found() is not None) != found:
        st.rerun()
    st.progress(progress.share_done or 0.0, text=_where(progress))
    st.caption("You need not wait for this: it only tells beforehand what importing tells afterwards.")


def _where(progress: ImportProgress) -> str:
    counted = f" · {progress.done:,} of {progress.total:,} {progress.unit}" if progress.total else ""
    return f"{text.escape(progress.phase)}{counted}"


def _found(preview: Preview) -> None:
    wrapper = f", inside the folder {text.escape(preview.wrapper, limit=80)}" if preview.wrapper else ""
    splits = f" below {_listed([_folder(split) for split in preview.given])}" if preview.given else ""
    st.markdown(f"{LAYOUTS[preview.layout]}{splits if preview.layout == 'classes' else ''}{wrapper}.")
    grid = st.grid(4, min_column_width=140, gap="small")
    with grid.container(border=True, height="stretch"):
        frame.card("Pictures to try", text.count(preview.num_files), _left_out(preview))
    with grid.container(border=True, height="stretch"):
        few = f"The smallest has {preview.smallest_class:,}."
        frame.card("Classes", text.count(preview.num_classes), few)
    with grid.container(border=True, height="stretch"):
        frame.card("Split", *_split(preview))
    with grid.container(border=True, height="stretch"):
        free = f"of {text.file_size(preview.free_bytes)} that are free."
        frame.card("Disk space", text.file_size(preview.needed_bytes), free)
    _classes(preview)
    _mind(preview)


def _folder(split: str) -> str:
    return {"training": "train", "validation": "valid"}.get(split, split)


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _left_out(preview: Preview) -> str:
    left = preview.num_refused + preview.num_without_class
    if left:
        return f"{left:,} more will be left out. Each is decoded once; one that cannot be read is named."
    return "Each is decoded once; one that cannot be read is left out and named."


def _split(preview: Preview) -> tuple[str, str]:
    """What the split will be, in two words and in a sentence."""
    apart = preview.given.keys() - {TRAINING}
    if sum(preview.given[split] for split in apart) == preview.num_files:
        return (
            "made anew",
            "Every picture is in a folder for validation or test, so none is left to learn from.",
        )
    if apart:
        counts = ", ".join(f"{count:,} {split}" for split, count in preview.given.items())
        missing = next(iter({VALIDATION, TEST} - apart), "")
        return "as given", f"{counts}.{f' {missing.capitalize()} is taken from the rest.' if missing else ''}"
    split = SplitSpec()
    training = 1 - split.validation_share - split.test_share
    shares = zip((training, split.validation_share, split.test_share), SPLITS, strict=True)
    said = ", ".join(f"{text.percent(share, digits=0)} {name}" for share, name in shares)
    return "made anew", f"{said}; you can change it later."


def _classes(preview: Preview) -> None:
    shown = list(preview.classes.items())[:CLASSES_SHOWN]
    badges = " ".join(f":gray-badge[{text.escape(name, limit=40)} · {count:,}]" for name, count in shown)
    more = preview.num_classes - len(shown)
    st.markdown(f"{badges}{f' and {more:,} more' if more else ''}")


def _mind(preview: Preview) -> None:
    """What will not become a picture of the dataset, and what makes results uncertain."""
    if preview.needed_bytes > preview.free_bytes:
        frame.problem(
            f"The pictures take {text.file_size(preview.needed_bytes)}, and {text.file_size(preview.free_bytes)} are "
            f"free on the disk. Free some space before you import."
        )
    if preview.num_classes == 1:
        frame.warning("There is one class only; a network needs at least two to tell apart.")
    elif preview.smallest_class < FEW_PICTURES:
        frame.warning(
            f"The smallest class has {text.counted(preview.smallest_class, 'file')}: too few to learn it and to judge it."
        )
    if preview.num_without_class > MANY_LEFT_OUT * preview.num_files:
        frame.warning(_without_class(preview))
    if preview.num_refused:
        with st.expander(
            f"{text.counted(preview.num_refused, 'entry', plural='entries')} that will not be tried",
            icon=":material/block:",
        ):
            rows = {"File": [row[0] for row in preview.refused], "Why": [row[1] for row in preview.refused]}
            st.dataframe(rows, hide_index=True, alt="Files that will not be tried, and why")
    few = 0 < preview.num_without_class <= MANY_LEFT_OUT * preview.num_files
    sentences = (
        _without_class(preview) if few else "",
        _kinds("Passed over, because nobody meant them as pictures", preview.passed_over),
        _kinds("Not called like pictures, so tried and left out if they are none", preview.odd_endings),
    )
    if said := "  \n".join(filter(None, sentences)):
        st.caption(said)


def _without_class(preview: Preview) -> str:
    return f"{text.counted(preview.num_without_class, 'file')} in no class folder will be left out."


def _kinds(what: str, counts: dict[str, int]) -> str:
    kinds = [f"{text.escape(kind)} × {count:,}" for kind, count in list(counts.items())[:CLASSES_SHOWN]]
    more = len(counts) - len(kinds)
    return f"{what}: {', '.join(kinds)}{f' and {more:,} kinds more' if more else ''}." if kinds else ""


def _twin(twin: Twin) -> None:
    sentence = TWINS[twin.kind].format(
        name=repr(twin.dataset_name),
        when=text.ago(datetime.fromtimestamp(twin.created_at)),
        here=text.counted(twin.num_here, "picture"),
        there=text.counted(twin.num_there, "picture"),
        shared=f"{twin.num_shared:,}",
        more=text.counted(twin.num_here - twin.num_shared, "file"),
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        frame.note(sentence)
        nav.button(
            "datasets",
            label="Open that dataset",
            key=f"twin-{twin.dataset_id}",
            icon=":material/visibility:",
            dataset=twin.dataset_id,
        )


def _ask(job: PreviewJob, request: ImportRequest) -> None:
    name, add_to = datasets_target.ask(f"preview-{job.id}", proposed=_proposed(job, request))
    what = "archive" if isinstance(request, ArchiveImport) else "folder"
    icon = ":material/folder_open:" if isinstance(request, FolderImport) else ":material/upload:"
    if st.button(f"Import the {what}", key="import-previewed", type="primary", icon=icon):
        started = job.begin(start_import, name=name, add_to=add_to)
        st.query_params.from_dict({"import": started.id})
        st.rerun()


def _proposed(job: PreviewJob, request: ImportRequest) -> str:
    """The proposed name stays the same while the page is open, whatever becomes taken."""
    return st.session_state.setdefault(f"preview-proposed-{job.id}", proposed_name(request))
