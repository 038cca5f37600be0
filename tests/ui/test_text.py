"""User text stays text, and numbers read as people write them."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlab.ui import text

MARKDOWN = "\\`*_{}[]<>#+-!|~$&:"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        pytest.param("tulips", "tulips", id="plain"),
        pytest.param("![x](http", "\\!\\[x\\](http", id="picture of another host"),
        pytest.param("<img src=x>", "\\<img src=x\\>", id="HTML"),
        pytest.param("$x$ *a* _b_", "\\$x\\$ \\*a\\* \\_b\\_", id="formula and emphasis"),
        pytest.param("1. one", "1\\. one", id="numbered list"),
        pytest.param("two\nlines\tand \x00 more", "two lines and   more", id="control characters"),
        pytest.param("right \u202e left", "right   left", id="direction marks"),
        pytest.param("found: 0.5 of 2.", "found\\: 0.5 of 2\\.", id="a sentence keeps its numbers"),
    ],
)
def test_escape_leaves_markdown_no_meaning(name, shown):
    assert text.escape(name) == shown


@pytest.mark.parametrize(
    "code", [":smile:", ":material/home:", "http://host/x", "www.host.example", "a@host.example"]
)
def test_codes_and_addresses_are_broken_by_a_joiner_that_nobody_sees(code):
    assert "\u2060" in text.escape(code)
    assert text.escape(code).replace("\u2060", "").replace("\\", "") == code


@given(st.text(max_size=200))
def test_every_special_letter_of_any_text_has_a_backslash(name):
    escaped = text.escape(name)
    for position, letter in enumerate(escaped):
        if letter in MARKDOWN and letter != "\\":
            assert escaped[position - 1] == "\\"
    assert "\n" not in escaped


def test_long_text_ends_in_an_ellipsis():
    assert text.escape("a" * 400, limit=10) == "a" * 9 + "…"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        pytest.param(text.count(304810), "304,810", id="count"),
        pytest.param(text.count(None), "–", id="no count"),
        pytest.param(text.counted(1, "picture"), "1 picture", id="one"),
        pytest.param(text.counted(2000, "class", plural="classes"), "2,000 classes", id="many"),
        pytest.param(text.percent(0.9123), "91.2 %", id="percent"),
        pytest.param(
            text.unbroken("95 % of 3 parts, so % too"),
            "95\u00a0% of 3 parts, so % too",
            id="percent unbroken",
        ),
        pytest.param(text.decimal(0.1), "0.100", id="decimal"),
        pytest.param(text.small(1e-5), "1e-5", id="small"),
        pytest.param(text.small(3.2e-4), "3.2e-4", id="between"),
        pytest.param(text.small(0.001), "0.001", id="not so small"),
        pytest.param(text.file_size(0), "0 B", id="no bytes"),
        pytest.param(text.file_size(1_536_000), "1.5 MB", id="megabytes"),
        pytest.param(text.file_size(25_000_000_000), "25.0 GB", id="gigabytes"),
        pytest.param(text.duration(4), "4 s", id="seconds"),
        pytest.param(text.duration(75), "1 min 15 s", id="minutes"),
        pytest.param(text.duration(3725), "1 h 2 min", id="hours"),
        pytest.param(text.duration(None), "–", id="unknown time"),
        pytest.param(text.about(0.3), "less than 1 s", id="next to no time"),
        pytest.param(text.about(21.4), "about 21 s", id="about seconds"),
        pytest.param(text.about(59.7), "about 1 min", id="nearly a minute"),
        pytest.param(text.about(73.2), "about 1 min 10 s", id="about a minute"),
        pytest.param(text.about(118), "about 2 min", id="about minutes"),
        pytest.param(text.about(2530), "about 42 min", id="about many minutes"),
        pytest.param(text.about(9000), "about 2.5 h", id="about hours"),
    ],
)
def test_numbers_carry_their_unit(written, expected):
    assert written == expected


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        pytest.param(timedelta(seconds=5), "just now", id="seconds"),
        pytest.param(timedelta(minutes=5), "5 min ago", id="minutes"),
        pytest.param(timedelta(hours=3), "3 h ago", id="hours"),
        pytest.param(timedelta(days=40), "21 Jan 2026", id="days"),
    ],
)
def test_moments_are_told_by_how_long_ago_they_were(before, expected):
    now = datetime(2026, 3, 2, 12)
    assert text.ago(now - before, now=now) == expected
