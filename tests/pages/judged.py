"""Finished runs with predictions, for pages that lay runs side by side."""

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
