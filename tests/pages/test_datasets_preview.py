"""Before an import the page says what it is going to do; nothing is imported until somebody wants it."""

import pytest

from cnnlab.data.import_records import ArchiveImport
from cnnlab.data.intake import list_imports, stage_upload
from cnnlab.data.library import list_datasets
from cnnlab.data.previews import prepare_preview
from cnnlab.settings import workspace
from tests.data.making import carry_preview, class_files, import_zip, write_zip

HOSTILE = "![x](http:∕∕host∕x)"


@pytest.fixture
def staged(tmp_path):
    """A function that stages an archive of these files."""

    def stage_(files, name="pets.zip"):
        with write_zip(tmp_path / "made.zip", files).open("rb") as file:
            return ArchiveImport(file=stage_upload(file, name=name))

    return stage_


def words(page):
    kinds = (page.markdown, page.caption, page.warning, page.info, page.error, page.metric, page.expander)
    return "\n".join(
        f"{getattr(element, 'label', '')} {getattr(element, 'value', '')}"
        for kind in kinds
        for element in kind
    ).replace("\\", "")


def test_classes_splits_room_and_what_is_left_out_are_said(open_page, at_once, staged):
    files = class_files({"cat": 4, "dog": 12}, prefix="zoo/train/") | class_files(
        {"dog": 3}, prefix="zoo/test/"
    )
    files |= {"zoo/read me.txt": b"x", "../out.png": b"x", "__MACOSX/a.png": b"x"}
    page = open_page("datasets", preview=carry_preview(staged(files)).id)
    assert not page.exception
    said = words(page)
    for sentence in (
        "One folder a class below train and test, inside the folder zoo.",
        "Pictures to try 19",
        "16 training, 3 test. Validation is taken from the rest.",
        ":gray-badge[cat · 4] :gray-badge[dog · 15]",
        "The smallest class has 4 files",
        "1 file in no class folder will be left out.",
        "1 entry that will not be tried",
        "__MACOSX × 1",
        ".txt × 1",
    ):
        assert sentence in said
    assert list_imports() == []


@pytest.mark.parametrize(
    ("folders", "value", "sentence"),
    [
        pytest.param({"": 3}, "made anew", "70\u00a0% training, 15\u00a0% validation, 15\u00a0% test", id="none"),
        pytest.param({"train/": 3}, "made anew", "70\u00a0% training", id="training alone"),
        pytest.param({"train/": 3, "val/": 2}, "as given", "Test is taken from the rest.", id="no test"),
        pytest.param({"train/": 3, "val/": 2, "test/": 1}, "as given", "6 training, 4 validation, 2 test.", id="all"),
        pytest.param({"valid/": 3, "test/": 3}, "made anew", "none is left to learn from", id="nothing to learn from"),
    ],
)  # fmt: skip
def test_the_split_that_will_be_made_is_said(open_page, staged, folders, value, sentence):
    files = {}
    for prefix, count in folders.items():
        files |= class_files({"cat": count, "dog": count}, prefix=prefix)
    page = open_page("datasets", preview=carry_preview(staged(files)).id)
    assert not page.exception
    assert f"Split {value}" in words(page)
    assert sentence in words(page)


def test_names_from_an_archive_are_text(open_page, at_once, staged):
    page = open_page(
        "datasets", preview=carry_preview(staged(class_files({HOSTILE: 2, "b": 2}), f"{HOSTILE}.zip")).id
    )
    assert not page.exception
    assert HOSTILE not in "\n".join(element.value for element in page.markdown)


def test_pictures_that_are_here_already_are_named_and_may_be_imported_all_the_same(
    open_page, at_once, staged, tmp_path
):
    files = class_files({"cat": 5, "dog": 5})
    old = import_zip(write_zip(tmp_path / "old.zip", files), name="pets").progress().dataset_id
    job = carry_preview(staged(files))
    page = open_page("datasets", preview=job.id)
    assert "These are the same pictures as 'pets', imported just now." in words(page)
    assert page.text_input(key=f"preview-{job.id}-name").value == "pets 2"
    page.button(key="import-previewed").click().run()
    assert not page.exception
    assert [dataset.name for dataset in list_datasets()] == ["pets 2", "pets"]
    page = open_page("datasets", preview=carry_preview(staged(files)).id)
    page.button(key=f"twin-{old}").click().run()
    assert page.title[0].value == "pets"


def test_a_hostile_archive_gets_its_sentence_and_cannot_be_imported(open_page, at_once, staged, monkeypatch):
    monkeypatch.setenv("CNNLAB_MAX_ARCHIVE_FILES", "3")
    page = open_page("datasets", preview=carry_preview(staged(class_files({"cat": 4}))).id)
    assert "CNNLAB_MAX_ARCHIVE_FILES" in page.error[0].value.replace("\\", "")
    assert "import-previewed" not in {button.key for button in page.button}
    page.button(key="preview-drop").click().run()
    assert not page.exception
    assert "preview" not in page.query_params
    assert not list((workspace().imports / "staged").iterdir())


def test_nobody_has_to_wait_for_the_look(open_page, at_once, staged):
    page = open_page("datasets", preview=prepare_preview(staged(class_files({"cat": 3, "dog": 3}))).id)
    assert "You need not wait" in words(page)
    page.button(key="import-previewed").click().run()
    assert not page.exception
    assert [dataset.num_pictures for dataset in list_datasets()] == [6]


def test_a_look_that_is_gone_is_a_sentence(open_page):
    page = open_page("datasets", preview="20260101-000000-abcdef")
    assert not page.exception
    assert "Bring the pictures again" in words(page)


def test_what_was_brought_and_not_decided_on_is_found_again(open_page, staged):
    job, other = (carry_preview(staged(class_files({"cat": 2, "dog": 2}), f"{name}.zip")) for name in "ab")
    page = open_page("datasets")
    assert "Brought, not imported yet (2)" in words(page)
    page.button(key=f"remove-{other.id}").click().run()
    assert not other.folder.exists()
    page.button(key=f"go-on-{job.id}").click().run()
    assert not page.exception
    assert "Before importing a.zip" in words(page)
