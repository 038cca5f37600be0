"""What every executor offers: five methods over commands and durable handles.

Not futures: they die with the server and cannot stop a running call. A handle is text that finds
the worker again after the server was started anew. This module never starts anything.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol


class Executor(Protocol):
    """Starts commands somewhere, and finds them again."""

    def submit(self, command: Sequence[str], *, log: Path, environment: Mapping[str, str]) -> str:
        """Start a command whose output is appended to `log`, and return its handle.

        `environment` holds variables that the command has besides those of this process.

        The command outlives the process that started it.

        Raises:
            OSError: It could not be started; the text says why.
        """
        ...

    def poll(self, handle: str) -> bool:
        """Whether the command is still there; False also for a handle that cannot be read."""
        ...

    def stop(self, handle: str, *, grace_seconds: float) -> bool:
        """Ask the command to end, end it by force after `grace_seconds`; return whether it is gone."""
        ...

    def logs(self, handle: str, *, log: Path, lines: int) -> str:
        """The last lines that the command printed, '' where there are none yet."""
        ...

    def capacity(self) -> int:
        """How many commands may run at the same time."""
        ...
