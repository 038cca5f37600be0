"""Every picture is judged by a head that never saw it or a copy of it; what cannot be learned stays at chance."""

import numpy as np
import pytest

from cnnlab.errors import TrainingError
from cnnlab.runs.states import Wanted
from cnnlab.specs.training import TransferTraining
from cnnlab.training.folds import cross_validate, deal_folds
from cnnlab.training.recorder import Interrupted

NUM_CLASSES, EACH, WIDTH = 3, 40, 12
LABELS = np.repeat(np.arange(NUM_CLASSES, dtype=np.int32), EACH)
SETTINGS = TransferTraining(folds=5, head_epochs=6, head_learning_rate=1e-2, batch_size=16)


@pytest.mark.parametrize("folds", [2, 3, 5, 10])
def test_folds_are_even_in_size_and_in_every_class(folds):
    labels = np.repeat([0, 1, 2], [50, 21, 8])
    dealt = deal_folds(labels, groups=np.arange(len(labels)), folds=folds, seed=0)
    assert set(dealt) == set(range(folds))
    for chosen in [slice(None), *(labels == label for label in range(3))]:
        counts = np.bincount(dealt[chosen], minlength=folds)
        assert counts.max() - counts.min() <= 1


def test_copies_stay_on_one_side_even_under_two_labels():
    random = np.random.default_rng(0)
    labels, groups = random.integers(0, 3, 300), random.integers(0, 120, 300)
    dealt = deal_folds(labels, groups=groups, folds=5, seed=0)
    assert all(len(set(dealt[groups == group])) == 1 for group in np.unique(groups))
    assert np.bincount(dealt).min() > 40


def test_the_seed_decides_who_is_where():
    one, again, other = (
        deal_folds(LABELS, groups=np.arange(len(LABELS)), folds=4, seed=seed) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()


def test_fewer_pictures_than_folds_give_fewer_folds():
    assert set(deal_folds(np.array([0, 1, 1]), groups=np.arange(3), folds=10, seed=0)) == {0, 1, 2}


def features_of(labels: np.ndarray) -> np.ndarray:
    features = np.random.default_rng(0).normal(size=(len(labels), WIDTH)).astype(np.float32)
    features[np.arange(len(labels)), labels] += 4.0
    return features


@pytest.fixture
def head():
    import keras

    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((WIDTH,)),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.Dense(NUM_CLASSES, activation="softmax"),
        ]
    )


def validate(head, features, labels=LABELS, **changes):
    values = {
        "positions": np.arange(len(labels)),
        "groups": np.arange(len(labels)),
        "training": SETTINGS,
        "seed": 0,
    }
    return cross_validate(features, labels, head=head, **{**values, **changes})


@pytest.mark.slow
def test_what_can_be_learned_is_and_the_same_seed_finds_the_same(head):
    found = validate(head, features_of(LABELS))
    assert found.folds == 5
    assert found.accuracy > 0.9
    assert found.low < found.accuracy < found.high
    np.testing.assert_array_equal(found.probabilities.argmax(axis=1) == LABELS, found.correct)
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1.0, rtol=1e-5)
    # The head was left as the last fold made it; it begins anew all the same.
    again = validate(head_like(head), features_of(LABELS))
    np.testing.assert_array_equal(found.correct, again.correct)


def head_like(head):
    import keras

    keras.utils.set_random_seed(0)
    return keras.models.clone_model(head)


@pytest.mark.slow
def test_labels_by_chance_stay_at_chance_and_copies_do_not_leak(head):
    """Features of random numbers can only be learned by heart; each is there twice, once for either side."""
    random = np.random.default_rng(1)
    labels = random.permutation(LABELS)
    features, labels = np.repeat(random.normal(size=(len(labels), WIDTH)), 2, axis=0), np.repeat(labels, 2)
    by_heart = SETTINGS.with_changes(head_epochs=80, batch_size=32)
    pairs = np.repeat(np.arange(len(labels) // 2), 2)
    kept_together = validate(head, features.astype(np.float32), labels, groups=pairs, training=by_heart)
    # Measured over six seeds: 0.28 to 0.35 kept together, 0.62 to 0.73 torn apart.
    assert kept_together.accuracy < 1 / NUM_CLASSES + 0.12
    torn_apart = validate(head_like(head), features.astype(np.float32), labels, training=by_heart)
    assert torn_apart.accuracy > kept_together.accuracy + 0.12, "or this test could not see a leak"


@pytest.mark.slow
def test_only_the_pictures_that_take_part_are_touched_and_an_interruption_ends_it(head):
    features = features_of(LABELS)
    positions = np.flatnonzero(np.arange(len(LABELS)) % 4)
    features[np.arange(len(LABELS)) % 4 == 0] = np.nan
    heard: list[tuple[int, int]] = []
    found = validate(
        head,
        features,
        positions=positions,
        groups=positions,
        on_progress=lambda done, total: heard.append((done, total)),
    )
    assert found.accuracy > 0.9
    np.testing.assert_array_equal(found.positions, positions)
    assert [done for done, _ in heard] == list(range(heard[0][1]))

    def interrupt(done: int, total: int) -> None:
        if done == 7:
            raise Interrupted(Wanted.PAUSE)

    with pytest.raises(Interrupted):
        validate(head, features, positions=positions, groups=positions, on_progress=interrupt)


def test_one_picture_and_its_copies_cannot_judge():
    with pytest.raises(TrainingError, match="at least two pictures"):
        cross_validate(
            np.zeros((3, WIDTH)),
            np.zeros(3, np.int32),
            positions=np.arange(3),
            groups=np.zeros(3),
            head=None,
            training=SETTINGS,
            seed=0,
        )
