"""Folders say class and split."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlab.data.layouts import SPLIT_FOLDERS, is_stray, read_layout

NAME = st.text("abcdefgh", min_size=1, max_size=6).filter(lambda name: name not in SPLIT_FOLDERS)


@pytest.mark.parametrize(
    ("paths", "places"),
    [
        pytest.param(["cat/1.jpg", "dog/1.jpg"], ["cat", "dog"], id="class folders"),
        pytest.param(["pets/cat/1.jpg", "pets/dog/1.jpg"], ["cat", "dog"], id="one wrapping folder"),
        pytest.param(["a/b/cat/1.jpg", "a/b/dog/1.jpg"], ["cat", "dog"], id="two wrapping folders"),
        pytest.param(
            ["train/cat/1.jpg", "test/cat/2.jpg"], ["training cat", "test cat"], id="train and test"
        ),
        pytest.param(
            ["pets/train/cat/1.jpg", "pets/valid/cat/2.jpg"], ["training cat", "validation cat"], id="both"
        ),
        pytest.param(
            ["TRAIN/cat/1.jpg", "Validation/cat/2.jpg", "VAL/dog/1.jpg", "Testing/dog/3.jpg"],
            ["training cat", "validation cat", "validation dog", "test dog"],
            id="any spelling of the splits",
        ),
        pytest.param(
            ["train/cat/1.jpg", "train/dog/1.jpg"], ["training cat", "training dog"], id="train alone"
        ),
        pytest.param(["test/cat/1.jpg", "test/dog/1.jpg"], ["test cat", "test dog"], id="test alone"),
        pytest.param(["cat/1.jpg", "cat/2.jpg"], ["cat", "cat"], id="one class is no wrapping folder"),
        pytest.param(["cat/front/1.jpg", "dog/1.jpg"], ["cat", "dog"], id="folders below a class"),
        pytest.param(
            ["cat/1.jpg", "dog/1.jpg", "test/1.jpg"], ["cat", "dog", "test"], id="a class called test"
        ),
        pytest.param(["train/1.jpg", "station/1.jpg"], ["train", "station"], id="a class called train"),
        pytest.param(
            ["train/cat/1.jpg", "test/2.jpg"], ["training cat", "test -"], id="a test folder without classes"
        ),
        pytest.param(
            ["train/cat/1.jpg", "extra/cat/2.jpg"], ["training cat", "-"], id="a folder beside the splits"
        ),
        pytest.param(["1.jpg", "2.jpg"], ["-", "-"], id="no folders"),
        pytest.param(
            ["pets/readme.txt", "pets/cat/1.jpg", "pets/dog/1.jpg"], ["-", "cat", "dog"], id="a file beside"
        ),
        pytest.param(
            ["readme.txt", "pets/cat/1.jpg", "pets/dog/1.jpg"], ["-", "cat", "dog"], id="a file above"
        ),
        pytest.param([], [], id="nothing"),
    ],
)
def test_folders_say_class_and_split(paths, places):
    found = read_layout([path.split("/") for path in paths])
    assert [f"{place.split} {place.class_name or '-'}".strip() for place in found] == places


@given(
    st.lists(NAME, min_size=2, max_size=5, unique=True),
    st.lists(NAME, max_size=3),
    st.sampled_from([[""], ["train"], ["train", "test"], ["Training", "valid", "TEST"]]),
)
def test_wrapping_folders_never_change_what_is_read(classes, wrappers, splits):
    inner = [[*filter(None, [split]), name, "1.jpg"] for split in splits for name in classes]
    assert read_layout([[*wrappers, *path] for path in inner]) == read_layout(inner)
    assert {place.class_name for place in read_layout(inner)} == set(classes)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        pytest.param("__MACOSX", "__MACOSX", id="macOS folder"),
        pytest.param(".DS_Store", ".DS_Store", id="Finder"),
        pytest.param("THUMBS.DB", "Thumbs.db", id="Windows, in capitals"),
        pytest.param(".ipynb_checkpoints", ".ipynb_checkpoints", id="notebooks"),
        pytest.param("._1.jpg", "._* (macOS)", id="macOS resource fork"),
        pytest.param(".git", "hidden files", id="hidden"),
        pytest.param("more.ZIP", "packed files", id="an archive inside"),
        pytest.param("1.JPG", "", id="a picture"),
        pytest.param("notes.txt", "", id="content decides, not the ending"),
    ],
)
def test_stray_files_are_known_by_name(name, kind):
    assert is_stray(name) == kind


@pytest.mark.parametrize(
    ("paths", "places"),
    [
        pytest.param(
            ["cat_001.jpg", "cat_002.jpg", "dog-1.png", "dog (2).png"],
            [("cat", ""), ("cat", ""), ("dog", ""), ("dog", "")],
            id="class and number, written in four ways",
        ),
        pytest.param(
            ["pets/big cat 1.jpg", "pets/big cat 2.jpg", "pets/dog1.jpg", "pets/dog2.jpg"],
            [("big cat", ""), ("big cat", ""), ("dog", ""), ("dog", "")],
            id="in one folder, a class of two words",
        ),
        pytest.param(
            ["train/cat_1.jpg", "train/cat_2.jpg", "train/dog_1.jpg", "test/cat_3.jpg", "test/dog_2.jpg"],
            [("cat", "training"), ("cat", "training"), ("dog", "training"), ("cat", "test"), ("dog", "test")],
            id="below train and test",
        ),
        pytest.param(
            ["IMG_001.jpg", "IMG_002.jpg", "DSC_1.jpg", "DSC_2.jpg"], [(None, "")] * 4, id="cameras"
        ),
        pytest.param(["1.jpg", "2.jpg", "a.jpg"], [(None, "")] * 3, id="numbers and words"),
        pytest.param(["cat_1.jpg", "dog_1.jpg"], [(None, "")] * 2, id="one of each may mean anything"),
        pytest.param(
            ["pets/cat_1.jpg", "pets/cat_2.jpg"], [("pets", "")] * 2, id="one class only: the folder says it"
        ),
        pytest.param(
            ["a/cat_1.jpg", "a/cat_2.jpg", "b/dog_1.jpg", "b/dog_2.jpg"],
            [("a", ""), ("a", ""), ("b", ""), ("b", "")],
            id="class folders come first",
        ),
    ],
)
def test_names_of_flat_files_say_the_class_where_no_folder_does(paths, places):
    found = read_layout([path.split("/") for path in paths])
    assert [(place.class_name, place.split) for place in found] == places
