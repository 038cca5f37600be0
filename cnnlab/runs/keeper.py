"""The parent of a worker: waits until it ends, writes down how it ended, and lets the queue go on.

    python -m cnnlab.runs.keeper RUN_FOLDER ATTEMPT WORKER_MODULE

A killed worker cannot say what happened to it, and the server may be gone: only its parent learns the
exit code. Nothing but the standard library is loaded until the worker has ended, so a keeper costs
some megabytes. It leads the process group of the worker, so whoever ends that group ends both.
This module never looks into a run and never trains.
"""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

from cnnlab.files import write_text
from cnnlab.runs.machine_state import count_oom_kills

FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""What asks a keeper to end is meant for its worker, which says a last word."""


def main(folder: str, attempt: str, module: str) -> int:
    """Keep one worker; return its exit code."""
    # -P: the folder of the run, where the worker starts, is never looked into for modules.
    worker = subprocess.Popen([sys.executable, "-P", "-m", module, folder])
    for number in FORWARDED:
        signal.signal(number, lambda received, _: worker.send_signal(received))
    exit_code = worker.wait()
    ended = {
        "attempt": int(attempt),
        "exit_code": exit_code,
        "oom_kills": count_oom_kills(),
        "at": time.time(),
    }
    try:
        write_text(Path(folder) / "ended.json", json.dumps(ended))
    except OSError as error:
        # The disk is full, or the run was deleted meanwhile. A free lock says that nobody works here.
        print(f"How the worker ended ({exit_code}) could not be written down: {error}.", file=sys.stderr)
    _let_the_queue_go_on()
    return exit_code if exit_code >= 0 else 128 - exit_code


def _let_the_queue_go_on() -> None:
    from cnnlab.errors import CnnlabError
    from cnnlab.runs import queue

    try:
        queue.advance()
    except CnnlabError as error:
        print(error, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
