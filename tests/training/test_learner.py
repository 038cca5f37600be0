"""A step is Keras' own step; what is reported is the plain cross-entropy whatever is made small."""

import numpy as np
import pytest

from cnnlab.data.mixing import Mix
from cnnlab.evaluation.metrics import cross_entropy
from cnnlab.training.learner import Answers, Learner, Objective, balanced_class_weights
from cnnlab.training.optimizers import OPTIMIZERS, RateShare, build_optimizer

pytestmark = pytest.mark.slow

INPUTS = np.random.default_rng(0).normal(size=(12, 4)).astype(np.float32)
LABELS = np.array([0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 2], dtype=np.int32)


def build_model():
    import keras

    keras.utils.set_random_seed(1)
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("smoothing", [pytest.param(0.0, id="plain"), pytest.param(0.2, id="smoothed")])
def test_three_steps_are_those_of_keras_fit(name, smoothing):
    import keras

    ours, theirs = build_model(), build_model()
    learner = Learner(
        ours,
        optimizer=build_optimizer(name, learning_rate=0.05),
        objective=Objective(label_smoothing=smoothing),
    )
    theirs.compile(
        optimizer=build_optimizer(name, learning_rate=0.05),
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=smoothing),
    )
    for _ in range(3):
        learner.learn(INPUTS, LABELS)
        theirs.train_on_batch(INPUTS, np.eye(3, dtype=np.float32)[LABELS])
    for mine, other in zip(ours.variables, theirs.variables, strict=True):
        np.testing.assert_allclose(mine.numpy(), other.numpy(), atol=1e-5)


MIX = Mix(
    partners=(np.arange(12) + 5) % 12,
    shares=np.linspace(0.0, 1.0, 12, dtype=np.float32),
    boxes=np.zeros((12, 4), int),
)


@pytest.mark.parametrize("smoothing", [pytest.param(0.0, id="plain"), pytest.param(0.2, id="smoothed")])
def test_a_step_on_mixed_pictures_is_that_of_keras_on_mixed_classes(smoothing):
    import keras

    ours, theirs = build_model(), build_model()
    learner = Learner(
        ours,
        optimizer=build_optimizer("adam", learning_rate=0.05),
        objective=Objective(label_smoothing=smoothing),
    )
    theirs.compile(
        optimizer=build_optimizer("adam", learning_rate=0.05),
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=smoothing),
    )
    one_hot, shares = np.eye(3, dtype=np.float32)[LABELS], MIX.shares[:, np.newaxis]
    soft = shares * one_hot + (1 - shares) * one_hot[MIX.partners]
    before = Answers(ours).probabilities(INPUTS, np.arange(12))
    result = learner.learn(INPUTS, LABELS, mix=MIX)
    assert result.loss_sum == pytest.approx(-(soft * np.log(before)).sum(), rel=1e-5)
    larger = np.where(MIX.shares >= 0.5, LABELS, LABELS[MIX.partners])
    assert result.correct == (before.argmax(axis=1) == larger).sum()
    learner.learn(INPUTS, LABELS, mix=MIX)
    for _ in range(2):
        theirs.train_on_batch(INPUTS, soft)
    for mine, other in zip(ours.variables, theirs.variables, strict=True):
        np.testing.assert_allclose(mine.numpy(), other.numpy(), atol=1e-5)


def test_a_weighted_step_follows_the_gradient_of_the_weighted_mean():
    model, weights = build_model(), (0.5, 2.0, 5.0)
    kernel = model.variables[0].numpy().copy()
    probabilities = Answers(model).probabilities(INPUTS, np.arange(12))
    errors = (probabilities - np.eye(3)[LABELS]) * np.array(weights)[LABELS, np.newaxis]
    Learner(
        model, optimizer=build_optimizer("sgd", learning_rate=0.1), objective=Objective(class_weights=weights)
    ).learn(INPUTS, LABELS)
    np.testing.assert_allclose(model.variables[0].numpy(), kernel - 0.1 * INPUTS.T @ errors / 12, atol=1e-6)


def test_the_reported_loss_is_the_plain_cross_entropy_before_the_step():
    model = build_model()
    before = Answers(model).probabilities(INPUTS, np.arange(12))
    result = Learner(
        model, optimizer=build_optimizer("sgd", learning_rate=0.1), objective=Objective(label_smoothing=0.3)
    ).learn(INPUTS, LABELS)
    assert result.loss_sum / result.seen == pytest.approx(cross_entropy(before, LABELS), rel=1e-5)
    assert result.correct == int((before.argmax(axis=1) == LABELS).sum())


def test_a_changed_learning_rate_changes_the_next_step():
    model = build_model()
    learner = Learner(model, optimizer=build_optimizer("sgd", learning_rate=0.1))
    learner.learn(INPUTS, LABELS)
    before = model.variables[0].numpy().copy()
    learner.set_learning_rate(0.0)
    learner.learn(INPUTS, LABELS)
    # Momentum 0.9 carries on; with a rate of 0 each step adds nothing new.
    moved = np.abs(model.variables[0].numpy() - before).max()
    learner.set_learning_rate(1.0)
    learner.learn(INPUTS, LABELS)
    assert np.abs(model.variables[0].numpy() - before).max() > 5 * moved


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_group_takes_the_steps_of_its_share_of_the_rate_and_the_others_those_of_the_whole(name):
    grouped, whole, tenth = build_model(), build_model(), build_model()
    kernel, bias = grouped.trainable_variables
    rates = (RateShare(share=0.1, variables=(kernel,)),)
    learners = [
        Learner(grouped, optimizer=build_optimizer(name, learning_rate=0.5, rates=rates)),
        Learner(whole, optimizer=build_optimizer(name, learning_rate=0.5)),
        Learner(tenth, optimizer=build_optimizer(name, learning_rate=0.5)),
    ]
    for learner, rate in zip(learners, (0.05, 0.05, 0.005), strict=True):
        learner.set_learning_rate(rate)
        learner.learn(INPUTS, LABELS)
    np.testing.assert_allclose(kernel.numpy(), tenth.variables[0].numpy(), atol=1e-7)
    np.testing.assert_allclose(bias.numpy(), whole.variables[1].numpy(), atol=1e-7)
    assert np.abs(tenth.variables[0].numpy() - whole.variables[0].numpy()).max() > 1e-5


def test_what_is_penalised_shrinks_by_the_gradient_of_its_square_and_the_reported_loss_stays_plain():
    free, penalised = build_model(), build_model()
    kernel = penalised.trainable_variables[0]
    before = kernel.numpy().copy()
    results = [
        Learner(
            model, optimizer=build_optimizer("sgd", learning_rate=0.1), objective=Objective(**objective)
        ).learn(INPUTS, LABELS)
        for model, objective in ((free, {}), (penalised, {"l2": 0.5, "penalised": (kernel,)}))
    ]
    np.testing.assert_allclose(kernel.numpy(), free.variables[0].numpy() - 0.1 * before, atol=1e-6)
    np.testing.assert_array_equal(penalised.variables[1].numpy(), free.variables[1].numpy())
    assert results[0] == results[1]


def test_answers_are_the_same_in_whatever_batches():
    model = build_model()
    many = np.tile(INPUTS, (20, 1))
    positions = np.random.default_rng(0).permutation(len(many))
    np.testing.assert_allclose(
        Answers(model).probabilities(many, positions), model(many).numpy()[positions], atol=1e-6
    )
    assert Answers(model).probabilities(many, positions[:0]).shape == (0, 3)


def test_balanced_weights_make_every_class_count_alike():
    weights = np.array(balanced_class_weights(LABELS, num_classes=4))
    totals = np.bincount(LABELS, weights=weights[LABELS], minlength=4)
    np.testing.assert_allclose(totals, [4, 4, 4, 0])
