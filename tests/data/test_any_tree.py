"""Any tree of folders, under any names: classes, splits and counts come out as they were meant, and every file is told of."""

import io
import tarfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cnnlab.data.archive_kinds import open_archive
from cnnlab.data.archives import leaves, name_parts
from cnnlab.data.entries import Entry, Listing
from cnnlab.data.folders import list_folder
from cnnlab.data.layouts import SPLIT_FOLDERS, read_layout, stray_kind
from cnnlab.data.library import find_dataset
from cnnlab.data.text import LONGEST_TEXT, safe_text
from tests.data.making import import_zip, speckled, write_zip

ANY_FOLDER = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
STRAY = (".DS_Store", "Thumbs.db", "__MACOSX", ".ipynb_checkpoints", "._1.png", "more.zip", ".git")
SPELT = {
    "training": ("train", "Training", "TRAIN"),
    "validation": ("val", "valid", "Validation", "dev"),
    "test": ("test", "Testing", "TEST"),
}
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=30)
NASTY = st.sampled_from(
    [
        "..",
        "/",
        "\\",
        "C:",
        "\u202e",
        "\n",
        "%2e",
        "<b>",
        "![x](//h)",
        "=1+1",
        "e\u0301",
        " ",
        ".",
        "cat/",
        "a.csv",
    ]
)


def is_plain(name: str) -> bool:
    """Whether a name means nothing but itself."""
    return (
        safe_text(name) == name
        and len(name.encode()) < 200
        and not {"/", "\\"} & set(name)
        and name not in (".", "..")
        and not leaves(name)
        and not stray_kind([name])
        and name.casefold() not in SPLIT_FOLDERS
    )


PLAIN_NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12).filter(
    is_plain
)


@dataclass(frozen=True)
class Tree:
    """Files as somebody laid them out, and what is meant by it."""

    files: dict[str, tuple[str, str]]
    """Path, and the class and split of it."""
    stray: list[str]


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """Class folders, perhaps below splits, perhaps inside wrapping folders, perhaps with folders in them, and strays."""
    classes = draw(st.lists(PLAIN_NAMES, min_size=2, max_size=4, unique_by=str.casefold))
    outside = draw(st.lists(PLAIN_NAMES, max_size=2))
    splits = draw(
        st.sampled_from([[""], ["training"], ["training", "test"], ["training", "validation", "test"]])
    )
    spelt = {split: [draw(st.sampled_from(SPELT[split]))] if split else [] for split in splits}
    files = {}
    for split in splits:
        for class_name in classes:
            deeper = draw(st.lists(PLAIN_NAMES, max_size=1))
            for number in range(draw(st.integers(1, 2))):
                path = [*outside, *spelt[split], class_name, *deeper, f"{number}.png"]
                files["/".join(path)] = (class_name, split)
    places = [path.rpartition("/")[0] for path in files]
    stray = draw(
        st.lists(st.tuples(st.sampled_from(places), st.sampled_from(STRAY)), max_size=3, unique=True)
    )
    return Tree(files, [f"{place}/{name}/x.png" for place, name in stray])


def as_zip(tree: Tree, place: Path) -> Listing:
    return listed(write_zip(place / "tree.zip", dict.fromkeys([*tree.files, *tree.stray], b"x")))


def as_tar(tree: Tree, place: Path) -> Listing:
    with tarfile.open(place / "tree.tar", "w") as archive:
        for name in [*tree.files, *tree.stray]:
            info = tarfile.TarInfo(name)
            info.size = 1
            archive.addfile(info, io.BytesIO(b"x"))
    return listed(place / "tree.tar")


def as_folder(tree: Tree, place: Path) -> Listing:
    for name in [*tree.files, *tree.stray]:
        path = place / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return list_folder(place / "tree")


def listed(path: Path) -> Listing:
    archive = open_archive(path, name=path.name)
    archive.close()
    return archive.listing


def meant(entries: tuple[Entry, ...]) -> Counter[tuple[str, str]]:
    """How many files there are of each class and split."""
    places = read_layout([entry.parts for entry in entries])
    return Counter((place.class_name, place.split) for place in places)


@given(tree=trees())
@settings(max_examples=40, parent=ANY_FOLDER)
def test_any_tree_gives_the_classes_and_splits_that_were_meant_however_it_comes(tmp_path_factory, tree):
    place = tmp_path_factory.mktemp("tree")
    for make in (as_zip, as_tar, as_folder):
        listing = make(tree, place)
        assert {entry.name for entry in listing.entries} == set(tree.files)
        assert not listing.refused
        assert meant(listing.entries) == Counter(tree.files.values())
        assert bool(listing.passed_over) == bool(tree.stray)
        if make is not as_folder:
            # Of a folder on the disk, a stray folder is passed over as one, unopened.
            assert sum(listing.passed_over.values()) == len(tree.stray)


@given(
    names=st.lists(st.lists(ANY_TEXT | NASTY, min_size=1, max_size=5).map("".join), unique=True, max_size=8)
)
@settings(max_examples=25, parent=ANY_FOLDER)
def test_whatever_files_are_called_an_import_tells_of_each_as_text_and_writes_none_outside(
    tmp_path, home, names
):
    files = {name: speckled(seed) for seed, name in enumerate(names)}
    path = write_zip(tmp_path / "any.zip", files)
    job = import_zip(path)
    report = job.report()
    counted = report.num_taken + report.num_refused + sum(report.passed_over.values())
    assert counted == sum(not name.endswith("/") for name in files)
    told = [row.name for row in report.refused]
    if report.dataset_id:
        table = find_dataset(report.dataset_id).table()
        told += table["name"].tolist()
        assert set(table["class_name"]) == set(report.taken)
    known = {"/".join(name_parts(name)) or "?" for name in files}
    assert set(told) <= known
    assert {file for file in tmp_path.rglob("*") if not file.is_relative_to(home)} == {path}
    assert {file.name for file in home.iterdir()} <= {"datasets", "imports", "cache", "runs"}


@given(st.text())
@ANY_FOLDER
def test_any_text_becomes_text_that_can_be_kept_and_stays_as_it_then_is(raw):
    text = safe_text(raw)
    assert len(text.encode("utf-8").decode("utf-8")) <= LONGEST_TEXT
    assert safe_text(text) == text
    assert not any(sign in text for sign in "\n\r\t\0\u202e\u2028")


@given(st.text(st.characters(exclude_categories=["Cs"])))
@ANY_FOLDER
def test_a_path_never_has_parts_that_lead_anywhere(raw):
    parts = name_parts(raw)
    assert "." not in parts
    assert not any({"/", "\\"} & set(part) for part in parts)
    assert leaves(raw) or ".." not in parts
