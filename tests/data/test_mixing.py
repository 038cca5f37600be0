"""MixUp and CutMix: what is left of each picture is what its class counts for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cnnlab.data.mixing import draw_mix, mix_pictures
from cnnlab.specs.augmentation import Augmentation
from cnnlab.specs.training import TransferTraining

SIZE = 16
MIXUP, CUTMIX = Augmentation(mixup_alpha=0.4), Augmentation(cutmix_alpha=1.0)
BOTH = Augmentation(mixup_alpha=0.4, cutmix_alpha=1.0)


def drawn(settings, *, count=8, seed=0, epoch=1):
    return draw_mix(np.arange(count), settings=settings, seed=seed, epoch=epoch, image_size=SIZE)


def of_one_grey_each(count):
    """Picture n is n * 20 everywhere."""
    return np.broadcast_to(
        (np.arange(count) * 20).astype(np.uint8)[:, None, None, None], (count, SIZE, SIZE, 3)
    )


@given(st.integers(2, 12), st.integers(0, 2**31 - 1), st.sampled_from([MIXUP, CUTMIX, BOTH]))
def test_the_share_is_what_is_left_of_a_picture(count, seed, settings):
    mix = drawn(settings, count=count, seed=seed)
    assert (mix.partners != np.arange(count)).all()
    assert ((mix.shares >= 0) & (mix.shares <= 1)).all()
    pictures = of_one_grey_each(count)
    mixed = mix_pictures(pictures, mix)
    expected = 20.0 * (mix.shares * np.arange(count) + (1 - mix.shares) * mix.partners)
    np.testing.assert_allclose(mixed.mean(axis=(1, 2, 3)), expected, atol=0.51)


def test_mixup_lays_over_and_cutmix_puts_in():
    pictures = of_one_grey_each(8)
    over = mix_pictures(pictures, drawn(MIXUP))
    assert (np.ptp(over, axis=(1, 2, 3)) == 0).all()
    mix = drawn(CUTMIX)
    put_in = mix_pictures(pictures, mix)
    for place, picture in enumerate(put_in):
        assert set(np.unique(picture)) <= {place * 20, int(mix.partners[place]) * 20}
    assert (np.ptp(put_in, axis=(1, 2, 3)) > 0).any()


def test_with_both_each_picture_gets_one_of_them():
    mixes = [drawn(BOTH, epoch=epoch) for epoch in range(1, 30)]
    boxed = np.concatenate([mix.boxes.any(axis=1) for mix in mixes])
    assert 0.3 < boxed.mean() < 0.7


def test_equal_arguments_mix_alike_and_others_do_not():
    shares = [
        drawn(MIXUP, seed=seed, epoch=epoch).shares.tolist()
        for seed, epoch in ((0, 1), (0, 1), (1, 1), (0, 2))
    ]
    assert shares[0] == shares[1]
    assert shares[0] not in shares[2:]


@pytest.mark.parametrize(
    ("settings", "count"),
    [pytest.param(Augmentation(flip=True), 8, id="off"), pytest.param(BOTH, 1, id="a batch of one")],
)
def test_nothing_is_mixed(settings, count):
    assert drawn(settings, count=count) is None


def test_a_strong_mixup_mixes_more_evenly_than_a_weak_one():
    def least(alpha):
        mixes = [drawn(Augmentation(mixup_alpha=alpha), epoch=epoch) for epoch in range(1, 60)]
        return np.mean([np.minimum(mix.shares, 1 - mix.shares).mean() for mix in mixes])

    assert least(0.1) < least(0.4) < least(1.0)


def test_mixed_pictures_are_not_kept_as_copies():
    with pytest.raises(ValidationError, match="no copies to keep"):
        TransferTraining(augmentation=MIXUP, augmented_route="copies")
    assert TransferTraining(augmentation=MIXUP, augmented_route="fresh").augmentation.mixes
