"""Every layout keeps together what is alike, says how far it is, can be ended, and belongs to the features it is of."""

from dataclasses import replace

import numpy as np
import pytest

from cnnlab.errors import EvaluationError
from cnnlab.evaluation import layouts, projection
from cnnlab.evaluation.features import Features, save_features
from cnnlab.evaluation.layouts import LAYOUTS, available_layouts, lay_out
from cnnlab.evaluation.projection import (
    drawn_rows,
    find_projection,
    load_projection,
    start_projection,
)
from cnnlab.jobs import folder as jobs_folder
from cnnlab.jobs.carrying import Cancelled
from tests.evaluation.asking import Listening
from tests.runs.making import make_run


def features_of(count: int = 60, *, attempt: int = 1) -> Features:
    """Three far groups, one after the other; a third of each split."""
    random = np.random.default_rng(0)
    groups = np.arange(count) % 3
    vectors = random.normal(size=(count, 8)) + 40.0 * np.eye(8)[groups]
    return Features(
        pictures=np.arange(count),
        splits=np.repeat(["training", "validation", "test"], count // 3),
        labels=groups.astype(np.int32),
        vectors=vectors.astype(np.float32),
        plane=vectors[:, :2].astype(np.float32),
        explained=0.9,
        kind="maps",
        attempt=attempt,
    )


@pytest.mark.parametrize("name", LAYOUTS)
def test_neighbours_on_the_map_are_alike(name):
    if name not in available_layouts():
        pytest.skip(f"{LAYOUTS[name].label} is optional, and not installed here")
    features, reporter = features_of(), Listening()
    places, neighbors = lay_out(features.vectors, layout=name, reporter=reporter)
    distances = np.linalg.norm(places[:, None] - places, axis=-1)
    np.fill_diagonal(distances, np.inf)
    assert (features.labels[distances.argmin(axis=1)] == features.labels).mean() > 0.9
    assert 1 < neighbors < len(features)
    assert any(activity == "Laying out the pictures" and done > 0 for activity, done, _ in reporter.heard)


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("count", [layouts.FEWEST_POINTS, 16, 10_000])
def test_a_layout_minds_fewer_neighbours_than_there_are(name, count):
    assert 1 < LAYOUTS[name].neighbors(count) < count


def test_a_layout_ends_where_somebody_wants_it_to():
    with pytest.raises(Cancelled):
        lay_out(features_of().vectors, layout="tsne", reporter=Listening(end_at="Laying out the pictures"))


@pytest.mark.parametrize(
    ("printed", "done"),
    [
        pytest.param(("[t-SNE] Iteration 150: error = 47.1, gradient norm = 0.2",), 150, id="tsne"),
        pytest.param(("\tcompleted ", 250, " / ", 300, "epochs"), 250, id="umap"),
    ],
)
def test_what_a_library_prints_says_how_far_it_is(printed, done, monkeypatch):
    def fit(vectors, neighbors):
        print(*printed)
        return vectors[:, :2]

    way = replace(LAYOUTS["tsne"], fit=fit, steps=300)
    monkeypatch.setattr(layouts, "LAYOUTS", {"printing": way})
    reporter = Listening()
    lay_out(features_of().vectors, layout="printing", reporter=reporter)
    assert ("Laying out the pictures", done, 300) in reporter.heard


def test_a_layout_whose_library_is_not_installed_is_not_offered(monkeypatch):
    absent = replace(LAYOUTS["umap"], package="a_library_that_nobody_wrote")
    monkeypatch.setattr(layouts, "LAYOUTS", {"tsne": LAYOUTS["tsne"], "umap": absent})
    assert list(available_layouts()) == ["tsne"]
    with pytest.raises(EvaluationError, match=r"'umap' here; there are tsne\. Choose one"):
        lay_out(features_of().vectors, layout="umap", reporter=Listening())


def test_where_there_is_little_room_judged_pictures_come_first(monkeypatch):
    monkeypatch.setattr(projection, "MOST_POINTS", 45)
    features = features_of()
    rows = drawn_rows(features)
    assert len(rows) == 45
    assert (features.splits[rows] != "training").sum() == 40
    assert (np.diff(rows) > 0).all()


def test_a_map_is_started_once_there_are_features(monkeypatch):
    calls, run = [], make_run(1)
    monkeypatch.setattr(jobs_folder, "start_detached", lambda *what, log: calls.append(what))
    with pytest.raises(EvaluationError, match="Compute the features first"):
        start_projection(run, layout="tsne")
    save_features(features_of(), run=run)
    job = start_projection(run, layout="tsne")
    assert find_projection(run, layout="tsne") == job
    assert calls == [("cnnlab.evaluation.projection", str(job.folder))]


def test_a_worker_lays_out_what_is_kept_and_only_for_these_features(monkeypatch):
    monkeypatch.setattr(jobs_folder, "start_detached", lambda *what, log: None)
    monkeypatch.setattr(projection, "MOST_POINTS", 50)
    run, features = make_run(1), features_of()
    save_features(features, run=run)
    assert load_projection(run, features, layout="tsne") is None
    assert projection.main(str(start_projection(run, layout="tsne").folder)) == 0
    plane = load_projection(run, features, layout="tsne")
    assert np.isfinite(plane).all(axis=1).sum() == 50
    assert load_projection(run, features_of(attempt=2), layout="tsne") is None
    assert load_projection(run, features_of(count=30), layout="tsne") is None
