"""Parameters are those that the anatomy counts, the verdict weighs them with the accuracy, and pooling learns less by heart."""

import pytest

from cnnlab.claims.claim import Measuring
from cnnlab.claims.flatten_or_pooling import (
    FLATTEN,
    GLOBAL,
    FlattenOrPooling,
    measure,
    network_with,
    verdict_of,
)
from cnnlab.models.anatomy import describe_network


def test_the_networks_differ_in_the_bridge_alone():
    flat, pooled = (network_with(bridge, image_size=32, units=128) for bridge in (FLATTEN, GLOBAL))
    differing = [
        (one.kind, other.kind) for one, other in zip(flat.blocks, pooled.blocks, strict=True) if one != other
    ]
    assert differing == [("flatten", "global_average_pooling")]
    # 4 × 4 maps of 64 against 64 values, each joined to 128 units.
    counted = [describe_network(network, num_classes=8).parameters for network in (flat, pooled)]
    assert counted[0] - counted[1] == (4 * 4 * 64 - 64) * 128


@pytest.mark.parametrize(
    ("gain", "fewer", "verdict"),
    [
        pytest.param((0.1, 0.2), 4.7, "holds", id="far fewer and better"),
        pytest.param((-0.1, 0.1), 4.7, "holds", id="far fewer and alike"),
        pytest.param((-0.2, -0.1), 4.7, "partly", id="far fewer, but worse"),
        pytest.param((-0.1, 0.1), 1.8, "partly", id="fewer, but not dramatically"),
        pytest.param((0.1, 0.2), 1.0, "fails", id="no fewer"),
    ],
)
def test_the_verdict_weighs_parameters_and_accuracy(gain, fewer, verdict):
    assert verdict_of(gain, fewer=fewer) == verdict


@pytest.mark.slow
def test_with_flatten_more_is_learned_by_heart(tmp_path):
    settings = FlattenOrPooling(num_training=800, epochs=10, image_size=24)
    answer = measure(settings, Measuring(report=lambda *_: None, folder=tmp_path))
    scores = answer.scores
    by_heart = {
        bridge: scores[f"training accuracy {bridge}"] - scores[f"accuracy {bridge}"]
        for bridge in (FLATTEN, GLOBAL)
    }
    # Five seeds: 43 to 55 points with Flatten, 17 to 21 with global average pooling.
    assert by_heart[FLATTEN] > by_heart[GLOBAL] + 0.1
    assert (scores[f"parameters {FLATTEN}"], scores[f"parameters {GLOBAL}"]) == (98_808, 33_272)
    assert len(answer.charts[1].bars) == 4
