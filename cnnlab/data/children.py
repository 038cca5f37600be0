"""How this room starts processes of its own: the same Python, our package found, nothing else assumed.

`subprocess` and not `multiprocessing`: its `spawn` runs the page script again in the child, and its
`fork` is unsafe in a server with many threads. This module never says what a child does.
"""

import contextlib
import os
import subprocess
import sys
import threading
from pathlib import Path

import cnnlab

PACKAGE_PARENT = Path(cnnlab.__file__).resolve().parents[1]
PASSED_ON = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TMPDIR")
"""What a confined child gets to know of the environment."""


def module_command(module: str, *arguments: str) -> list[str]:
    """The command that runs a module of cnnlab with this Python."""
    return [sys.executable, "-m", module, *arguments]


def environment(*, confined: bool) -> dict[str, str]:
    """The environment of a child.

    Args:
        confined: Leave out all that a child which reads foreign bytes has no business to know.
    """
    values = (
        {name: os.environ[name] for name in PASSED_ON if name in os.environ} if confined else dict(os.environ)
    )
    others = values.get("PYTHONPATH", "")
    values["PYTHONPATH"] = os.pathsep.join(filter(None, [str(PACKAGE_PARENT), others]))
    if confined:
        # Threads of a linear-algebra library would only reserve memory here.
        values["OPENBLAS_NUM_THREADS"] = values["OMP_NUM_THREADS"] = "1"
    return values


def be_a_good_neighbour() -> None:
    """Called by a child that works long: the server goes first, and the child is what the kernel ends when memory runs out."""
    if hasattr(os, "nice"):
        os.nice(5)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")


def start_detached(module: str, *arguments: str, log: Path) -> int:
    """Start a child that outlives us, and return its process id.

    Measured: only a session of its own with its output in a file survives Ctrl-C, SIGHUP, SIGTERM and
    SIGKILL of the server.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            module_command(module, *arguments),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment(confined=False),
            start_new_session=True,
        )
    # Somebody has to wait for it, or it stays a zombie for as long as the server lives.
    threading.Thread(target=process.wait, daemon=True, name=f"wait for {module}").start()
    return process.pid
