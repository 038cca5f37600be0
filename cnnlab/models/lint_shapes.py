"""Rules of the lint about shapes: what maps become on their way, and what the next layer makes of them.

Each takes a network and its anatomy and yields what it found. This module never tries a change out:
`models.lint` does.
"""

from collections.abc import Iterator
from math import prod

from cnnlab.models.anatomy import Anatomy, Problem
from cnnlab.models.lint_rules import (
    CONVOLUTIONS,
    DROPOUTS,
    POOLS,
    Change,
    Found,
    Place,
    exchange,
    insert,
    places,
    remove,
    size,
    use,
)
from cnnlab.specs.blocks import Convolution, Flatten, GlobalAveragePooling, MaxPooling
from cnnlab.specs.networks import BlockNetwork

MOST_OF_THE_WEIGHTS = 0.5
"""From this share of all parameters on, the layer behind a Flatten is worth a word."""
MOST_STAGES_ADDED = 6


def cannot_work(network: BlockNetwork, anatomy: Anatomy) -> Iterator[Found]:
    """The anatomy's own problems, with what mends them."""
    for problem in anatomy.problems:
        yield Found(
            block=problem.block,
            sentence=problem.sentence,
            changes=_mending(network, anatomy, problem),
        )


def _mending(network: BlockNetwork, anatomy: Anatomy, problem: Problem) -> Iterator[Change]:
    at = len(network.blocks) if problem.block is None else problem.block
    block = network.blocks[at] if at < len(network.blocks) else None
    if block is not None and block.kind in POOLS:
        yield remove(network, at, label="Remove this pool")
    if getattr(block, "padding", "same") == "valid":
        yield use(network, at, label="Use padding same", padding="same")
    yield insert(network, at, GlobalAveragePooling(), label="Put Global average pooling before it")
    for position, each in enumerate(network.blocks):
        if each.kind == "flatten":
            yield _pool_instead(network, position)
    for setting in ("units", "filters", "groups"):
        value = getattr(block, setting, 1)
        while value > 1:
            value //= 2
            yield use(network, at, label=f"Use {value} {setting}", **{setting: value})
    if block is not None:
        yield remove(network, at, label="Remove this block")


def flatten_makes_the_weights(network: BlockNetwork, anatomy: Anatomy) -> Iterator[Found]:
    """Most weights lie in the layer that a Flatten feeds."""
    walked = places(network, anatomy)
    convolved = False
    for place in walked:
        convolved = convolved or place.block.kind in CONVOLUTIONS
        # On the picture itself a mean would leave three numbers; that is another rule's business.
        if not (convolved and place.on_maps and isinstance(place.block, Flatten)):
            continue
        fed = next(row for row in anatomy.rows[place.at + 2 :] if row.parameters)
        height, width, maps = place.reached_by
        units = fed.output_shape[0]
        after = anatomy.parameters - (height * width - 1) * maps * units
        if fed.parameters_share < MOST_OF_THE_WEIGHTS or after == anatomy.parameters:
            continue
        yield Found(
            block=place.at,
            sentence=f"Flatten makes {fed.parameters_share:.0%} of the {anatomy.parameters:,} weights: "
            f"{maps} maps of {size(place.reached_by)} become {height * width * maps:,} values, each joined to "
            f"{units:,} units. Global average pooling would leave {after:,} weights in all, "
            f"{anatomy.parameters / after:.1f} times fewer.",
            changes=(_pool_instead(network, place.at),),
        )


def _pool_instead(network: BlockNetwork, at: int) -> Change:
    return exchange(network, at, GlobalAveragePooling(), label="Global average pooling for Flatten")


def receptive_field_too_small(network: BlockNetwork, anatomy: Anatomy) -> Iterator[Found]:
    """Nothing ever sees the whole picture: the mean of patches is all that is left."""
    walked = places(network, anatomy)
    convolved = any(place.block.kind in CONVOLUTIONS for place in walked)
    pooled = next((place for place in walked if place.block.kind == "global_average_pooling"), None)
    # Behind a Flatten the dense layer joins all positions, so small patches are no limit there.
    if pooled is None or not convolved or anatomy.receptive_field >= network.image_size:
        return
    field, whole = anatomy.receptive_field, network.image_size
    yield Found(
        block=pooled.at,
        sentence=f"One value of the last map sees {field} × {field} of the {whole} × {whole} pixels, "
        f"{field**2 / whole**2:.0%} of the picture, and the mean of such patches is all that the classes are "
        f"told from. Something larger than {field} pixels is never seen as a whole: pool earlier or go deeper.",
        changes=_seeing_more(network, pooled),
    )


def _seeing_more(network: BlockNetwork, pooled: Place) -> Iterator[Change]:
    convolution = Convolution(filters=pooled.reached_by[-1])
    for stages in range(1, MOST_STAGES_ADDED + 1):
        more = (MaxPooling(), convolution) * stages
        times = "" if stages == 1 else f", {stages} times"
        label = f"Add a pool and a convolution{times}"
        yield insert(network, pooled.at, *more, label=label)
    for repeats in range(1, 9):
        deeper = convolution.with_changes(repeats=repeats)
        label = f"Add {repeats} convolution{'s' if repeats > 1 else ''}"
        yield insert(network, pooled.at, deeper, label=label)


def stride_skips_pixels(network: BlockNetwork, anatomy: Anatomy) -> Iterator[Found]:
    """A window that moves further than it is wide never looks at what lies between."""
    for place in places(network, anatomy):
        window = getattr(place.block, "kernel_size", getattr(place.block, "pool_size", 0))
        stride = getattr(place.block, "strides", 0)
        # Where the map is no larger than one window, it never moves.
        if not window or stride <= window or place.reached_by[0] <= window:
            continue
        yield Found(
            block=place.at,
            sentence=f"The window is {window} wide and moves {stride} at each step: it never looks at "
            f"{1 - window**2 / stride**2:.0%} of what reaches it.",
            changes=(use(network, place.at, label=f"Use stride {window}", strides=window),),
        )


def pooled_away(network: BlockNetwork, anatomy: Anatomy) -> Iterator[Found]:
    """A pool that leaves one value a map, although another layer would bring maps to a vector."""
    for place in places(network, anatomy):
        if place.block.kind in POOLS and place.reached_by[0] > 1 and place.row.output_shape[0] == 1:
            yield Found(
                block=place.at,
                sentence=f"This pool takes maps of {size(place.reached_by)} to 1 × 1: where something was is gone, "
                f"and {prod(place.reached_by[:2]) - 1} of {prod(place.reached_by[:2])} values of each map with it. "
                f"Flatten or Global average pooling ends the maps without it.",
                changes=(remove(network, place.at, label="Remove this pool"),),
            )


def filter_on_padding(network: BlockNetwork, anatomy: Anatomy) -> Iterator[Found]:
    """On a tiny map, padding is all that the rim of a filter ever meets."""
    for place in places(network, anatomy):
        if place.block.kind not in CONVOLUTIONS or getattr(place.block, "padding", "same") != "same":
            continue
        kernel, useful = place.block.kernel_size, 2 * place.reached_by[0] - 1
        if kernel > useful:
            yield Found(
                block=place.at,
                sentence=f"The map is {size(place.reached_by)} here: of a {kernel} × {kernel} filter only "
                f"{useful} × {useful} weights ever meet a value, the other {kernel**2 - useful**2} meet padding. "
                f"Pool less above, or use a smaller filter.",
                changes=(
                    use(network, place.at, label=f"Use {useful} × {useful} filters", kernel_size=useful),
                ),
            )


def two_poolings(network: BlockNetwork, anatomy: Anatomy) -> Iterator[Found]:
    """Pools in a row throw away what no convolution has looked at between."""
    before: Place | None = None
    for place in places(network, anatomy):
        if place.block.kind in POOLS:
            if before is not None:
                yield Found(
                    block=place.at,
                    sentence=f"Two pools in a row take maps of {size(before.reached_by)} to "
                    f"{size(place.row.output_shape)} and no convolution looks at what lies between. Put one "
                    f"between them, or leave this pool out.",
                    changes=(remove(network, place.at, label="Remove this pool"),),
                )
            before = place
        elif place.block.kind not in DROPOUTS:
            before = None


def pool_drops_the_edge(network: BlockNetwork, anatomy: Anatomy) -> Iterator[Found]:
    """Whole windows only: what does not fill one is dropped at the right and at the bottom."""
    for place in places(network, anatomy):
        if place.block.kind not in POOLS or place.block.padding == "same":
            continue
        stride = place.block.strides or place.block.pool_size
        left_over = (place.reached_by[0] - place.block.pool_size) % stride
        if left_over:
            rows = "row and column" if left_over == 1 else f"{left_over} rows and columns"
            yield Found(
                block=place.at,
                sentence=f"Maps of {size(place.reached_by)} do not fill whole windows of {place.block.pool_size}: "
                f"the last {rows} of each map are dropped. Padding same keeps them.",
                changes=(use(network, place.at, label="Use padding same", padding="same"),),
            )
