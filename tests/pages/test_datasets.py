"""The Datasets page: bring pictures, read what came of it, look at them, split them, rename, delete."""

import pytest

from cnnlab.data.import_records import SourceImport
from cnnlab.data.intake import list_imports, prepare_import
from cnnlab.data.library import change_split, find_dataset, freeze, list_datasets
from cnnlab.data.sources import SOURCES
from cnnlab.data.splits import SplitSpec
from cnnlab.runs import queue
from cnnlab.settings import workspace
from cnnlab.ui import datasets_add, datasets_gallery
from tests.data.making import carry_import, class_files, import_zip, make_dataset, speckled, write_zip
from tests.pages.making import past_run
from tests.runs.making import run_spec

HOSTILE = "![x](http://host/x)"


@pytest.fixture
def never_taken_up(monkeypatch):
    """Imports stay at their beginning: no process is started."""
    monkeypatch.setattr(datasets_add, "start_import", prepare_import)


def _words(page):
    kinds = (
        page.markdown,
        page.caption,
        page.warning,
        page.info,
        page.error,
        page.metric,
        page.expander,
        page.code,
    )
    return "\n".join(getattr(element, "label", None) or element.value for kind in kinds for element in kind)


def _zip_bytes(folder, files):
    return write_zip(folder / "made.zip", files).read_bytes()


def test_an_empty_workspace_says_what_to_do_first(open_page):
    page = open_page("datasets")
    assert not page.exception
    assert "No dataset yet" in _words(page)
    assert {page.button(key=f"add-{name}").label for name in SOURCES} == {
        f"Add {source.label}" for source in SOURCES.values()
    }


def test_a_ready_made_set_is_added_with_its_settings(open_page, at_once):
    page = open_page("datasets")
    page.number_input(key="source-shapes-num_pictures").set_value(80)
    page.button(key="add-shapes").click().run()
    assert not page.exception
    (dataset,) = list_datasets()
    assert dataset.num_pictures == 80
    assert page.title[0].value == "Shapes"
    assert "80 pictures of 8 classes taken" in _words(page)


def test_a_zip_is_imported_and_every_refused_file_is_named(open_page, at_once, tmp_path):
    files = class_files({"cat": 6, HOSTILE.replace("/", "∕"): 6}) | {
        "cat/broken.png": b"no picture at all",
        "cat/=1+1.png": b"nor this one",
        "__MACOSX/cat/._a.png": b"junk",
    }
    page = open_page("datasets")
    page.file_uploader(key="upload-zip-0").upload("pets.zip", _zip_bytes(tmp_path, files)).run()
    page.button(key="import-previewed").click().run()
    assert not page.exception
    assert "12 pictures of 2 classes taken" in _words(page)
    assert "2 files refused" in _words(page)
    refused = next(frame.value for frame in page.dataframe if "File" in frame.value)
    assert set(refused["File"]) == {"cat/broken.png", "cat/=1+1.png"}
    assert all(reason for reason in refused["Why it was not taken"])
    assert "Passed over" in _words(page)
    assert HOSTILE not in _words(page)


def test_the_report_is_found_again_by_its_address(open_page, tmp_path):
    job = import_zip(write_zip(tmp_path / "pets.zip", class_files({"cat": 5, "dog": 5})), name="Pets")
    page = open_page("datasets", **{"import": job.id})
    assert page.title[0].value == "Pets"
    assert "10 pictures of 2 classes taken" in _words(page)
    page.button(key="import-close").click().run()
    assert "taken" not in _words(page)
    assert page.title[0].value == "Pets"


def test_an_import_that_failed_says_why_and_the_page_goes_on(open_page, tmp_path):
    job = import_zip(write_zip(tmp_path / "empty.zip", {"readme.txt": b"nothing"}))
    page = open_page("datasets", **{"import": job.id})
    assert not page.exception
    assert job.progress().message.split()[0] in page.error[0].value
    assert "Add a dataset" in [element.value for element in page.subheader]


def test_an_import_under_way_is_shown_on_every_visit_and_can_be_cancelled(open_page, never_taken_up):
    page = open_page("datasets")
    page.button(key="add-digits").click().run()
    (job,) = list_imports()
    assert page.query_params["import"] == job.id
    page = open_page("datasets")
    assert "Importing Digits" in _words(page)
    page.button(key=f"cancel-{job.id}").click().run()
    assert (job.folder / "cancel").exists()


def test_pictures_become_a_class_of_a_new_dataset(open_page, at_once):
    page = open_page("datasets")
    uploader = page.file_uploader(key="upload-pictures-0")
    for number in range(3):
        uploader.upload(f"{number}.png", speckled(number))
    assert "Say of which class they are" in _words(page.run())
    page.text_input(key="pictures-class").set_value("daisy")
    page.run()
    assert "3 files" in _words(page)
    assert "become pictures of the class “daisy” in a new dataset called “daisy”" in _words(page)
    page.button(key="import-pictures").click().run()
    assert not page.exception
    (dataset,) = list_datasets()
    assert (dataset.class_names, dataset.num_pictures) == (("daisy",), 3)
    assert "needs two to tell apart" in _words(page)
    assert "to-train" not in {button.key for button in page.button}


def test_pictures_are_added_to_a_class_of_a_dataset(open_page, at_once, dataset):
    page = open_page("datasets")
    page.selectbox(key="pictures-target").set_value(dataset.id).run()
    page.selectbox(key=f"pictures-class-{dataset.id}").set_value("dog")
    page.file_uploader(key="upload-pictures-0").upload("new.png", speckled(99)).run()
    assert "which it has already, in its version 2" in _words(page)
    page.button(key="import-pictures").click().run()
    assert not page.exception
    counts = find_dataset(dataset.id).counts().set_index("class_name").sum(axis=1)
    assert counts["dog"] == 21


def test_nothing_can_be_added_before_pictures_and_a_class_are_given(open_page):
    page = open_page("datasets")
    assert page.button(key="import-pictures").disabled
    assert page.button(key="look-folder").disabled


def test_a_folder_outside_of_what_is_allowed_is_a_sentence(open_page, never_taken_up, tmp_path, monkeypatch):
    monkeypatch.setenv("CNNLAB_IMPORT_ROOTS", str(tmp_path / "allowed"))
    page = open_page("datasets")
    page.text_input(key="folder-path").set_value("/etc").run()
    page.button(key="look-folder").click().run()
    assert not page.exception
    assert "which is all that may be imported here" in page.error[0].value.replace("\\", "")


def test_a_folder_on_the_server_is_imported(open_page, at_once, tmp_path, monkeypatch):
    monkeypatch.setenv("CNNLAB_IMPORT_ROOTS", str(tmp_path / "allowed"))
    for name, data in class_files({"cat": 4, "dog": 4}).items():
        path = tmp_path / "allowed" / "pets" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    page = open_page("datasets")
    page.text_input(key="folder-path").set_value(str(tmp_path / "allowed" / "pets")).run()
    page.button(key="look-folder").click().run()
    assert "One folder a class" in _words(page)
    page.button(key="import-previewed").click().run()
    assert not page.exception
    assert [dataset.num_pictures for dataset in list_datasets()] == [8]


def test_every_dataset_is_a_card_that_leads_to_it(open_page, dataset):
    page = open_page("datasets")
    assert not page.exception
    assert "40 pictures" in _words(page)
    assert HOSTILE not in _words(page)
    page.button(key=f"open-{dataset.id}").click().run()
    assert page.query_params["dataset"] == dataset.id
    assert {metric.label: metric.value for metric in page.metric} == {
        "Pictures": "40",
        "Classes": "2",
        "Training": "28",
        "Validation": "6",
        "Test": "6",
    }


def test_a_damaged_dataset_is_named_and_can_be_deleted(open_page, dataset):
    (workspace().datasets / dataset.id / "manifest.json").write_text("{")
    page = open_page("datasets")
    assert not page.exception
    assert "cannot be read" in page.error[0].value
    page.button(key=f"delete-damaged-{dataset.id}").click().run()
    assert not (workspace().datasets / dataset.id).exists()
    assert not page.error


@pytest.mark.parametrize("id", ["../../etc", "no-such-set", HOSTILE])
def test_an_unknown_dataset_in_the_address_is_a_sentence(open_page, id):
    page = open_page("datasets", dataset=id)
    assert not page.exception
    assert "There is no dataset" in page.warning[0].value
    assert HOSTILE not in page.warning[0].value


def test_the_gallery_shows_every_class_first_and_filters(open_page, dataset, monkeypatch):
    shown = []
    monkeypatch.setattr(datasets_gallery, "gallery", lambda tiles, **_: shown.append(tiles))
    page = open_page("datasets", dataset=dataset.id, view="pictures")
    assert [tile.caption for tile in shown[-1][:4]] == ["cat", "dog", "cat", "dog"]
    assert len(shown[-1]) == datasets_gallery.PICTURES_A_PAGE
    assert all(tile.jpeg.startswith(b"\xff\xd8") for tile in shown[-1])
    key = f"gallery-{dataset.id}"
    page.button(key=f"{key}-page-on").click().run()
    assert len(shown[-1]) == 40 - datasets_gallery.PICTURES_A_PAGE
    page.selectbox(key=f"{key}-class").set_value(1).run()
    assert {tile.caption for tile in shown[-1]} == {"dog"}
    page.segmented_control(key=f"{key}-split").set_value("test").run()
    assert [(tile.caption, tile.note) for tile in shown[-1]] == [("dog", "test")] * 3


def test_an_opened_picture_is_shown_large_with_its_facts(open_page, dataset):
    page = open_page("datasets", dataset=dataset.id, view="pictures")
    page.session_state[datasets_gallery.OPENED] = int(datasets_gallery.table_of(dataset)["picture"].iloc[0])
    page.run()
    assert not page.exception
    assert "12 × 10 pixels" in _words(page)


def test_a_split_is_changed_in_place_until_a_run_has_seen_it(open_page, dataset):
    page = open_page("datasets", dataset=dataset.id, view="split")
    form = f"split-{dataset.id}-{dataset.version}-{dataset.changed_at}"
    assert page.button(key="split").disabled
    page.number_input(key=f"{form}-test_share").set_value(0.3).run()
    page.button(key="split").click().run()
    assert not page.exception
    changed = find_dataset(dataset.id)
    assert (changed.version, changed.num_test) == (1, 12)


def test_changing_a_split_that_runs_have_used_makes_a_new_version_and_says_so(open_page, dataset):
    freeze(dataset)
    page = open_page("datasets", dataset=dataset.id, view="split")
    assert "changing it makes version 2" in _words(page)
    form = f"split-{dataset.id}-1-{dataset.changed_at}"
    page.number_input(key=f"{form}-test_share").set_value(0.3).run()
    page.button(key="split").click().run()
    assert find_dataset(dataset.id).version == 2
    assert find_dataset(dataset.id, version=1).num_test == 6


def test_shares_that_leave_nothing_to_learn_from_are_explained(open_page, dataset):
    page = open_page("datasets", dataset=dataset.id, view="split")
    form = f"split-{dataset.id}-{dataset.version}-{dataset.changed_at}"
    page.number_input(key=f"{form}-test_share").set_value(0.8).run()
    assert not page.exception
    assert page.button(key="split").disabled
    assert "15 % each is a good start" in _words(page).replace("\\", "")


def test_warnings_say_what_makes_results_uncertain(open_page, tmp_path):
    made = make_dataset(tmp_path, class_files({"cat": 20, "dog": 4}), name="Few dogs")
    page = open_page("datasets", dataset=change_split(made, spec=SplitSpec(test_share=0)).id)
    assert any("dog" in warning.value for warning in page.warning)
    assert any("no test split" in warning.value for warning in page.warning)


def test_deleting_asks_first_and_says_what_depends_on_it(open_page, dataset):
    run = past_run(spec=run_spec(dataset=dataset.reference(), class_names=dataset.class_names))
    page = open_page("datasets", dataset=dataset.id)
    page.button(key="delete").click().run()
    assert find_dataset(dataset.id)
    assert "1 run (A run) is done with it" in _words(page).replace("\\", "")
    assert "cannot be undone" in _words(page)
    assert page.button(key="delete-really").label == "Delete it"
    assert run.spec().dataset.id == dataset.id


def test_a_dataset_that_a_run_is_at_work_on_cannot_be_deleted(open_page, dataset, launched):
    queue.submit(run_spec("Busy", dataset=dataset.reference(), class_names=dataset.class_names))
    page = open_page("datasets", dataset=dataset.id)
    page.button(key="delete").click().run()
    assert "1 run (Busy) is at work on it" in page.error[0].value.replace("\\", "")
    assert "delete-really" not in {button.key for button in page.button}


def test_renaming_is_a_dialog(open_page, dataset):
    page = open_page("datasets", dataset=dataset.id)
    page.button(key="rename").click().run()
    assert page.text_input(key="rename-name").value == dataset.name


@pytest.mark.parametrize(
    ("key", "title"),
    [
        pytest.param("to-train", "Train", id="train on it"),
        pytest.param("to-build", "Build a network", id="build a network"),
        pytest.param("to-backbones", "Backbones", id="pick a backbone"),
    ],
)
def test_the_next_page_gets_the_dataset(open_page, dataset, key, title):
    page = open_page("datasets", dataset=dataset.id)
    page.button(key=key).click().run()
    assert not page.exception
    assert page.title[0].value == title
    assert page.query_params["dataset"] == dataset.id


def test_past_imports_lead_to_their_reports(open_page, tmp_path):
    job = carry_import(SourceImport(source="shapes", name="Drawn", settings={"num_pictures": 80}))
    page = open_page("datasets")
    page.button(key=f"report-{job.id}").click().run()
    assert page.query_params["import"] == job.id
    assert "80 pictures of 8 classes taken" in _words(page)
