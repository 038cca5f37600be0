"""What runs are called on every page."""

import pytest

from cnnlab.runs.rows import RunRow
from cnnlab.runs.states import State
from cnnlab.ui import run_parts


@pytest.mark.parametrize(
    ("kind", "name", "weights", "shown"),
    [
        pytest.param("backbone", "mobilenet_v2", "imagenet", "MobileNetV2", id="pretrained"),
        pytest.param(
            "backbone", "mobilenet_v2", "random", "MobileNetV2 (random weights)", id="random weights"
        ),
        pytest.param("blocks", "Tiny", "", "Tiny", id="blocks"),
        pytest.param("backbone", "of_another_cnnlab", "imagenet", "of_another_cnnlab", id="not in the table"),
    ],
)
def test_a_network_with_random_weights_is_always_called_that(kind, name, weights, shown):
    row = RunRow(
        id="r", name="R", state=State.FINISHED, created_at=0.0, kind=kind, network_name=name, weights=weights
    )
    assert run_parts.network_name(row) == shown
