"""Which machine this is: a name for people, and an id under which what was measured on it is kept.

What is measured on one machine says little about another. This module never measures anything.
"""

import functools
import hashlib
import os
import platform
from pathlib import Path

ID_LENGTH = 12


@functools.cache
def machine_id() -> str:
    """Equal where measurements compare: the same computer, processor and number of cores."""
    text = "\n".join([platform.node(), describe_machine()])
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:ID_LENGTH]


@functools.cache
def describe_machine() -> str:
    """System, kind of processor, how many cores and which: 'Linux x86_64, 2 cores, AMD EPYC'."""
    parts = [f"{platform.system()} {platform.machine()}", f"{os.cpu_count()} cores", _processor()]
    return ", ".join(part for part in parts if part)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
