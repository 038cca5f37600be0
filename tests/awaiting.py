"""Waiting for coroutines in tests: in a thread, as the process may be one in which a browser test has a loop under way."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def finish(coroutine: Coroutine) -> Any:
    """Run a coroutine to its end, and return what it returns."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()
