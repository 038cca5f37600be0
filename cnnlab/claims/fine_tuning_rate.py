"""The learning rate of fine-tuning: the same second phase at 1e-5, at 1e-3, and around them, after the same first phase.

What a rate does is seen twice: in the accuracy on pictures that nobody learned from, and in how far the
weights have moved from those of ImageNet. This module never draws.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from cnnlab.claims.answers import (
    Answer,
    BarChart,
    Chart,
    Line,
    LineChart,
    Number,
    Verdict,
    accuracy_bar,
    percent,
)
from cnnlab.claims.claim import Claim, Measuring
from cnnlab.claims.learning import correct, prepare, train
from cnnlab.claims.pictures import Pictures
from cnnlab.claims.transferring import LABEL, Reached, load_each, moved, pretrained, reach
from cnnlab.evaluation.comparison import difference_interval
from cnnlab.specs.base import Spec
from cnnlab.training.checkpoints import assign
from cnnlab.training.learner import Answers

if TYPE_CHECKING:
    from cnnlab.models.classifier import Classifier, Split

LOW, HIGH = 1e-5, 1e-3
"""The lesson's two: that of its second phase, and that of its first, which it warns of."""
RATES = (LOW, 1e-4, HIGH, 1e-2)
HEAD_EPOCHS = 15
HEAD_RATE = 1e-3
NUM_TEST = 300


class FineTuningRate(Spec):
    """Settings of the experiment."""

    dataset: str = Field("digits", title="Pictures", description="What the network learns.")
    pictures_per_class: int = Field(
        25,
        ge=2,
        le=1000,
        title="Pictures a class",
        description="How many the network learns from, of each class.",
    )
    unfreeze_blocks: int = Field(
        4,
        ge=1,
        le=16,
        title="Unfrozen blocks",
        description="How many blocks learn in the second phase, counted from the end of the backbone's 17.",
    )
    epochs: int = Field(
        5,
        ge=1,
        le=50,
        title="Epochs of fine-tuning",
        description="How often every picture is seen in the second phase.",
    )
    image_size: int = Field(
        96,
        ge=64,
        le=224,
        title="Image size",
        description="Height and width, in pixels. The backbone was trained for 224; smaller is faster.",
    )
    seed: int = Field(
        0,
        ge=0,
        le=2**31 - 1,
        title="Seed",
        description="Of the head's weights, the pictures and their order.",
    )


@dataclass(frozen=True, kw_only=True)
class Tuned:
    """What one learning rate made of the network."""

    correct: np.ndarray
    """Whether each test picture was named right at the end, bool, shape (M,)."""
    accuracies: tuple[float, ...]
    """On the test pictures, after each epoch."""
    drift: float
    """How far the unfrozen weights of the backbone have moved, as a share of their norm."""


def measure(settings: FineTuningRate, measuring: Measuring) -> Answer:
    """Train a head, then fine-tune from there at every rate, each time from the same weights."""
    report = measuring.report
    pictures = load_each(
        settings.dataset,
        per_class=settings.pictures_per_class,
        num_test=NUM_TEST,
        image_size=settings.image_size,
        seed=settings.seed,
        report=report,
    )
    prepare(settings.seed, report=report)
    classifier = pretrained(
        image_size=settings.image_size, num_classes=pictures.num_classes, seed=settings.seed, report=report
    )
    split = classifier.split_at("blocks", settings.unfreeze_blocks)
    reached = reach(
        split.below,
        pictures,
        boundary=split.name,
        activity=f"Computing activations below {split.name}",
        report=report,
    )
    features = reach(split.above, reached, boundary="features", activity="Computing features", report=report)
    train(
        classifier.head,
        features.training,
        pictures.training_labels,
        epochs=HEAD_EPOCHS,
        learning_rate=HEAD_RATE,
        schedule="constant",
        activity="Phase 1: training the head",
        report=report,
        seed=settings.seed,
    )
    before = correct(classifier.head, features.test, pictures.test_labels)
    tuned = _tune_all(classifier, split, reached, pictures, settings=settings, measuring=measuring)
    return _answer(before, tuned, pictures, settings=settings)


def _tune_all(
    classifier: "Classifier",
    split: "Split",
    reached: Reached,
    pictures: Pictures,
    *,
    settings: FineTuningRate,
    measuring: Measuring,
) -> dict[float, Tuned]:
    import keras

    model = keras.Model(split.above.inputs[0], classifier.head(split.above.outputs[0]))
    start = [variable.numpy() for variable in model.variables]
    unfrozen = split.above.trainable_variables
    pretrained_weights = [variable.numpy() for variable in unfrozen]
    answers = Answers(model)
    positions = np.arange(len(reached.test))

    def judge() -> np.ndarray:
        return answers.probabilities(reached.test, positions).argmax(axis=-1) == pictures.test_labels

    found = {}
    for rate in RATES:
        assign(model.variables, start)
        accuracies: list[float] = []
        train(
            model,
            reached.training,
            pictures.training_labels,
            epochs=settings.epochs,
            learning_rate=rate,
            schedule="constant",
            activity=f"Phase 2: fine-tuning at {_written(rate)}",
            report=measuring.report,
            seed=settings.seed,
            on_epoch=lambda seen=accuracies: seen.append(float(judge().mean())),
        )
        drift = moved(pretrained_weights, [variable.numpy() for variable in unfrozen])
        found[rate] = Tuned(correct=judge(), accuracies=tuple(accuracies), drift=drift)
    return found


def verdict_of(change: dict[float, tuple[float, float]]) -> Verdict:
    """What intervals for 'accuracy at a rate minus accuracy at the low one' say of the lesson's warning.

    Args:
        change: Low and high end by rate, for every rate above the low one.
    """
    low, high = change[HIGH]
    if high < 0.0:
        return "holds"
    if low > 0.0:
        return "fails"
    return "partly" if any(above < 0.0 for _, above in change.values()) else "noise"


def _answer(
    before: np.ndarray, tuned: dict[float, Tuned], pictures: Pictures, *, settings: FineTuningRate
) -> Answer:
    change = {
        rate: difference_interval(tuned[LOW].correct, found.correct)
        for rate, found in tuned.items()
        if rate != LOW
    }
    verdict = verdict_of(change)
    gentle, rough = tuned[LOW], tuned[HIGH]
    return Answer(
        verdict=verdict,
        sentence=f"After {settings.epochs} epochs of fine-tuning, {percent(gentle.correct.mean())} of {len(before)} test pictures "
        f"are right at {_written(LOW)} and {percent(rough.correct.mean())} at {_written(HIGH)}; {percent(before.mean())} were before it. "
        f"The unfrozen weights moved by {gentle.drift * 100:.2f} % and by {rough.drift * 100:.1f} %.",
        meaning=MEANINGS[verdict],
        numbers=_numbers(before, tuned, change),
        charts=_charts(before, tuned, chance=pictures.chance),
        scores={"accuracy before": float(before.mean())}
        | {f"accuracy {rate:g}": float(found.correct.mean()) for rate, found in tuned.items()}
        | {f"drift {rate:g}": found.drift for rate, found in tuned.items()},
    )


MEANINGS: dict[Verdict, str] = {
    "holds": "At the high rate the first steps already push the backbone away from what ImageNet taught it, and a few pictures "
    "are not enough to learn it again. Fine-tune at a hundredth of the head's rate, and raise it only with a look at "
    "the validation accuracy.",
    "partly": "At the lesson's high rate these pictures show no certain loss, but at a still higher one the backbone is "
    "destroyed. Where the edge is depends on the pictures and on what is unfrozen; a low rate is on the safe side of it.",
    "fails": "Here the high rate is better: the weights moved much further, and to the good of these pictures. That happens "
    "where they look little like ImageNet and are many. 'Destroys' is a risk, not a law: measure before you believe it.",
    "noise": "These pictures cannot tell the rates apart: the weights moved much further at the high rate, and the accuracy did not "
    "follow. 'Destroys' is a risk, not a law. Harder or more pictures, or more epochs, would tell more.",
}


def _numbers(
    before: np.ndarray, tuned: dict[float, Tuned], change: dict[float, tuple[float, float]]
) -> tuple[Number, ...]:
    def points(label: str, one: np.ndarray, other: np.ndarray) -> Number:
        low, high = difference_interval(one, other)
        return Number(
            label=label,
            value=f"{(other.mean() - one.mean()) * 100:+.1f} points",
            sentence=f"95 % interval {low * 100:+.1f} to {high * 100:+.1f}",
        )

    return (
        points(f"{_written(HIGH)} against {_written(LOW)}", tuned[LOW].correct, tuned[HIGH].correct),
        points(f"{_written(LOW)} against no fine-tuning", before, tuned[LOW].correct),
        points(f"{_written(HIGH)} against no fine-tuning", before, tuned[HIGH].correct),
        Number(
            label="Weights moved",
            value=f"{tuned[HIGH].drift / tuned[LOW].drift:,.0f} times as far",
            sentence=f"at {_written(HIGH)} as at {_written(LOW)}, whose rate is {HIGH / LOW:,.0f} times lower",
        ),
    )


def _charts(before: np.ndarray, tuned: dict[float, Tuned], *, chance: float) -> tuple[Chart, ...]:
    start = float(before.mean())
    return (
        LineChart(
            title="Test accuracy while fine-tuning; epoch 0 is the end of phase 1",
            x_label="Epoch of fine-tuning",
            y_label="Test accuracy (%)",
            y_axis="share",
            chance=chance,
            lines=tuple(
                Line(
                    label=f"{_written(rate)}",
                    x=tuple(range(len(found.accuracies) + 1)),
                    y=(start, *found.accuracies),
                )
                for rate, found in tuned.items()
            ),
        ),
        BarChart(
            title="Test accuracy at the end, with 95 % intervals",
            y_label="Test accuracy (%)",
            y_axis="share",
            chance=chance,
            bars=(
                accuracy_bar("head only", before),
                *(accuracy_bar(f"{_written(rate)}", found.correct) for rate, found in tuned.items()),
            ),
        ),
        LineChart(
            title="How far the unfrozen weights have moved from those of ImageNet",
            x_label="Learning rate",
            y_label="Change, share of the weights' norm",
            x_log=True,
            y_log=True,
            lines=(Line(label="change", x=tuple(tuned), y=tuple(found.drift for found in tuned.values())),),
        ),
    )


def _written(rate: float) -> str:
    """Write a power of ten as the lesson does: 0.00001 -> '1e-5'."""
    return f"1e{round(math.log10(rate))}"


CLAIM = Claim(
    id="fine_tuning_rate",
    title="A high learning rate destroys what a backbone knows",
    says="Once the backbone is unfrozen, the learning rate has to be very low, 1e-5 and not 1e-3: a high one would destroy the "
    "features that were learned from ImageNet.",
    exactly="The lesson's text says to unfreeze some layers, its code unfreezes all; here you choose how many blocks. And "
    "'destroy' is a matter of degree: it depends on the pictures, on the number of steps and on what is unfrozen, so the rates around "
    "both are measured too.",
    experiment=f"Trains a head on {LABEL}, then fine-tunes the last blocks from there at four learning rates. Batch normalization stays "
    "still, as in every run.",
    icon=":material/tune:",
    settings=FineTuningRate,
    measure=measure,
)
