"""What the docs say of faults comes from trying them: every fault has its row, and every row its fault."""

import pytest

from tests.chaos.document import DOCUMENT, written_rows
from tests.chaos.faults import FAULTS


def test_the_table_of_the_docs_has_every_fault_in_order():
    assert list(written_rows()) == [fault.title for fault in FAULTS.values()]


@pytest.mark.parametrize("name", FAULTS)
def test_a_row_says_what_is_done_how_often_and_what_came_of_it(name):
    _, title, done, tried, seconds, outcome, _ = (
        cell.strip() for cell in written_rows()[FAULTS[name].title].split("|")
    )
    assert (title, done) == (FAULTS[name].title, FAULTS[name].done)
    assert int(tried) > 0
    assert int(seconds) > 0
    assert outcome.startswith("held: "), f"run `python -m tests.chaos {name} --write`"


def test_the_docs_say_when_and_where_it_was_measured():
    assert "\nMeasured on " in DOCUMENT.read_text(encoding="utf-8")
