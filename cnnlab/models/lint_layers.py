"""Rules of the lint about layers: which stand where, what joins them, and settings that do not help.

Each takes a network and its anatomy and yields what it found. This module never tries a change out:
`models.lint` does.
"""

from collections.abc import Iterator
from math import prod

from cnnlab.models.anatomy import Anatomy
from cnnlab.models.arithmetic import LAYERS, Signal
from cnnlab.models.lint_rules import (
    AROUND,
    BRIDGES,
    CONVOLUTIONS,
    DROPOUTS,
    POOLS,
    Found,
    Place,
    insert,
    places,
    remove,
    use,
)
from cnnlab.specs.activations import ACTIVATIONS
from cnnlab.specs.blocks import Block, Convolution, MaxPooling
from cnnlab.specs.networks import BlockNetwork

STRONGEST_DROPOUT = 0.5
SLOW_MOMENTUM, QUICK_MOMENTUM = 0.99, 0.9
MOST_CONVOLUTIONS_PLAIN = 8
"""More in a row without normalization are hard to train from random weights."""
MOST_SATURATING = 2
MOST_HIDDEN_LAYERS = 2
SATURATING = frozenset(name for name, row in ACTIVATIONS.items() if row.largest_slope is not None)
LINEAR_BETWEEN = DROPOUTS | BRIDGES | {"average_pooling"}
"""Blocks through which two linear layers are still one; a max pool is none of them."""


def no_convolution(network: BlockNetwork, anatomy: Anatomy) -> Iterator[Found]:
    """A picture is only a list of numbers to a dense layer."""
    walked = places(network, anatomy)
    if any(place.block.kind in CONVOLUTIONS for place in walked):
        return
    look = Convolution(filters=32)
    yield Found(
        block=None,
        sentence=f"No convolution looks at the picture: its {prod(anatomy.rows[0].output_shape):,} numbers are a "
        f"list in which neighbours mean nothing, and what is learned in one corner is unknown in the others. A "
        f"convolution uses the same few weights everywhere: 32 filters of 3 × 3 have 896.",
        changes=(
            insert(network, 0, look, MaxPooling(), label="Start with a convolution and a pool"),
            insert(network, 0, look, label="Start with a convolution"),
        ),
    )


def dropout_on_the_picture(network: BlockNetwork, anatomy: Anatomy) -> Iterator[Found]:
    """Dropout before anything has learned to look."""
    for place in places(network, anatomy):
        if place.has_weights:
            return
        if place.block.kind in DROPOUTS and place.block.rate > 0:
            numbers = prod(place.reached_by)
            yield Found(
                block=place.at,
                sentence=f"Dropout right after the picture silences {place.block.rate:.0%} of its {numbers:,} "
                f"numbers before any layer has looked: what is gone here, nothing below can bring back. Put it "
                f"behind a pool or a dense layer.",
                changes=(remove(network, place.at, label="Remove this dropout"),),
            )


def strong_dropout_at_the_end(network: BlockNetwork, anatomy: Anatomy) -> Iterator[Found]:
    """Most of what the classes are told from is silenced."""
    for place in reversed(places(network, anatomy)):
        if place.has_weights:
            return
        if place.block.kind in DROPOUTS and place.block.rate > STRONGEST_DROPOUT:
            values = prod(place.reached_by)
            yield Found(
                block=place.at,
                sentence=f"While training, the output sees {values * (1 - place.block.rate):,.0f} of {values:,} "
                f"values at a time: a rate of {place.block.rate:.0%} right before it slows learning more than it "
                f"prevents overfitting. {STRONGEST_DROPOUT:.0%} is the usual highest.",
                changes=(
                    use(
                        network,
                        place.at,
                        label=f"Use a rate of {STRONGEST_DROPOUT:.0%}",
                        rate=STRONGEST_DROPOUT,
                    ),
                ),
            )


def no_non_linearity(network: BlockNetwork, anatomy: Anatomy) -> Iterator[Found]:
    """Two linear layers in a row are one linear layer."""
    walked = places(network, anatomy)
    for place in walked:
        if not place.has_weights or place.block.kind in AROUND or place.block.activation != "linear":
            continue
        following = _next_to_meet(walked[place.at + 1 :])
        if following is not None and not following.has_weights:
            continue
        if _is_depthwise_half(place, following):
            continue
        other = (
            "the output layer" if following is None else f"block {following.at + 1} ({following.row.label})"
        )
        yield Found(
            block=place.at,
            sentence=f"No non-linearity stands between this {place.row.label.lower()} and {other}: together they "
            f"are one linear layer, and its {place.row.parameters:,} weights add nothing that the other could not "
            f"do alone.",
            changes=(use(network, place.at, label="Use ReLU", activation="relu"),),
        )


def _next_to_meet(below: list[Place]) -> Place | None:
    """The next block that is not linear or has weights; None for the output layer."""
    return next((place for place in below if not _passes_linearly(place.block)), None)


def _passes_linearly(block: Block) -> bool:
    return block.kind in LINEAR_BETWEEN


def _is_depthwise_half(place: Place, following: Place | None) -> bool:
    """A depthwise convolution and a 1 × 1 one are the two halves of a separable convolution, on purpose."""
    return (
        place.block.kind == "depthwise_convolution"
        and following is not None
        and getattr(following.block, "kernel_size", 0) == 1
    )


def slow_running_mean(network: BlockNetwork, anatomy: Anatomy) -> Iterator[Found]:
    """Keras' default momentum, with which validation looks broken for many epochs of few steps."""
    slow = [
        at
        for at, block in enumerate(network.blocks)
        if getattr(block, "batch_normalization_momentum", 0.0) >= SLOW_MOMENTUM
        and getattr(block, "batch_normalization", True)
    ]
    if not slow:
        return
    momentum = network.blocks[slow[0]].batch_normalization_momentum
    yield Found(
        block=slow[0],
        sentence=f"With a momentum of {momentum:g} the running mean of batch normalization needs about "
        f"{4.6 / max(1 - momentum, 1e-9):,.0f} steps to follow by 99%. Measured on 1,000 pictures: with 0.99 validation "
        f"accuracy was 0.24 after ten epochs, with 0.9 it was 0.59.",
        changes=(
            use(
                network,
                *slow,
                label=f"Use momentum {QUICK_MOMENTUM}",
                batch_normalization_momentum=QUICK_MOMENTUM,
            ),
        ),
    )


def bias_for_nothing(network: BlockNetwork, anatomy: Anatomy) -> Iterator[Found]:
    """Batch normalization takes the mean of each map away, and with it whatever a bias added."""
    for place in places(network, anatomy):
        block = place.block
        if getattr(block, "batch_normalization", False) and block.has_bias:
            change = use(network, place.at, label="Leave the bias out", bias_before_normalization=False)
            without = LAYERS[block.kind](
                change.blocks[place.at], Signal(shape=place.reached_by, receptive_field=1)
            )
            biases = place.row.parameters - sum(layer.parameters for layer in without)
            yield Found(
                block=place.at,
                sentence=f"A bias stands before the batch normalization, which takes the mean of each map away and "
                f"the bias with it, then adds a shift of its own: {biases:,} weights for nothing.",
                changes=(change,),
            )


def does_nothing(network: BlockNetwork, anatomy: Anatomy) -> Iterator[Found]:
    """Blocks from which comes what went in."""
    for place in places(network, anatomy):
        block = place.block
        reason = ""
        if block.kind == "flatten" and not place.on_maps:
            reason = f"A vector of {place.reached_by[0]:,} values reaches this Flatten; there is nothing to lay out."
        elif block.kind in DROPOUTS and block.rate == 0:
            reason = "A dropout of 0% silences nothing."
        elif block.kind in POOLS and block.pool_size == 1 and block.strides in (0, 1):
            reason = "A pool of 1 × 1 keeps every value as it is."
        if reason:
            change = remove(network, place.at, label="Remove this block")
            yield Found(block=place.at, sentence=reason, changes=(change,))


def deep_without_normalization(network: BlockNetwork, anatomy: Anatomy) -> Iterator[Found]:
    """Many plain convolutions in a row."""
    plain = [
        at for at, block in enumerate(network.blocks) if getattr(block, "batch_normalization", None) is False
    ]
    convolutions = sum(getattr(network.blocks[at], "repeats", 1) for at in plain)
    if convolutions <= MOST_CONVOLUTIONS_PLAIN:
        return
    yield Found(
        block=plain[0],
        sentence=f"{convolutions} convolutions have no normalization. From random weights, gradients fade or grow "
        f"on so long a way; batch normalization keeps each map at mean 0 and spread 1.",
        changes=(use(network, *plain, label="Use batch normalization in all", batch_normalization=True),),
    )


def saturating_activations(network: BlockNetwork, anatomy: Anatomy) -> Iterator[Found]:
    """Gradients shrink at every layer whose activation is flat at both ends."""
    flat = [at for at, block in enumerate(network.blocks) if getattr(block, "activation", "") in SATURATING]
    if len(flat) <= MOST_SATURATING:
        return
    row = ACTIVATIONS[network.blocks[flat[0]].activation]
    labels = " or ".join(ACTIVATIONS[name].label for name in sorted(SATURATING))
    yield Found(
        block=flat[0],
        sentence=f"{len(flat)} blocks have {labels}, which are flat at both ends: the slope of {row.label} is "
        f"{row.largest_slope:g} at most, and gradients shrink at every such layer. ReLU lets them pass.",
        changes=(use(network, *flat, label="Use ReLU in all", activation="relu"),),
    )


def deep_head(network: BlockNetwork, anatomy: Anatomy) -> Iterator[Found]:
    """Many dense layers where no position is left to see."""
    walked = places(network, anatomy)
    pooled = next((place.at for place in walked if place.block.kind == "global_average_pooling"), None)
    if pooled is None:
        return
    dense = [place for place in walked[pooled:] if place.block.kind == "dense"]
    if len(dense) > MOST_HIDDEN_LAYERS:
        last = dense[-1]
        yield Found(
            block=last.at,
            sentence=f"{len(dense)} dense layers follow the global pooling. They see {walked[pooled].reached_by[-1]} "
            f"means and no positions any more: one is usually enough, and depth pays above the pooling.",
            changes=(remove(network, last.at, label="Remove this layer"),),
        )


def narrow_before_the_output(network: BlockNetwork, anatomy: Anatomy) -> Iterator[Found]:
    """Fewer values than classes, through which everything has to go."""
    num_classes = anatomy.rows[-1].output_shape[0]
    for place in places(network, anatomy):
        if place.block.kind == "dense" and place.block.units < num_classes:
            yield Found(
                block=place.at,
                sentence=f"{num_classes:,} classes have to be told apart from {place.block.units} values here. "
                f"A dense layer usually has at least as many units as there are classes.",
                changes=(
                    use(
                        network,
                        place.at,
                        label=f"Use {num_classes} units",
                        units=min(num_classes, 8192),
                    ),
                ),
            )
