"""The short form of `make chaos`: every fault that fits, tried few times, has to leave nothing lost."""

import pytest

from tests.chaos.faults import FAULTS
from tests.chaos.form import Form, LeftOut

SHORT = [name for name, fault in FAULTS.items() if fault.in_short_form]


@pytest.mark.slow
@pytest.mark.parametrize("name", SHORT)
def test_nothing_is_lost(name):
    try:
        outcome = FAULTS[name].carry(Form(short=True))
    except LeftOut as reason:
        pytest.skip(str(reason))
    assert outcome.tries > 0
