"""From what was asked for to the files that may be imported: one way for each kind of request.

This module never reads a picture: entries do that when they are asked.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cnnlab.data.archive_kinds import open_archive, without_ending
from cnnlab.data.archives import LEADS_OUT, name_parts, path_refusal
from cnnlab.data.digits import list_digits
from cnnlab.data.downloads import list_download
from cnnlab.data.entries import Entry, Listing
from cnnlab.data.folders import FileReader, check_folder, list_folder
from cnnlab.data.import_records import (
    ArchiveImport,
    DroppedFolderImport,
    FolderImport,
    ImportRequest,
    SourceImport,
    UploadImport,
)
from cnnlab.data.label_tables import with_labels
from cnnlab.data.layouts import is_stray, stray_kind
from cnnlab.data.shapes import list_shapes
from cnnlab.data.sources import ShapesSettings, find_source
from cnnlab.data.text import safe_text
from cnnlab.data.writer import Origin, check_room
from cnnlab.settings import settings

OnProgress = Callable[[int, int], None]


@contextmanager
def listing_of(request: ImportRequest, *, on_progress: OnProgress) -> Iterator[Listing]:
    """List what a request wants imported; entries can be read until the end of the `with`.

    Args:
        request: What was asked for.
        on_progress: Called with bytes done and in all while something is downloaded.

    Raises:
        DatasetError: The archive, folder or ready-made dataset cannot be had.
    """
    match request:
        case ArchiveImport():
            archive = open_archive(Path(request.file.path), name=request.file.name)
            try:
                check_room(archive.claimed_bytes)
                yield with_labels(archive.listing)
            finally:
                archive.close()
        case FolderImport():
            yield with_labels(list_folder(check_folder(request.path)))
        case UploadImport():
            yield _list_uploads(request)
        case DroppedFolderImport():
            yield with_labels(_list_dropped(request))
        case SourceImport():
            yield _list_source(request, on_progress=on_progress)


def origin_of(request: ImportRequest) -> Origin:
    """What the new dataset is called, and where it came from as a phrase."""
    match request:
        case ArchiveImport():
            stem = without_ending(request.file.name)
            return Origin(name=request.name or stem or "Archive", source=request.file.name)
        case FolderImport():
            path = safe_text(request.path)
            return Origin(
                name=request.name or safe_text(Path(request.path).name) or "Folder",
                source=f"the folder {path}",
            )
        case DroppedFolderImport():
            name = folder_name(request)
            return Origin(name=request.name or name, source=f"the folder {name}")
        case UploadImport():
            return Origin(name=request.name or request.class_name, source="uploaded pictures")
        case SourceImport():
            label = find_source(request.source).label
            return Origin(name=request.name or label, source=label)


def _list_uploads(request: UploadImport) -> Listing:
    class_name = safe_text(request.class_name) or "class"
    most = settings().max_picture_bytes
    meant = [file for file in request.files if not is_stray(Path(file.name).name)]
    entries = tuple(
        Entry(
            parts=(class_name, safe_text(file.name) or "?"),
            class_name=class_name,
            read=FileReader(Path(file.path), most=most),
        )
        for file in meant
    )
    passed_over = Counter(kind for file in request.files if (kind := is_stray(Path(file.name).name)))
    return Listing(entries=entries, passed_over=dict(passed_over))


def folder_name(request: DroppedFolderImport) -> str:
    """What a folder that was dropped is called. Text of the user's: escape it."""
    outermost = {name_parts(file.name)[:1] for file in request.files}
    return "/".join(outermost.pop()) if len(outermost) == 1 else "Folder"


def _list_dropped(request: DroppedFolderImport) -> Listing:
    most = settings().max_picture_bytes
    entries, refused, passed_over = [], [], Counter()
    for file in sorted(request.files, key=lambda file: file.name):
        parts = name_parts(file.name)
        if (reason := path_refusal(file.name)) or not parts:
            refused.append(("/".join(parts) or "?", reason or LEADS_OUT))
        elif kind := stray_kind(parts):
            passed_over[kind] += 1
        else:
            entries.append(
                Entry(parts=parts, read=FileReader(Path(file.path), most=most), num_bytes=file.num_bytes)
            )
    return Listing(entries=tuple(entries), refused=tuple(refused), passed_over=dict(passed_over))


def _list_source(request: SourceImport, *, on_progress: OnProgress) -> Listing:
    source = find_source(request.source)
    if source.needs_download:
        return list_download(request.source, source, on_progress=on_progress)
    if request.source == "shapes":
        return list_shapes(ShapesSettings.create(dict(request.settings)))
    return list_digits()
