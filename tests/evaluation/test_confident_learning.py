"""Labels that disagree with what unseeing models are confident of are found, and little else."""

import numpy as np
import pytest

from cnnlab.evaluation.confident_learning import find_mislabelled


def test_the_example_worked_by_hand():
    """Thresholds (0.9 + 0.8 + 0.1) / 3 = 0.6 for class 0 and (0.7 + 0.5) / 2 = 0.6 for class 1."""
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.3, 0.7], [0.5, 0.5]])
    labels = np.array([0, 0, 0, 1, 1])
    found = find_mislabelled(probabilities, labels)
    np.testing.assert_allclose(found.thresholds, [0.6, 0.6])
    np.testing.assert_array_equal(found.joint, [[2, 1], [0, 1]])
    np.testing.assert_array_equal(found.mislabelled, [2])
    # The last is confidently neither: it stays what its label says.
    np.testing.assert_array_equal(found.likely, [0, 0, 1, 1, 1])
    np.testing.assert_allclose(found.margin, [0.8, 0.6, -0.8, 0.4, 0.0])
    # The row of class 1 counted one of its two pictures, and counts for two: 1 wrong of 3 + 2.
    assert found.wrong_share == pytest.approx(1 / 5)


def test_an_answer_below_the_threshold_of_its_class_is_no_finding():
    """Wrong, but never as sure of class 1 as the model is where it is right: hard, not mislabelled."""
    probabilities = np.array([[0.9, 0.1]] * 5 + [[0.4, 0.6]] + [[0.02, 0.98]] * 5)
    labels = np.array([0] * 6 + [1] * 5)
    found = find_mislabelled(probabilities, labels)
    assert len(found.mislabelled) == 0
    assert found.wrong_share == 0.0


def test_the_surest_come_first():
    random = np.random.default_rng(0)
    probabilities = random.dirichlet([0.3] * 4, size=400)
    found = find_mislabelled(probabilities, random.integers(0, 4, 400))
    assert len(found.mislabelled) > 50
    assert (np.diff(found.margin[found.mislabelled]) >= 0).all()
    assert (found.margin[found.mislabelled] < 0).all()


def noisy(share: float, *, seed: int = 0, count: int = 3000, num_classes: int = 5):
    """True classes, labels of which a share is wrong, and probabilities as of models that know the true ones well."""
    random = np.random.default_rng(seed)
    true = random.integers(0, num_classes, count)
    wrong = random.random(count) < share
    labels = np.where(wrong, (true + random.integers(1, num_classes, count)) % num_classes, true)
    scores = random.normal(size=(count, num_classes))
    scores[np.arange(count), true] += 4.0
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    return probabilities, labels, wrong


@pytest.mark.parametrize("share", [0.05, 0.1, 0.3])
def test_labels_that_were_flipped_are_found(share):
    probabilities, labels, wrong = noisy(share)
    found = find_mislabelled(probabilities, labels)
    precision, recall = wrong[found.mislabelled].mean(), wrong[found.mislabelled].sum() / wrong.sum()
    # Found: 0.99 and more of what is named is wrong, and 0.74 and more of what is wrong is named; the share by chance.
    assert precision > 0.9
    assert recall > 0.6
    assert found.wrong_share == pytest.approx(share, abs=0.03)


def test_where_no_label_is_wrong_hardly_any_is_found():
    probabilities, labels, _ = noisy(0.0)
    assert len(find_mislabelled(probabilities, labels).mislabelled) < 0.03 * len(labels)


def test_a_label_that_is_the_most_probable_class_is_not_contradicted():
    """It is below the high threshold of its class and above the low one of the other: counted, but not found."""
    probabilities = np.array([[0.95, 0.05]] * 9 + [[0.6, 0.4]] + [[0.7, 0.3]] * 4)
    found = find_mislabelled(probabilities, np.array([0] * 10 + [1] * 4))
    assert found.joint[0, 1] == 1
    assert 9 not in found.mislabelled


def test_the_order_of_pictures_does_not_matter():
    probabilities, labels, _ = noisy(0.1, count=300)
    order = np.random.default_rng(1).permutation(300)
    one, other = (
        find_mislabelled(probabilities, labels),
        find_mislabelled(probabilities[order], labels[order]),
    )
    np.testing.assert_array_equal(one.mislabelled, order[other.mislabelled])
    np.testing.assert_array_equal(one.joint, other.joint)


def test_a_class_without_pictures_is_never_suggested():
    probabilities = np.array([[0.2, 0.1, 0.7], [0.6, 0.1, 0.3], [0.1, 0.8, 0.1]])
    found = find_mislabelled(probabilities, np.array([0, 0, 1]))
    assert np.isnan(found.thresholds[2])
    assert not (found.likely == 2).any()
    assert len(found.mislabelled) == 0


def test_a_picture_of_which_nothing_is_known_is_left_out():
    probabilities, labels, _ = noisy(0.1, count=300)
    gaps = probabilities.copy()
    gaps[5] = np.nan
    found = find_mislabelled(gaps, labels)
    assert 5 not in found.mislabelled
    assert np.isnan(found.margin[5])
    assert np.isfinite(found.thresholds).all()
    assert found.joint.sum() <= 299


def test_nothing_known_at_all_finds_nothing():
    found = find_mislabelled(np.full((4, 2), np.nan), np.array([0, 0, 1, 1]))
    assert (len(found.mislabelled), found.wrong_share) == (0, 0.0)
