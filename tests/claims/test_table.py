"""Every claim of the table has all that the page shows of it, and settings that work as they are."""

import pytest

from cnnlab.claims.claim import Claim
from cnnlab.claims.table import CLAIMS, find_claim
from cnnlab.errors import ClaimError


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS.keys())
def test_a_claim_says_everything(claim: Claim):
    for text in (claim.says, claim.experiment):
        assert text.endswith(".")
    assert claim.title
    assert not claim.title.endswith(".")
    assert claim.icon.startswith(":material/")
    assert claim.recipe >= 1
    assert claim.settings.create({}) == claim.settings()


def test_an_unknown_claim_is_named_with_those_that_are_there():
    with pytest.raises(ClaimError, match=r"no claim named 'flat_earth'.*shuffled_pixels"):
        find_claim("flat_earth")
