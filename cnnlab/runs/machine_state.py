"""What the machine's system says about itself: which start of it this is, and whom it ended for want of memory.

Read from `/proc` and the control group, without any library; where a system does not say, the answer is
'' or None and nobody guesses. This module never looks at a run.
"""

import re
from dataclasses import dataclass
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


@dataclass(frozen=True, kw_only=True)
class _Hierarchy:
    """How a version of control groups calls things."""

    own_group: str
    """Finds the path of this process' group in `/proc/self/cgroup`."""
    folder: Path
    limit: str
    used: str
    reclaimable: str
    """Files kept in memory, which are let go of before anything is ended."""


def _hierarchies() -> tuple[_Hierarchy, _Hierarchy]:
    return (
        _Hierarchy(
            own_group=r"^0::(/.*)$",
            folder=CONTROL_GROUPS,
            limit="memory.max",
            used="memory.current",
            reclaimable="inactive_file",
        ),
        _Hierarchy(
            own_group=r"^\d+:(?:\w+,)*memory(?:,\w+)*:(/.*)$",
            folder=CONTROL_GROUPS / "memory",
            limit="memory.limit_in_bytes",
            used="memory.usage_in_bytes",
            reclaimable="total_inactive_file",
        ),
    )


def _free_of_control_group() -> int | None:
    own_groups = _read(PROC / "self/cgroup")
    for version in _hierarchies():
        path = re.search(version.own_group, own_groups, re.MULTILINE)
        if path is None:
            continue
        group = version.folder / path[1].lstrip("/")
        limit, used = _read(group / version.limit).strip(), _read(group / version.used).strip()
        # Without a limit version 2 says "max", version 1 a number beyond any machine's memory.
        if limit.isdigit() and used.isdigit():
            kept = re.search(rf"^{version.reclaimable} (\d+)$", _read(group / "memory.stat"), re.MULTILINE)
            return max(0, int(limit) - int(used) + (int(kept[1]) if kept else 0))
    return None


def _kilobytes(name: str, path: Path) -> int | None:
    found = re.search(rf"^{name}:\s*(\d+) kB$", _read(path), re.MULTILINE)
    return int(found[1]) * 1024 if found else None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
