"""How thoroughly a fault is tried, and what comes out of it."""

import random
from dataclasses import dataclass

SEED = 5
"""Every draw comes from it: the same moments each time, as far as the machine is the same."""


class LeftOut(Exception):
    """A fault cannot be made on this machine; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Form:
    """The full form has real workers and many repeats; the short one fits into `make test`."""

    short: bool

    def pick(self, *, full: int, short: int) -> int:
        """How often something is tried."""
        return short if self.short else full

    def draws(self, name: str) -> random.Random:
        """Where a fault draws its moments from."""
        return random.Random(f"{SEED} {name}")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What was tried and held. What did not hold is an AssertionError instead."""

    tries: int
    facts: str
    """What was seen, in a few words with figures."""
