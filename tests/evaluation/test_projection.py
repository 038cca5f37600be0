"""t-SNE keeps together what is alike, says how far it is, can be ended, and its map belongs to the features it is of."""

import numpy as np
import pytest

from cnnlab.errors import EvaluationError
from cnnlab.evaluation import projection
from cnnlab.evaluation.features import Features, save_features
from cnnlab.evaluation.projection import (
    drawn_rows,
    find_projection,
    lay_out,
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


def test_neighbours_on_the_map_are_alike():
    features, reporter = features_of(), Listening()
    places, perplexity = lay_out(features.vectors, reporter=reporter)
    distances = np.linalg.norm(places[:, None] - places, axis=-1)
    np.fill_diagonal(distances, np.inf)
    assert (features.labels[distances.argmin(axis=1)] == features.labels).mean() > 0.9
    assert 1.0 < perplexity < len(features)
    assert any(activity == "Laying out the pictures" and done > 0 for activity, done, _ in reporter.heard)


def test_a_layout_ends_where_somebody_wants_it_to():
    with pytest.raises(Cancelled):
        lay_out(features_of().vectors, reporter=Listening(end_at="Laying out the pictures"))


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
        start_projection(run)
    save_features(features_of(), run=run)
    job = start_projection(run)
    assert find_projection(run) == job
    assert calls == [("cnnlab.evaluation.projection", str(job.folder))]


def test_a_worker_lays_out_what_is_kept_and_only_for_these_features(monkeypatch):
    monkeypatch.setattr(jobs_folder, "start_detached", lambda *what, log: None)
    monkeypatch.setattr(projection, "MOST_POINTS", 50)
    run, features = make_run(1), features_of()
    save_features(features, run=run)
    assert load_projection(run, features) is None
    assert projection.main(str(start_projection(run).folder)) == 0
    plane = load_projection(run, features)
    assert np.isfinite(plane).all(axis=1).sum() == 50
    assert load_projection(run, features_of(attempt=2)) is None
    assert load_projection(run, features_of(count=30)) is None
