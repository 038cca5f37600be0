"""Features are computed once for a run, kept with it, and their small pictures are those that they are of."""

import numpy as np
import pytest
from PIL import Image

from cnnlab.data.library import delete_dataset
from cnnlab.data.packing import pack_pictures
from cnnlab.errors import DatasetError, EvaluationError
from cnnlab.evaluation import features_worker
from cnnlab.evaluation.features import (
    features_path,
    find_features,
    load_features,
    sprite_columns,
    sprite_path,
    start_features,
    vector_of,
)
from cnnlab.evaluation.features_worker import choose, compute, principal_plane
from cnnlab.evaluation.run_jobs import RunRequest
from cnnlab.jobs import folder as jobs_folder
from cnnlab.runs.records import Status
from cnnlab.runs.states import State
from tests.data.making import class_files, make_dataset
from tests.evaluation.asking import Asked, Listening, run_on


@pytest.fixture
def dataset(tmp_path):
    return make_dataset(tmp_path, class_files({"cat": 12, "dog": 12}))


@pytest.fixture
def asked(monkeypatch) -> Asked:
    """The model that is asked in place of the run's."""
    model = Asked()
    monkeypatch.setattr(features_worker, "load_predictor", lambda folder: model)
    return model


def computed(dataset, *, attempt: int = 1):
    run, reporter = run_on(dataset), Listening()
    result = compute(run, RunRequest(run=run.id, attempt=attempt), reporter)
    return run, result, reporter


def test_every_picture_has_the_mean_of_its_maps(dataset, asked):
    run, result, reporter = computed(dataset)
    features, packed = load_features(run), pack_pictures(dataset, image_size=16)
    expected = packed.pictures[features.pictures].mean(axis=(1, 2)) / 255.0
    assert features.vectors == pytest.approx(expected, abs=1e-3)
    assert features.vectors.dtype == np.float32
    assert (features.labels == packed.labels[features.pictures]).all()
    assert (features.splits == packed.splits[features.pictures]).all()
    assert sum(result.num_pictures.values()) == len(features) == dataset.num_pictures
    assert ("Asking the network", 1, 24) in reporter.heard
    assert features.kind == "maps"


def test_the_features_of_a_split_are_only_its_own(dataset, asked):
    run, result, _ = computed(dataset)
    test = load_features(run).of("test")
    assert len(test) == result.num_pictures["test"] > 0
    assert set(test.splits) == {"test"}
    assert test.plane.shape == (len(test), 2)


def test_a_network_without_maps_is_known_by_its_answers(dataset, asked):
    asked.maps = False
    run, _, _ = computed(dataset)
    features = load_features(run)
    assert features.kind == "answers"
    assert np.exp(features.vectors).sum(axis=1) == pytest.approx(np.ones(len(features)), abs=1e-2)


def test_a_small_picture_lies_where_its_feature_says(dataset, asked):
    run, _, _ = computed(dataset)
    features, packed = load_features(run), pack_pictures(dataset, image_size=16)
    training = features.of("training")
    sheet = np.asarray(Image.open(sprite_path(run, "training")))
    columns = sprite_columns(len(training))
    side = sheet.shape[1] // columns
    for place, picture in enumerate(training.pictures):
        row, column = divmod(place, columns)
        cell = sheet[row * side : (row + 1) * side, column * side : (column + 1) * side]
        # What a JPEG changes is far less than what tells two of these pictures apart.
        distances = np.abs(packed.pictures.astype(float) - cell).mean(axis=(1, 2, 3))
        assert distances[picture] == distances.min()


def test_features_of_an_earlier_attempt_are_not_shown(dataset, asked):
    run, _, _ = computed(dataset)
    run.write_status(Status(state=State.FINISHED, attempt=2))
    assert load_features(run) is None


def test_damaged_features_are_said_to_be(dataset, asked):
    run, _, _ = computed(dataset)
    features_path(run).write_bytes(features_path(run).read_bytes()[:200])
    with pytest.raises(EvaluationError, match="Compute them again"):
        load_features(run)


def test_without_features_there_are_none(dataset):
    assert load_features(run_on(dataset)) is None


def test_the_computation_is_started_once_and_found_again(dataset, monkeypatch):
    calls = []
    monkeypatch.setattr(jobs_folder, "start_detached", lambda *what, log: calls.append(what))
    run = run_on(dataset)
    assert find_features(run) is None
    job = start_features(run)
    assert start_features(run) == job == find_features(run)
    assert calls == [("cnnlab.evaluation.features_worker", str(job.folder))]
    job.cancel()
    with pytest.raises(EvaluationError, match="still ending"):
        start_features(run)


def test_without_its_dataset_nothing_is_started(dataset):
    run = run_on(dataset)
    delete_dataset(dataset)
    with pytest.raises(DatasetError):
        start_features(run)


def test_of_too_many_pictures_the_same_ones_are_drawn_each_time(monkeypatch):
    monkeypatch.setattr(features_worker, "MOST_TRAINING", 5)
    drawn = choose(np.arange(100, 200), split="training")
    assert len(drawn) == 5
    assert (np.diff(drawn) > 0).all()
    assert (drawn == choose(np.arange(100, 200), split="training")).all()
    assert len(choose(np.arange(100), split="test")) == 100


def test_vectors_that_differ_in_two_directions_lie_wholly_in_the_plane():
    random = np.random.default_rng(0)
    directions = np.linalg.qr(random.normal(size=(9, 2)))[0]
    flat = random.normal(size=(50, 2)) * [5.0, 2.0]
    plane, explained = principal_plane(flat @ directions.T)
    assert explained == pytest.approx(1.0, abs=1e-6)
    apart = np.linalg.norm(flat[:, None] - flat, axis=-1)
    assert np.linalg.norm(plane[:, None] - plane, axis=-1) == pytest.approx(apart, abs=1e-3)


def test_features_that_are_all_alike_lie_in_one_point():
    plane, explained = principal_plane(np.ones((20, 6), np.float32))
    assert not plane.any()
    assert explained == 0.0


@pytest.mark.parametrize(
    ("maps", "expected"),
    [
        pytest.param(np.arange(8.0).reshape(2, 2, 2), [3.0, 4.0], id="maps"),
        pytest.param(None, np.log([0.25, 0.75]), id="answers"),
    ],
)
def test_a_new_picture_gets_its_vector_in_the_same_way(maps, expected):
    assert vector_of(maps, np.array([0.25, 0.75])) == pytest.approx(np.asarray(expected), abs=1e-6)
