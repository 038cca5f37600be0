"""A CSV beside pictures says their classes, splits and groups; what it says of no file is told."""

import pytest

from cnnlab.data.entries import Entry, EntryRefused, Listing
from cnnlab.data.label_tables import Row, read_table, with_labels


def listing(**files):
    """Files by name; `table` is the text of labels.csv, or bytes."""
    table = files.pop("table", None)
    names = files.pop("names", ["images/1.jpg", "images/2.PNG", "images/3.jpg"])
    entries = [Entry(parts=tuple(name.split("/")), read=bytes) for name in names]
    if table is not None:
        data = table if isinstance(table, bytes) else table.encode()
        entries.append(Entry(parts=tuple(files.pop("where", "labels.csv").split("/")), read=lambda: data))
    return Listing(entries=tuple(entries), refused=(), passed_over={})


def said(listing_):
    return {
        entry.name: (entry.class_name, entry.split, entry.group)
        for entry in with_labels(listing_).entries
        if entry.class_name
    }


@pytest.mark.parametrize(
    "table",
    [
        pytest.param("file,label\nimages/1.jpg,cat\nimages/2.PNG,dog\n", id="comma"),
        pytest.param("file;label\r\nimages/1.jpg;cat\r\nimages/2.PNG;dog\r\n", id="semicolon, Windows lines"),
        pytest.param("label\tfile\ncat\timages/1.jpg\ndog\timages/2.PNG\n", id="tab, other order"),
        pytest.param("\ufefffilename,class\nimages/1.jpg,cat\nimages/2.PNG,dog\n", id="byte order mark"),
        pytest.param('"Image Path","Category"\n"images/1.jpg","cat"\n"images/2.PNG","dog"\n', id="quotes"),
        pytest.param("path,label\nimages\\1.jpg,cat\n.\\images\\2.png,dog\n", id="Windows paths, other case"),
        pytest.param("id,breed\n1,cat\n2,dog\n", id="names without folder and ending"),
        pytest.param("file,label\n1.jpg,cat\n2.PNG,dog\n", id="names without folder"),
        pytest.param("file,x,label\n1.jpg,9,cat\n\n2.PNG,9,dog\n", id="other columns, empty lines"),
        pytest.param("file,label\n1.jpg,cat\n2.PNG,dog\n".encode("utf-16"), id="UTF-16"),
    ],
)
def test_a_table_says_the_classes(table):
    assert said(listing(table=table)) == {"images/1.jpg": ("cat", "", ""), "images/2.PNG": ("dog", "", "")}


def test_split_and_group_are_read_and_the_table_is_no_picture():
    table = "file,label,subset,patient\n1.jpg,cat,Train,ann\n2.PNG,dog,valid,bob\n3.jpg,dog,?,bob\n"
    found = with_labels(listing(table=table))
    assert [(entry.split, entry.group) for entry in found.entries] == [
        ("training", "ann"),
        ("validation", "bob"),
        ("", "bob"),
    ]
    assert not found.refused


def test_a_table_deep_inside_means_files_beside_it_first():
    names = ["a/1.jpg", "b/1.jpg"]
    found = said(listing(names=names, table="file,label\n1.jpg,cat\n", where="b/labels.csv"))
    assert found == {}, "1.jpg alone could be either"
    found = said(listing(names=names, table="file,label\nb/1.jpg,cat\n", where="labels.csv"))
    assert found == {"b/1.jpg": ("cat", "", "")}


def test_rows_without_a_file_or_label_are_told():
    found = with_labels(listing(table="file,label\n1.jpg,\ngone.jpg,cat\n2.PNG,dog\n"))
    sentences = " ".join(reason for _, reason in found.refused)
    assert "In 1 row of 3 the file is not there" in sentences
    assert "'gone.jpg'" in sentences
    assert "In 1 row of 3 there is no label" in sentences


def test_two_labels_for_one_file_are_told_and_the_last_counts():
    given = listing(table="file,label\n1.jpg,cat\n2.PNG,dog\n2.PNG,dog\nimages/1.jpg,eel\n")
    assert said(given)["images/1.jpg"][0] == "eel"
    (reason,) = [reason for _, reason in with_labels(given).refused]
    assert "In 1 row of 4 the label differs from what a later row says of the same file: '1.jpg'." in reason


@pytest.mark.parametrize(
    "table",
    [
        pytest.param("width,height\n1,2\n", id="other columns"),
        pytest.param("", id="empty"),
        pytest.param(bytes(range(256)) * 4, id="no text"),
        pytest.param("file,label\n", id="heading only"),
        pytest.param("file,label\n" + '"' + "x" * 200_000 + "\n", id="a cell without end"),
    ],
)
def test_what_is_no_table_of_labels_changes_nothing(table):
    before = listing(table=table)
    assert with_labels(before) == before


def test_labels_are_text_and_never_paths_or_markup():
    rows = read_table(b"file,label\n1.jpg,../../etc/<b>x</b>\n")
    assert rows == [Row(file="1.jpg", label="../../etc/<b>x</b>")]
    assert said(listing(table="file,label\n../../images/1.jpg,cat\n")) == {"images/1.jpg": ("cat", "", "")}


def test_a_table_that_cannot_be_read_is_a_row():
    def fail():
        raise EntryRefused("It is damaged.")

    files = (Entry(parts=("cat", "1.jpg"), read=bytes), Entry(parts=("labels.csv",), read=fail))
    found = with_labels(Listing(entries=files, refused=(), passed_over={}))
    assert found.refused == (("labels.csv", "It is damaged."),)


def test_files_without_a_table_stay_as_they_are():
    assert with_labels(listing()) == listing()


def test_a_class_name_is_as_long_as_that_of_a_folder_may_be():
    names = ["x" * 199 + end for end in "ab"]
    found = said(listing(table=f"file,label\n1.jpg,{names[0]}\n2.PNG,{names[1]}\n"))
    assert {name for name, _, _ in found.values()} == set(names)
