"""Finished runs with predictions, for pages that judge runs or lay them side by side."""

from collections.abc import Sequence

import numpy as np

from cnnlab.data.dataset import Dataset
from cnnlab.evaluation.predictions import predictions_table, save_predictions
from cnnlab.runs.folder import RunFolder
from tests.pages.making import past_run
from tests.runs.making import run_spec


def judged_run(
    number: int, pictures: Dataset, *, wrong: Sequence[int] = (), name: str = "", **changes: object
) -> RunFolder:
    """A run on a dataset of two classes that named all its test pictures right but these, by their place."""
    reference = pictures.reference()
    spec = run_spec(
        name or f"Run {number}",
        **{"dataset": reference, "class_names": pictures.class_names, **changes},
    )
    run = past_run(number, spec=spec)
    table = pictures.table()
    table = table[table["split"] == "test"].sort_values("picture")
    labels = table["label"].to_numpy()
    said = np.where(np.isin(np.arange(len(table)), list(wrong)), 1 - labels, labels)
    probabilities = np.full((len(table), 2), 0.2)
    probabilities[np.arange(len(table)), said] = 0.8
    predictions = predictions_table(
        pictures=table["picture"].to_numpy(),
        splits=table["split"].to_numpy(),
        labels=labels,
        probabilities=probabilities,
    )
    save_predictions(predictions, folder=run.path)
    return run


def crowded_run(
    number: int = 1, *, pictures: Dataset | None = None, num_pictures: int = 10_000, num_classes: int = 100
) -> RunFolder:
    """A run with so many test pictures, and a tenth of it for validation, of so many classes; four in five are right.

    Pairs of neighbouring classes are taken for each other. Their pictures are those of a dataset, again and
    again, or are no longer there.
    """
    names = tuple(f"class {label:03}" for label in range(num_classes))
    changes = {"dataset": pictures.reference()} if pictures else {}
    run = past_run(number, spec=run_spec(f"{num_classes} classes", class_names=names, **changes))
    random, total = np.random.default_rng(number), num_pictures + num_pictures // 10
    labels = random.permutation(np.arange(total) % num_classes)
    scores = random.normal(size=(total, num_classes))
    scores[np.arange(total), labels] += 4.0
    scores[np.arange(total), np.minimum(labels ^ 1, num_classes - 1)] += 2.5
    # Surer than it is right, so that there is something to calibrate.
    odds = np.exp(4.5 * (scores - scores.max(axis=1, keepdims=True)))
    predictions = predictions_table(
        pictures=np.arange(total) % (pictures.num_pictures if pictures else total),
        splits=np.where(np.arange(total) < num_pictures, "test", "validation"),
        labels=labels,
        probabilities=odds / odds.sum(axis=1, keepdims=True),
    )
    save_predictions(predictions, folder=run.path)
    return run
