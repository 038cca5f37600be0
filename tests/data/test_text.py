"""Names from outside become text that can be kept and shown."""

import json
import os
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlab.data.text import counted, safe_text


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        pytest.param("daisy", "daisy", id="plain"),
        pytest.param("  daisy\t", "daisy", id="space at the ends"),
        pytest.param("café", "café", id="composed"),
        pytest.param("cafe\u0301", "café", id="decomposed, as macOS writes it"),
        pytest.param("a\nb", "a�b", id="line break"),
        pytest.param("a\x00b", "a�b", id="null byte"),
        pytest.param("exe\u202egpj.txt", "exe�gpj.txt", id="reading direction turned"),
        pytest.param(os.fsdecode(b"caf\xe9.jpg"), "caf\\xe9.jpg", id="a Latin-1 file name"),
        pytest.param(b"caf\xe9", "caf\\xe9", id="bytes that are no UTF-8"),
        pytest.param("\ud83d", "\\ud83d", id="half of a surrogate pair"),
        pytest.param("![x](http://evil/a.png)", "![x](http://evil/a.png)", id="Markdown stays text"),
        pytest.param("   ", "", id="nothing but space"),
        pytest.param("花", "花", id="Chinese"),
    ],
)
def test_a_name_becomes_text(raw, text):
    assert safe_text(raw) == text


def test_a_long_name_is_cut():
    assert safe_text("a" * 300, longest=10) == "a" * 9 + "…"


@given(st.one_of(st.text(st.characters()), st.binary().map(os.fsdecode), st.binary()))
def test_whatever_the_name_it_can_be_kept_and_shown_on_one_line(raw):
    text = safe_text(raw)
    assert json.loads(json.dumps(text).encode("utf-8")) == text
    assert text.encode("utf-8").decode("utf-8") == text
    assert len(text) <= 200
    assert not any(unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") for sign in text)
    assert safe_text(text) == text


def test_numbers_of_things_are_said_as_a_person_would():
    assert [counted(1, "picture"), counted(1200, "picture"), counted(0, "class", "classes")] == [
        "1 picture",
        "1,200 pictures",
        "0 classes",
    ]
