"""Warnings about augmentation: each rule speaks where it should, and the ready-made settings are not warned of."""

import pytest

from cnnlab.data.augmentation_rules import PRESETS, RULES, PictureFacts, preset_for, warnings_for
from cnnlab.specs.augmentation import Augmentation

THINGS = PictureFacts(class_names=("cat", "dog"), image_size=96)
SIGNS = PictureFacts(class_names=("0", "one", "A"), image_size=96)
TINY = PictureFacts(class_names=("cat", "dog"), image_size=32)
GREY = PictureFacts(class_names=("cat", "dog"), image_size=96, grey=True)
ALONE = PictureFacts(class_names=("cat",), image_size=96)
CASES = [
    pytest.param({"flip": True}, SIGNS, THINGS, id="mirrored signs"),
    pytest.param({"rotation_degrees": 30.0}, SIGNS, THINGS, id="turned signs"),
    pytest.param({"flip_vertically": True}, THINGS, None, id="upside down"),
    pytest.param({"hue_degrees": 20.0}, GREY, THINGS, id="colour of grey"),
    pytest.param({"hue_degrees": 90.0}, THINGS, None, id="far colours"),
    pytest.param({"crop_share": 0.5}, TINY, THINGS, id="crop of tiny"),
    pytest.param({"crop_share": 0.8}, THINGS, None, id="crop"),
    pytest.param({"crop_share": 0.5, "erase_share": 0.3}, THINGS, None, id="crop and erase"),
    pytest.param({"blur_percent": 5.0}, TINY, THINGS, id="blur of tiny"),
    pytest.param({"brightness_share": 0.8}, THINGS, None, id="brightness"),
    pytest.param({"rand_operations": 2}, SIGNS, THINGS, id="RandAugment of signs"),
    pytest.param({"mixup_alpha": 0.2}, ALONE, THINGS, id="mixing one class"),
    pytest.param({"cutmix_alpha": 1.0}, SIGNS, THINGS, id="CutMix of signs"),
]


@pytest.mark.parametrize(("place", "case"), list(enumerate(CASES)), ids=[case.id for case in CASES])
def test_a_rule_speaks_where_its_operation_makes_no_sense_and_only_there(place, case):
    changes, wrong_for, right_for = case.values
    sentence = RULES[place].sentence
    assert sentence in warnings_for(Augmentation(**changes), wrong_for)
    assert sentence not in warnings_for(Augmentation(), wrong_for)
    if right_for is not None:
        assert warnings_for(Augmentation(**changes), right_for) == ()


def test_every_rule_has_its_case():
    assert len(CASES) == len(RULES)


@pytest.mark.parametrize("label", PRESETS)
@pytest.mark.parametrize(
    "facts",
    [pytest.param(THINGS, id="things"), pytest.param(SIGNS, id="signs"), pytest.param(TINY, id="tiny")],
)
def test_nothing_ready_made_is_warned_of(label, facts):
    assert warnings_for(preset_for(label, facts), facts) == ()
