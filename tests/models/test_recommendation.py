"""Recommendations: every purpose has a backbone of the table, and a reason with the table's figures."""

import pytest

from cnnlab.models.backbones import BACKBONES
from cnnlab.models.recommendation import PURPOSES


@pytest.mark.parametrize(
    ("purpose", "backbone", "comparison"),
    [
        pytest.param("most", "efficientnet_v2b0", "more accurate than ResNet50 (74.9 %)", id="most projects"),
        pytest.param("phone", "mobilenet_v2", "the smallest of all", id="phones"),
        pytest.param("accuracy", "efficientnet_v2s", "within 1.8 points of the most accurate", id="accuracy"),
        pytest.param("at_once", "efficientnet_lite0", "nothing has to be fetched", id="at once"),
    ],
)
def test_every_purpose_has_its_backbone_and_a_reason_with_figures(purpose, backbone, comparison):
    found = PURPOSES[purpose]
    assert found.backbone == backbone
    reason = found.reason(BACKBONES[backbone])
    assert reason.startswith(f"{BACKBONES[backbone].top1_percent:g} % top-1")
    assert comparison in reason


def test_no_purpose_is_without_a_test():
    assert set(PURPOSES) == {"most", "phone", "accuracy", "at_once"}
