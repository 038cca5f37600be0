"""Transfer against scratch by the number of pictures: a CNN from nothing, a frozen backbone, and a fine-tuned one.

All three learn from the same pictures, more and more of them, and every point is measured several times, each
time with other pictures and other weights. This module never draws.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from cnnlab.claims.answers import Answer, Line, LineChart, Number, Verdict, percent
from cnnlab.claims.claim import Claim, Measuring, Report
from cnnlab.claims.learning import correct, prepare, train, train_blocks
from cnnlab.claims.networks import convolutional_network
from cnnlab.claims.pictures import Pictures, choose_evenly
from cnnlab.claims.transferring import LABEL, Reached, load_each, pretrained, reach
from cnnlab.evaluation.comparison import difference_interval
from cnnlab.specs.base import Spec
from cnnlab.training.checkpoints import assign

if TYPE_CHECKING:
    import keras

SCRATCH, FROZEN, TUNED = "CNN from scratch", "frozen backbone", "two phases"
WAYS = (SCRATCH, FROZEN, TUNED)
SIZES = (5, 20, 50, 100, 200, 500, 1000, 2000)
"""Pictures a class that are measured, as far as they are wanted and there."""
NUM_TEST = 400
SCRATCH_EPOCHS = 10
SCRATCH_STEPS = 200
"""At least so many: with few pictures an epoch is a few steps, and a CNN has not learned them yet."""
SCRATCH_RATE = 2e-3
HEAD_EPOCHS = 15
UNFROZEN_BLOCKS = 1
TUNE_EPOCHS = 5
TUNE_RATE = 1e-5
BATCH_SIZE = 32

Right = Mapping[tuple[str, int], list[np.ndarray]]
"""Whether each test picture was named right, bool, shape (M,): once a repeat, by way and pictures a class."""


class TransferOrScratch(Spec):
    """Settings of the experiment."""

    dataset: str = Field("shapes", title="Pictures", description="What the networks learn.")
    most_per_class: int = Field(
        100,
        ge=5,
        le=2000,
        title="Most pictures a class",
        description="5, 20, 50, 100, ... a class are measured, up to so many, where the dataset has them.",
    )
    repeats: int = Field(
        3,
        ge=2,
        le=10,
        title="Repeats",
        description="How often each point is measured, with other pictures and weights.",
    )
    image_size: int = Field(
        96,
        ge=64,
        le=224,
        title="Image size of the backbone",
        description="Height and width, in pixels. It was trained for 224; smaller is faster.",
    )
    scratch_image_size: int = Field(
        32,
        ge=16,
        le=128,
        title="Image size from scratch",
        description="Height and width of the CNN's pictures, in pixels.",
    )
    seed: int = Field(
        0, ge=0, le=2**31 - 1, title="Seed", description="Of the pictures, the weights and the order."
    )


class _Backbone:
    """The pretrained network, and what its frozen part says of all pictures; every training starts from the same weights."""

    def __init__(self, pictures: Pictures, *, image_size: int, seed: int, report: Report) -> None:
        import keras

        classifier = pretrained(
            image_size=image_size, num_classes=pictures.num_classes, seed=seed, report=report
        )
        split = classifier.split_at("blocks", UNFROZEN_BLOCKS)
        self.at_boundary = reach(
            split.below, pictures, boundary=split.name, activity="Computing activations, once", report=report
        )
        self.features = reach(
            split.above,
            self.at_boundary,
            boundary="features",
            activity="Computing features, once",
            report=report,
        )
        self.head = classifier.head
        self.whole = keras.Model(split.above.inputs[0], classifier.head(split.above.outputs[0]))
        self._start = [variable.numpy() for variable in self.whole.variables]

    def forget(self) -> None:
        """Take back what was learned."""
        assign(self.whole.variables, self._start)


@dataclass(frozen=True, kw_only=True)
class _Point:
    """One measurement: these pictures, this seed."""

    chosen: np.ndarray
    """Positions of the training pictures, int, shape (N,)."""
    labels: np.ndarray
    """Of those, int, shape (N,)."""
    seed: int
    said: str
    report: Report


def measure(settings: TransferOrScratch, measuring: Measuring) -> Answer:
    """Measure every number of pictures so many times, each time all three ways on the same pictures."""
    report = measuring.report
    large, small = (
        load_each(
            settings.dataset,
            per_class=settings.most_per_class,
            num_test=NUM_TEST,
            image_size=image_size,
            seed=settings.seed,
            report=report,
        )
        for image_size in (settings.image_size, settings.scratch_image_size)
    )
    prepare(settings.seed, report=report)
    backbone = _Backbone(large, image_size=settings.image_size, seed=settings.seed, report=report)
    sizes = sizes_of(large.training_labels, most=settings.most_per_class)
    right: dict[tuple[str, int], list[np.ndarray]] = {(way, size): [] for way in WAYS for size in sizes}
    for repeat in range(settings.repeats):
        for size in sizes:
            seed = settings.seed + repeat
            chosen = choose_evenly(large.training_labels, size * large.num_classes, seed=seed)
            point = _Point(
                chosen=chosen,
                labels=large.training_labels[chosen],
                seed=seed,
                said=f"{size} a class, {repeat + 1} of {settings.repeats}",
                report=report,
            )
            right[SCRATCH, size].append(_from_scratch(point, small))
            frozen, tuned = _transferred(point, backbone, large.test_labels)
            right[FROZEN, size].append(frozen)
            right[TUNED, size].append(tuned)
    return _answer(right, sizes, large, repeats=settings.repeats)


def sizes_of(labels: np.ndarray, *, most: int) -> tuple[int, ...]:
    """How many pictures a class are measured: those of `SIZES` that every class has; its smallest class where none is.

    Args:
        labels: Of the pictures that may be learned from, int, shape (N,).
        most: How many are wanted at most.
    """
    there = int(np.unique(labels, return_counts=True)[1].min())
    return tuple(size for size in SIZES if size <= min(most, there)) or (there,)


def _from_scratch(point: _Point, pictures: Pictures) -> np.ndarray:
    steps_an_epoch = -(-len(point.chosen) // BATCH_SIZE)
    model = train_blocks(
        convolutional_network(image_size=pictures.training.shape[1]),
        pictures.training[point.chosen],
        point.labels,
        num_classes=pictures.num_classes,
        epochs=max(SCRATCH_EPOCHS, -(-SCRATCH_STEPS // steps_an_epoch)),
        activity=f"From scratch: {point.said}",
        report=point.report,
        seed=point.seed,
        learning_rate=SCRATCH_RATE,
    )
    return correct(model, pictures.test, pictures.test_labels)


def _transferred(
    point: _Point, backbone: _Backbone, test_labels: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Whether each test picture is named right after the first phase, and after the second."""
    backbone.forget()

    def learn(model: "keras.Model", inputs: Reached, epochs: int, rate: float, said: str) -> np.ndarray:
        train(
            model,
            inputs.training[point.chosen],
            point.labels,
            epochs=epochs,
            activity=f"{said}: {point.said}",
            report=point.report,
            learning_rate=rate,
            schedule="constant",
            seed=point.seed,
        )
        return correct(model, inputs.test, test_labels)

    frozen = learn(backbone.head, backbone.features, HEAD_EPOCHS, 1e-3, "Head")
    return frozen, learn(backbone.whole, backbone.at_boundary, TUNE_EPOCHS, TUNE_RATE, "Fine-tuning")


def winner_of(scratch: list[np.ndarray], transferred: list[np.ndarray]) -> int:
    """Who is better, beyond noise in every repeat: 1 transfer, -1 scratch, 0 nobody.

    Args:
        scratch: Whether each test picture was named right, bool, shape (M,), once a repeat.
        transferred: The same for the other.
    """
    bounds = [difference_interval(one, other) for one, other in zip(scratch, transferred, strict=True)]
    return int(all(low > 0.0 for low, _ in bounds)) - int(all(high < 0.0 for _, high in bounds))


def verdict_of(winners: Mapping[int, int]) -> Verdict:
    """What the winner at every number of pictures says of 'two phases always outperform'.

    Args:
        winners: As `winner_of` says, by pictures a class.
    """
    found = set(winners.values())
    if found == {1}:
        return "holds"
    if 1 in found:
        return "partly"
    return "fails" if -1 in found else "noise"


def _answer(right: Right, sizes: tuple[int, ...], pictures: Pictures, *, repeats: int) -> Answer:
    means = {key: float(np.mean(found)) for key, found in right.items()}
    winners = {size: winner_of(right[SCRATCH, size], right[TUNED, size]) for size in sizes}
    few, many = sizes[0], sizes[-1]
    return Answer(
        verdict=verdict_of(winners),
        sentence=f"With {few} pictures a class: from scratch {percent(means[SCRATCH, few])}, frozen {percent(means[FROZEN, few])}, two phases "
        f"{percent(means[TUNED, few])} of the test pictures right. With {many}: {percent(means[SCRATCH, many])}, "
        f"{percent(means[FROZEN, many])} and {percent(means[TUNED, many])} (means of {repeats}).",
        meaning=_meaning(winners, means),
        numbers=tuple(_number(size, winners[size], means) for size in sizes),
        charts=(_chart(right, sizes, chance=pictures.chance, repeats=repeats),),
        scores={f"{way} {size}": mean for (way, size), mean in means.items()},
    )


def _meaning(winners: Mapping[int, int], means: Mapping[tuple[str, int], float]) -> str:
    won = {side: [size for size, winner in winners.items() if winner == side] for side in (1, -1, 0)}
    said = [
        f"{who} at {_listed(won[side])} pictures a class"
        for side, who in ((1, "Transfer wins"), (-1, "Scratch wins"), (0, "Nobody wins for certain"))
        if won[side]
    ]
    change = max((means[TUNED, size] - means[FROZEN, size] for size in winners), key=abs)
    return f"{'. '.join(said)}. {MEANINGS[verdict_of(winners)]} The second phase changed the mean by {change * 100:+.1f} points at most."


MEANINGS: dict[Verdict, str] = {
    "holds": "A backbone that has seen ImageNet is worth more than the pictures that you lack; look whether the curves come "
    "closer with more of them.",
    "partly": "What a backbone is worth depends on how many pictures you have: look where the curves meet.",
    "fails": "These pictures look so little like ImageNet, and are so easy to learn from nothing, that a small CNN of their own "
    "is better. Transfer is a good first try, not a law.",
    "noise": "The repeats do not agree on a winner: transfer and scratch are about as good here. More test pictures would tell more.",
}


def _listed(sizes: list[int]) -> str:
    return " and ".join(filter(None, (", ".join(map(str, sizes[:-1])), str(sizes[-1]))))


def _number(size: int, winner: int, means: Mapping[tuple[str, int], float]) -> Number:
    return Number(
        label=f"{size} a class: two phases minus scratch",
        value=f"{(means[TUNED, size] - means[SCRATCH, size]) * 100:+.1f} points",
        sentence={
            1: "transfer wins in every repeat",
            -1: "scratch wins in every repeat",
            0: "within noise in some repeat",
        }[winner],
    )


def _chart(right: Right, sizes: tuple[int, ...], *, chance: float, repeats: int) -> LineChart:
    def line(way: str) -> Line:
        shares = [[float(found.mean()) for found in right[way, size]] for size in sizes]
        return Line(
            label=way,
            x=sizes,
            y=tuple(float(np.mean(each)) for each in shares),
            low=tuple(min(each) for each in shares),
            high=tuple(max(each) for each in shares),
        )

    return LineChart(
        title=f"Test accuracy by pictures a class: mean, lowest and highest of {repeats} repeats",
        x_label="Training pictures a class",
        x_log=True,
        y_label="Test accuracy (%)",
        y_axis="share",
        chance=chance,
        lines=tuple(line(way) for way in WAYS),
    )


CLAIM = Claim(
    id="transfer_or_scratch",
    title="Transfer against scratch, by the number of pictures",
    says="Transfer in two phases consistently outperforms training from scratch, especially with fewer than 10,000 pictures.",
    exactly="'Consistently' is too much: Keras' own guide to transfer learning says that fine-tuning can help and can overfit, and "
    "only after the first phase has converged. And 10,000 is no law: where the curves meet depends on how much your pictures "
    "look like ImageNet. Here it is measured on yours.",
    experiment=f"Trains a small CNN from scratch, a head on frozen {LABEL}, and both phases, on more and more pictures a class, several times each. "
    "All are judged by the same test pictures.",
    icon=":material/compare_arrows:",
    settings=TransferOrScratch,
    measure=measure,
)
