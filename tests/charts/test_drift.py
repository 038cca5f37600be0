"""Every unfrozen block has its line, on a scale where nudging and destroying can be told apart."""

import pandas as pd

from cnnlab.charts.drift import MOST_BLOCKS, weight_drift


def test_each_block_is_a_line_from_the_first_epoch_of_fine_tuning_on():
    epochs = pd.DataFrame(
        {
            "epoch": [1, 2, 3],
            "drift": [{}, {"block6": 1e-4, "block7": 2e-4}, {"block6": 1e-3, "block7": 5e-3}],
        }
    )
    figure = weight_drift(epochs)
    assert [(line.name, list(line.x), list(line.y)) for line in figure.data] == [
        ("block6", [2, 3], [1e-4, 1e-3]),
        ("block7", [2, 3], [2e-4, 5e-3]),
    ]
    assert figure.layout.yaxis.type == "log"
    assert len({line.line.color for line in figure.data}) == 2


def test_of_many_blocks_those_nearest_the_output_are_shown():
    drift = {f"block{number}": 0.1 for number in range(20)}
    figure = weight_drift(pd.DataFrame({"epoch": [1], "drift": [drift]}))
    assert [line.name for line in figure.data] == [f"block{number}" for number in range(20 - MOST_BLOCKS, 20)]


def test_while_everything_is_frozen_there_is_nothing_to_draw():
    assert len(weight_drift(pd.DataFrame({"epoch": [1, 2], "drift": [{}, {}]})).data) == 0
