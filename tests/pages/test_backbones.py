"""The Backbones page: the comparison, what the lesson says otherwise, and the way to Train."""

import pytest

from cnnlab.models.backbones import BACKBONES
from cnnlab.models.recommendation import PURPOSES
from cnnlab.models.weights import weights_status


def _words(page):
    return "\n".join(
        element.value for kind in (page.markdown, page.caption, page.warning, page.info) for element in kind
    )


def test_every_row_of_the_table_is_shown_with_the_lessons_four_marked(open_page):
    page = open_page("backbones")
    assert not page.exception
    table = page.dataframe[0].value
    assert set(table["Backbone"]) == {row.label for row in BACKBONES.values()}
    assert set(table.loc[table["Lesson"].notna(), "Backbone"]) == {
        "MobileNetV2",
        "EfficientNetV2B0",
        "EfficientNetV2L",
        "ResNet50",
    }


@pytest.mark.parametrize(
    ("label", "official", "lesson"),
    [
        pytest.param("MobileNetV2", (14, 71.3), (14, 71.8), id="mobilenet_v2"),
        pytest.param("ResNet50", (98, 74.9), (98, 76.0), id="resnet50"),
        pytest.param("EfficientNetV2L", (479, 85.7), (478, 85.7), id="efficientnet_v2l"),
    ],
)
def test_the_lessons_figures_stand_beside_the_official_ones(open_page, label, official, lesson):
    row = open_page("backbones").dataframe[0].value.set_index("Backbone").loc[label]
    assert (row["Size"], row["Top-1"]) == official
    assert (row["Lesson's size"], row["Lesson's top-1"]) == lesson


def test_every_purpose_has_a_recommendation_with_its_reason(open_page):
    words = _words(open_page("backbones"))
    for purpose in PURPOSES.values():
        row = BACKBONES[purpose.backbone]
        assert purpose.label in words
        assert f"{row.top1_percent:g} % top-1" in words


def test_a_recommendation_leads_to_the_details(open_page):
    page = open_page("backbones")
    page.button(key="recommended-phone").click().run()
    assert page.query_params["backbone"] == "mobilenet_v2"
    assert page.subheader[-1].value == "MobileNetV2"


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        pytest.param("nas large", {"NASNetLarge"}, id="two words"),
        pytest.param("NASNET", {"NASNetMobile", "NASNetLarge"}, id="letters of any size"),
    ],
)
def test_the_search_looks_for_all_words(open_page, search, expected):
    page = open_page("backbones")
    page.text_input(key="backbones-search").set_value(search).run()
    assert set(page.dataframe[0].value["Backbone"]) == expected


def test_only_what_is_small_is_shown_when_asked(open_page):
    page = open_page("backbones")
    page.select_slider(key="backbones-size").set_value(20).run()
    assert page.dataframe[0].value["Size"].max() <= 20


def test_only_weights_that_are_here_are_shown_when_asked(open_page):
    page = open_page("backbones")
    page.segmented_control(key="backbones-show").set_value("here").run()
    here = {row.label for name, row in BACKBONES.items() if weights_status(name).here}
    assert set(page.dataframe[0].value["Backbone"]) == here
    assert "EfficientNet-Lite0" in here


def test_a_filter_that_leaves_nothing_says_so_and_draws_no_empty_chart(open_page):
    page = open_page("backbones")
    assert len(page.get("plotly_chart")) == 1
    page.text_input(key="backbones-search").set_value("no such backbone").run()
    assert not page.exception
    assert "No backbone is like that" in _words(page)
    assert "nothing to draw" in _words(page)
    assert not page.get("plotly_chart")


def test_every_backbone_has_its_details(open_page):
    page = open_page("backbones")
    for name, row in BACKBONES.items():
        page.query_params["backbone"] = name
        page.run()
        assert not page.exception, name
        assert page.subheader[-1].value == row.label
        assert row.preprocessing.sentence in _words(page)


def test_an_unknown_name_in_the_address_is_a_sentence(open_page):
    page = open_page("backbones", backbone="![x](http://host/y)")
    assert not page.exception
    assert "There is no backbone" in page.warning[0].value
    assert "![x]" not in page.warning[0].value


def test_train_gets_the_backbone_and_the_dataset(open_page, dataset):
    page = open_page("backbones", backbone="mobilenet_v2", dataset=dataset.id)
    page.button(key="backbone-train").click().run()
    assert page.title[0].value == "Train"
    assert page.query_params["network"] == "backbone:mobilenet_v2"
    assert page.query_params["dataset"] == dataset.id
