"""No spatial awareness: shuffle all pixels in one fixed way, and see which network notices.

A dense layer has one weight a pixel and input, so an order of the pixels means nothing to it
(https://arxiv.org/abs/1611.03530 trains networks on shuffled pixels). This module never draws.
"""

from types import MappingProxyType
from typing import Literal

import numpy as np
from pydantic import Field

from cnnlab.claims.answers import Answer, BarChart, Number, PictureRow, Verdict, accuracy_bar, percent
from cnnlab.claims.claim import Claim, Measuring
from cnnlab.claims.learning import correct, prepare, train_blocks
from cnnlab.claims.networks import convolutional_network, dense_network
from cnnlab.claims.pictures import Pictures, load_pictures
from cnnlab.evaluation.comparison import difference_interval, wilson_interval
from cnnlab.specs.base import Spec

IMAGE_SIZE = 32
SHOWN = 4
DENSE, CNN = "Dense network", "CNN"

Outcome = Literal["falls", "both fall", "alike", "gains", "guesses"]
"""What the shuffle did."""


class ShuffledPixels(Spec):
    """Settings of the experiment."""

    dataset: str = Field(
        "shapes",
        title="Pictures",
        description="What the networks learn. Digits all lie in the middle and are told apart pixel by pixel: a CNN hardly falls there.",
    )
    movement: float = Field(
        0.2,
        ge=0.0,
        le=1.0,
        title="Movement",
        description="How far drawn shapes lie from the middle. The farther, the less the dense network learns, and the less it has to "
        "lose; of no use for other pictures.",
    )
    num_training: int = Field(
        1500, ge=100, le=20_000, title="Training pictures", description="How many the networks learn from."
    )
    epochs: int = Field(8, ge=1, le=50, title="Epochs", description="How often every picture is seen.")
    seed: int = Field(
        0,
        ge=0,
        le=2**31 - 1,
        title="Seed",
        description="Of the shuffle, the weights and the order of pictures.",
    )


def shuffle_pixels(pictures: np.ndarray, *, seed: int) -> np.ndarray:
    """Put the pixels of every picture into one other order, the same for all.

    Args:
        pictures: Shape (N, H, W, C).
        seed: The same seed, the same order.
    """
    count, height, width, channels = pictures.shape
    order = np.random.default_rng(seed).permutation(height * width)
    return pictures.reshape(count, height * width, channels)[:, order].reshape(pictures.shape)


def measure(settings: ShuffledPixels, measuring: Measuring) -> Answer:
    """Train both networks on plain and on shuffled pictures, and judge each on its own kind of test pictures."""
    pictures = load_pictures(
        settings.dataset,
        image_size=IMAGE_SIZE,
        num_training=settings.num_training,
        num_test=max(settings.num_training // 2, 100),
        seed=settings.seed,
        report=measuring.report,
        movement=settings.movement,
    )
    prepare(settings.seed, report=measuring.report)
    right = {
        (name, shuffled): _learn(name, pictures, shuffled=shuffled, settings=settings, measuring=measuring)
        for name in (DENSE, CNN)
        for shuffled in (False, True)
    }
    return _answer(right, pictures, settings=settings, measuring=measuring)


def _learn(
    name: str, pictures: Pictures, *, shuffled: bool, settings: ShuffledPixels, measuring: Measuring
) -> np.ndarray:
    network = (dense_network if name == DENSE else convolutional_network)(image_size=IMAGE_SIZE)
    training, test = pictures.training, pictures.test
    if shuffled:
        training, test = (shuffle_pixels(part, seed=settings.seed) for part in (training, test))
    model = train_blocks(
        network,
        training,
        pictures.training_labels,
        num_classes=pictures.num_classes,
        epochs=settings.epochs,
        activity=f"Training the {name} on {'shuffled' if shuffled else 'plain'} pictures",
        report=measuring.report,
        seed=settings.seed,
    )
    return correct(model, test, pictures.test_labels)


def outcome_of(
    cnn: tuple[float, float], dense: tuple[float, float], *, dense_plain: float, chance: float
) -> Outcome:
    """What intervals of the accuracy that each network loses say.

    Args:
        cnn: Low and high end of what the CNN loses, 0..1; negative where it gains.
        dense: The same for the dense network.
        dense_plain: Low end of the dense network's accuracy on plain pictures.
        chance: What guessing would reach.
    """
    if cnn[1] < 0.0:
        return "gains"
    if cnn[0] <= 0.0:
        return "alike"
    if dense_plain <= chance:
        return "guesses"
    return "falls" if cnn[0] > dense[1] else "both fall"


OUTCOMES: MappingProxyType[Outcome, tuple[Verdict, str]] = MappingProxyType(
    {
        "falls": (
            "holds",
            "A dense layer never knew which pixels are neighbours, so it loses nothing when they are moved apart. A convolution lives "
            "on neighbours: what it loses is what knowing them was worth on these pictures. What it keeps are colours and "
            "brightness, which no shuffle takes away.",
        ),
        "both fall": (
            "partly",
            "The CNN loses, but not clearly more than the dense network. By its arithmetic a dense network cannot notice a fixed shuffle: what "
            "it lost came from other random weights, so these pictures or epochs are too few to tell.",
        ),
        "alike": (
            "noise",
            "On these pictures knowing the neighbours was worth nothing that could be told from chance: their classes can be read from which "
            "pixels are bright. The dense layer has no idea of space here either, but it does not need one. On the drawn shapes "
            "it does.",
        ),
        "gains": (
            "fails",
            "The CNN became better without neighbours, which a short training can make: the plain pictures were not yet learned. Try more "
            "epochs before anything is concluded.",
        ),
        "guesses": (
            "partly",
            "The CNN loses what it knew of neighbours. The dense network only guesses, shuffled or not, so it had nothing to lose: with less "
            "movement, or more pictures, it would say more.",
        ),
    }
)
"""The verdict, and what follows."""


def _answer(
    right: dict[tuple[str, bool], np.ndarray],
    pictures: Pictures,
    *,
    settings: ShuffledPixels,
    measuring: Measuring,
) -> Answer:
    shares = {key: float(value.mean()) for key, value in right.items()}
    loss = {name: shares[name, False] - shares[name, True] for name in (DENSE, CNN)}
    bounds = {name: difference_interval(right[name, True], right[name, False]) for name in (DENSE, CNN)}
    plain = right[DENSE, False]
    dense_plain, _ = wilson_interval(int(plain.sum()), len(plain))
    verdict, meaning = OUTCOMES[
        outcome_of(bounds[CNN], bounds[DENSE], dense_plain=dense_plain, chance=pictures.chance)
    ]
    return Answer(
        verdict=verdict,
        sentence=f"With all pixels shuffled the same way, the CNN goes from {percent(shares[CNN, False])} to "
        f"{percent(shares[CNN, True])}, the dense network from {percent(shares[DENSE, False])} to {percent(shares[DENSE, True])}.",
        meaning=meaning,
        numbers=tuple(
            Number(
                label=f"{name} {'loses' if loss[name] >= 0 else 'gains'}",
                value=f"{abs(loss[name]) * 100:.1f} points",
                sentence=f"lost: 95 % interval {bounds[name][0] * 100:+.1f} to {bounds[name][1] * 100:+.1f}",
            )
            for name in (DENSE, CNN)
        ),
        charts=(_chart(right, chance=pictures.chance),),
        pictures=(_examples(pictures, settings=settings, measuring=measuring),),
        scores={
            f"{name} {'shuffled' if shuffled else 'plain'}": value
            for (name, shuffled), value in shares.items()
        },
    )


def _chart(right: dict[tuple[str, bool], np.ndarray], *, chance: float) -> BarChart:
    return BarChart(
        title="Test accuracy on plain and on shuffled pictures",
        y_label="Test accuracy (%)",
        y_axis="share",
        chance=chance,
        bars=tuple(
            accuracy_bar(name, judged, group="shuffled" if shuffled else "plain")
            for (name, shuffled), judged in right.items()
        ),
    )


def _examples(pictures: Pictures, *, settings: ShuffledPixels, measuring: Measuring) -> PictureRow:
    shuffled = shuffle_pixels(pictures.test[:SHOWN], seed=settings.seed)
    kept = []
    for number in range(min(SHOWN, len(pictures.test))):
        name = pictures.class_names[pictures.test_labels[number]]
        kept.append(measuring.keep_picture(f"plain-{number}", pictures.test[number], caption=name))
        kept.append(
            measuring.keep_picture(f"shuffled-{number}", shuffled[number], caption=f"{name}, shuffled")
        )
    return PictureRow(
        title="What the networks saw", sentence="The same shuffle for every picture.", pictures=tuple(kept)
    )


CLAIM = Claim(
    id="shuffled_pixels",
    title="A dense layer does not know what is beside what",
    says="A dense layer treats every pixel alike, wherever it is: it has no idea of space.",
    exactly="What a dense layer lacks is knowing at the start which pixels are neighbours; from enough pictures it can be learned (https://arxiv.org/abs/2007.13657). And the "
    "shuffle is fixed: a CNN retrained on shuffled pictures still learns from colour and brightness, so it falls, but not to guessing.",
    experiment="Trains a dense network and a CNN twice: on the pictures as they are, and with all their pixels shuffled in one fixed way.",
    icon=":material/shuffle:",
    settings=ShuffledPixels,
    measure=measure,
    recipe=2,
)
