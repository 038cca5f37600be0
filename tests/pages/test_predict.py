"""The Predict page: which runs can be asked, about which pictures, and what becomes of their answers."""

import hashlib
import io
import tarfile

import numpy as np
import pytest

from cnnlab.data.intake import find_import
from cnnlab.data.library import delete_dataset, find_dataset
from cnnlab.data.splits import SplitSpec
from cnnlab.errors import ModelError
from cnnlab.prediction import answers
from cnnlab.prediction.answers import Answer
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.model_record import ModelRecord
from cnnlab.runs.states import State
from cnnlab.ui import (
    predict,
    predict_answers,
    predict_asking,
    predict_cards,
    predict_samples,
    predict_uploads,
)
from cnnlab.ui.predict_cards import Asked
from tests.data.making import encode, make_dataset, plain, speckled, write_zip
from tests.pages.making import past_run
from tests.runs.making import run_spec, wait_for

HOSTILE = "![x](http://host/x)"


class StandInPredictor:
    """Answers like a model would, but is sure that everything orange is a cat and all else a dog."""

    def __init__(self, record: ModelRecord) -> None:
        self.record = record
        self.asked = 0

    def explain(self, picture: np.ndarray) -> tuple[np.ndarray, None]:
        return self.predict(picture), None

    def predict(self, picture: np.ndarray) -> np.ndarray:
        assert picture.shape == (self.record.image_size, self.record.image_size, 3)
        self.asked += 1
        red, _, blue = picture.reshape(-1, 3).mean(axis=0)
        cat = 0.9 if red > blue + 100 else 0.2
        return np.array([cat, 1 - cat], np.float32)


@pytest.fixture
def predictors(monkeypatch):
    """The stand-ins that were opened, by the id of their run."""
    opened: dict[str, StandInPredictor] = {}

    def load(folder):
        spec = RunFolder(folder).spec()
        opened[folder.name] = StandInPredictor(
            ModelRecord(
                class_names=spec.class_names,
                image_size=16,
                run=folder.name,
                name=spec.name,
                network_name="Tiny",
            )
        )
        return opened[folder.name]

    monkeypatch.setattr(predict, "load_predictor", load)
    return opened


@pytest.fixture
def shown(monkeypatch):
    """What the cards were given, newest last."""
    given = []
    monkeypatch.setattr(predict_answers, "cards", lambda asked, **_: given.append(asked))
    return given


@pytest.fixture
def run(dataset, predictors):
    """A finished run on cats and dogs."""
    return past_run(1, spec=run_spec("First", dataset=dataset.reference(), class_names=dataset.class_names))


@pytest.fixture
def other(dataset, run):
    """A second one."""
    return past_run(2, spec=run_spec(HOSTILE, dataset=dataset.reference(), class_names=dataset.class_names))


def _words(page):
    kinds = (page.markdown, page.caption, page.warning, page.info, page.error)
    return "\n".join(element.value for kind in kinds for element in kind)


def _upload(page, **files):
    for name, data in files.items():
        page.file_uploader(key="predict-files").upload(name.replace("_", "."), data)
    return page.run()


@pytest.mark.parametrize("state", [None, State.RUNNING, State.FAILED])
def test_without_a_finished_run_it_leads_to_train(open_page, state):
    if state:
        past_run(1, state=state)
    page = open_page("predict")
    assert not page.exception
    assert "No finished run yet" in _words(page)
    assert [button.label for button in page.button] == ["Train a network"]


def test_a_finished_run_without_a_model_is_not_offered(open_page):
    (past_run(1).path / "model.tflite").unlink()
    assert "No finished run yet" in _words(open_page("predict"))


def test_several_pictures_are_answered_and_a_file_that_is_none_is_named(open_page, run, shown):
    page = _upload(open_page("predict"), cat_png=encode(plain()), noise_png=speckled(1), bad_jpg=b"%PDF-1.4")
    assert not page.exception
    cat, noise, bad = shown[-1]
    assert [each.name for each in shown[-1]] == ["cat.png", "noise.png", "bad.jpg"]
    assert cat.answers[0].top(1) == [(0, pytest.approx(0.9))]
    assert noise.answers[0].top(1) == [(1, pytest.approx(0.8))]
    assert cat.answers[0].seconds > 0
    assert cat.jpeg.startswith(b"\xff\xd8")
    assert bad.jpeg is None
    assert "PDF" in bad.problem
    assert "1 file could not be read" in page.warning[0].value
    table = page.dataframe[0].value
    assert list(table["predicted"].fillna("")) == ["cat", "dog", ""]
    assert "PDF" in table["problem"].iloc[2]


def test_nothing_is_asked_twice(open_page, run, predictors, shown):
    page = _upload(open_page("predict"), cat_png=encode(plain()))
    asked = predictors[run.id].asked
    page.run()
    assert predictors[run.id].asked == asked
    assert shown[-1][0].answers == shown[-2][0].answers


def test_pictures_of_the_test_split_are_tried_with_their_true_class(open_page, run, dataset, shown):
    page = open_page("predict", run=run.id)
    page.button(key="predict-samples").click().run()
    assert not page.exception
    table = dataset.table().set_index("name")
    assert len(shown[-1]) == 6
    for each in shown[-1]:
        assert table.loc[each.name, "split"] == "test"
        assert table.loc[each.name, "class_name"] == each.truth
    assert "true_class" in page.dataframe[0].value
    page.button(key="predict-clear").click().run()
    assert not page.dataframe


def test_two_runs_answer_about_the_same_pictures(open_page, run, other, shown):
    page = open_page("predict", run=run.id, other=other.id)
    page = _upload(page, cat_png=encode(plain()), noise_png=speckled(1))
    assert not page.exception
    assert [len(each.answers) for each in shown[-1]] == [2, 2]
    table = page.dataframe[0].value
    assert list(table["file"]) == ["cat.png", "cat.png", "noise.png", "noise.png"]
    assert list(table["run"]) == ["First", HOSTILE] * 2
    assert HOSTILE not in _words(page)


def test_the_choice_of_runs_is_kept_in_the_address(open_page, run, other):
    page = open_page("predict", run=run.id)
    page.selectbox(key="predict-other").set_value(other.id).run()
    assert page.query_params["run"] == run.id
    assert page.query_params["other"] == other.id
    page.selectbox(key="predict-other").set_value("").run()
    assert "other" not in page.query_params


def test_the_run_of_the_address_is_asked_even_if_it_is_not_the_newest(open_page, run, other):
    assert open_page("predict", run=run.id).selectbox(key="predict-run").value == run.id


@pytest.mark.parametrize("id", ["../../etc/passwd", "20200101-000000-000000", HOSTILE])
def test_a_run_that_is_not_there_is_a_sentence(open_page, run, id):
    page = open_page("predict", run=id)
    assert not page.exception
    assert "is not finished, has no model, or was deleted" in page.warning[0].value
    assert HOSTILE not in page.warning[0].value


def test_a_deleted_dataset_leaves_uploading(open_page, run, dataset, shown):
    delete_dataset(dataset)
    page = open_page("predict", run=run.id)
    assert not page.exception
    assert "No dataset here has a test split" in _words(page)
    _upload(page, cat_png=encode(plain()))
    assert len(shown[-1]) == 1


def test_a_damaged_model_is_a_sentence(open_page, run, monkeypatch):
    def broken(folder):
        raise ModelError("The model is damaged. Choose another run.")

    monkeypatch.setattr(predict, "load_predictor", broken)
    page = open_page("predict", run=run.id)
    assert not page.exception
    assert "The model is damaged" in page.error[0].value.replace("\\", "")


def test_only_so_many_pictures_are_asked_about_at_once(open_page, run, shown, monkeypatch):
    monkeypatch.setattr(predict_uploads, "MOST_PICTURES", 2)
    page = _upload(open_page("predict"), a_png=speckled(1), b_png=speckled(2), c_png=speckled(3))
    assert len(shown[-1]) == 2
    assert "the first 2 are answered" in page.warning[0].value


def test_a_card_says_what_is_right_and_what_is_not():
    record = ModelRecord(
        class_names=("cat", "dog"), image_size=16, run="r", name="First", network_name="Tiny"
    )
    answer = Answer(name="a.png", probabilities=np.array([0.3, 0.7], np.float32), seconds=0.0123)
    asked = Asked(name="a.png", truth="cat", jpeg=b"jpeg", answers=(answer,))
    card = predict_cards.card_of(asked, predictors=[StandInPredictor(record)])
    (given,) = card["answers"]
    assert (given["verdict"], given["time"]) == ("wrong", "12.3 ms")
    assert [(bar["label"], bar["percent"], bar["truth"]) for bar in given["bars"]] == [
        ("dog", "70.0 %", False),
        ("cat", "30.0 %", True),
    ]


def test_pictures_of_a_zip_are_answered_and_their_folders_are_their_classes(open_page, run, shown, tmp_path):
    packed = write_zip(
        tmp_path / "p.zip", {"cat/a.png": encode(plain()), "dog/b.png": speckled(1), "new/c.png": speckled(2)}
    )
    page = open_page("predict")
    page.file_uploader(key="predict-files").upload("p.zip", packed.read_bytes())
    _upload(page, alone_png=speckled(3))
    assert not page.exception
    assert [(each.name, each.truth) for each in shown[-1]] == [
        ("cat/a.png", "cat"),
        ("dog/b.png", "dog"),
        ("new/c.png", ""),
        ("alone.png", ""),
    ]
    assert "2 of 2 right" in _words(page)


def test_pictures_of_a_packed_tar_are_answered(open_page, run, shown, tmp_path):
    with tarfile.open(tmp_path / "p.tar.gz", "w:gz") as archive:
        (tmp_path / "1.png").write_bytes(speckled(1))
        archive.add(tmp_path / "1.png", arcname="dog/1.png")
    page = open_page("predict")
    page.file_uploader(key="predict-files").upload("p.tar.gz", (tmp_path / "p.tar.gz").read_bytes()).run()
    assert not page.exception
    assert [(each.name, each.truth) for each in shown[-1]] == [("dog/1.png", "dog")]


def test_the_camera_is_not_asked_for_until_somebody_wants_it(open_page, run, shown, monkeypatch):
    taken = []
    picture = io.BytesIO(encode(plain()))
    picture.file_id = "camera"
    monkeypatch.setattr("streamlit.camera_input", lambda *_, **__: taken.append(1) or picture)
    page = open_page("predict")
    assert not taken
    page.toggle(key="predict-camera-wanted").set_value(True).run()
    assert not page.exception
    assert [each.name for each in shown[-1]] == ["camera.jpg"]
    assert shown[-1][0].answers[0].top(1) == [(0, pytest.approx(0.9))]


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        pytest.param({"../out.png": b"x", "in.png": speckled(1)}, "leads out of the archive", id="leaves"),
        pytest.param(None, "is no archive", id="no archive"),
    ],
)
def test_a_hostile_archive_is_a_sentence_and_loses_no_other_picture(
    open_page, run, shown, tmp_path, files, sentence
):
    data = write_zip(tmp_path / "p.zip", files).read_bytes() if files else b"nothing of the kind"
    page = open_page("predict")
    page.file_uploader(key="predict-files").upload("p.zip", data)
    _upload(page, alone_png=speckled(3))
    assert not page.exception
    assert shown[-1][-1].name == "alone.png"
    assert sentence in _words(page).replace("\\", "")


def told(page, digest, class_name):
    """Say on a card what a picture shows."""
    page.session_state["predict-told"] = _told(page) | {digest: class_name}
    return page.run()


def _told(page):
    return page.session_state["predict-told"]


def test_what_somebody_tells_counts_and_is_kept_as_a_test_set(open_page, run, shown):
    page = _upload(open_page("predict", run=run.id), cat_png=encode(plain()), noise_png=speckled(1))
    assert "Tell the true class" in _words(page)
    cat, noise = (each.digest for each in shown[-1])
    page = told(told(page, cat, "cat"), noise, "cat")
    assert [each.truth for each in shown[-1]] == ["cat", "cat"]
    assert "1 of 2 right" in _words(page)
    page.text_input(key="predict-keep-name").set_value("Asked = <b>today</b>")
    page.button(key="FormSubmitter:predict-keep-Keep").click().run()
    assert not page.exception
    job = find_import(page.session_state["predict-kept"])
    wait_for(lambda: job.progress().ended)
    assert job.progress().state == "finished", job.progress().message
    kept = find_dataset(job.progress().dataset_id)
    assert (kept.name, kept.num_test, kept.num_pictures) == ("Asked = <b>today</b>", 2, 2)
    assert set(kept.table()["class_name"]) == {"cat"}
    page.button(key="predict-forget").click().run()
    assert _told(page) == {}
    assert [each.truth for each in shown[-1]] == ["", ""]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        pytest.param(["DIGEST", "cat"], {"DIGEST": "cat"}, id="a class that was offered"),
        pytest.param(["DIGEST", ""], {"DIGEST": ""}, id="no longer known"),
        pytest.param(["DIGEST", "horse"], {}, id="a class of nobody's"),
        pytest.param(["other", "cat"], {}, id="a picture that is not on the screen"),
        pytest.param("cat", {}, id="no answer of ours"),
        pytest.param([["DIGEST"], "cat"], {}, id="not even text"),
    ],
)
def test_only_what_was_offered_may_be_told(monkeypatch, said, told):
    heard, drawn = {}, {}
    monkeypatch.setattr(predict_cards, "_component", lambda **given: drawn.update(given))
    monkeypatch.setattr("streamlit.session_state", {"predict-cards": {"told": said}})
    asked = Asked(name="a.png", truth="", jpeg=None, answers=(), digest="DIGEST")
    predict_cards.cards([asked], predictors=[], classes=["cat", "dog"], on_told=heard.__setitem__)
    drawn["on_told_change"]()
    assert heard == told


def test_a_round_can_be_stopped_and_gone_on_with(open_page, run, shown, monkeypatch):
    monkeypatch.setattr(predict_asking, "PICTURES_AT_ONCE", 1)
    monkeypatch.setattr(answers, "PICTURES_AT_ONCE", 1)
    page = open_page("predict", run=run.id)
    page = _upload(page, a_png=speckled(1), b_png=speckled(2))
    for seed, name in enumerate(("a.png", "b.png", "c.png"), start=1):
        page.file_uploader(key="predict-files").upload(name, speckled(seed))
    everything = {each.digest for each in shown[-1]} | {hashlib.sha256(speckled(3)).hexdigest()}
    page.session_state["predict-stopped"] = frozenset(everything)
    page.run()
    assert [each.name for each in shown[-1]] == ["a.png", "b.png"]
    assert "You stopped: 2 of 3 pictures are answered" in _words(page).replace("\\", "")
    page.button(key="predict-go-on").click().run()
    assert [each.name for each in shown[-1]] == ["a.png", "b.png", "c.png"]


def test_a_picture_that_went_from_the_disk_is_a_sentence_and_the_others_are_answered(
    open_page, run, shown, tmp_path, monkeypatch
):
    real = predict_uploads.unpack

    def unpack_and_lose(*given, **named):
        unpacked = real(*given, **named)
        unpacked.pictures[0].source.unlink()
        return unpacked

    monkeypatch.setattr(predict_uploads, "unpack", unpack_and_lose)
    packed = write_zip(tmp_path / "p.zip", {"a.png": speckled(1), "b.png": speckled(2)})
    page = open_page("predict")
    page.file_uploader(key="predict-files").upload("p.zip", packed.read_bytes()).run()
    assert not page.exception
    assert ["no longer" in each.problem for each in shown[-1]] == [True, False]


def test_a_third_run_answers_too(open_page, run, other, dataset, shown):
    third = past_run(3, spec=run_spec("3rd", dataset=dataset.reference(), class_names=dataset.class_names))
    page = open_page("predict", run=run.id, third=third.id)
    assert "third" not in page.query_params
    page = open_page("predict", run=run.id, other=other.id, third=third.id)
    _upload(page, cat_png=encode(plain()))
    assert len(shown[-1][0].answers) == 3
    page.selectbox(key="predict-other").set_value("").run()
    assert not page.exception
    assert len(shown[-1][0].answers) == 1


def test_the_pictures_of_another_test_set_are_asked_about(open_page, run, shown, tmp_path):
    make_dataset(
        tmp_path,
        {"test/cat/1.png": speckled(71), "test/cow/2.png": speckled(72)},
        name="Mine",
        split=SplitSpec(test_only=True),
    )
    page = open_page("predict", run=run.id)
    choice = page.selectbox(key=f"predict-dataset-{run.id}")
    assert choice.options[1] == "Mine, 2"
    choice.select_index(1).run()
    page.button(key="predict-samples").click().run()
    assert not page.exception
    assert {each.truth for each in shown[-1]} == {"cat", "cow"}


def test_all_pictures_of_the_test_split_are_asked_about(open_page, run, dataset, shown, monkeypatch):
    monkeypatch.setattr(predict_samples, "SAMPLES", 2)
    page = open_page("predict", run=run.id)
    page.button(key="predict-every-button").click().run()
    assert len(shown[-1]) == dataset.num_test > 2
    assert len(page.dataframe[0].value) == dataset.num_test


def test_what_the_runs_disagree_on_comes_first(open_page, run, other, shown, predictors, monkeypatch):
    page = open_page("predict", run=run.id, other=other.id)
    monkeypatch.setattr(
        predictors[other.id], "explain", lambda picture: (np.array([0.4, 0.6], np.float32), None)
    )
    _upload(page, noise_png=speckled(1), cat_png=encode(plain()))
    assert [each.name for each in shown[-1]] == ["cat.png", "noise.png"]
    assert "disagree on 1 of 2 pictures" in _words(page)
    assert "First on 1" in _words(page)
