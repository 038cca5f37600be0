"""The table of predictions comes back as it was written."""

import numpy as np
import pytest

from cnnlab.errors import RunError
from cnnlab.evaluation.predictions import (
    FILE,
    load_predictions,
    predictions_table,
    probabilities_of,
    save_predictions,
)


def test_a_table_is_read_back_as_it_was_written(tmp_path):
    probabilities = np.random.default_rng(0).dirichlet(np.ones(12), size=3).astype(np.float32)
    table = predictions_table(
        pictures=np.array([5, 6, 9]),
        splits=np.array(["validation", "test", "test"]),
        labels=np.array([0, 11, 2]),
        probabilities=probabilities,
    )
    save_predictions(table, folder=tmp_path)
    found = load_predictions(tmp_path)
    assert found[["picture", "split", "label"]].to_numpy().tolist() == [
        [5, "validation", 0],
        [6, "test", 11],
        [9, "test", 2],
    ]
    # With twelve classes, p10 must not come before p2.
    np.testing.assert_array_equal(probabilities_of(found), probabilities)


def test_a_run_without_predictions_says_to_let_it_finish(tmp_path):
    with pytest.raises(RunError, match="Let it finish"):
        load_predictions(tmp_path)


def test_a_damaged_table_is_named(tmp_path):
    (tmp_path / FILE).write_bytes(b"PAR1 not really")
    with pytest.raises(RunError, match="damaged"):
        load_predictions(tmp_path)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda table: table.drop(columns="label"), id="a column less"),
        pytest.param(lambda table: table.assign(label="x"), id="text for labels"),
        pytest.param(lambda table: table.assign(p0="x"), id="text for probabilities"),
        pytest.param(lambda table: table.assign(p0=np.nan), id="no number"),
    ],
)
def test_a_table_of_something_else_is_damaged_too(tmp_path, damage):
    table = predictions_table(
        pictures=np.arange(2),
        splits=np.full(2, "test"),
        labels=np.array([0, 1]),
        probabilities=np.full((2, 2), 0.5),
    )
    damage(table).to_parquet(tmp_path / FILE)
    with pytest.raises(RunError, match="damaged"):
        load_predictions(tmp_path)
