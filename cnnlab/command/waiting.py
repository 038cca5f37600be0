"""Waits in a terminal for work that a process of its own does, and says how far it is.

This module never knows what the work is.
"""

import time

from cnnlab.command.printing import say
from cnnlab.jobs.folder import Job

LOOK_SECONDS = 0.3


def wait_for(job: Job, *, label: str) -> None:
    """Wait until a job has ended, however that was; cancel it when nobody waits any more."""
    said = ""
    try:
        while job.state == "running":
            activity = job.progress()[0]
            if activity != said:
                say(f"{label}: {activity}")
                said = activity
            time.sleep(LOOK_SECONDS)
    except KeyboardInterrupt:
        job.cancel()
        raise
