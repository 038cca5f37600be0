"""How far a job is, or how it ended: JSON there and back.

This module never opens a file: `folder` and `carrying` do.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict

JobState = Literal["running", "finished", "failed", "cancelled"]


class JobRecord(BaseModel):
    """What all files of a job have in common."""

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="null")


class JobProgress(JobRecord):
    """How far a job is, or how it ended."""

    state: JobState = "running"
    activity: str = "Starting"
    share: float | None = None
    """How much of the activity is done, 0 to 1, where that is known."""
    message: str = ""
    """Why it failed."""
