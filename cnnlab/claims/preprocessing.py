"""Preprocessing: the same backbone and head, fed the way ImageNet was fed to it, and in the ways that go wrong in daily life.

Nothing fails when a backbone gets numbers in another range: no error, no warning, only worse answers. This
module never draws.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from cnnlab.claims.answers import Answer, BarChart, Number, PictureRow, Verdict, accuracy_bar, percent
from cnnlab.claims.claim import Claim, Measuring
from cnnlab.claims.learning import correct, prepare, train
from cnnlab.claims.pictures import Pictures
from cnnlab.claims.transferring import LABEL, Reached, load_each, pretrained, reach
from cnnlab.evaluation.comparison import difference_interval
from cnnlab.models.families import PREPROCESSINGS, Preprocessing
from cnnlab.specs.base import Spec
from cnnlab.training.checkpoints import assign

if TYPE_CHECKING:
    from cnnlab.models.classifier import Classifier

NUM_TEST = 300
EPOCHS = 15
RIGHT = "right"
RETRAINED, AFTERWARDS = "head trained on it", "only at prediction"
"""The two ways to feed wrongly: all along, or a network that learned from right ones."""

GREY = " These pictures are grey: their three channels are equal, so swapping them changes nothing."


@dataclass(frozen=True, kw_only=True)
class Feeding:
    """One way to feed a backbone."""

    label: str
    sentence: str
    feed: Callable[[np.ndarray], np.ndarray]
    """From raw RGB, 0..255, shape (N, H, W, 3), to what the backbone gets, float32, same shape."""


def scaled(pictures: np.ndarray, preprocessing: Preprocessing) -> np.ndarray:
    """Apply the preprocessing of a family of backbones.

    Args:
        pictures: RGB, 0..255, shape (N, H, W, 3).
        preprocessing: A row of `models.families`.
    """
    ordered = pictures[..., ::-1] if preprocessing.reverse_channels else pictures
    return ordered.astype(np.float32) * np.float32(preprocessing.scale) + np.float32(preprocessing.offset)


_OWN = PREPROCESSINGS["lite"]

FEEDINGS: MappingProxyType[str, Feeding] = MappingProxyType(
    {
        RIGHT: Feeding(
            label="right",
            sentence="(x - 127) / 128, as the backbone was trained.",
            feed=lambda pictures: scaled(pictures, _OWN),
        ),
        "twice": Feeding(
            label="/255 first",
            sentence="Divided by 255 before a network that scales by itself: every picture is nearly black to it.",
            feed=lambda pictures: scaled(pictures / np.float32(255), _OWN),
        ),
        "by_255": Feeding(
            label="/255 instead",
            sentence="Divided by 255, as from scratch, in the place of its own scaling: 0..1 where -1..1 was meant.",
            feed=lambda pictures: pictures / np.float32(255),
        ),
        "raw": Feeding(
            label="not scaled",
            sentence="0..255 as they come.",
            feed=lambda pictures: pictures.astype(np.float32),
        ),
        "swapped": Feeding(
            label="channels swapped",
            sentence="Blue, green, red, as OpenCV reads pictures.",
            feed=lambda pictures: scaled(pictures[..., ::-1], _OWN),
        ),
        "caffe": Feeding(
            label="ResNet50's scaling",
            sentence="Scaled as another family wants it: blue, green, red, the mean taken away, not divided.",
            feed=lambda pictures: scaled(pictures, PREPROCESSINGS["caffe"]),
        ),
    }
)


class PreprocessingSettings(Spec):
    """Settings of the experiment."""

    dataset: str = Field("digits", title="Pictures", description="What the head learns.")
    pictures_per_class: int = Field(
        25,
        ge=2,
        le=1000,
        title="Pictures a class",
        description="How many the head learns from, of each class.",
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


def measure(settings: PreprocessingSettings, measuring: Measuring) -> Answer:
    """Feed the backbone in every way; train a head on each, and ask the one that learned from right features too."""
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
    features = _features(classifier, pictures, measuring)
    untrained = [variable.numpy() for variable in classifier.head.variables]
    retrained, afterwards = {}, {}
    # The right way last: its head is the one that is asked about all others.
    for name in sorted(FEEDINGS, key=lambda name: name == RIGHT):
        assign(classifier.head.variables, untrained)
        train(
            classifier.head,
            features[name].training,
            pictures.training_labels,
            epochs=EPOCHS,
            activity=f"Training a head: {FEEDINGS[name].label}",
            report=report,
            seed=settings.seed,
        )
        retrained[name] = correct(classifier.head, features[name].test, pictures.test_labels)
    for name in FEEDINGS:
        afterwards[name] = correct(classifier.head, features[name].test, pictures.test_labels)
    return _answer(retrained, afterwards, pictures, measuring)


def _features(classifier: "Classifier", pictures: Pictures, measuring: Measuring) -> dict[str, Reached]:
    """Pooled features of all pictures, by the name of the feeding."""
    import keras

    maps = classifier.backbone.outputs[0]
    # Without its preprocessing: here the caller scales.
    below = keras.Model(classifier.backbone.inputs[0], keras.layers.GlobalAveragePooling2D()(maps))
    return {
        name: reach(
            below,
            Reached(training=feeding.feed(pictures.training), test=feeding.feed(pictures.test)),
            boundary="features of scaled pictures",
            activity=f"Computing features: {feeding.label}",
            report=measuring.report,
        )
        for name, feeding in FEEDINGS.items()
    }


def verdict_of(change: dict[tuple[str, str], tuple[float, float]]) -> Verdict:
    """What intervals for 'accuracy fed wrongly minus accuracy fed right' say.

    Args:
        change: Low and high end, by feeding and by one of the two ways to feed wrongly.
    """
    certain = [high < 0.0 for _, high in change.values()]
    if all(certain):
        return "holds"
    return "partly" if any(certain) else "noise"


def _answer(
    retrained: dict[str, np.ndarray],
    afterwards: dict[str, np.ndarray],
    pictures: Pictures,
    measuring: Measuring,
) -> Answer:
    right = retrained[RIGHT]
    wrong = [name for name in FEEDINGS if name != RIGHT]
    ways = {RETRAINED: retrained, AFTERWARDS: afterwards}
    change = {
        (name, way): difference_interval(right, found[name]) for way, found in ways.items() for name in wrong
    }
    verdict = verdict_of(change)
    worst = min(wrong, key=lambda name: afterwards[name].mean())
    return Answer(
        verdict=verdict,
        sentence=f"Fed right, {percent(right.mean())} of {len(right)} test pictures are right. The same network fed wrongly at prediction: "
        + ", ".join(f"{percent(afterwards[name].mean())} ({FEEDINGS[name].label})" for name in wrong)
        + ".",
        meaning=_meaning(verdict, change, worst=worst) + (GREY if _is_grey(pictures) else ""),
        numbers=_numbers(right, ways, change),
        charts=(_chart(ways, chance=pictures.chance),),
        pictures=(_seen(pictures, measuring),),
        scores={
            f"{name} {way}": float(found[name].mean()) for way, found in ways.items() for name in FEEDINGS
        },
    )


def _meaning(verdict: Verdict, change: dict[tuple[str, str], tuple[float, float]], *, worst: str) -> str:
    if verdict == "noise":
        return "These pictures do not show the difference: too few, or told apart by anything. It is there all the same; try harder ones."
    harmless = sorted(
        f"{FEEDINGS[name].label} ({way})" for (name, way), (_, high) in change.items() if high >= 0.0
    )
    spared = f" Within noise on these pictures: {', '.join(harmless)}." if harmless else ""
    return (
        f"Nothing failed: no error, no warning, only other answers; the worst is {FEEDINGS[worst].label!r}. A head that is trained on "
        "wrongly fed features makes up for a part of it, which hides the mistake; a network that is fed otherwise "
        f"than it learned does not. So the scaling belongs into the model, where nobody can forget it.{spared}"
    )


def _is_grey(pictures: Pictures) -> bool:
    return bool((pictures.test == pictures.test[..., :1]).all())


def _numbers(
    right: np.ndarray,
    ways: dict[str, dict[str, np.ndarray]],
    change: dict[tuple[str, str], tuple[float, float]],
) -> tuple[Number, ...]:
    return tuple(
        Number(
            label=f"{FEEDINGS[name].label}, {way}",
            value=f"{(ways[way][name].mean() - right.mean()) * 100:+.1f} points",
            sentence=f"95 % interval {low * 100:+.1f} to {high * 100:+.1f}. {FEEDINGS[name].sentence}",
        )
        for (name, way), (low, high) in change.items()
    )


def _chart(ways: dict[str, dict[str, np.ndarray]], *, chance: float) -> BarChart:
    return BarChart(
        title="Test accuracy by how the backbone is fed, with 95 % intervals",
        y_label="Test accuracy (%)",
        y_axis="share",
        chance=chance,
        bars=tuple(
            accuracy_bar(feeding.label, found[name], group=way)
            for name, feeding in FEEDINGS.items()
            for way, found in ways.items()
        ),
    )


def _seen(pictures: Pictures, measuring: Measuring) -> PictureRow:
    """What the backbone takes a picture for: its input, read with the scaling that it was trained with."""
    picture = pictures.test[:1]
    return PictureRow(
        title="What the backbone takes the same picture for",
        sentence="What it gets, turned back into a picture by its own scaling; what is out of range is cut off.",
        pictures=tuple(
            measuring.keep_picture(
                f"fed-{name}", _as_understood(feeding.feed(picture))[0], caption=feeding.label
            )
            for name, feeding in FEEDINGS.items()
        ),
    )


def _as_understood(fed: np.ndarray) -> np.ndarray:
    raw = (fed - np.float32(_OWN.offset)) / np.float32(_OWN.scale)
    return np.rint(raw.clip(0, 255)).astype(np.uint8)


CLAIM = Claim(
    id="preprocessing",
    title="A backbone fed wrongly fails in silence",
    says="EfficientNet has its own preprocessing built in, so raw pictures go straight into it.",
    exactly="Of the lesson's four backbones only the two EfficientNetV2 carry their scaling inside. MobileNetV2 wants -1..1, ResNet50 "
    "blue, green, red with the mean taken away (keras.io, Keras Applications). And the division by 255 that the lesson uses from "
    "scratch, put before a backbone's own scaling, leaves it nothing but black pictures, without a word. In cnnlab the scaling is part of "
    "every network.",
    experiment=f"Feeds {LABEL} the same pictures in six ways. One reading trains a new head on each; the other trains right and feeds wrongly "
    "only when predicting, which is what happens in daily life.",
    icon=":material/palette:",
    settings=PreprocessingSettings,
    measure=measure,
)
