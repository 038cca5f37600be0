"""The Evaluate page: which run is judged, its scores, its confusions with their pictures, and how sure it is."""

import shutil

import pytest

from cnnlab.data.corrections import correct_labels
from cnnlab.evaluation.calibration import load_calibration
from cnnlab.evaluation.judged import judge
from cnnlab.ui import evaluate_confusion
from cnnlab.ui.evaluate import VIEWS
from cnnlab.ui.evaluate_downloads import DOWNLOADS
from tests.evaluation.answering import answered_run, overconfident
from tests.pages.judged import crowded_run, judged_run
from tests.pages.making import past_run

HOSTILE = "![x](http://host/x) <b>*bold*</b>"


@pytest.fixture
def shown(monkeypatch):
    """The tiles of each gallery of a cell that was drawn, newest last."""
    given = []
    monkeypatch.setattr(evaluate_confusion, "gallery", lambda tiles, **_: given.append(tiles))
    return given


@pytest.fixture
def flowers():
    """A run with answers for test and validation pictures whose dataset is gone."""
    run = past_run(1)
    answered = answered_run({"test": overconfident(200), "validation": overconfident(300, seed=1)}, number=2)
    for name in ("predictions.parquet", "spec.json"):
        shutil.copy(answered.path / name, run.path / name)
    shutil.rmtree(answered.path)
    return run


def metrics_of(page):
    return {element.label: element.value for element in page.metric}


def test_a_run_that_is_still_learning_cannot_be_judged(open_page):
    past_run(1)
    page = open_page("evaluate")
    assert any("No finished run yet" in element.value for element in page.markdown)
    assert not page.selectbox


def test_a_run_that_is_gone_is_said_and_another_is_judged(open_page, flowers):
    page = open_page("evaluate", run="20200101-000000-000000")
    assert "was deleted" in page.warning[0].value
    assert page.query_params["run"] == flowers.id


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_is_drawn_and_is_in_the_address(open_page, flowers, view):
    page = open_page("evaluate", run=flowers.id, split="validation", view=view)
    assert not page.exception
    assert (page.query_params["view"], page.query_params["split"]) == (view, "validation")


def test_what_is_not_in_the_address_is_the_usual(open_page, flowers):
    page = open_page("evaluate", run=flowers.id, split="nowhere", view="nothing")
    assert not page.exception
    assert (page.query_params["view"], page.query_params["split"]) == ("overview", "test")


def test_another_view_and_split_are_a_click_away(open_page, flowers):
    page = open_page("evaluate", run=flowers.id)
    page.segmented_control(key="evaluate-view").set_value("confusion")
    page.segmented_control(key="evaluate-split").set_value("validation")
    page = page.run()
    assert (page.query_params["view"], page.query_params["split"]) == ("confusion", "validation")
    # A link, or the way back: the address changes and the choice follows.
    page.query_params["view"] = "confidence"
    assert page.run().segmented_control(key="evaluate-view").value == "confidence"


def test_the_overview_has_the_scores_and_every_class(open_page, flowers):
    judged = judge(flowers)
    page = open_page("evaluate", run=flowers.id)
    assert metrics_of(page)["Accuracy"] == f"{100 * judged.correct.mean():.1f} %"
    table = next(frame.value for frame in page.dataframe if "class_name" in frame.value)
    assert table["class_name"].tolist() == list(judged.class_names)
    assert table["support"].sum() == len(judged)
    found = [100 * judged.correct[judged.labels == label].mean() for label in range(len(table))]
    assert table["recall"].tolist() == pytest.approx(found)
    page.number_input(key="evaluate-k").set_value(4)
    assert metrics_of(page.run())["Top-4 accuracy"] == "100.0 %"
    page.selectbox(key="evaluate-detect").set_value(2)
    assert not page.run().exception


def test_a_pair_of_classes_leads_to_its_pictures(open_page, shown, dataset):
    run = judged_run(1, dataset, wrong=[0, 1])
    page = open_page("evaluate", run=run.id, view="confusion")
    assert len(shown[-1]) == 2
    assert all(tile.jpeg and tile.note.startswith("said") for tile in shown[-1])
    judged = judge(run)
    true, said = int(judged.labels[0]), int(judged.predicted[0])
    page.button(key=f"evaluate-pair-{true}-{said}").click()
    page = page.run()
    assert page.selectbox(key="evaluate-true").value == true
    assert {tile.caption for tile in shown[-1]} == {judged.class_names[true]}
    page.selectbox(key="evaluate-predicted").set_value(true)
    assert not page.run().exception
    assert all(tile.note.startswith("right") for tile in shown[-1])


def test_a_picture_that_was_corrected_since_says_so_in_its_cell(open_page, shown, dataset):
    run = judged_run(1, dataset, wrong=[0, 1])
    judged = judge(run)
    picture, said = int(judged.pictures[0]), int(judged.predicted[0])
    correct_labels(dataset, labels={picture: said}, because="looked at by hand")
    open_page("evaluate", run=run.id, view="confusion")
    badges = {tile.picture: tile.badge for tile in shown[-1]}
    assert badges.pop(picture) == f"now {dataset.class_names[said]}"
    assert set(badges.values()) == {""}


@pytest.mark.parametrize(
    ("points", "cell"),
    [
        pytest.param([{"customdata": {"0": 1, "1": 0, "2": "dog"}}], (1, 0), id="as Streamlit sends it"),
        pytest.param([{"customdata": [1, 0, "dog"]}], (1, 0), id="as Plotly has it"),
        pytest.param([{"customdata": {"0": "1", "1": True}}], None, id="no numbers"),
        pytest.param([{"customdata": [1]}], None, id="half a cell"),
        pytest.param([{"customdata": 7}], None, id="nonsense"),
        pytest.param([{}], None, id="a point without a cell"),
        pytest.param([], None, id="taken back"),
    ],
)
def test_what_a_browser_says_was_clicked_is_a_cell_or_nothing(points, cell):
    assert evaluate_confusion.cell_of(points) == cell


def test_a_cell_that_another_run_does_not_have_is_every_mistake(open_page, flowers):
    crowded = crowded_run(3, num_pictures=100, num_classes=10)
    page = open_page("evaluate", run=crowded.id, view="confusion")
    page.selectbox(key="evaluate-true").set_value(9)
    page = page.run()
    page.selectbox(key="evaluate-run").set_value(flowers.id)
    page = page.run()
    assert not page.exception
    assert page.query_params["run"] == flowers.id
    assert page.selectbox(key="evaluate-true").value == evaluate_confusion.ANY


def test_of_a_deleted_dataset_the_counts_stay(open_page, flowers):
    page = open_page("evaluate", run=flowers.id, view="confusion")
    assert any("no longer here" in element.value for element in page.warning)
    for key, value in (("evaluate-values", "shares"), ("evaluate-order", "together")):
        page.segmented_control(key=key).set_value(value)
    page.toggle(key="evaluate-mistakes-only").set_value(True)
    assert not page.run().exception


def test_the_temperature_is_fitted_by_looking_and_kept(open_page, flowers):
    page = open_page("evaluate", run=flowers.id, view="confidence")
    found = load_calibration(flowers)
    assert metrics_of(page)["Temperature"] == f"{found.temperature:.2f}"
    assert any("surer than it is right" in element.value for element in page.markdown)
    page.segmented_control(key="evaluate-groups").set_value("mass")
    page.segmented_control(key="evaluate-wanted").set_value(80)
    page.toggle(key="evaluate-calibrated").set_value(False)
    page = page.run()
    assert not page.exception
    assert any("Checked on test pictures, which" in element.value for element in page.markdown)


def test_a_run_without_validation_pictures_has_no_temperature_and_says_so(open_page, flowers):
    other = answered_run({"test": overconfident(100)}, number=3)
    shutil.copy(other.path / "predictions.parquet", flowers.path / "predictions.parquet")
    shutil.rmtree(other.path)
    page = open_page("evaluate", run=flowers.id, view="confidence")
    assert not page.exception
    assert any("No temperature can be fitted" in element.value for element in page.warning)


@pytest.mark.parametrize("name", DOWNLOADS)
def test_everything_can_be_taken_away(name, dataset):
    judged = judge(judged_run(1, dataset, wrong=[0]))
    assert judged.class_names[0] in DOWNLOADS[name].make(judged)


def test_two_classes_with_hostile_names_are_only_letters(open_page, flowers):
    spec = flowers.spec()
    names = {"class_names": (HOSTILE, *spec.class_names[1:]), "name": HOSTILE}
    (flowers.path / "spec.json").write_text(spec.with_changes(**names).to_json())
    for view in ("overview", "confusion", "confidence"):
        page = open_page("evaluate", run=flowers.id, view=view)
        assert not page.exception
        drawn = [*page.markdown, *page.caption]
        assert not any("![x](" in element.value for element in drawn)


def test_a_hundred_classes_are_narrowed_down_on_request(open_page):
    run = crowded_run(num_pictures=1000)
    page = open_page("evaluate", run=run.id, view="confusion")
    page.toggle(key="evaluate-few").set_value(True)
    assert not page.run().exception
