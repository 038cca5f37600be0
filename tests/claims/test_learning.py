"""Short training learns, follows its seed, says how far it is, and ends when it is told to."""

import numpy as np
import pytest

from cnnlab.claims.learning import answer, correct, prepare, train_blocks
from cnnlab.claims.networks import convolutional_network, dense_network
from cnnlab.models.anatomy import describe_network

SIZE = 8


def test_the_networks_that_are_compared_differ_in_what_they_are_named_after():
    pooled, flat = (convolutional_network(image_size=32, flatten=flatten) for flatten in (False, True))
    assert [block.kind for block in pooled.blocks[:-1]] == [block.kind for block in flat.blocks[:-1]]
    assert (pooled.blocks[-1].kind, flat.blocks[-1].kind) == ("global_average_pooling", "flatten")
    unpooled = convolutional_network(image_size=32, pooling=False)
    assert "max_pooling" not in [block.kind for block in unpooled.blocks]
    for network in (pooled, flat, unpooled, dense_network(image_size=32)):
        assert describe_network(network, num_classes=8).works


def bright_and_dark(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Pictures that anybody could tell apart, and their labels."""
    labels = np.arange(count, dtype=np.int32) % 2
    noise = np.random.default_rng(0).integers(0, 60, (count, SIZE, SIZE, 3))
    return (noise + 190 * labels[:, None, None, None]).astype(np.uint8), labels


class Stopped(Exception):
    """What a report raises to end an experiment."""


@pytest.mark.slow
def test_training_learns_what_is_plain_and_the_same_seed_learns_the_same():
    pictures, labels = bright_and_dark(64)
    said = []

    def learn(seed: int):
        prepare(seed, report=lambda *args: said.append(args))
        return train_blocks(
            dense_network(image_size=SIZE),
            pictures,
            labels,
            num_classes=2,
            epochs=20,
            activity="Learning",
            report=lambda *args: said.append(args),
            seed=seed,
        )

    model = learn(0)
    assert correct(model, pictures, labels).mean() > 0.9
    assert (correct(model, pictures, labels) == (answer(model, pictures) == labels)).all()
    assert said[0] == ("Loading TensorFlow", 0, 0)
    assert said[1:] == [("Learning", step, 40) for step in range(40)]

    def weights(model) -> list[np.ndarray]:
        return [weight.numpy() for weight in model.trainable_variables]

    again, other = weights(learn(0)), weights(learn(1))
    # The same machine may add up in another order: close, not equal to the bit.
    assert all(
        np.allclose(one, two, rtol=0.0, atol=1e-3) for one, two in zip(weights(model), again, strict=True)
    )
    assert any(
        not np.allclose(one, two, rtol=0.0, atol=1e-2) for one, two in zip(weights(model), other, strict=True)
    )


@pytest.mark.slow
def test_a_report_that_raises_ends_the_training():
    def report(activity: str, done: int, total: int) -> None:
        if done == 3:
            raise Stopped

    pictures, labels = bright_and_dark(64)
    with pytest.raises(Stopped):
        train_blocks(
            dense_network(image_size=SIZE),
            pictures,
            labels,
            num_classes=2,
            epochs=50,
            activity="Learning",
            report=report,
        )
