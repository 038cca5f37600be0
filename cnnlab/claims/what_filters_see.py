"""What filters see: the kernels a network begins with, its maps block by block, and the pictures that excite a filter most.

After Zeiler and Fergus (https://arxiv.org/abs/1311.2901). Whether deeper filters answer to classes is a number
here: how much of a filter's answer the class of the picture explains. This module never draws.
"""

import numpy as np
from pydantic import Field

from cnnlab.claims.answers import Answer, Line, LineChart, Number, PictureRow, Verdict, percent
from cnnlab.claims.claim import Claim, Measuring
from cnnlab.claims.filter_pictures import Seen, exciting_rows, kernel_rows, map_rows
from cnnlab.claims.learning import prepare
from cnnlab.claims.looking_inside import Opened, open_network
from cnnlab.claims.pictures import load_pictures
from cnnlab.evaluation.comparison import Z_95
from cnnlab.specs.base import Spec

BATCH = 32
FILTERS_SHOWN = 3
GROUPS = 20
"""Pictures are left out in so many groups, to see how much the numbers depend on which pictures there were."""


class WhatFiltersSee(Spec):
    """Settings of the experiment."""

    run: str = Field(
        "",
        title="Network",
        description="Of a finished run, or EfficientNet-Lite0 as ImageNet made it, which needs no run.",
        json_schema_extra={"without": "EfficientNet-Lite0 with ImageNet weights, on drawn shapes"},
    )
    num_pictures: int = Field(
        200,
        ge=40,
        le=2000,
        title="Pictures",
        description="Of the test pictures, how many the filters are shown.",
    )
    picture: int = Field(
        0, ge=0, le=1999, title="Picture", description="Which of them the maps are shown for, from 0."
    )
    block: int = Field(
        0,
        ge=0,
        le=8,
        title="Block",
        description="Whose filters are looked at more closely, of those listed in the charts, from 1; 0 is the last.",
    )


def measure(settings: WhatFiltersSee, measuring: Measuring) -> Answer:
    """Show the network test pictures, and see what each filter answers to."""
    prepare(0, report=measuring.report)
    opened = open_network(settings.run, report=measuring.report)
    pictures = load_pictures(
        opened.dataset,
        image_size=opened.image_size,
        num_training=40,
        num_test=settings.num_pictures,
        seed=0,
        report=measuring.report,
    )
    chosen = min(settings.picture, len(pictures.test) - 1)
    seen = _look(opened, pictures.test, chosen=chosen, measuring=measuring)
    place = min(settings.block or len(seen), len(seen)) - 1
    rows = (
        *kernel_rows(opened.kernels, measuring=measuring),
        *map_rows(opened.blocks, seen, pictures.test[chosen], measuring=measuring),
        *exciting_rows(
            opened.blocks[place],
            seen[place],
            pictures.test,
            filters=_most_selective(seen[place], pictures.test_labels),
            measuring=measuring,
        ),
    )
    return _answer(opened, seen, pictures.test_labels, rows=rows)


def _look(opened: Opened, pictures: np.ndarray, *, chosen: int, measuring: Measuring) -> list[Seen]:
    parts: list[list[tuple[np.ndarray, ...]]] = [[] for _ in opened.blocks]
    shown: list[np.ndarray] = []
    for start in range(0, len(pictures), BATCH):
        measuring.report("Showing the filters pictures", start, len(pictures))
        every = opened.model(pictures[start : start + BATCH].astype(np.float32), training=False)
        every = [maps.numpy() for maps in (every if isinstance(every, list | tuple) else [every])]
        if start <= chosen < start + BATCH:
            shown = [maps[chosen - start] for maps in every]
        for part, maps in zip(parts, every, strict=True):
            part.append((*strongest_of(maps), maps.mean(axis=(1, 2))))
    found = []
    for part, maps in zip(parts, shown, strict=True):
        strongest, places, average = (np.concatenate(values) for values in zip(*part, strict=True))
        found.append(Seen(strongest=strongest, average=average, places=places, maps=maps))
    return found


def strongest_of(maps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The strongest answer of each filter, and where it was.

    Args:
        maps: Shape (N, height, width, filters).

    Returns:
        Values, shape (N, filters); and the middle of the cell as shares of height and width, shape (N, filters, 2).
    """
    count, height, width, filters = maps.shape
    flat = maps.reshape(count, height * width, filters)
    place = flat.argmax(axis=1)
    middle = np.stack([(place // width + 0.5) / height, (place % width + 0.5) / width], axis=-1)
    return flat.max(axis=1), middle


def explained_by_class(strongest: np.ndarray, labels: np.ndarray) -> float:
    """How much of the filters' answers the class of a picture explains, on average over the filters.

    Epsilon squared (Kelley 1935): the share of the variance between classes, corrected so that it is 0 on
    average where classes have nothing to do with it; at most 1.

    Args:
        strongest: Answers that are not all alike, shape (N, filters).
        labels: Class indices, shape (N,).
    """
    total = ((strongest - strongest.mean(axis=0)) ** 2).sum(axis=0)
    within = np.zeros_like(total)
    classes = np.unique(labels)
    for label in classes:
        members = strongest[labels == label]
        within += ((members - members.mean(axis=0)) ** 2).sum(axis=0)
    count = len(labels)
    alive = total > 0.0
    if not alive.any():
        return 0.0
    return float((1.0 - within[alive] / total[alive] * (count - 1) / (count - len(classes))).mean())


def rise_interval(first: np.ndarray, last: np.ndarray, labels: np.ndarray) -> tuple[float, float, float]:
    """By how much the last block's filters answer more to classes than the first's, with a 95 % interval.

    Grouped jackknife over the pictures (Quenouille 1956, https://doi.org/10.1093/biomet/43.3-4.353).

    Returns:
        The rise, and the low and high end of its interval.
    """

    def rise(kept: np.ndarray) -> float:
        return explained_by_class(last[kept], labels[kept]) - explained_by_class(first[kept], labels[kept])

    group = np.random.default_rng(0).permutation(len(labels)) % GROUPS
    left_out = np.array([rise(group != number) for number in range(GROUPS)])
    error = np.sqrt((GROUPS - 1) / GROUPS * ((left_out - left_out.mean()) ** 2).sum())
    whole = rise(group >= 0)
    return whole, whole - Z_95 * error, whole + Z_95 * error


def _most_selective(seen: Seen, labels: np.ndarray) -> np.ndarray:
    """The filters whose answer the class of a picture explains most, positions, best first."""
    explained = [explained_by_class(seen.strongest[:, [number]], labels) for number in range(seen.alive.size)]
    return np.argsort(explained)[::-1][:FILTERS_SHOWN]


def verdict_of(low: float, high: float) -> Verdict:
    """What the interval of the rise says of 'from edges and colours to parts of objects'."""
    if low > 0.0:
        return "holds"
    return "fails" if high < 0.0 else "noise"


MEANINGS: dict[str, str] = {
    "holds": "The first filters see edges and colours, which every class has; the deeper a filter, the more it answers to what tells classes "
    "apart. That is why the first blocks of a backbone can be kept for other pictures, and the last ones are fine-tuned.",
    "fails": "Here the first filters tell more of the class than the last ones. That happens where classes differ in colours or brightness, or "
    "where the network has learned little.",
    "noise": "On these pictures the last filters do not answer to classes more than the first, beyond chance. More pictures, or a network that was "
    "trained longer or on pictures like these, would tell more.",
}


def _answer(opened: Opened, seen: list[Seen], labels: np.ndarray, *, rows: tuple[PictureRow, ...]) -> Answer:
    explained = [explained_by_class(each.strongest, labels) for each in seen]
    silent = [1.0 - float(each.alive.mean()) for each in seen]
    rise, low, high = rise_interval(seen[0].strongest, seen[-1].strongest, labels)
    verdict = verdict_of(low, high)
    return Answer(
        verdict=verdict,
        sentence=f"The class of a picture explains {percent(explained[0])} of what the filters of the first block answer, and "
        f"{percent(explained[-1])} in the last ({opened.name}, {len(labels)} pictures).",
        meaning=MEANINGS[verdict],
        numbers=(
            Number(
                label="Last against first block",
                value=f"{rise * 100:+.1f} points",
                sentence=f"explained by the class; 95 % interval {low * 100:+.1f} to {high * 100:+.1f}",
            ),
            Number(
                label="Filters",
                value=f"{sum(each.alive.size for each in seen):,}",
                sentence=f"in the {len(seen)} blocks that were looked at",
            ),
            Number(
                label="Silent in the last block",
                value=percent(silent[-1]),
                sentence="of its filters say the same of every picture: they take no part",
            ),
        ),
        charts=(
            _chart("How much the class explains of a filter's answer", explained, opened.blocks),
            _chart("Filters that never say anything else", silent, opened.blocks),
        ),
        pictures=rows,
        scores={"explained first": explained[0], "explained last": explained[-1], "low": low, "high": high},
    )


def _chart(title: str, shares: list[float], blocks: tuple[str, ...]) -> LineChart:
    places = tuple(float(place + 1) for place in range(len(shares)))
    return LineChart(
        title=title,
        x_label=f"Block, from {blocks[0]} to {blocks[-1]}",
        y_label="Share (%)",
        y_axis="share",
        lines=(Line(label="filters of the block", x=places, y=tuple(shares)),),
    )


CLAIM = Claim(
    id="what_filters_see",
    title="From edges and colours to parts of objects",
    says="Each filter finds one pattern: the first blocks edges and colours, the next textures, the last parts of objects.",
    exactly="That is what one sees in large networks (Zeiler and Fergus 2014, https://arxiv.org/abs/1311.2901); a small one on small pictures may "
    "do with edges. Here it is measured: how much of a filter's answer the class of the picture explains, block by block.",
    experiment="Shows a trained network test pictures. You see its first kernels, its maps for one picture, and what excites single filters most.",
    icon=":material/visibility:",
    settings=WhatFiltersSee,
    measure=measure,
)
