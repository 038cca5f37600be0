"""Convolution by hand: every product and sum as a plain loop finds them, and the whole map as Keras has it."""

from itertools import product

import numpy as np
import pytest

from cnnlab.claims.convolution_by_hand import KERNELS, ConvolutionByHand, convolve, products, read_weight
from cnnlab.claims.small_pictures import PATTERNS, SIDE, read_picture, write_picture
from cnnlab.errors import SpecError

STRIDES, PADDINGS = (1, 2, 3), ("valid", "same")


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    """Noise: no two rows or columns of it are alike."""
    return np.random.default_rng(0).integers(0, 10, (SIDE, SIDE))


def _slowly(picture: np.ndarray, weights: np.ndarray, *, before: int, places: int, stride: int) -> np.ndarray:
    """Convolve with four loops, as one would by hand."""
    shown = np.zeros((places, places))
    for row, column in product(range(places), repeat=2):
        for down, right in product(range(3), repeat=2):
            at_row, at_column = row * stride + down - before, column * stride + right - before
            if 0 <= at_row < SIDE and 0 <= at_column < SIDE:
                shown[row, column] += picture[at_row, at_column] * weights[down, right]
    return shown


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("stride", STRIDES)
@pytest.mark.parametrize("kernel", KERNELS)
def test_the_map_is_what_a_plain_loop_finds(picture, kernel: str, stride: int, padding: str):
    settings = ConvolutionByHand(kernel=KERNELS[kernel].weights, stride=stride, padding=padding)
    sliding = settings.sliding
    slow = _slowly(
        picture, settings.weights, before=sliding.before, places=sliding.output_side, stride=stride
    )
    assert np.allclose(convolve(picture, settings.weights, sliding=sliding), slow)
    assert np.allclose(
        convolve(picture, settings.weights, sliding=sliding, relu=True), np.where(slow > 0, slow, 0)
    )
    terms = products(picture, settings.weights, sliding=sliding)
    assert terms.shape == (sliding.output_side, sliding.output_side, 3, 3)
    assert np.allclose(terms.sum(axis=(2, 3)), slow)


@pytest.mark.slow
def test_the_map_is_what_keras_has(picture):
    import keras

    weights = np.random.default_rng(1).normal(size=(3, 3))
    for stride, padding in product(STRIDES, PADDINGS):
        settings = ConvolutionByHand(stride=stride, padding=padding)
        layer = keras.layers.Conv2D(1, 3, strides=stride, padding=padding, use_bias=False)
        layer.build((None, SIDE, SIDE, 1))
        layer.set_weights([weights.reshape(3, 3, 1, 1)])
        theirs = np.asarray(layer(picture[None, ..., None].astype(np.float32)))[0, ..., 0]
        ours = convolve(picture, weights, sliding=settings.sliding)
        assert theirs.shape == ours.shape
        assert np.abs(theirs - ours).max() < 1e-3


def test_a_known_kernel_does_what_it_says():
    flat = np.full((SIDE, SIDE), 5)
    edge = PATTERNS["vertical edge"]
    sliding = ConvolutionByHand().sliding

    def shown(kernel: str, picture: np.ndarray) -> np.ndarray:
        return convolve(picture, ConvolutionByHand(kernel=KERNELS[kernel].weights).weights, sliding=sliding)

    for kernel in ("vertical_edges", "horizontal_edges", "laplacian"):
        assert not shown(kernel, flat).any()
    for kernel in ("identity", "blur", "sharpen"):
        assert np.allclose(shown(kernel, flat), 5)
    assert shown("vertical_edges", edge).max() == 36
    assert shown("vertical_edges", 9 - edge).min() == -36
    assert not shown("horizontal_edges", edge).any()
    assert shown("emboss", edge).max() > 0 > shown("emboss", 9 - edge).min()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("-1", -1, id="whole"),
        pytest.param("−1", -1, id="a true minus"),
        pytest.param(" 0.5 ", 0.5, id="with blanks"),
        pytest.param(".25", 0.25, id="without a zero"),
        pytest.param("1/9", 1 / 9, id="a fraction"),
        pytest.param("-1.5/3", -0.5, id="a fraction of tenths"),
    ],
)
def test_a_weight_is_read_as_it_is_typed(text: str, value: float):
    assert float(read_weight(text)) == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "x", "1/0", "1e999999999", "9" * 30, "nan", "inf", "1//2", "--1"])
def test_what_is_no_weight_is_refused_at_once(text: str):
    with pytest.raises(SpecError, match=r"like -1, 0\.5 or 1/9"):
        read_weight(text)
    with pytest.raises(SpecError, match=r"like -1, 0\.5 or 1/9"):
        ConvolutionByHand().with_changes(kernel=("1",) * 8 + (text,))


def test_a_kernel_of_another_size_is_refused():
    with pytest.raises(SpecError, match="expected are nine"):
        ConvolutionByHand().with_changes(kernel=("1",) * 4)


def test_settings_survive_json():
    settings = ConvolutionByHand(
        picture=write_picture(PATTERNS["chessboard"]), kernel=KERNELS["blur"].weights, stride=2
    )
    assert ConvolutionByHand.from_json(settings.to_json()) == settings
    assert (read_picture(settings.picture) == PATTERNS["chessboard"]).all()
