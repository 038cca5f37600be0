"""Figures in the documents come from a command: every table has its benchmark, and every benchmark its table."""

import importlib.util
import re
from pathlib import Path

import pytest

from benchmarks.__main__ import DOCUMENTS, NAMES

REPOSITORY = Path(__file__).resolve().parents[1]
PLACE = re.compile(r"<!-- (\w+) -->\n(.*?)<!-- end of (\w+) -->", re.DOTALL)


@pytest.mark.parametrize("name", NAMES)
def test_every_benchmark_is_there_says_what_it_measures_and_has_its_place(name):
    source = (REPOSITORY / "benchmarks" / f"{name}.py").read_text(encoding="utf-8")
    assert source.startswith('"""')
    assert "\ndef run() -> pd.DataFrame:" in source
    assert name in [found[0] for found in PLACE.findall(DOCUMENTS[0].read_text(encoding="utf-8"))]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_place_belongs_to_a_benchmark_and_holds_its_table_and_the_machine(document):
    places = PLACE.findall(document.read_text(encoding="utf-8"))
    assert places
    for begin, text, end in places:
        assert begin == end
        assert begin in NAMES
        assert importlib.util.find_spec(f"benchmarks.{begin}")
        assert "\n|" in text, f"run `python -m benchmarks {begin} --write`"
        assert re.search(r"Measured on \d{2} \w+ \d{4}: .+ cores.+, Python 3\.\d+", text)
