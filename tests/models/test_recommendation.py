"""Recommendations: a backbone, the reason with the table's figures, and another where its weights are missing."""

import pytest

from cnnlab.errors import SpecError
from cnnlab.models.backbones import BACKBONES
from cnnlab.models.recommendation import PURPOSES, recommend


@pytest.mark.parametrize(
    ("purpose", "backbone"),
    [
        ("most", "efficientnet_v2b0"),
        ("phone", "mobilenet_v2"),
        ("accuracy", "efficientnet_v2s"),
        ("at_once", "efficientnet_lite0"),
    ],
)
def test_every_purpose_has_its_backbone_and_a_reason_with_figures(purpose, backbone):
    found = recommend(purpose, here=[backbone])
    assert found.backbone == backbone
    assert found.instead is None
    assert f"{BACKBONES[backbone].top1_percent:g} % top-1" in found.sentence
    assert found.sentence.startswith(PURPOSES[purpose].label)


def test_where_the_weights_are_missing_the_nearest_that_is_here_is_named():
    found = recommend("most", here=["mobilenet_v2", "efficientnet_lite0"])
    assert (found.backbone, found.instead) == ("efficientnet_v2b0", "efficientnet_lite0")
    assert (
        "Its weights are not here yet; of those that are, EfficientNet-Lite0 comes nearest" in found.sentence
    )


def test_where_nothing_is_here_nothing_is_named_instead():
    assert recommend("most", here=[]).instead is None


def test_a_purpose_that_is_not_there_lists_those_that_are():
    with pytest.raises(SpecError, match="There is no purpose named 'fun'"):
        recommend("fun", here=[])
