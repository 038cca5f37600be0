"""The small networks that experiments compare: alike in all but the one thing that a claim is about.

This module never builds them with Keras.
"""

from cnnlab.specs.blocks import Convolution, Dense, Flatten, GlobalAveragePooling, MaxPooling
from cnnlab.specs.networks import BlockNetwork


def dense_network(*, image_size: int) -> BlockNetwork:
    """No convolution: every pixel joined to every unit."""
    return BlockNetwork(
        name="Dense", image_size=image_size, blocks=(Flatten(), Dense(units=256), Dense(units=128))
    )


def convolutional_network(*, image_size: int, flatten: bool = False, pooling: bool = True) -> BlockNetwork:
    """Three convolutions with batch normalization, each with a pool, and a bridge to the output.

    Args:
        image_size: Height and width of the pictures.
        flatten: End in Flatten, which keeps every position apart, rather than in global average pooling.
        pooling: Halve the maps after each convolution.
    """
    blocks = []
    for filters in (16, 32, 64):
        blocks.append(Convolution(filters=filters, batch_normalization=True))
        if pooling:
            blocks.append(MaxPooling())
    blocks.append(Flatten() if flatten else GlobalAveragePooling())
    return BlockNetwork(
        name="CNN with Flatten" if flatten else "CNN with global average pooling",
        image_size=image_size,
        blocks=tuple(blocks),
    )
