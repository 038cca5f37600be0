"""What is worked out on the page follows its sliders at once, starts from the address, and is still there after a look elsewhere."""

import pytest

from cnnlab.claims.table import CLAIMS

EXPLOSION, POOLING = "learn-parameter_explosion", "learn-what_pooling_saves"


def words(page) -> str:
    kinds = (page.markdown, page.caption, page.warning, page.error)
    return "\n".join(element.value for kind in kinds for element in kind)


def test_both_numbers_of_the_parameter_explosion_are_written_out(open_page):
    page = open_page("learn", claim="parameter_explosion")
    assert "224 × 224 × 3 × 256 = 38,535,168 weights" in words(page)
    page.slider(key=f"{EXPLOSION}-image_size").set_value(32).run()
    page.slider(key=f"{EXPLOSION}-filters").set_value(64).run()
    assert not page.exception
    assert "32 × 32 × 3 × 256 = 786,432 weights" in words(page)
    assert "3 × 3 × 3 × 64 = 1,728 weights" in words(page)


def test_what_pooling_saves_follows_the_size_of_pictures(open_page):
    page = open_page("learn", claim="what_pooling_saves")
    shown = words(page)
    for figure in ("304,810", "38,651,136", "293,455,104", "17,065,642", "7.6 times fewer"):
        assert figure in shown
    page.slider(key=f"{POOLING}-image_size").set_value(64).run()
    assert not page.exception
    assert "67,397,290" in words(page)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        pytest.param({"image_size": "64"}, "64 × 64 × 3 × 256", id="a setting"),
        pytest.param({"image_size": "7"}, "224 × 224 × 3 × 256", id="too small"),
        pytest.param({"image_size": "*many*"}, "224 × 224 × 3 × 256", id="no number"),
    ],
)
def test_a_link_opens_with_its_settings_and_a_broken_one_with_the_usual_ones(open_page, given, shown):
    page = open_page("learn", claim="parameter_explosion", **given)
    assert not page.exception
    assert shown in words(page)
    assert bool(page.error) == (shown.startswith("224"))


def test_what_was_set_is_still_there_after_a_look_at_the_other_statements(open_page):
    page = open_page("learn", claim="parameter_explosion")
    page.slider(key=f"{EXPLOSION}-neurons").set_value(512).run()
    page.button(key="learn-all").click().run()
    page.query_params["claim"] = "parameter_explosion"
    page.run()
    assert page.title[0].value == CLAIMS["parameter_explosion"].title
    assert page.slider(key=f"{EXPLOSION}-neurons").value == 512
    assert "224 × 224 × 3 × 512" in words(page)
