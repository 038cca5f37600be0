"""No translation invariance: shift every picture by some pixels, and see whose answers stay.

Three networks learn pictures where they are and are asked about the same pictures moved. Pooling and strides
make a CNN nearly, not exactly, invariant (https://arxiv.org/abs/1805.12177, https://arxiv.org/abs/1904.11486).
This module never draws.
"""

from dataclasses import dataclass

import numpy as np
from pydantic import Field

from cnnlab.claims.answers import (
    Answer,
    Line,
    LineChart,
    Number,
    PictureRow,
    Verdict,
    percent,
)
from cnnlab.claims.claim import Claim, Measuring
from cnnlab.claims.learning import prepare, train_blocks
from cnnlab.claims.networks import convolutional_network, dense_network
from cnnlab.claims.pictures import Pictures, load_pictures
from cnnlab.evaluation.comparison import difference_interval, wilson_interval
from cnnlab.specs.base import Spec
from cnnlab.training.learner import Answers

IMAGE_SIZE = 32
DENSE, FLATTEN, GLOBAL = "Dense network", "CNN with Flatten", "CNN with global average pooling"
NETWORKS = {
    DENSE: dense_network(image_size=IMAGE_SIZE),
    FLATTEN: convolutional_network(image_size=IMAGE_SIZE, flatten=True),
    GLOBAL: convolutional_network(image_size=IMAGE_SIZE),
}
SHORT = {DENSE: "dense", FLATTEN: "CNN, Flatten", GLOBAL: "CNN, pooling"}
DIRECTIONS = np.array([(0, 1), (0, -1), (1, 0), (-1, 0)])
"""Rows and columns that a picture moves by for each pixel of shift."""
COMPARED = 3
"""The shift in pixels at which networks are compared: a tenth of the picture."""
SMALL = 1
STAYS = 0.97
"""From this agreement on an answer counts as unchanged by a small shift: three pictures in a hundred still change."""


class ShiftedPictures(Spec):
    """Settings of the experiment."""

    dataset: str = Field(
        "shapes",
        title="Pictures",
        description="What the networks learn. Drawn shapes all lie in the middle here, so that a shift is new to every network.",
    )
    num_training: int = Field(
        1500, ge=100, le=20_000, title="Training pictures", description="How many the networks learn from."
    )
    epochs: int = Field(10, ge=1, le=50, title="Epochs", description="How often every picture is seen.")
    largest_shift: int = Field(
        8,
        ge=COMPARED,
        le=12,
        title="Largest shift",
        description=f"In pixels; a picture is {IMAGE_SIZE} pixels wide.",
    )
    seed: int = Field(
        0, ge=0, le=2**31 - 1, title="Seed", description="Of the weights, the pictures and the directions."
    )


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What one network said about the same pictures at every shift."""

    probabilities: np.ndarray
    """Float32, shape (shifts, M, num_classes); the first is of pictures that were not shifted."""
    labels: np.ndarray
    """True class indices, shape (M,)."""

    @property
    def correct(self) -> np.ndarray:
        """Whether each answer is right, bool, shape (shifts, M)."""
        return self.probabilities.argmax(axis=-1) == self.labels

    @property
    def same(self) -> np.ndarray:
        """Whether each answer is that about the picture where it was, bool, shape (shifts, M)."""
        answers = self.probabilities.argmax(axis=-1)
        return answers == answers[0]

    def moved(self, shift: int) -> float:
        """By how much a probability changes on average, 0..1."""
        return float(np.abs(self.probabilities[shift] - self.probabilities[0]).mean())


def shift_pictures(pictures: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Move each picture; what comes in at the edge mirrors what is beside it, so that no border is drawn.

    Args:
        pictures: Shape (N, H, W, C).
        shifts: Rows and columns that each picture moves by, int, shape (N, 2); less than its side.
    """
    moved = np.empty_like(pictures)
    height, width = pictures.shape[1:3]
    for picture, (down, right), place in zip(pictures, shifts, moved, strict=True):
        rows = _mirrored(np.arange(height) - down, height)
        columns = _mirrored(np.arange(width) - right, width)
        place[:] = picture[rows][:, columns]
    return moved


def measure(settings: ShiftedPictures, measuring: Measuring) -> Answer:
    """Train the networks on pictures as they are, and ask each about all test pictures at every shift."""
    pictures = load_pictures(
        settings.dataset,
        image_size=IMAGE_SIZE,
        num_training=settings.num_training,
        num_test=max(settings.num_training // 3, 100),
        seed=settings.seed,
        report=measuring.report,
        movement=0.0,
    )
    prepare(settings.seed, report=measuring.report)
    directions = DIRECTIONS[
        np.random.default_rng(settings.seed).integers(len(DIRECTIONS), size=len(pictures.test))
    ]
    asked = {
        name: _ask(name, pictures, directions=directions, settings=settings, measuring=measuring)
        for name in NETWORKS
    }
    return _answer(asked, pictures, directions=directions, measuring=measuring)


def _ask(
    name: str,
    pictures: Pictures,
    *,
    directions: np.ndarray,
    settings: ShiftedPictures,
    measuring: Measuring,
) -> Asked:
    model = train_blocks(
        NETWORKS[name],
        pictures.training,
        pictures.training_labels,
        num_classes=pictures.num_classes,
        epochs=settings.epochs,
        activity=f"Training the {name}",
        report=measuring.report,
        seed=settings.seed,
    )
    answers, positions, found = Answers(model), np.arange(len(pictures.test)), []
    for shift in range(settings.largest_shift + 1):
        measuring.report(f"Asking the {name} about shifted pictures", shift, settings.largest_shift + 1)
        found.append(answers.probabilities(shift_pictures(pictures.test, shift * directions), positions))
    return Asked(probabilities=np.stack(found), labels=pictures.test_labels)


def verdict_of(gain: tuple[float, float], *, agreement: float) -> Verdict:
    """What was measured of both of the lesson's sentences.

    Args:
        gain: Interval of how many more answers the CNN keeps than the dense network at the compared shift.
        agreement: Share of answers that the CNN keeps at a small shift.
    """
    low, high = gain
    if high < 0.0:
        return "fails"
    if low <= 0.0:
        return "noise"
    return "holds" if agreement >= STAYS else "partly"


MEANINGS: dict[Verdict, str] = {
    "holds": "A CNN finds a form wherever it is, because the same filter looks everywhere and pooling forgets the exact place; a dense "
    "network has to learn every place anew. It is an approximation all the same: the probabilities do move.",
    "partly": "A CNN keeps far more of its answers than a dense network, but 'does not change' is too strong: pooling by 2 looks at "
    "every other place, so a shift by one pixel changes what it sees. Training on shifted pictures, or blurring before "
    "pooling, helps; so does global average pooling.",
    "fails": "On these pictures the dense network keeps more of its answers. That happens where the CNN has hardly learned anything, "
    "or where answers hang on colours rather than forms. Look at the accuracies.",
    "noise": "These pictures do not tell the networks apart. They may be too few, or a shift may change little in them; look at the accuracies.",
}


def _answer(
    asked: dict[str, Asked], pictures: Pictures, *, directions: np.ndarray, measuring: Measuring
) -> Answer:
    gain = difference_interval(asked[DENSE].same[COMPARED], asked[GLOBAL].same[COMPARED])
    kept = {name: each.same.mean(axis=1) for name, each in asked.items()}
    accuracy = {name: each.correct.mean(axis=1) for name, each in asked.items()}
    verdict = verdict_of(gain, agreement=float(kept[GLOBAL][SMALL]))
    return Answer(
        verdict=verdict,
        sentence=f"Shifted by {COMPARED} pixels, the dense network keeps {percent(kept[DENSE][COMPARED])} of its answers, the CNN with Flatten "
        f"{percent(kept[FLATTEN][COMPARED])}, the one with global average pooling {percent(kept[GLOBAL][COMPARED])}. At "
        f"{SMALL} pixel the last keeps {percent(kept[GLOBAL][SMALL])}.",
        meaning=MEANINGS[verdict],
        numbers=_numbers(asked, gain),
        charts=(
            _chart(
                "Answers that stay as they were",
                "Answers kept (%)",
                {n: each.same for n, each in asked.items()},
            ),
            _chart(
                "Test accuracy as pictures are shifted",
                "Test accuracy (%)",
                {name: each.correct for name, each in asked.items()},
                chance=pictures.chance,
            ),
        ),
        pictures=(_examples(pictures, directions=directions, measuring=measuring),),
        scores={f"kept {COMPARED} {name}": float(kept[name][COMPARED]) for name in asked}
        | {f"kept {SMALL} {name}": float(kept[name][SMALL]) for name in asked}
        | {f"accuracy {name}": float(accuracy[name][0]) for name in asked}
        | {f"accuracy {COMPARED} {name}": float(accuracy[name][COMPARED]) for name in asked},
    )


def _numbers(asked: dict[str, Asked], gain: tuple[float, float]) -> tuple[Number, ...]:
    kept = {name: float(each.same[COMPARED].mean()) for name, each in asked.items()}
    accuracy = {name: each.correct.mean(axis=1) for name, each in asked.items()}
    return (
        Number(
            label="CNN keeps more than dense",
            value=f"{(kept[GLOBAL] - kept[DENSE]) * 100:+.1f} points",
            sentence=f"of answers, at {COMPARED} pixels; 95 % interval {gain[0] * 100:+.1f} to {gain[1] * 100:+.1f}",
        ),
        *(
            Number(
                label=f"Accuracy, {SHORT[name]}",
                value=f"{percent(accuracy[name][0])} → {percent(accuracy[name][COMPARED])}",
                sentence=f"where pictures were learned, and {COMPARED} pixels away",
            )
            for name in asked
        ),
        Number(
            label="Probabilities move",
            value=f"{asked[GLOBAL].moved(SMALL) * 100:.2f} points",
            sentence=f"on average, of the CNN with global average pooling at {SMALL} pixel: the output does change",
        ),
    )


def _chart(
    title: str, y_label: str, rows: dict[str, np.ndarray], *, chance: float | None = None
) -> LineChart:
    lines = []
    for name, right in rows.items():
        bounds = [wilson_interval(int(row.sum()), row.size) for row in right]
        lines.append(
            Line(
                label=name,
                x=tuple(range(len(right))),
                y=tuple(float(row.mean()) for row in right),
                low=tuple(low for low, _ in bounds),
                high=tuple(high for _, high in bounds),
            )
        )
    return LineChart(
        title=title,
        x_label="Shift (pixels)",
        y_label=y_label,
        y_axis="share",
        lines=tuple(lines),
        chance=chance,
    )


def _examples(pictures: Pictures, *, directions: np.ndarray, measuring: Measuring) -> PictureRow:
    shifts = range(0, 9, 2)
    shown = [shift_pictures(pictures.test[:1], shift * directions[:1])[0] for shift in shifts]
    return PictureRow(
        title="One picture, shifted",
        sentence="Each test picture moves in one of four directions.",
        pictures=tuple(
            measuring.keep_picture(f"shift-{shift}", pixels, caption=f"{shift} pixels")
            for shift, pixels in zip(shifts, shown, strict=True)
        ),
    )


def _mirrored(places: np.ndarray, side: int) -> np.ndarray:
    """Where a place beyond the edge is found inside: -1 -> 1, side -> side - 2."""
    return (side - 1) - np.abs((side - 1) - np.abs(places))


CLAIM = Claim(
    id="shifted_pictures",
    title="A dense network does not know a form that has moved",
    says="To a dense layer, a cat in one corner has nothing to do with a cat in another. A CNN knows it anywhere: with pooling, small "
    "shifts do not change the output.",
    exactly="Small shifts change the output of a CNN little, not never: pooling and strides skip places, so its answers depend on where "
    "a form falls between them (Azulay and Weiss 2018, https://arxiv.org/abs/1805.12177; Zhang 2019, "
    "https://arxiv.org/abs/1904.11486).",
    experiment="Trains three networks on pictures where they are, then asks each about test pictures moved by up to some pixels: how many answers "
    "stay, and how many are right.",
    icon=":material/open_with:",
    settings=ShiftedPictures,
    measure=measure,
)
