"""The card of a dataset and its versions: what is in it, who learned from it, the ZIP, the copy, the way back."""

import zipfile

import pytest
from starlette.requests import Request

from cnnlab.charts import figures
from cnnlab.data.corrections import correct_labels
from cnnlab.data.library import find_dataset, freeze
from cnnlab.settings import workspace
from cnnlab.ui import dataset_download
from tests.awaiting import finish
from tests.data.making import class_files, encode, make_dataset, plain
from tests.pages.making import past_run
from tests.runs.making import run_spec

HOSTILE = "<b>dog</b>"


@pytest.fixture
def pets(tmp_path):
    return freeze(make_dataset(tmp_path, class_files({HOSTILE: 8, "cat": 8}), name="Pets"))


def words(page):
    kinds = (page.markdown, page.caption, page.warning, page.info, page.error)
    return "\n".join(element.value for kind in kinds for element in kind).replace("\\", "")


def test_the_smallest_and_the_largest_picture_are_those_by_area(open_page, tmp_path):
    sizes = [(1, 300), (40, 1), (1, 1), (30, 30)]
    files = {f"{name}/{w}x{h}.png": encode(plain(size=(w, h))) for name in ("cat", "dog") for w, h in sizes}
    made = make_dataset(tmp_path, files, name="Strips")
    assert "Smallest 1 × 1, median 16 × 16, largest 30 × 30 pixels" in words(
        open_page("datasets", dataset=made.id)
    )


def test_the_overview_says_how_large_the_pictures_are_and_who_learned_from_them(open_page, pets):
    run = past_run(1, spec=run_spec("First", dataset=pets.reference(), class_names=pets.class_names))
    page = open_page("datasets", dataset=pets.id)
    assert not page.exception
    assert "Smallest 12 × 10, median 12 × 10, largest 12 × 10 pixels. PNG: 16." in words(page)
    assert "**First** · version 1" in words(page)
    assert not any("<b>" in element.value for element in (*page.markdown, *page.caption))
    page.button(key=f"about-open-{run.id}").click().run()
    assert not page.exception


def test_a_dataset_that_nobody_learned_from_says_so(open_page, pets):
    assert "None yet." in words(open_page("datasets", dataset=pets.id))


def test_every_version_says_what_made_it_and_an_older_one_comes_back(open_page, pets):
    correct_labels(pets, labels={0: 1}, left_out=[5], because="looked at by hand")
    page = open_page("datasets", dataset=pets.id, view="versions")
    assert not page.exception
    assert "**Version 2** · the newest" in words(page)
    assert "looked at by hand" in words(page)
    page.button(key="version-back-1").click().run()
    assert not page.exception
    newest = find_dataset(pets.id)
    assert newest.version == 3
    assert newest.table()["label"].equals(pets.table()["label"])
    assert "Taken back to version 1." in words(page)
    page.button(key="version-back-1").click().run()
    assert "is equal to version 1 already" in words(page)


def test_copying_is_a_dialog(open_page, pets):
    page = open_page("datasets", dataset=pets.id)
    page.button(key="copy").click().run()
    assert page.text_input(key="copy-name").value == "Pets, copy"


def ask_for(dataset_id, version):
    path = {"dataset": dataset_id, "version": version}
    return dataset_download.download(Request({"type": "http", "path_params": path}))


def test_a_version_is_sent_as_a_zip_and_then_nothing_of_it_is_left(pets):
    answer = ask_for(pets.id, 1)
    assert answer.headers["content-disposition"] == 'attachment; filename="pets-v1.zip"'
    with zipfile.ZipFile(answer.path) as packed:
        assert packed.testzip() is None
        assert len(packed.namelist()) == 17
    finish(answer.background())
    assert list(workspace().cache.iterdir()) == []


@pytest.mark.parametrize(("dataset_id", "version"), [("pets-000000", 1), ("..", 1), (None, 7)])
def test_what_is_not_there_is_said_in_a_sentence(pets, dataset_id, version):
    answer = ask_for(dataset_id or pets.id, version)
    assert answer.status_code == 404
    assert answer.body.endswith(b".")


def test_the_sizes_are_counted_once(pets):
    table = pets.table()
    figure = figures.picture_sizes(table[["width", "height"]].min(axis=1).to_numpy())
    assert sum(figure.data[0].y) == 16
