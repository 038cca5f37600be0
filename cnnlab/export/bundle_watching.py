"""Starts the child that looks into tables and the model of a bundle, and ends it when it takes too long or too much.

Memory is watched from here: a limit of the system's own makes such programs crash without a word. This
module never opens what the child looks into.
"""

import json
import subprocess
import time
from pathlib import Path

import psutil

from cnnlab.data.children import environment, module_command
from cnnlab.errors import BundleError
from cnnlab.export.bundle_reading import AGAIN
from cnnlab.settings import MEGABYTE

CHILD = "cnnlab.export.bundle_checking"
WATCH_SECONDS = 0.05
MOST_SECONDS = 180.0
MOST_MEMORY_BYTES = 3072 * MEGABYTE
ANSWER_BYTES = 64 * 1024


def check_in_child(folder: Path) -> None:
    """Look into the tables and the model of an unpacked bundle; tables are written anew.

    Args:
        folder: Where the members lie; its `spec.json` was checked.

    Raises:
        BundleError: One of them cannot be believed, or reading it took too long or too much.
    """
    answer = folder / "checked"
    try:
        with answer.open("wb") as output:
            child = subprocess.Popen(
                module_command(CHILD, str(folder)),
                env=environment(confined=True),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.DEVNULL,
            )
        too_much = _watch(child)
        said = answer.read_bytes()[:ANSWER_BYTES]
    except OSError as error:
        raise BundleError(
            f"The bundle could not be looked into: no process could be started ({error.strerror or error}). Close other "
            f"programs, then open it again."
        ) from error
    finally:
        answer.unlink(missing_ok=True)
    if problem := too_much or _problem(child.returncode, said):
        raise BundleError(f"The bundle cannot be opened: {problem}. {AGAIN}")


def _watch(child: subprocess.Popen[bytes]) -> str:
    """Wait for the child, and return what it took too much of, or ''."""
    deadline = time.monotonic() + MOST_SECONDS
    try:
        seen = psutil.Process(child.pid)
        while child.poll() is None:
            if time.monotonic() > deadline:
                return f"looking into it takes longer than {MOST_SECONDS:.0f} seconds"
            if seen.memory_info().rss > MOST_MEMORY_BYTES:
                return f"looking into it takes more than {MOST_MEMORY_BYTES // MEGABYTE:,} MB of memory"
            time.sleep(WATCH_SECONDS)
    except psutil.NoSuchProcess:
        # It ended between two looks.
        child.wait()
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()
    return ""


def _problem(exit_code: int, said: bytes) -> str:
    try:
        found = json.loads(said.splitlines()[-1])["problem"]
    except (ValueError, IndexError, KeyError, TypeError):
        found = None
    if exit_code != 0 or not isinstance(found, str):
        return "looking into its tables and its model ended a process, as a damaged file or one made to do harm does"
    return found
