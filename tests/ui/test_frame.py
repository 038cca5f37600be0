"""The frame shows errors that people can mend as text, and lets bugs through."""

import pytest
from streamlit.testing.v1 import AppTest

pytestmark = pytest.mark.usefixtures("frozen_heap")

PAGE_SECONDS = 180.0


def _script(kind: str) -> None:
    import streamlit as st

    from cnnlab import errors
    from cnnlab.ui import frame

    with frame.page("Things", lead="What things are for."):
        st.write("before")
        if kind:
            raise getattr(errors, kind, ValueError)("Class '![x](http://host/y)' is too small. Add pictures.")
    st.write("after")


@pytest.mark.parametrize("kind", ["DatasetError", "SpecError", "RunError", "CnnlabError"])
def test_an_error_is_shown_as_text_and_the_page_goes_on(kind):
    page = AppTest.from_function(_script, default_timeout=PAGE_SECONDS, args=(kind,)).run()
    assert not page.exception
    assert "\\!\\[x\\](http\\:" in page.error[0].value
    assert [element.value for element in page.markdown][-2:] == ["before", "after"]


def test_a_bug_is_not_dressed_up_as_a_sentence():
    page = AppTest.from_function(_script, default_timeout=PAGE_SECONDS, args=("a bug",)).run()
    assert len(page.exception) == 1
    assert not page.error


def test_title_and_lead_are_shown():
    page = AppTest.from_function(_script, default_timeout=PAGE_SECONDS, args=("",)).run()
    assert page.title[0].value == "Things"
    assert "What things are for." in page.markdown[0].value
