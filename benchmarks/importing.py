"""Importing real archives in a process of its own: time, pictures a second, and the most memory its processes took."""

import time

import pandas as pd
import psutil

from benchmarks.workspaces import empty_workspace, import_archive

ARCHIVES = ("flowers.zip", "cifar10.zip")


def run() -> pd.DataFrame:
    """Import each archive once into an empty workspace."""
    return pd.DataFrame([_import(name) for name in ARCHIVES])


def _import(name: str) -> dict[str, object]:
    with empty_workspace():
        started, peak, answers = time.perf_counter(), 0, set()
        job = import_archive(name)
        while not (progress := job.progress()).ended:
            answers.add(progress.done)
            peak = max(peak, _memory(progress.pid))
            time.sleep(0.02)
        seconds = time.perf_counter() - started
        taken = job.report().num_taken
    return {
        "archive": name,
        "pictures": taken,
        "seconds": round(seconds, 1),
        "pictures a second": round(taken / seconds),
        "peak MB": round(peak / 1e6),
        "times progress was seen to grow": len(answers),
    }


def _memory(pid: int | None) -> int:
    try:
        worker = psutil.Process(pid) if pid else None
        return sum(each.memory_info().rss for each in [worker, *worker.children()]) if worker else 0
    except psutil.Error:
        return 0
