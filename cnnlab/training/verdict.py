"""What fine-tuning brought, as one sentence with numbers and an interval.

This module never decides which model is kept: the lowest validation loss does, and the sentence says so.
"""

import numpy as np

from cnnlab.evaluation.comparison import difference_interval
from cnnlab.training.progress import Best, Progress


def describe_outcome(
    progress: Progress, *, correct_before: np.ndarray | None, correct_after: np.ndarray
) -> str:
    """Say which epoch is kept, and what the second phase changed where there was one.

    Args:
        progress: Where the run ended.
        correct_before: Whether each validation picture was named right before fine-tuning, bool, shape (N,);
            None when there was no second phase.
        correct_after: The same for the model that is kept.
    """
    best = progress.best
    kept = f"Kept: epoch {best.epoch} of {progress.epoch}, validation accuracy {_percent(best.val_accuracy)}."
    if correct_before is None or len(progress.phases) < 2 or progress.phases[1].epochs_done == 0:
        return kept
    first, second = progress.phases[0].best, progress.phases[1].best
    if best.phase == "feature_extraction":
        return (
            f"Fine-tuning brought no gain: validation loss {second.val_loss:.4f} against {first.val_loss:.4f} before it. "
            f"The model of feature extraction is kept (epoch {best.epoch}, validation accuracy {_percent(best.val_accuracy)})."
        )
    return f"{_change(first, best)} {_within(correct_before, correct_after)} {kept}"


def _change(first: Best, best: Best) -> str:
    points = (best.val_accuracy - first.val_accuracy) * 100
    before, after = f"{first.val_loss:.4f}", f"{best.val_loss:.4f}"
    # Lower by less than the screen shows is lower for the rule, and nothing to a reader.
    loss = f"lowered the validation loss from {before} to {after}"
    if before == after:
        loss = f"hardly moved the validation loss ({before} before and after)"
    return f"Fine-tuning {loss} and changed the validation accuracy by {points:+.1f} points"


def _within(before: np.ndarray, after: np.ndarray) -> str:
    low, high = difference_interval(before, after)
    verdict = "which is within noise" if low <= 0.0 <= high else "more than chance would"
    return f"(95 % interval {low * 100:+.1f} to {high * 100:+.1f}), {verdict}."


def _percent(share: float) -> str:
    return f"{share * 100:.1f} %"
