"""Home shows what is kept, deletes it when that is confirmed, and says what came free."""

import pytest
from filelock import FileLock

from cnnlab.data.cache import KINDS, list_cached
from cnnlab.settings import workspace

HEADING = "Kept so that nothing is computed twice"


@pytest.fixture
def kept(home):
    """Two entries of activations and one converted network."""
    for name, num_bytes in (
        ("activations/a.npy", 1_500_000),
        ("activations/b.npy", 500_000),
        ("frozen/c.tflite", 7),
    ):
        path = workspace().cache / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(bytes(num_bytes))
    return home


def _words(page):
    bars = [bar.text for bar in page.get("progress")]
    return " ".join(element.value for element in [*page.markdown, *page.caption]) + " ".join(bars)


def _delete(page, kind):
    page.button(key=f"storage-delete-{kind}").click().run()
    return page.button(key="storage-delete-now").click().run()


def test_where_nothing_is_kept_nothing_is_said(open_page):
    page = open_page("home")
    assert HEADING not in [element.value for element in page.subheader]
    assert not page.get("progress")


def test_each_kind_has_a_row_with_its_size_and_count(open_page, kept):
    page = open_page("home")
    assert not page.exception
    assert HEADING in [element.value for element in page.subheader]
    words = _words(page)
    for expected in ("2.0 MB", "2 entries, last used just now", "7 B", "1 entry", "of at most 20.0 GB"):
        assert expected in words
    assert KINDS["packed"].label not in words


@pytest.mark.parametrize(
    ("limit", "share"),
    [pytest.param("8000028", 25, id="a quarter"), pytest.param("1", 100, id="over the limit")],
)
def test_the_bar_says_how_full_it_is(limit, share, open_page, kept, monkeypatch):
    monkeypatch.setenv("CNNLAB_CACHE_BYTES", limit)
    page = open_page("home")
    (bar,) = page.get("progress")
    assert bar.value == share
    assert ("More than the limit" in bar.text) == (share == 100)


def test_deleting_is_confirmed_and_says_what_came_free(open_page, kept):
    page = open_page("home")
    page.button(key="storage-delete-activations").click().run()
    assert len(list_cached()) == 3
    assert any(
        "The next run with the same backbone computes them again." in each.value for each in page.markdown
    )
    page.button(key="storage-delete-now").click().run()
    assert not page.exception
    assert [entry.kind for entry in list_cached()] == ["frozen"]
    assert [toast.value for toast in page.toast] == ["Deleted activations; 2.0 MB came free."]
    assert not page.run().toast


def test_keeping_it_deletes_nothing(open_page, kept):
    page = open_page("home")
    page.button(key="storage-delete-activations").click().run()
    page.button(key="storage-keep").click().run()
    assert len(list_cached()) == 3
    assert not page.toast


def test_what_is_being_used_stays_and_that_is_said(open_page, kept):
    page = open_page("home")
    with FileLock(workspace().cache / "activations" / "a.lock"):
        _delete(page, "activations")
    assert [entry.path.name for entry in list_cached()] == ["a.npy", "c.tflite"]
    assert "500 kB came free. 1 stayed" in page.toast[0].value


def test_the_last_kind_takes_the_section_with_it(open_page, kept):
    page = open_page("home")
    _delete(page, "activations")
    _delete(page, "frozen")
    assert HEADING not in [element.value for element in page.subheader]
