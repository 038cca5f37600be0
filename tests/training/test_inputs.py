"""A batch follows from its positions and the epoch, and from nothing that came before."""

import numpy as np
import pytest

from cnnlab.data.augmentation_preview import see_as_training
from cnnlab.data.mixing import mix_pictures
from cnnlab.specs.augmentation import Augmentation
from cnnlab.training.inputs import CopiedInputs, FreshInputs, Inputs, PlainInputs

POSITIONS = np.array([7, 2, 5])
PICTURES = np.random.default_rng(0).integers(0, 256, (8, 16, 16, 3), dtype=np.uint8)
TRAINING = np.array([0, 2, 3, 5, 7])
ROWS = np.full(8, -1)
ROWS[TRAINING] = np.arange(5)


def copied(number: int) -> CopiedInputs:
    """Copy c of training picture p is the number 100 c + p."""
    copies = [(100.0 * copy + TRAINING)[:, np.newaxis].astype(np.float32) for copy in range(number)]
    return CopiedInputs(plain=np.zeros((8, 1), np.float32), copies=copies, rows=ROWS)


def fresh() -> FreshInputs:
    return FreshInputs(plain=PICTURES, pictures=PICTURES, augmentation=Augmentation(zoom_share=0.3), seed=1)


@pytest.mark.parametrize(
    "inputs",
    [
        pytest.param(PlainInputs(plain=PICTURES), id="plain"),
        pytest.param(copied(3), id="copies"),
        pytest.param(fresh(), id="fresh"),
    ],
)
def test_a_batch_is_the_same_whatever_was_asked_before_and_in_whatever_company(inputs: Inputs):
    expected = inputs.batch(POSITIONS, epoch=4)
    inputs.batch(TRAINING, epoch=3)
    np.testing.assert_array_equal(inputs.batch(POSITIONS, epoch=4), expected)
    for place, position in enumerate(POSITIONS):
        np.testing.assert_array_equal(inputs.batch(np.array([position]), epoch=4)[0], expected[place])


def test_each_epoch_takes_one_copy_of_each_picture_and_in_turn_all_of_them():
    inputs = copied(3)
    seen = np.stack([inputs.batch(POSITIONS, epoch=epoch)[:, 0] for epoch in (1, 2, 3)])
    np.testing.assert_array_equal(seen % 100, np.tile(POSITIONS, (3, 1)))
    np.testing.assert_array_equal(np.sort(seen // 100, axis=0), np.tile([[0], [1], [2]], 3))
    assert len(set(seen[0] // 100)) > 1, "pictures of one epoch come from several copies"


def test_fresh_pictures_differ_from_epoch_to_epoch_and_go_through_what_is_frozen():
    inputs = FreshInputs(
        plain=np.zeros((8, 1)),
        pictures=PICTURES,
        augmentation=Augmentation(zoom_share=0.3),
        seed=1,
        below=(lambda pictures: pictures.mean(axis=(1, 2)), lambda means: means * 2),
    )
    first, second = (inputs.batch(POSITIONS, epoch=epoch) for epoch in (1, 2))
    assert (first != second).any()
    np.testing.assert_allclose(first, 2 * fresh().batch(POSITIONS, epoch=1).mean(axis=(1, 2)), rtol=1e-6)


def test_a_mixed_batch_follows_from_its_positions_and_the_epoch():
    settings = Augmentation(zoom_share=0.3, mixup_alpha=0.4, cutmix_alpha=1.0)
    first, again = (
        FreshInputs(plain=PICTURES, pictures=PICTURES, augmentation=settings, seed=1) for _ in range(2)
    )
    first.batch(TRAINING, epoch=3)
    np.testing.assert_array_equal(first.batch(POSITIONS, epoch=4), again.batch(POSITIONS, epoch=4))
    mix, same = first.mix(POSITIONS, epoch=4), again.mix(POSITIONS, epoch=4)
    np.testing.assert_array_equal(mix.shares, same.shares)
    alone = fresh().batch(POSITIONS, epoch=4).astype(np.uint8)
    np.testing.assert_array_equal(first.batch(POSITIONS, epoch=4), mix_pictures(alone, mix))
    assert (first.mix(POSITIONS, epoch=5).shares != mix.shares).any()
    assert fresh().mix(POSITIONS, epoch=4) is None
    assert first.mix(POSITIONS[:1], epoch=4) is None


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param(Augmentation(zoom_share=0.3, rand_operations=2), id="altered"),
        pytest.param(Augmentation(flip=True, mixup_alpha=0.4, cutmix_alpha=1.0), id="mixed"),
    ],
)
def test_the_preview_shows_what_training_sees(settings):
    inputs = FreshInputs(plain=PICTURES, pictures=PICTURES, augmentation=settings, seed=5)
    shown = see_as_training(PICTURES[POSITIONS], POSITIONS, settings=settings, seed=5, copies=(1, 2, 3))
    for epoch, version in enumerate(shown, start=1):
        trained = inputs.batch(POSITIONS, epoch=epoch)
        np.testing.assert_array_equal(np.stack([seen.pixels for seen in version]), trained)
        mix = inputs.mix(POSITIONS, epoch=epoch)
        assert [seen.partner for seen in version] == ([None] * 3 if mix is None else mix.partners.tolist())
