"""Made-up answers of a model: probabilities and labels, for Hypothesis and by hand; and runs that gave them."""

import numpy as np
from hypothesis import strategies as st

from cnnlab.evaluation.predictions import predictions_table, save_predictions
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.records import Status
from cnnlab.runs.states import State
from tests.runs.making import make_run, run_spec


@st.composite
def answers(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities, shape (N, K), with ties among them, and labels, shape (N,), of which classes may be missing."""
    num_classes = draw(st.integers(2, 6))
    count = draw(st.integers(1, 40))
    # Few different numbers, so that there are ties.
    weights = draw(st.lists(st.integers(1, 9), min_size=count * num_classes, max_size=count * num_classes))
    labels = draw(st.lists(st.integers(0, num_classes - 1), min_size=count, max_size=count))
    table = np.array(weights, np.float64).reshape(count, num_classes)
    return table / table.sum(axis=1, keepdims=True), np.array(labels)


def overconfident(count: int = 2000, *, num_classes: int = 4, sharpness: float = 3.0, seed: int = 0):
    """Probabilities that would be right, then sharpened: what a temperature of `sharpness` takes back."""
    random = np.random.default_rng(seed)
    scores = random.normal(size=(count, num_classes)) * 1.5
    honest = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    labels = (honest.cumsum(axis=1) > random.random((count, 1))).argmax(axis=1)
    sharp = np.exp(sharpness * scores) / np.exp(sharpness * scores).sum(axis=1, keepdims=True)
    return sharp.astype(np.float32), labels


def answered_run(
    splits: dict[str, tuple[np.ndarray, np.ndarray]], *, number: int = 1, class_names: tuple[str, ...] = ()
) -> RunFolder:
    """A finished run that gave these probabilities for pictures with these labels, by split."""
    probabilities = np.concatenate([given for given, _ in splits.values()])
    labels = np.concatenate([true for _, true in splits.values()])
    names = class_names or tuple(f"class {label}" for label in range(probabilities.shape[1]))
    run = make_run(number, spec=run_spec(class_names=names), status=Status(state=State.FINISHED))
    table = predictions_table(
        pictures=np.arange(len(labels)),
        splits=np.repeat(list(splits), [len(true) for _, true in splits.values()]),
        labels=labels,
        probabilities=probabilities,
    )
    save_predictions(table, folder=run.path)
    return run
