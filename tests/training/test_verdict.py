"""The sentence at the end names the epoch that is kept, and never sells noise or a loss as a gain."""

import numpy as np
import pytest

from cnnlab.training.progress import Best, PhaseProgress, Progress
from cnnlab.training.verdict import describe_outcome

MANY = 400


def right(share: float) -> np.ndarray:
    """Which of many validation pictures were named right."""
    return np.arange(MANY) < share * MANY


def best(phase: str, *, epoch: int, val_loss: float, val_accuracy: float) -> Best:
    return Best(phase=phase, epoch=epoch, val_loss=val_loss, val_accuracy=val_accuracy, weights="best.npz")


def two_phases(second: Best | None) -> Progress:
    first = best("feature_extraction", epoch=7, val_loss=0.5, val_accuracy=0.8)
    phases = [
        PhaseProgress(name="feature_extraction", epochs_done=10, best=first),
        PhaseProgress(name="fine_tuning", epochs_done=10 if second else 0, best=second),
    ]
    kept = min((each for each in (first, second) if each), key=lambda each: each.val_loss)
    return Progress(phases=phases, phase_index=1, epoch=20 if second else 10, best=kept)


@pytest.mark.parametrize(
    ("second", "after", "said", "unsaid"),
    [
        pytest.param(
            best("fine_tuning", epoch=18, val_loss=0.3, val_accuracy=0.9),
            0.9,
            ["from 0.5000 to 0.3000", "+10.0 points", "more than chance would", "epoch 18 of 20", "90.0 %"],
            ["noise", "no gain"],
            id="better",
        ),
        pytest.param(
            best("fine_tuning", epoch=12, val_loss=0.49, val_accuracy=0.8025),
            0.8025,
            ["+0.2 points", "within noise"],
            ["more than chance"],
            id="better by less than noise",
        ),
        pytest.param(
            best("fine_tuning", epoch=12, val_loss=0.4999999, val_accuracy=0.8),
            0.8,
            ["hardly moved", "0.5000 before and after", "+0.0 points"],
            ["lowered"],
            id="better by less than the screen shows",
        ),
        pytest.param(
            best("fine_tuning", epoch=11, val_loss=0.9, val_accuracy=0.7),
            0.8,
            ["no gain", "0.9000 against 0.5000", "model of feature extraction is kept (epoch 7", "80.0 %"],
            ["lowered"],
            id="worse",
        ),
        pytest.param(
            None, 0.8, ["Kept: epoch 7 of 10"], ["Fine-tuning"], id="stopped before its first epoch ended"
        ),
    ],
)
def test_what_fine_tuning_brought_is_said_as_it_is(second, after, said, unsaid):
    sentence = describe_outcome(two_phases(second), correct_before=right(0.8), correct_after=right(after))
    for words in said:
        assert words in sentence
    for words in unsaid:
        assert words not in sentence


def test_without_a_second_phase_the_kept_epoch_is_all_there_is_to_say():
    kept = best("training", epoch=3, val_loss=0.2, val_accuracy=0.95)
    progress = Progress(phases=[PhaseProgress(name="training", epochs_done=5, best=kept)], epoch=5, best=kept)
    sentence = describe_outcome(progress, correct_before=None, correct_after=right(0.95))
    assert sentence == "Kept: epoch 3 of 5, validation accuracy 95.0 %."
