"""How much memory this process has held at most: what a run or an answer needs of the machine.

This module never looks at another process.
"""

import re
import resource
import sys
from pathlib import Path

KILOBYTE = 1024
HIGHEST = re.compile(rb"^VmHWM:\s*(\d+) kB$", re.MULTILINE)


def peak_memory_bytes() -> int:
    """The most memory that this process has held since it began."""
    # Not `ru_maxrss` on Linux: it is handed on at fork and exec, so a small child of a large server
    # begins with the server's figure.
    try:
        found = HIGHEST.search(Path("/proc/self/status").read_bytes())
    except OSError:
        found = None
    if found:
        return int(found[1]) * KILOBYTE
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * KILOBYTE
