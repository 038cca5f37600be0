"""The lint: every rule finds what it is for and nothing in good networks, and every change it offers mends."""

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cnnlab.models import anatomy
from cnnlab.models.anatomy import describe_network
from cnnlab.models.lint import RULES, SEVERITIES, lint
from cnnlab.models.presets import PRESETS
from cnnlab.specs.blocks import (
    BLOCKS,
    AveragePooling,
    Convolution,
    Dense,
    DepthwiseConvolution,
    Dropout,
    Flatten,
    GlobalAveragePooling,
    GroupNormalization,
    MaxPooling,
    ResidualBlock,
)
from cnnlab.specs.networks import BlockNetwork

CLASSES = 10
POOLED = GlobalAveragePooling()
STAGE = (Convolution(filters=16, repeats=2), MaxPooling())


def _network(*blocks: object, image_size: int = 32) -> BlockNetwork:
    return BlockNetwork(image_size=image_size, blocks=blocks)


def _found(network: BlockNetwork, rule: str) -> list:
    return [finding for finding in lint(network, num_classes=CLASSES) if finding.rule == rule]


DEEP = (*STAGE, *STAGE, *STAGE)
"""Three stages: on 32 pixels the last map is 4 × 4 and sees the whole picture."""

CASES = [
    pytest.param("cannot_work", _network(MaxPooling(), MaxPooling(), MaxPooling(), MaxPooling(), Flatten(), image_size=8), 3, "The map is 1 × 1 here", "Remove this pool", id="pool on one pixel"),
    pytest.param("cannot_work", _network(Convolution(kernel_size=7, padding="valid"), Convolution(padding="valid"), Flatten(), image_size=8), 1, "The map is 2 × 2 here", "Use padding same", id="filter larger than the map"),
    pytest.param("cannot_work", _network(Convolution()), None, "The output layer needs one vector", "Put Global average pooling before it", id="output on maps"),
    pytest.param("cannot_work", _network(Convolution(), Dense()), 1, "A dense layer needs one vector", "Put Global average pooling before it", id="dense on maps"),
    pytest.param("cannot_work", _network(POOLED, Convolution()), 1, "Convolution needs maps", "Remove this block", id="convolution on a vector"),
    pytest.param("cannot_work", _network(Convolution(filters=12), GroupNormalization(), Flatten()), 1, "12 maps cannot be divided evenly into 8 groups", "Use 4 groups", id="groups that do not divide the maps"),
    pytest.param("cannot_work", _network(Convolution(filters=2048), Flatten(), Dense(units=8192)), 2, "cnnlab trains up to", "Global average pooling for Flatten", id="too many parameters"),
    pytest.param("cannot_work", _network(Convolution(filters=1024, repeats=8), POOLED, image_size=512), 0, "GB for one picture", "Use 64 filters", id="too large maps"),
    pytest.param("flatten_makes_the_weights", _network(*STAGE, Flatten(), Dense(units=256)), 2, "Flatten makes 99% of the 1,054,170 weights: 16 maps of 16 × 16 become 4,096 values, each joined to 256 units. Global average pooling would leave 9,690 weights in all, 108.8 times fewer.", "Global average pooling for Flatten", id="Flatten"),
    pytest.param("no_convolution", PRESETS["mlp"].network, None, "its 3,072 numbers", "Start with a convolution and a pool", id="dense network"),
    pytest.param("receptive_field_too_small", _network(*STAGE, *STAGE, POOLED, image_size=64), 4, "sees 16 × 16 of the 64 × 64 pixels, 6% of the picture", "Add a pool and a convolution, 2 times", id="sees a patch"),
    pytest.param("stride_skips_pixels", _network(Convolution(kernel_size=3, strides=4), Flatten()), 0, "is 3 wide and moves 4 at each step: it never looks at 44%", "Use stride 3", id="strided convolution"),
    pytest.param("stride_skips_pixels", _network(Convolution(), MaxPooling(pool_size=2, strides=3), Flatten()), 1, "is 2 wide and moves 3", "Use stride 2", id="strided pool"),
    pytest.param("pooled_away", _network(*DEEP, MaxPooling(pool_size=4), Flatten()), 6, "takes maps of 4 × 4 to 1 × 1", "Remove this pool", id="pool as large as the map"),
    pytest.param("filter_on_padding", _network(*DEEP, Convolution(kernel_size=9), Flatten()), 6, "of a 9 × 9 filter only 7 × 7 weights ever meet a value, the other 32 meet padding", "Use 7 × 7 filters", id="large filter on a small map"),
    pytest.param("two_poolings", _network(*DEEP[:4], Dropout(), AveragePooling(), POOLED), 5, "take maps of 16 × 16 to 4 × 4", "Remove this pool", id="dropout between two pools"),
    pytest.param("dropout_on_the_picture", _network(Dropout(rate=0.2), *DEEP, POOLED), 0, "silences 20% of its 3,072 numbers", "Remove this dropout", id="dropout first"),
    pytest.param("strong_dropout_at_the_end", _network(*DEEP, POOLED, Dense(units=100), Dropout(rate=0.8)), 8, "the output sees 20 of 100 values", "Use a rate of 50%", id="four of five silenced"),
    pytest.param("no_non_linearity", _network(Convolution(activation="linear"), Convolution(), Flatten()), 0, "between this convolution and block 2 (Convolution)", "Use ReLU", id="two convolutions"),
    pytest.param("no_non_linearity", _network(Convolution(activation="linear"), AveragePooling(), Dropout(), Flatten(), Dense()), 0, "and block 5 (Dense)", "Use ReLU", id="only linear blocks between"),
    pytest.param("no_non_linearity", _network(*DEEP, POOLED, Dense(activation="linear")), 7, "between this dense and the output layer", "Use ReLU", id="hidden dense layer"),
    pytest.param("slow_running_mean", _network(Convolution(), Convolution(batch_normalization=True, batch_normalization_momentum=0.99), Flatten()), 1, "With a momentum of 0.99 the running mean of batch normalization needs about 460 steps", "Use momentum 0.9", id="Keras' default"),
    pytest.param("bias_for_nothing", _network(Convolution(filters=24, repeats=2, batch_normalization=True, bias_before_normalization=True), Flatten()), 0, "with it, then adds a shift of its own: 48 weights for nothing", "Leave the bias out", id="a bias before batch normalization"),
    pytest.param("bias_for_nothing", _network(Convolution(), ResidualBlock(filters=24, strides=2, bias_before_normalization=True), Flatten()), 1, "72 weights for nothing", "Leave the bias out", id="biases in a residual block"),
    pytest.param("pool_drops_the_edge", _network(Convolution(), MaxPooling(pool_size=2), Flatten(), image_size=33), 1, "the last row and column of each map are dropped", "Use padding same", id="odd maps"),
    pytest.param("does_nothing", _network(*DEEP, POOLED, Flatten()), 7, "A vector of 16 values reaches this Flatten", "Remove this block", id="Flatten on a vector"),
    pytest.param("does_nothing", _network(*DEEP, Dropout(rate=0), POOLED), 6, "0% silences nothing", "Remove this block", id="dropout of nothing"),
    pytest.param("does_nothing", _network(Convolution(), MaxPooling(pool_size=1), Flatten()), 1, "1 × 1 keeps every value", "Remove this block", id="pool of one pixel"),
    pytest.param("deep_without_normalization", _network(Convolution(repeats=5), MaxPooling(), Convolution(repeats=4), Flatten()), 0, "9 convolutions have no normalization", "Use batch normalization in all", id="nine plain convolutions"),
    pytest.param("saturating_activations", PRESETS["lenet5"].network, 0, "4 blocks have Sigmoid or Tanh", "Use ReLU in all", id="LeNet-5"),
    pytest.param("deep_head", _network(*DEEP, POOLED, Dense(), Dense(), Dense()), 9, "3 dense layers follow the global pooling. They see 16 means", "Remove this layer", id="three dense layers"),
    pytest.param("narrow_before_the_output", _network(*DEEP, POOLED, Dense(units=4)), 7, "10 classes have to be told apart from 4 values", "Use 10 units", id="four units for ten classes"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "network", "block", "sentence", "label"), CASES)
def test_a_rule_finds_what_it_is_for_and_its_change_mends_it(rule, network, block, sentence, label):
    found = _found(network, rule)
    assert [finding.block for finding in found] == [block]
    assert sentence in found[0].sentence
    assert found[0].fix.label == label
    assert _found(found[0].fix.network, rule) == []
    assert describe_network(found[0].fix.network, num_classes=CLASSES).works


def test_every_rule_has_a_case():
    assert {case.values[0] for case in CASES} == set(RULES)
    assert {rule.severity for rule in RULES.values()} == set(SEVERITIES)


FINE = [
    pytest.param("bias_for_nothing", _network(Convolution(bias_before_normalization=True), Flatten()), id="a bias without batch normalization"),
    pytest.param("flatten_makes_the_weights", _network(Convolution(strides=8, kernel_size=8), MaxPooling(pool_size=4), Flatten(), Dense()), id="Flatten on 1 × 1 is no different from pooling"),
    pytest.param("receptive_field_too_small", _network(*STAGE, Flatten()), id="a dense layer joins all positions"),
    pytest.param("no_non_linearity", _network(Convolution(activation="linear"), MaxPooling(), Convolution(), Flatten()), id="a max pool is no linear layer"),
    pytest.param("slow_running_mean", _network(Convolution(batch_normalization_momentum=0.99), Flatten()), id="momentum without normalization"),
    pytest.param("dropout_on_the_picture", _network(Convolution(), Dropout(), Flatten()), id="dropout behind a convolution"),
    pytest.param("strong_dropout_at_the_end", _network(Flatten(), Dropout(rate=0.8), Dense()), id="strong dropout further up"),
    pytest.param("filter_on_padding", _network(*DEEP, Convolution(kernel_size=7), Flatten()), id="the largest useful filter"),
    pytest.param("no_non_linearity", _network(DepthwiseConvolution(activation="linear"), Convolution(kernel_size=1), Flatten()), id="the two halves of a separable convolution"),
    pytest.param("no_non_linearity", _network(ResidualBlock(activation="linear"), Convolution(), Flatten()), id="a residual block is not linear inside"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "network"), FINE)
def test_a_rule_is_silent_where_all_is_well(rule, network):
    assert describe_network(network, num_classes=CLASSES).works
    assert _found(network, rule) == []


LEFT_ON_PURPOSE = {
    "lenet5": {"flatten_makes_the_weights"},  # It is the network of 1998; global pooling came in 2013.
    # The paper's: 27 of 32 pixels, and it does well on CIFAR-10, where objects are as large as that.
    "all_cnn": {"receptive_field_too_small"},
    "mlp": {"no_convolution"},  # It shows what a network without convolutions can and cannot do.
}


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("num_classes", [2, 10, 100])
def test_a_preset_warns_of_nothing_but_what_it_is_there_to_show(name, num_classes):
    findings = lint(PRESETS[name].network, num_classes=num_classes)
    serious = {finding.rule for finding in findings if finding.severity != "hint"}
    assert serious == LEFT_ON_PURPOSE.get(name, set())


def test_while_something_cannot_work_only_that_is_said():
    network = _network(Dropout(), Convolution(activation="linear"), Convolution())
    assert {finding.rule for finding in lint(network, num_classes=CLASSES)} == {"cannot_work"}


def test_errors_come_first_and_hints_last():
    network = _network(Dropout(rate=0.2), Convolution(kernel_size=3, strides=4), Dropout(rate=0), Flatten())
    severities = [finding.severity for finding in lint(network, num_classes=CLASSES)]
    assert severities == sorted(severities, key=SEVERITIES.index)
    assert {"warning", "hint"} <= set(severities)


def test_a_full_network_gets_no_change_that_would_need_one_block_more():
    full = _network(*[Convolution(filters=2, kernel_size=1)] * 100)
    (error,) = lint(full, num_classes=2)
    assert error.rule == "cannot_work"
    assert error.fix is None


def test_thirty_blocks_are_looked_at_within_the_time_of_an_edit():
    network = _network(*[Convolution(filters=8, repeats=2)] * 28, POOLED, Dense(), image_size=224)
    start = time.perf_counter()
    assert lint(network, num_classes=CLASSES)
    assert time.perf_counter() - start < 0.3


ANY_BLOCK = st.one_of(
    *(st.builds(block) for block in BLOCKS.values()),
    st.builds(
        Convolution,
        filters=st.sampled_from([1, 8, 2048]),
        kernel_size=st.integers(1, 15),
        strides=st.integers(1, 8),
        padding=st.sampled_from(["same", "valid"]),
        activation=st.sampled_from(["relu", "linear", "tanh"]),
        batch_normalization=st.booleans(),
        bias_before_normalization=st.booleans(),
        batch_normalization_momentum=st.sampled_from([0.9, 0.99, 0.999999]),
        repeats=st.integers(1, 8),
    ),
    st.builds(MaxPooling, pool_size=st.integers(1, 15), strides=st.integers(0, 15)),
    st.builds(AveragePooling, pool_size=st.integers(1, 15), padding=st.sampled_from(["same", "valid"])),
    st.builds(Dropout, rate=st.floats(0, 0.99)),
    st.builds(Dense, units=st.sampled_from([1, 64, 8192]), activation=st.sampled_from(["relu", "linear"])),
)
ANY_NETWORK = st.builds(
    lambda size, blocks, end: BlockNetwork(image_size=size, blocks=(*blocks, *end)),
    st.sampled_from([8, 31, 32, 224, 512]),
    st.lists(ANY_BLOCK, max_size=8),
    st.sampled_from([(), (Flatten(),), (POOLED,), (POOLED, Dense())]),
)


@given(network=ANY_NETWORK, num_classes=st.sampled_from([1, 2, 10, 20_000]))
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_network_can_be_looked_at_and_every_change_leaves_less_to_mend(network, num_classes):
    findings = lint(network, num_classes=num_classes)
    works = describe_network(network, num_classes=num_classes).works
    for finding in findings:
        assert finding.sentence.endswith(".")
        assert finding.block is None or 0 <= finding.block < len(network.blocks)
        if finding.fix:
            changed = finding.fix.network
            assert BlockNetwork.from_json(changed.to_json()) == changed
            after = lint(changed, num_classes=num_classes)
            count = sum(each.rule == finding.rule for each in after)
            assert count < sum(each.rule == finding.rule for each in findings) or not works
            assert not works or describe_network(changed, num_classes=num_classes).works


def test_every_block_may_be_found_wanting_without_the_network_being_worked_out_more_than_once_a_change(
    monkeypatch,
):
    blocks = (Convolution(batch_normalization=True, bias_before_normalization=True),) * 30
    worked_out = []
    monkeypatch.setattr(
        anatomy,
        "_sum_up",
        lambda *args, _real=anatomy._sum_up, **rest: worked_out.append(1) or _real(*args, **rest),
    )
    findings = _found(_network(*blocks, POOLED), "bias_for_nothing")
    assert len(findings) == 30
    assert all(finding.fix for finding in findings)
    assert len(worked_out) < 3 * len(findings)
