"""Pictures for an experiment: drawn shapes, digits, or a dataset of the workspace, ready as arrays.

Shapes and digits need no import, so that an empty workspace can measure. This module never trains.
"""

from dataclasses import dataclass

import numpy as np

from cnnlab.claims.claim import Report
from cnnlab.data.digits import enlarge, load_digit_pixels
from cnnlab.data.library import find_dataset
from cnnlab.data.packing import pack_pictures
from cnnlab.data.shapes import FORMS, draw_shape
from cnnlab.data.sources import ShapesSettings
from cnnlab.errors import ClaimError

READY_MADE = {"shapes": "Shapes (drawn)", "digits": "Digits"}
"""What needs no dataset in the workspace, by the name that a setting `dataset` has for it."""
SHOWN_EVERY = 50


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """What an experiment learns from, and what it is judged by; the two never share a picture."""

    name: str
    """How the pictures are called on the screen. Text of the user's: escape it."""
    class_names: tuple[str, ...]
    training: np.ndarray
    """RGB, uint8, shape (N, image_size, image_size, 3)."""
    training_labels: np.ndarray
    """Class indices, int32, shape (N,)."""
    test: np.ndarray
    """RGB, uint8, shape (M, image_size, image_size, 3)."""
    test_labels: np.ndarray
    """Class indices, int32, shape (M,)."""

    @property
    def num_classes(self) -> int:
        """How many classes there are."""
        return len(self.class_names)

    @property
    def chance(self) -> float:
        """What guessing among the classes would reach, 0..1."""
        return 1.0 / self.num_classes


def load_pictures(
    source: str,
    *,
    image_size: int,
    num_training: int,
    num_test: int,
    seed: int,
    report: Report,
    movement: float = 1.0,
) -> Pictures:
    """Load pictures at one size, the classes as evenly as they are there.

    Args:
        source: 'shapes', 'digits', or the id of a dataset.
        image_size: Height and width, in pixels.
        num_training: Most pictures to learn from; fewer where fewer are there.
        num_test: Most pictures to judge by.
        seed: Which pictures; the same seed takes the same ones.
        report: Hears how far it is.
        movement: How far drawn shapes go from the middle, 0 to 1; of no use for other pictures.

    Raises:
        ClaimError: The dataset has too few pictures.
        DatasetError: There is no such dataset, or it is damaged.
    """
    if source == "shapes":
        return _shapes(image_size, num_training, num_test, seed=seed, movement=movement, report=report)
    if source == "digits":
        return _digits(image_size, num_training, num_test, seed=seed)
    return _dataset(source, image_size, num_training, num_test, seed=seed, report=report)


def count_classes(source: str) -> int:
    """How many classes the pictures of a source have.

    Raises:
        DatasetError: There is no such dataset.
    """
    if source in READY_MADE:
        return len(FORMS) if source == "shapes" else 10
    return find_dataset(source).num_classes


def choose_evenly(labels: np.ndarray, count: int, *, seed: int) -> np.ndarray:
    """Choose positions, each class in turn, so that classes are as even as they can be.

    Args:
        labels: Class indices, int, shape (N,).
        count: How many positions; all where there are no more.
        seed: The same seed chooses the same ones.

    Returns:
        Positions, int64, ascending.
    """
    random = np.random.default_rng(seed)
    shuffled = random.permutation(len(labels))
    # The rank of a picture within its class: all firsts go before all seconds.
    rank = np.empty(len(labels), np.int64)
    for label in np.unique(labels):
        members = shuffled[labels[shuffled] == label]
        rank[members] = np.arange(len(members))
    by_rank = shuffled[np.argsort(rank[shuffled], kind="stable")]
    return np.sort(by_rank[:count])


def _shapes(
    image_size: int, num_training: int, num_test: int, *, seed: int, movement: float, report: Report
) -> Pictures:
    wanted = ShapesSettings(image_size=image_size, movement=movement, seed=seed)
    names, count = sorted(FORMS), num_training + num_test
    pictures = np.empty((count, image_size, image_size, 3), np.uint8)
    for number in range(count):
        if number % SHOWN_EVERY == 0:
            report("Drawing shapes", number, count)
        pictures[number] = draw_shape(names[number % len(names)], wanted=wanted, number=number)
    labels = np.arange(count, dtype=np.int32) % len(names)
    return Pictures(
        name=READY_MADE["shapes"],
        class_names=tuple(names),
        training=pictures[:num_training],
        training_labels=labels[:num_training],
        test=pictures[num_training:],
        test_labels=labels[num_training:],
    )


def _digits(image_size: int, num_training: int, num_test: int, *, seed: int) -> Pictures:
    pixels, labels = load_digit_pixels()

    def take(chosen: np.ndarray) -> np.ndarray:
        grey = np.stack([enlarge(pixels[number], image_size=image_size) for number in chosen])
        return np.repeat(grey[..., None], 3, axis=-1)

    judged = choose_evenly(labels, min(num_test, len(labels) // 3), seed=seed)
    rest = np.setdiff1d(np.arange(len(labels)), judged)
    learned = rest[choose_evenly(labels[rest], num_training, seed=seed)]
    return Pictures(
        name=READY_MADE["digits"],
        class_names=tuple("0123456789"),
        training=take(learned),
        training_labels=labels[learned].astype(np.int32),
        test=take(judged),
        test_labels=labels[judged].astype(np.int32),
    )


def _dataset(
    source: str, image_size: int, num_training: int, num_test: int, *, seed: int, report: Report
) -> Pictures:
    dataset = find_dataset(source)
    packed = pack_pictures(
        dataset,
        image_size=image_size,
        on_progress=lambda done, total: report("Packing pictures", done, total),
    )
    learned = packed.positions("training")
    judged = np.concatenate([packed.positions("test"), packed.positions("validation")])
    if len(learned) < dataset.num_classes or len(judged) < dataset.num_classes:
        raise ClaimError(
            f"{dataset.name!r} has {len(learned)} pictures for training and {len(judged)} kept apart, for "
            f"{dataset.num_classes} classes; an experiment needs at least one of each a class. Add pictures, or choose Shapes."
        )
    learned = learned[choose_evenly(packed.labels[learned], num_training, seed=seed)]
    judged = judged[choose_evenly(packed.labels[judged], num_test, seed=seed)]
    return Pictures(
        name=dataset.name,
        class_names=dataset.class_names,
        training=packed.pictures[learned],
        training_labels=packed.labels[learned],
        test=packed.pictures[judged],
        test_labels=packed.labels[judged],
    )
