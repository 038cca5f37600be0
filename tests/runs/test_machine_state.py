"""What the system says about the machine is read as it writes it, and where it says nothing nobody guesses."""

from pathlib import Path

import pytest

from cnnlab.runs import machine_state
from cnnlab.runs.machine_state import boot_id, count_oom_kills, free_memory_bytes, own_memory_bytes


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Let the system say what these files say, and nothing else."""
    monkeypatch.setattr(machine_state, "PROC", tmp_path / "proc")
    monkeypatch.setattr(machine_state, "CONTROL_GROUPS", tmp_path / "groups")

    def say(**files: str) -> None:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    return lambda files: say(**files)


def test_a_system_that_says_nothing_is_not_guessed_at(system):
    system({})
    assert (boot_id(), count_oom_kills(), own_memory_bytes(), free_memory_bytes()) == ("", None, 0, None)


def test_what_the_system_says_is_read(system):
    system(
        {
            "proc/sys/kernel/random/boot_id": "b00t-1d\n",
            "proc/vmstat": "nr_free_pages 1\noom_kill 7\noom_kill_other 9\n",
            "proc/self/status": "VmHWM:\t 9 kB\nVmRSS:\t   12 kB\n",
            "proc/meminfo": "MemTotal: 99 kB\nMemAvailable:   40 kB\n",
        }
    )
    assert (boot_id(), count_oom_kills()) == ("b00t-1d", 7)
    assert (own_memory_bytes(), free_memory_bytes()) == (12 * 1024, 40 * 1024)


OF_THE_MACHINE = {"proc/meminfo": "MemAvailable: 1000 kB\n"}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param(
            {
                "proc/self/cgroup": "0::/box\n",
                "groups/box/memory.max": "1000\n",
                "groups/box/memory.current": "900\n",
                "groups/box/memory.stat": "anon 1\ninactive_file 50\n",
            },
            150,
            id="version 2, with files that can be let go of",
        ),
        pytest.param(
            {
                "proc/self/cgroup": "0::/\n",
                "groups/memory.max": "max\n",
                "groups/memory.current": "900\n",
            },
            1_024_000,
            id="version 2 without a limit",
        ),
        pytest.param(
            {
                "proc/self/cgroup": "4:memory:/a/b\n0::/\n",
                "groups/memory/a/b/memory.limit_in_bytes": "1000\n",
                "groups/memory/a/b/memory.usage_in_bytes": "400\n",
            },
            600,
            id="version 1",
        ),
        pytest.param(
            {
                "proc/self/cgroup": "4:cpu,memory:/\n",
                "groups/memory/memory.limit_in_bytes": "9223372036854771712\n",
                "groups/memory/memory.usage_in_bytes": "400\n",
            },
            1_024_000,
            id="version 1 without a limit",
        ),
        pytest.param(
            {
                "proc/self/cgroup": "0::/box\n",
                "groups/box/memory.max": "100\n",
                "groups/box/memory.current": "900\n",
            },
            0,
            id="more than allowed",
        ),
        pytest.param({"proc/self/cgroup": "nothing that is known"}, 1_024_000, id="no group"),
    ],
)
def test_what_is_free_is_of_the_group_where_that_has_less(system, files, expected):
    system(OF_THE_MACHINE | files)
    assert free_memory_bytes() == expected


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="this system has no /proc")
def test_of_this_process_the_system_says_something_sensible():
    assert 1_000_000 < own_memory_bytes() < 2**40
    assert free_memory_bytes() >= 0
