"""A race in words: short sentences, each with its numbers, and noise called noise.

Plain text: whoever shows it escapes it. This module never chooses.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cnnlab.evaluation.pairing import difference_of
from cnnlab.models.backbones import BACKBONES
from cnnlab.runs.measurements import Measurement

NOTHING_MEASURED = "Nothing is measured on these pictures yet. Start a race; what it finds is kept."
RANDOM_ONLY = (
    "These are random weights: times and sizes are right, the accuracy says nothing about the backbones."
)
NOT_ALIKE = "Their heads were not trained alike; race them together to compare them fairly."
UNPAIRED = "They were not judged by the same pictures, so less can be told apart."
NAMED = 3
"""Of more backbones than these only the number is said."""
BYTES_PER_MB = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Story:
    """What there is to tell about a winner."""

    winner: Measurement
    tied: tuple[Measurement, ...] = ()
    """Within noise of it, and no faster."""
    behind: Measurement | None = None
    """The best of the others within the limits."""
    beyond: Measurement | None = None
    """The best of those over a limit."""
    over: Mapping[str, float] = field(default_factory=dict)
    """The limits that `beyond` is over, by unit."""
    left_out: int = 0
    """Measurements of other pictures, or of another version of them."""


def tell(story: Story) -> str:
    """Name the winner with its figures, then what it was weighed against."""
    others = [*story.tied, *(each for each in (story.behind, story.beyond) if each)]
    sentences = [
        f"{name_of(story.winner)}: {_accuracy(story.winner)}, {_costs(story.winner)}.",
        _tied(story),
        _behind(story),
        _beyond(story),
    ]
    if not others:
        sentences.append("Nothing else is measured that it could be compared with.")
    elif not story.tied and story.behind is None:
        sentences.append("It is the only one within your limits.")
    if any(not difference_of(each, story.winner).paired for each in others):
        sentences.append(UNPAIRED)
    if len({(each.settings, each.method) for each in (story.winner, *others)}) > 1:
        sentences.append(NOT_ALIKE)
    if story.winner.weights == "random":
        sentences.append(RANDOM_ONLY)
    if story.left_out:
        noun = "1 measurement" if story.left_out == 1 else f"{story.left_out} measurements"
        sentences.append(f"Left out: {noun} of other pictures or another version of these.")
    return " ".join(sentence for sentence in sentences if sentence)


def nothing_fits(closest: Measurement, *, over: Sequence[str], limits: Mapping[str, float]) -> str:
    """Say that nothing meets the limits, and which of them would have to give for what comes closest."""
    found = {"MB": megabytes(closest), "ms": closest.latency_p50_ms}
    needed = " and ".join(_amount(found[unit], unit) for unit in over)
    named = " and ".join(_amount(limit, unit) for unit, limit in limits.items())
    return (
        f"Nothing measured is within {named}. {name_of(closest)} comes closest: {_accuracy(closest)}, "
        f"{_costs(closest)}. Allow {needed} to have it."
    )


def name_of(measurement: Measurement) -> str:
    """Label of the backbone, with its weights and image size where they are not the usual ones."""
    row = BACKBONES.get(measurement.backbone)
    label = row.label if row else measurement.backbone
    if row is not None and measurement.image_size != row.image_size:
        label = f"{label} at {measurement.image_size} px"
    return f"{label} (random weights)" if measurement.weights == "random" else label


def megabytes(measurement: Measurement) -> float:
    """Size of the model's file in MB (10^6 bytes)."""
    return measurement.lite_bytes / BYTES_PER_MB


def figure(value: float) -> float:
    """Round as the sentences write it: 13.62 -> 13.6, 0.128 -> 0.13."""
    return round(value, 2 if value < 1.0 else 1)


def _tied(story: Story) -> str:
    if not story.tied:
        return ""
    named = [f"{name_of(each)} ({_signed(each, story.winner)})" for each in story.tied[:NAMED]]
    if len(story.tied) > NAMED:
        named.append(f"{len(story.tied) - NAMED} more")
    verb = "is" if len(story.tied) == 1 else "are"
    return f"{_listed(named)} {verb} within noise of it and no faster."


def _behind(story: Story) -> str:
    if story.behind is None:
        return ""
    change = difference_of(story.winner, story.behind)
    within = f"{100 * change.low:.1f} to {100 * change.high:.1f}"
    return f"{name_of(story.behind)} is {100 * change.change:.1f} points worse ({within})."


def _beyond(story: Story) -> str:
    if story.beyond is None:
        return ""
    change = difference_of(story.beyond, story.winner)
    limits = " and ".join(_amount(limit, unit) for unit, limit in story.over.items())
    over = f"over your {'limits' if len(story.over) > 1 else 'limit'} of {limits}"
    if change.change <= 0.0:
        return f"{name_of(story.beyond)}, {over}, is no better."
    better = f"{name_of(story.beyond)} is {100 * change.change:.1f} points better"
    if change.is_noise:
        return f"{better}, which is within noise, and is {over}."
    return f"{better} ({100 * change.low:.1f} to {100 * change.high:.1f}) but {over}."


def _accuracy(measurement: Measurement) -> str:
    low, high = 100 * measurement.accuracy_low, 100 * measurement.accuracy_high
    return f"{100 * measurement.accuracy:.1f} % ({low:.1f} to {high:.1f})"


def _costs(measurement: Measurement) -> str:
    return f"{_amount(measurement.latency_p50_ms, 'ms')} a picture, {_amount(megabytes(measurement), 'MB')}"


def _amount(value: float, unit: str) -> str:
    return f"{figure(value):,g} {unit}"


def _signed(measurement: Measurement, other: Measurement) -> str:
    # Never "-0.0".
    return f"{round(100 * difference_of(measurement, other).change, 1) + 0.0:+.1f} points"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
