"""Convolution by hand on the Learn page: every edit is answered, kept, and can be sent as a link."""

import json
from types import SimpleNamespace

import pytest

from cnnlab.claims.convolution_by_hand import KERNELS, ConvolutionByHand
from cnnlab.claims.small_pictures import PATTERNS, load_small_picture, write_picture
from cnnlab.ui import learn_convolution_by_hand, learn_pixels, pixel_board

CLAIM = "convolution_by_hand"
STRIPES = write_picture(PATTERNS["stripes"])


@pytest.fixture
def drawn(monkeypatch):
    """What the board was given, newest last."""
    given = []
    monkeypatch.setattr(
        pixel_board, "board", lambda picture, **rest: given.append(SimpleNamespace(picture=picture, **rest))
    )
    return given


def _captions(page):
    return " ".join(caption.value for caption in page.caption)


def _settings(page) -> ConvolutionByHand:
    return page.session_state[learn_convolution_by_hand.KEY]


def test_it_opens_with_a_kernel_that_finds_something(open_page, drawn):
    page = open_page("learn", claim=CLAIM)
    assert not page.exception
    assert drawn[-1].maps[0].values.max() == 36
    assert len(drawn[-1].steps) == 100
    assert "10 × 10 = 100 values from 9 weights" in _captions(page)
    assert any("⌊(12 + 2·0 − 3) / 1⌋ + 1 = 10" in markdown.value for markdown in page.markdown)


def test_every_sum_that_is_written_out_is_the_value_of_the_map():
    settings = ConvolutionByHand(
        picture=STRIPES, kernel=KERNELS["sharpen"].weights, padding="same", relu=True
    )
    steps = learn_convolution_by_hand.steps(settings)
    assert len(steps) == 144
    corner = steps[0]
    assert corner.cells == ("0", "0", "0", "0", "9", "0", "0", "9", "0")
    assert corner.factors == ("0", "(−1)", "0", "(−1)", "5", "(−1)", "0", "(−1)", "0")
    assert corner.lines[0] == ("Sum", "0 + 0 + 0 + 0 + 45 + 0 + 0 − 9 + 0 = 36")
    assert corner.lines[1] == ("ReLU", "max(0, 36) = 36")
    assert steps[1].lines[1] == ("ReLU", "max(0, −18) = 0")


def test_a_sum_of_rounded_products_says_so():
    settings = ConvolutionByHand(picture="1" * 144, kernel=KERNELS["blur"].weights)
    ((_, words),) = learn_convolution_by_hand.steps(settings)[0].lines
    assert words.endswith("≈ 1")


@pytest.mark.parametrize("name", KERNELS)
def test_every_kernel_of_the_table_can_be_taken(open_page, drawn, name):
    page = open_page("learn", claim=CLAIM)
    page.button_group(key=learn_convolution_by_hand.PRESET).set_value(name).run()
    assert not page.exception
    assert _settings(page).kernel == drawn[-1].kernel == KERNELS[name].weights
    assert KERNELS[name].finds in _captions(page)


def test_stride_padding_and_relu_change_the_map(open_page, drawn):
    page = open_page("learn", claim=CLAIM)
    page.button_group(key="learn-convolution-stride").set_value(2).run()
    page.button_group(key="learn-convolution-padding").set_value("same").run()
    page.toggle(key="learn-convolution-relu").set_value(True).run()
    assert not page.exception
    (shown,) = drawn[-1].maps
    assert shown.values.shape == (6, 6)
    assert shown.values.min() == 0
    assert "adds 0 rows of zeros above and 1 below" in _captions(page)


def test_a_weight_that_is_typed_makes_the_kernel_ones_own_and_a_wrong_one_is_said(open_page, drawn):
    page = open_page("learn", claim=CLAIM)
    edited = _settings(page).with_changes(kernel=("1/2", *_settings(page).kernel[1:]))
    page.session_state[learn_convolution_by_hand.KEY] = edited
    page.run()
    assert drawn[-1].kernel[0] == "1/2"
    assert "Your own nine weights." in _captions(page)
    page.session_state[learn_convolution_by_hand.REFUSED] = "The weight 'x' is no number."
    page.run()
    assert "The weight" in page.warning[0].value
    assert not page.run().warning


def test_a_picture_is_chosen_from_what_is_there_and_from_a_dataset(open_page, drawn, dataset):
    page = open_page("learn", claim=CLAIM)
    page.selectbox(key="learn-picture-source").select("shapes").run()
    page.selectbox(key="learn-picture-subject-shapes").select(4).run()
    assert drawn[-1].picture == write_picture(load_small_picture("shapes", 4, number=0))
    page.button(key="learn-picture-another").click().run()
    assert drawn[-1].picture == write_picture(load_small_picture("shapes", 4, number=1))
    page.selectbox(key="learn-picture-source").select(dataset.id).run()
    page.selectbox(key=f"learn-picture-subject-{dataset.id}").select(1).run()
    assert not page.exception
    assert drawn[-1].picture == write_picture(load_small_picture(dataset.id, 1, number=1))


def test_what_was_painted_survives_other_edits(open_page, drawn):
    page = open_page("learn", claim=CLAIM)
    page.session_state[learn_pixels.PICTURE] = STRIPES
    page.run()
    page.button_group(key="learn-convolution-stride").set_value(3).run()
    assert drawn[-1].picture == STRIPES == _settings(page).picture


def test_an_address_holds_everything(open_page, drawn):
    kernel = ["0", "1/9", "0", "-1", "2.5", "0", "0", "0", "1"]
    page = open_page(
        "learn",
        claim=CLAIM,
        picture=STRIPES,
        kernel=json.dumps(kernel),
        stride="2",
        padding="same",
        relu="true",
    )
    assert not page.exception
    assert not page.error
    expected = ConvolutionByHand(picture=STRIPES, kernel=tuple(kernel), stride=2, padding="same", relu=True)
    assert _settings(page) == expected
    assert drawn[-1].picture == STRIPES


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param({"picture": "![x](http://host/x)"}, id="no picture"),
        pytest.param({"kernel": '["1e99999999"]'}, id="no kernel"),
        pytest.param({"stride": "0"}, id="no stride"),
        pytest.param({"kernel": "[" * 5000}, id="brackets"),
    ],
)
def test_an_address_that_cannot_work_is_said_and_the_usual_is_shown(open_page, drawn, asked):
    page = open_page("learn", claim=CLAIM, **asked)
    assert not page.exception
    assert page.error
    assert _settings(page) == ConvolutionByHand()
