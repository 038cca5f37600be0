"""The views Map, Robustness and Inside: what they ask for first, what they show once it is there, what stops them."""

import json

import numpy as np
import pytest

from cnnlab.data.library import delete_dataset
from cnnlab.evaluation.corruptions import CORRUPTIONS
from cnnlab.evaluation.features import find_features
from cnnlab.evaluation.heads import Head, Layer, save_head
from cnnlab.evaluation.inside import InsideResult, StageRow, inside_path
from cnnlab.evaluation.projection import find_projection
from cnnlab.evaluation.robustness import RECIPE, Curve, RobustnessResult, find_robustness, start_robustness
from cnnlab.jobs import folder as jobs_folder
from cnnlab.ui import evaluate_inside
from tests.pages.judged import judged_run
from tests.pages.mapped import keep_features

SIDE = 32


@pytest.fixture
def run(dataset):
    """A run that was wrong about two of its six test pictures."""
    return judged_run(1, dataset, wrong=[0, 4])


@pytest.fixture(autouse=True)
def started(monkeypatch) -> list[tuple[str, ...]]:
    """What would have been started; no process is."""
    calls: list[tuple[str, ...]] = []
    monkeypatch.setattr(jobs_folder, "start_detached", lambda *what, log: calls.append(what))
    return calls


@pytest.fixture
def open_view(open_page, run):
    """A function that opens a view of the run."""

    def open_(view: str):
        app = open_page("evaluate", run=run.id, split="test", view=view)
        assert not app.exception
        return app

    return open_


def said(app) -> str:
    """Every word that a page says in plain text."""
    parts = (app.markdown, app.caption, app.info, app.warning, app.error, app.success)
    return "\n".join(str(each.value) for part in parts for each in part)


def press(app, key: str):
    app.button(key=key).click().run()
    assert not app.exception
    return app


def finish(job, **files: object) -> None:
    """Let a job say that it has finished, with a result."""
    for name, content in files.items():
        (job.folder / f"{name}.json").write_text(content.model_dump_json())
    (job.folder / "progress.json").write_text(json.dumps({"state": "finished"}))


@pytest.mark.parametrize(
    ("view", "key", "find"),
    [
        pytest.param("map", "evaluate-map-features-start", find_features, id="map"),
        pytest.param("robustness", "robustness-start", find_robustness, id="robustness"),
    ],
)
def test_a_view_asks_first_then_says_how_far_it_is_and_can_be_ended(view, key, find, run, open_view, started):
    app = press(open_view(view), key)
    job = find(run)
    assert started[0][1] == str(job.folder)
    app.run()
    cancel = next(button for button in app.button if button.label == "Cancel")
    cancel.click().run()
    assert not app.exception
    assert job.is_cancelled


@pytest.mark.parametrize("view", [pytest.param("map", id="map"), pytest.param("robustness", id="robustness")])
def test_without_the_dataset_nothing_is_offered(view, dataset, open_view):
    delete_dataset(dataset)
    app = open_view(view)
    assert "no longer here" in said(app)
    assert not [button for button in app.button if str(button.key).endswith("-start")]


def test_what_failed_says_why_and_can_be_started_again(run, open_view):
    job = start_robustness(run)
    (job.folder / "progress.json").write_text(json.dumps({"state": "failed", "message": "No *room*."}))
    app = open_view("robustness")
    assert r"No \*room\*." in said(app)
    assert app.button(key="robustness-start").label == "Try it out"


def test_the_map_shows_the_pictures_of_the_split_and_offers_another_layout(run, dataset, open_view, started):
    keep_features(run, dataset)
    app = open_view("map")
    assert "6 pictures, 2 of them named wrong" in said(app)
    assert "42.0 %" in said(app)
    app.toggle(key="evaluate-map-training").set_value(True).run()
    training = int((dataset.table()["split"] == "training").sum())
    assert f"{6 + training} pictures, 2 of them named wrong" in said(app)
    app.session_state["evaluate-layout"] = "tsne"
    app.run()
    press(app, "evaluate-tsne-start")
    assert started[-1] == ("cnnlab.evaluation.projection", str(find_projection(run, layout="tsne").folder))


@pytest.mark.parametrize(
    "split", [pytest.param("test", id="judged"), pytest.param("training", id="training")]
)
def test_a_picture_of_the_map_is_opened(split, run, dataset, open_view):
    keep_features(run, dataset)
    table = dataset.table()
    app = open_view("map")
    app.toggle(key="evaluate-map-training").set_value(True)
    app.session_state["evaluate-map-opened"] = int(table["picture"][table["split"] == split].iloc[0])
    app.run()
    assert not app.exception
    assert ("Class **" if split == "training" else "True class **") in said(app)


def result_of(**correct: tuple[int, ...]) -> RobustnessResult:
    return RobustnessResult(
        recipe=RECIPE,
        attempt=1,
        split="test",
        num_pictures=100,
        num_all=100,
        untouched=90,
        curves=tuple(
            Curve(kind=kind, steps=row.steps, correct=correct.get(kind, (90,) * len(row.steps)))
            for kind, row in CORRUPTIONS.items()
        ),
        seconds=1.0,
    )


def test_robustness_names_the_weakest_spot_and_lays_a_second_run_on_the_same_axes(run, dataset, open_view):
    finish(start_robustness(run), result=result_of(blur=(80, 70, 60, 50, 40)))
    app = open_view("robustness")
    assert "Its weakest spot is blur." in said(app)
    assert len(app.get("plotly_chart")) == len(CORRUPTIONS)
    assert "Try out another run" in said(app)
    other = judged_run(2, dataset, name="The other [run](http://x)")
    finish(start_robustness(other), result=result_of())
    app.run()
    app.selectbox(key="robustness-other").set_value(other.id).run()
    assert not app.exception
    assert r"Diamonds: The other \[run\]" in said(app)


class Seeing:
    """A model whose maps are the colours of the picture."""

    def explain(self, picture):
        return np.array([0.3, 0.7], np.float32), picture[::8, ::8].astype(np.float32) / 255.0

    @property
    def record(self):
        return type("Record", (), {"name": "A run", "class_names": ("cat", "dog")})


@pytest.fixture
def opened(run, monkeypatch):
    """The run has a Keras model, a head and a model that answers."""
    (run.path / "model.keras").write_bytes(b"a model")
    monkeypatch.setattr(evaluate_inside, "_predictor", lambda run_id, changed: Seeing())
    layer = Layer(kind="dense", arrays={"kernel": np.eye(3)[:, :2], "bias": np.zeros(2)})
    save_head(Head(pooling="mean", layers=(layer,)), folder=run.path)


def test_without_a_keras_model_nobody_looks_inside(open_view):
    assert "kept no Keras model" in said(open_view("inside"))


def test_inside_says_at_once_where_it_looked_and_asks_for_the_blocks(run, open_view, opened, started):
    app = open_view("inside")
    assert "It says **dog**" in said(app)
    assert next(box for box in app.selectbox if box.label == "Speaks for").value == 1
    app.selectbox(key="evaluate-inside-class").set_value(0).run()
    assert not app.exception
    press(app, "evaluate-inside-start")
    assert started[-1][0] == "cnnlab.evaluation.opening"


def test_inside_shows_every_block_once_it_was_looked_at(run, dataset, open_view, opened):
    app = press(open_view("inside"), "evaluate-inside-start")
    (folder,) = [path for path in (run.path / "evaluation" / "inside").iterdir() if path.is_dir()]
    names = ("stem", "block1a")
    np.savez(
        inside_path(folder),
        kernels=np.zeros((2, 3, 3, 3), np.uint8),
        **{f"maps-{place}": np.zeros((2, 4, 4), np.uint8) for place in range(2)},
        **{f"heats-{place}": np.ones((2, 4, 4), np.float16) for place in range(2)},
    )
    stages = tuple(StageRow(name=name, height=4, width=4, filters=9, shown=(3, 1)) for name in names)
    result = InsideResult(labels=(1, 0), probabilities=(0.7, 0.3), stages=stages, seconds=1.0)
    (folder / "result.json").write_text(result.model_dump_json())
    (folder / "progress.json").write_text(json.dumps({"state": "finished"}))
    app.run()
    assert not app.exception
    assert app.selectbox(key=f"evaluate-blocks-stage-{run.id}").options == list(names)
    assert "The 2 strongest of 9 maps of 4 × 4" in said(app)
    assert "Filters of the first convolution" in said(app)


def test_a_network_without_maps_looks_nowhere(run, open_view, opened, monkeypatch):
    blind = Seeing()
    blind.explain = lambda picture: (np.array([0.3, 0.7], np.float32), None)
    monkeypatch.setattr(evaluate_inside, "_predictor", lambda run_id, changed: blind)
    assert "looks nowhere" in said(open_view("inside"))


def test_a_run_without_a_litert_model_still_shows_its_blocks(run, open_view, opened):
    (run.path / "model.tflite").unlink()
    app = open_view("inside")
    assert "no LiteRT model" in said(app)
    assert app.button(key="evaluate-inside-start").label == "Look at every block"
