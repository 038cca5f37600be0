"""The checks of a dataset on the screen: measured on request, acted on with one click, taken back with another."""

import pytest

from cnnlab.checks import job
from cnnlab.checks.dismissed import dismiss
from cnnlab.checks.measures import looks_of, measure_pictures
from cnnlab.data.decoding import decoding_child
from cnnlab.data.library import find_dataset
from tests.checks.test_checks import PLANTED, clean
from tests.data.making import make_dataset


@pytest.fixture
def dataset(tmp_path):
    names = ("cat/copy.png", "dog/in two classes.png", "cat/dark.png")
    return make_dataset(tmp_path, clean() | {name: PLANTED[name] for name in names})


@pytest.fixture
def measured(dataset):
    measure_pictures(dataset, decoder=decoding_child(), on_progress=lambda done, total: None)
    return dataset


def open_checks(open_page, dataset):
    page = open_page("datasets", dataset=dataset.id, view="checks")
    assert not page.exception
    return page


def labels(page):
    return [expander.label for expander in page.expander]


def test_the_job_measures_in_a_process_of_its_own(dataset, monkeypatch, tmp_path):
    folder = tmp_path / "job"
    folder.mkdir()
    (folder / "request.json").write_text(job.CheckRequest(dataset=dataset.id).model_dump_json())
    monkeypatch.setattr("cnnlab.jobs.carrying.be_a_good_neighbour", lambda: None)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    assert job.main(str(folder)) == 0
    assert len(looks_of(dataset)) == dataset.num_pictures


def test_before_the_first_look_the_page_says_what_it_will_look_for(open_page, dataset, monkeypatch):
    asked = []
    monkeypatch.setattr("cnnlab.ui.datasets_checks.start_check", lambda dataset: asked.append(dataset.id))
    page = open_checks(open_page, dataset)
    assert not page.expander
    page.button(key="checks-start").click().run()
    assert asked == [dataset.id]


def test_findings_are_listed_with_their_pictures_and_acted_on_and_taken_back(open_page, measured):
    page = open_checks(open_page, measured)
    assert labels(page) == [
        "The same picture under two classes: 2 pictures in 1 group",
        "Exact copies: 4 pictures in 2 groups",
        "Very dark: 1 picture",
    ]
    page.session_state["check-copies"] = True
    page.run()
    assert "leave out 2" in page.button(key="check-copies-keep").label
    page.button(key="check-copies-keep").click().run()
    assert not page.exception
    newer = find_dataset(measured.id)
    assert (newer.version, newer.num_pictures) == (2, measured.num_pictures - 2)
    assert labels(page) == ["Very dark: 1 picture"]
    page.button(key="checks-undo").click().run()
    assert find_dataset(measured.id).num_pictures == measured.num_pictures
    assert len(labels(page)) == 3


def test_marked_pictures_can_be_moved_to_a_class(open_page, measured):
    page = open_checks(open_page, measured)
    page.session_state["check-two-classes"] = True
    page.run()
    wrong = measured.table().set_index("name")["picture"]["dog/in two classes.png"]
    page.session_state[f"check-two-classes-marked-{measured.id}-1"] = {int(wrong)}
    page.run()
    page.selectbox(key="check-two-classes-class").select_index(0).run()
    page.button(key="check-two-classes-move").click().run()
    assert not page.exception
    now = find_dataset(measured.id).table().set_index("picture")["class_name"]
    assert now[wrong] == "cat"
    assert "1 label corrected" in find_dataset(measured.id).change


def test_a_dataset_without_faults_is_said_to_be_so(open_page, tmp_path):
    dataset = make_dataset(tmp_path, clean())
    measure_pictures(dataset, decoder=decoding_child(), on_progress=lambda done, total: None)
    page = open_checks(open_page, dataset)
    assert not page.expander
    assert any("nothing is odd" in element.value for element in (*page.info, *page.markdown, *page.caption))


def test_what_is_fine_goes_from_the_list_and_comes_back(open_page, measured):
    dismiss(measured, check="dark", pictures=[*range(measured.num_pictures)])
    page = open_checks(open_page, measured)
    assert not any(label.startswith("Very dark") for label in labels(page))
    page.button(key="checks-restore").click().run()
    assert any(label.startswith("Very dark") for label in labels(page))


def test_what_no_import_could_take_is_named(open_page, tmp_path):
    files = clean() | {"cat/<b>broken</b>.png": b"no picture"}
    dataset = make_dataset(tmp_path, files)
    measure_pictures(dataset, decoder=decoding_child(), on_progress=lambda done, total: None)
    page = open_checks(open_page, dataset)
    assert labels(page)[-1] == "Not taken at import: 1 file"
    assert "no picture" in page.dataframe[0].value["reason"].iloc[0]
    (dataset.folder / "reports" / "1.json").write_text("damaged")
    assert not any(label.startswith("Not taken") for label in labels(open_checks(open_page, dataset)))
