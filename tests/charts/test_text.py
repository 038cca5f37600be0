import pytest

from cnnlab.charts.text import plain


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        pytest.param("rose", "rose", id="plain"),
        pytest.param("<b>rose</b>", "&lt;b&gt;rose&lt;/b&gt;", id="bold"),
        pytest.param('<a href="javascript:x">', '&lt;a href="javascript:x"&gt;', id="link"),
        pytest.param("cats & dogs", "cats &amp; dogs", id="ampersand"),
        pytest.param("&lt;", "&amp;lt;", id="an entity is shown letter by letter"),
        pytest.param('Anna\'s "best"', 'Anna\'s "best"', id="quotes, for which Plotly knows no entity"),
        pytest.param("two\nlines\tand\x00more ", "two lines and more", id="control characters"),
        pytest.param("a\u202eb", "a b", id="turned direction"),
        pytest.param("\udcff.jpg", "?.jpg", id="no UTF-8"),
        pytest.param("$x$", "&#36;x&#36;", id="formula"),
        pytest.param(7, "7", id="a number"),
    ],
)
def test_a_name_is_shown_letter_by_letter(name, shown):
    assert plain(name) == shown


def test_a_long_name_keeps_both_ends():
    assert plain("class_" + "x" * 90 + "_final", limit=12) == "class_x…inal"
    assert len(plain("x" * 100, limit=12)) == 12
