"""Where a worker runs. An executor knows commands and durable handles, never what a run is about.

`EXECUTORS` is the table of them; a run remembers the name of the one that started it.
"""

from types import MappingProxyType

from cnnlab.errors import RunError, unknown_name
from cnnlab.runs.executors.base import Executor
from cnnlab.runs.executors.local import LocalExecutor

EXECUTORS: MappingProxyType[str, Executor] = MappingProxyType({"local": LocalExecutor()})


def find_executor(name: str) -> Executor:
    """Return the executor of this name.

    Raises:
        RunError: There is none; the message lists those there are.
    """
    try:
        return EXECUTORS[name]
    except KeyError:
        raise RunError(unknown_name("executor", name, EXECUTORS)) from None
