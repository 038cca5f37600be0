"""Flatten against global average pooling: the same CNN with either bridge, its parameters counted and its accuracy measured.

Global average pooling replaced Flatten in Network in Network (https://arxiv.org/abs/1312.4400). This
module never draws.
"""

from dataclasses import dataclass

import numpy as np
from pydantic import Field

from cnnlab.claims.answers import Answer, Bar, BarChart, Number, Verdict, accuracy_bar, percent
from cnnlab.claims.claim import Claim, Measuring
from cnnlab.claims.learning import correct, prepare, train_blocks
from cnnlab.claims.pictures import Pictures, load_pictures
from cnnlab.evaluation.comparison import difference_interval
from cnnlab.models.anatomy import describe_network
from cnnlab.specs.base import Spec
from cnnlab.specs.blocks import Convolution, Dense, Flatten, GlobalAveragePooling, MaxPooling
from cnnlab.specs.networks import BlockNetwork

FLATTEN, GLOBAL = "Flatten", "Global average pooling"
NETWORK_SEEDS = 2
"""Networks trained of each kind; what is said is the mean over their answers."""
FEWER, FAR_FEWER = 1.5, 3.0
"""From so many times fewer parameters on, a saving counts at all, and the lesson's 'dramatically' is granted."""


class FlattenOrPooling(Spec):
    """Settings of the experiment."""

    dataset: str = Field("shapes", title="Pictures", description="What the networks learn.")
    num_training: int = Field(
        1500, ge=100, le=20_000, title="Training pictures", description="How many the networks learn from."
    )
    epochs: int = Field(12, ge=1, le=50, title="Epochs", description="How often every picture is seen.")
    units: int = Field(
        128,
        ge=8,
        le=1024,
        title="Units of the dense layer",
        description="Of the hidden layer behind the bridge: each is joined to all that the bridge hands on.",
    )
    image_size: int = Field(
        32, ge=16, le=96, title="Image size", description="Height and width of the pictures, in pixels."
    )
    seed: int = Field(
        0, ge=0, le=2**31 - 1, title="Seed", description="Of the weights, the pictures and their order."
    )


@dataclass(frozen=True, kw_only=True)
class Bridged:
    """What was found about the CNN with one of the bridges."""

    parameters: int
    training_correct: np.ndarray
    """Whether each training picture was named right, bool, shape (networks, N)."""
    correct: np.ndarray
    """Whether each test picture was named right, bool, shape (networks, M)."""


def network_with(bridge: str, *, image_size: int, units: int) -> BlockNetwork:
    """The CNN, alike in all but how maps become a vector."""
    blocks = []
    for filters in (16, 32, 64):
        blocks += [Convolution(filters=filters, batch_normalization=True), MaxPooling()]
    blocks += [Flatten() if bridge == FLATTEN else GlobalAveragePooling(), Dense(units=units)]
    return BlockNetwork(name=bridge, image_size=image_size, blocks=tuple(blocks))


def measure(settings: FlattenOrPooling, measuring: Measuring) -> Answer:
    """Train the CNN with both bridges from two seeds each, and judge all on the same test pictures."""
    pictures = load_pictures(
        settings.dataset,
        image_size=settings.image_size,
        num_training=settings.num_training,
        num_test=max(settings.num_training // 3, 100),
        seed=settings.seed,
        report=measuring.report,
    )
    prepare(settings.seed, report=measuring.report)
    found = {
        bridge: _bridged(bridge, pictures, settings=settings, measuring=measuring)
        for bridge in (FLATTEN, GLOBAL)
    }
    return _answer(found, pictures)


def _bridged(bridge: str, pictures: Pictures, *, settings: FlattenOrPooling, measuring: Measuring) -> Bridged:
    network = network_with(bridge, image_size=settings.image_size, units=settings.units)
    learned, judged = [], []
    for number in range(NETWORK_SEEDS):
        model = train_blocks(
            network,
            pictures.training,
            pictures.training_labels,
            num_classes=pictures.num_classes,
            epochs=settings.epochs,
            activity=f"Training with {bridge}, {number + 1} of {NETWORK_SEEDS}",
            report=measuring.report,
            seed=settings.seed + number,
        )
        learned.append(correct(model, pictures.training, pictures.training_labels))
        judged.append(correct(model, pictures.test, pictures.test_labels))
    return Bridged(
        parameters=describe_network(network, num_classes=pictures.num_classes).parameters,
        training_correct=np.stack(learned),
        correct=np.stack(judged),
    )


def verdict_of(gain: tuple[float, float], *, fewer: float) -> Verdict:
    """What was measured of 'preferred, because it takes dramatically fewer parameters'.

    Args:
        gain: Interval of the accuracy with global average pooling minus that with Flatten.
        fewer: How many times fewer parameters global average pooling takes.
    """
    if fewer < FEWER:
        return "fails"
    return "partly" if fewer < FAR_FEWER or gain[1] < 0.0 else "holds"


MEANINGS: dict[str, str] = {
    "better": "With a fraction of the parameters it is also more accurate: a form counts wherever it lies, and there is less to learn by heart.",
    "alike": "With a fraction of the parameters it is as accurate, as far as these pictures tell: the weights that Flatten adds were not needed.",
    "worse": "The parameters fall, and here the accuracy falls with them: Flatten keeps every place apart, which helps where the place says "
    "something about the class, or where training is short. Fewer parameters are not a better model by themselves.",
}


def _answer(found: dict[str, Bridged], pictures: Pictures) -> Answer:
    flat, pooled = found[FLATTEN], found[GLOBAL]
    fewer = flat.parameters / pooled.parameters
    # Pictures are the sample: the answers of several networks to one picture are not independent.
    gains = [difference_interval(one, other) for one, other in zip(flat.correct, pooled.correct, strict=True)]
    gain = (min(low for low, _ in gains), max(high for _, high in gains))
    accuracy = {bridge: float(each.correct.mean()) for bridge, each in found.items()}
    outcome = "better" if gain[0] > 0.0 else "worse" if gain[1] < 0.0 else "alike"
    return Answer(
        verdict=verdict_of(gain, fewer=fewer),
        sentence=f"Global average pooling takes {pooled.parameters:,} parameters, Flatten {flat.parameters:,}: {fewer:.1f} times as many. "
        f"Test accuracy {percent(accuracy[GLOBAL])} against {percent(accuracy[FLATTEN])}.",
        meaning=MEANINGS[outcome],
        numbers=(
            Number(
                label="Parameters",
                value=f"{fewer:.1f} times fewer",
                sentence=f"{pooled.parameters:,} against {flat.parameters:,}",
            ),
            Number(
                label="Accuracy, pooling − Flatten",
                value=f"{(accuracy[GLOBAL] - accuracy[FLATTEN]) * 100:+.1f} points",
                sentence=f"{gain[0] * 100:+.1f} to {gain[1] * 100:+.1f}: the ends of both seeds' 95 % intervals",
            ),
            *(
                Number(
                    label=f"By heart, {'Flatten' if bridge == FLATTEN else 'pooling'}",
                    value=f"{(float(each.training_correct.mean()) - accuracy[bridge]) * 100:+.1f} points",
                    sentence="accuracy on training pictures above that on test pictures",
                )
                for bridge, each in found.items()
            ),
        ),
        charts=_charts(found, chance=pictures.chance),
        scores={f"accuracy {bridge}": share for bridge, share in accuracy.items()}
        | {f"parameters {bridge}": each.parameters for bridge, each in found.items()}
        | {
            f"training accuracy {bridge}": float(each.training_correct.mean())
            for bridge, each in found.items()
        },
    )


def _charts(found: dict[str, Bridged], *, chance: float) -> tuple[BarChart, BarChart]:
    return (
        BarChart(
            title="Parameters of the whole network",
            y_label="Parameters",
            bars=tuple(Bar(label=bridge, value=each.parameters) for bridge, each in found.items()),
        ),
        BarChart(
            title="Test accuracy of each network, with 95 % intervals",
            y_label="Test accuracy (%)",
            y_axis="share",
            chance=chance,
            bars=tuple(
                accuracy_bar(bridge, right, group=f"seed {number + 1}")
                for bridge, each in found.items()
                for number, right in enumerate(each.correct)
            ),
        ),
    )


CLAIM = Claim(
    id="flatten_or_pooling",
    title="Global average pooling instead of Flatten",
    says="Between the convolutions and the dense layers, global average pooling is better than Flatten, because it takes dramatically fewer "
    "parameters.",
    exactly="In the lesson's own CNN it is 304,810 parameters against 550,570 with Flatten: 1.8 times, because three poolings have made the maps "
    "small already. Without pooling it would be 304,810 against 17,065,642. And fewer parameters say nothing yet about the "
    "accuracy, so it is measured.",
    experiment="Trains the same CNN with either bridge, two networks each, on the same pictures; counts the parameters and compares the answers on the same "
    "test pictures.",
    icon=":material/compress:",
    settings=FlattenOrPooling,
    measure=measure,
)
