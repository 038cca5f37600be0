"""Table of claims: every statement of the lesson, in its order.

This module never measures.
"""

from types import MappingProxyType

from cnnlab.claims import (
    convolution_by_hand,
    fine_tuning_rate,
    flatten_or_pooling,
    parameter_explosion,
    pooling_by_hand,
    preprocessing,
    quiz,
    shifted_pictures,
    shuffled_pixels,
    transfer_or_scratch,
    what_filters_see,
    what_pooling_saves,
)
from cnnlab.claims.claim import Claim
from cnnlab.errors import ClaimError, unknown_name

CLAIMS: MappingProxyType[str, Claim] = MappingProxyType(
    {
        claim.id: claim
        for claim in (
            parameter_explosion.CLAIM,
            shuffled_pixels.CLAIM,
            shifted_pictures.CLAIM,
            convolution_by_hand.CLAIM,
            pooling_by_hand.CLAIM,
            what_filters_see.CLAIM,
            flatten_or_pooling.CLAIM,
            what_pooling_saves.CLAIM,
            fine_tuning_rate.CLAIM,
            transfer_or_scratch.CLAIM,
            preprocessing.CLAIM,
            quiz.CLAIM,
        )
    }
)


def find_claim(name: str) -> Claim:
    """Look up a claim.

    Raises:
        ClaimError: There is none of this name.
    """
    if name not in CLAIMS:
        raise ClaimError(unknown_name("claim", name, CLAIMS))
    return CLAIMS[name]
