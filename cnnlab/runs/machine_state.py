"""What the machine's system says about itself: which start of it this is, and whom it ended for want of memory.

Read from `/proc` and the control group, without any library; where a system does not say, the answer is
'' or None and nobody guesses. This module never looks at a run.
"""

import re
from pathlib import Path

PROC = Path("/proc")
CONTROL_GROUPS = Path("/sys/fs/cgroup")


def boot_id() -> str:
    """Another one after every start of the machine; '' where the system does not say."""
    return _read(PROC / "sys/kernel/random/boot_id").strip()


def count_oom_kills() -> int | None:
    """How many processes the kernel has ended for want of memory since the machine started (Linux 4.13 on)."""
    found = re.search(r"^oom_kill (\d+)$", _read(PROC / "vmstat"), re.MULTILINE)
    return int(found[1]) if found else None


def own_memory_bytes() -> int:
    """What this process holds now, 0 where the system does not say."""
    return _kilobytes("VmRSS", PROC / "self/status") or 0


def free_memory_bytes() -> int | None:
    """What this process could still take: of the machine, or of its control group where that has less."""
    found = [_kilobytes("MemAvailable", PROC / "meminfo"), _free_of_control_group()]
    known = [number for number in found if number is not None]
    return min(known) if known else None


def _free_of_control_group() -> int | None:
    # Version 2 has one line, `0::/path`; inside a container the path is its own root.
    path = re.search(r"^0::(/.*)$", _read(PROC / "self/cgroup"), re.MULTILINE)
    if path is None:
        return None
    group = CONTROL_GROUPS / path[1].lstrip("/")
    limit, used = _read(group / "memory.max").strip(), _read(group / "memory.current").strip()
    if not used.isdigit() or not limit.isdigit():
        return None
    return max(0, int(limit) - int(used) + _reclaimable(group))


def _reclaimable(group: Path) -> int:
    """Files kept in memory, which are let go of before anything is ended."""
    found = re.search(r"^inactive_file (\d+)$", _read(group / "memory.stat"), re.MULTILINE)
    return int(found[1]) if found else 0


def _kilobytes(name: str, path: Path) -> int | None:
    found = re.search(rf"^{name}:\s*(\d+) kB$", _read(path), re.MULTILINE)
    return int(found[1]) * 1024 if found else None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
