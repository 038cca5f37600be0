"""What lies far from all training pictures is told from what lies near, and the nearest are the evidence."""

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from cnnlab.evaluation.features import Features
from cnnlab.evaluation.novelty import FAMILIAR_SHARE, NEIGHBOURS, SHOWN, Familiarity

CLASSES, SIZE = 3, 16


def around(label: int, *, count: int, seed: int) -> np.ndarray:
    """Vectors of one class: near an axis of its own."""
    noise = np.random.default_rng([seed, label]).normal(scale=0.1, size=(count, SIZE))
    noise[:, label] += 1.0
    return noise.astype(np.float32)


def features(*, training: int = 40, validation: int = 30) -> Features:
    """Three classes, well apart."""
    counts = {"training": training, "validation": validation}
    vectors = np.concatenate(
        [
            around(label, count=count, seed=seed)
            for seed, count in enumerate(counts.values())
            for label in range(CLASSES)
        ]
    )
    labels = np.concatenate([np.repeat(np.arange(CLASSES), count) for count in counts.values()])
    return Features(
        pictures=np.arange(len(vectors)) + 100,
        splits=np.repeat(list(counts), [CLASSES * count for count in counts.values()]),
        labels=labels.astype(np.int32),
        vectors=vectors,
        plane=np.zeros((len(vectors), 2), np.float32),
        explained=0.5,
        kind="maps",
        attempt=1,
    )


def test_of_the_validation_pictures_nearly_all_are_familiar():
    found = features()
    familiarity = Familiarity(found)
    unfamiliar = [familiarity.look(each).is_unfamiliar for each in found.of("validation").vectors]
    assert np.mean(unfamiliar) <= 1 - FAMILIAR_SHARE + 1 / len(unfamiliar)


@pytest.mark.parametrize("label", range(CLASSES))
def test_a_new_picture_of_a_class_is_familiar_and_its_neighbours_are_of_the_class(label):
    familiarity = Familiarity(features())
    for vector in around(label, count=10, seed=99):
        neighbours = familiarity.look(vector)
        assert neighbours.labels == (label,) * SHOWN
    assert not familiarity.look(around(label, count=200, seed=98).mean(axis=0)).is_unfamiliar


def test_a_picture_of_another_kind_is_unfamiliar_however_strong_its_features_are():
    familiarity = Familiarity(features())
    strange = np.zeros(SIZE, np.float32)
    strange[CLASSES + 2] = 1.0
    for strength in (0.01, 1.0, 1000.0):
        neighbours = familiarity.look(strength * strange)
        assert neighbours.is_unfamiliar
        assert neighbours.distance > familiarity.threshold


def test_neighbours_and_distance_are_those_of_scikit_learn():
    found = features()
    training = found.of("training")
    reference = NearestNeighbors(n_neighbors=NEIGHBOURS, metric="cosine").fit(training.vectors)
    familiarity = Familiarity(found)
    for vector in found.of("validation").vectors[:20]:
        distances, nearest = reference.kneighbors(vector[np.newaxis])
        neighbours = familiarity.look(vector)
        assert neighbours.pictures == tuple(training.pictures[nearest[0, :SHOWN]])
        assert neighbours.distance == pytest.approx(distances[0, -1], abs=1e-5)


@pytest.mark.parametrize(
    ("training", "validation", "expected"),
    [
        pytest.param(40, 30, True, id="enough of both"),
        pytest.param(40, 3, False, id="few for a threshold"),
        pytest.param(1, 30, False, id="few to be near to"),
    ],
)
def test_with_few_pictures_nothing_is_said(training, validation, expected):
    assert Familiarity.can_be_told(features(training=training, validation=validation)) is expected


def test_a_picture_without_any_feature_is_no_mistake():
    assert Familiarity(features()).look(np.zeros(SIZE, np.float32)).is_unfamiliar
