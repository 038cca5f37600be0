"""An architecture lint that teaches: what will not work, or not well, why, and a change that mends it.

A rule is a row of `RULES`; adding one is adding a row and its case in the test. A change is offered
only after it was tried: it takes its finding away, and what worked before works after it. This
module never changes a network by itself, and needs no TensorFlow.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType

from cnnlab.errors import SpecError
from cnnlab.models import lint_layers, lint_shapes
from cnnlab.models.anatomy import Anatomy, describe_network
from cnnlab.models.lint_rules import Change, Found, Rule
from cnnlab.specs.networks import BlockNetwork

SEVERITIES = ("error", "warning", "hint")
"""Cannot work; works worse than it could; worth knowing."""

RULES: MappingProxyType[str, Rule] = MappingProxyType(
    {
        "cannot_work": Rule(severity="error", find=lint_shapes.cannot_work),
        "flatten_makes_the_weights": Rule(severity="warning", find=lint_shapes.flatten_makes_the_weights),
        "no_convolution": Rule(severity="warning", find=lint_layers.no_convolution),
        "receptive_field_too_small": Rule(severity="warning", find=lint_shapes.receptive_field_too_small),
        "stride_skips_pixels": Rule(severity="warning", find=lint_shapes.stride_skips_pixels),
        "pooled_away": Rule(severity="warning", find=lint_shapes.pooled_away),
        "filter_on_padding": Rule(severity="warning", find=lint_shapes.filter_on_padding),
        "two_poolings": Rule(severity="warning", find=lint_shapes.two_poolings),
        "dropout_on_the_picture": Rule(severity="warning", find=lint_layers.dropout_on_the_picture),
        "strong_dropout_at_the_end": Rule(severity="warning", find=lint_layers.strong_dropout_at_the_end),
        "no_non_linearity": Rule(severity="warning", find=lint_layers.no_non_linearity),
        "slow_running_mean": Rule(severity="warning", find=lint_layers.slow_running_mean),
        "bias_for_nothing": Rule(severity="warning", find=lint_layers.bias_for_nothing),
        "pool_drops_the_edge": Rule(severity="hint", find=lint_shapes.pool_drops_the_edge),
        "does_nothing": Rule(severity="hint", find=lint_layers.does_nothing),
        "deep_without_normalization": Rule(severity="hint", find=lint_layers.deep_without_normalization),
        "saturating_activations": Rule(severity="hint", find=lint_layers.saturating_activations),
        "deep_head": Rule(severity="hint", find=lint_layers.deep_head),
        "narrow_before_the_output": Rule(severity="hint", find=lint_layers.narrow_before_the_output),
    }
)
"""Every rule."""


@dataclass(frozen=True, kw_only=True)
class Fix:
    """A change that takes a finding away."""

    label: str
    network: BlockNetwork


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a rule has to say about a network."""

    rule: str
    severity: str
    block: int | None
    """Position of the block it is about, from 0; None for the network as a whole."""
    sentence: str
    fix: Fix | None
    """None where no single change mends it."""


def lint(network: BlockNetwork, *, num_classes: int, anatomy: Anatomy | None = None) -> tuple[Finding, ...]:
    """Find what could be better in a network; never raises.

    While something cannot work, only that is said: figures further down are not those of the network
    that was meant.

    Args:
        network: The blocks and the image size.
        num_classes: Units of the output layer.
        anatomy: What `describe_network` says of it, if somebody asked already.

    Returns:
        Errors first, then warnings, then hints; each from the picture to the output.
    """
    anatomy = anatomy or describe_network(network, num_classes=num_classes)
    found_by_rule = list(_found(network, anatomy))
    counts = Counter(name for name, _ in found_by_rule)
    findings = [
        Finding(
            rule=name,
            severity=RULES[name].severity,
            block=found.block,
            sentence=found.sentence,
            fix=_first_that_mends(
                network, name, found, before=counts[name], works=anatomy.works, num_classes=num_classes
            ),
        )
        for name, found in found_by_rule
    ]
    last = len(network.blocks)
    return tuple(
        sorted(
            findings,
            key=lambda f: (SEVERITIES.index(f.severity), last if f.block is None else f.block),
        )
    )


def _found(network: BlockNetwork, anatomy: Anatomy) -> Iterator[tuple[str, Found]]:
    for name, rule in RULES.items():
        if anatomy.works or rule.severity == "error":
            yield from ((name, found) for found in rule.find(network, anatomy))


def _first_that_mends(
    network: BlockNetwork, rule: str, found: Found, *, before: int, works: bool, num_classes: int
) -> Fix | None:
    for change in found.changes:
        changed = _changed(network, change)
        if changed is None:
            continue
        after = describe_network(changed, num_classes=num_classes)
        fewer = len(list(RULES[rule].find(changed, after))) < before
        if fewer and (after.works or not works):
            return Fix(label=change.label, network=changed)
    return None


def _changed(network: BlockNetwork, change: Change) -> BlockNetwork | None:
    try:
        return network.with_changes(blocks=change.blocks)
    except SpecError:
        # One block too many, for instance: then this change is none.
        return None
