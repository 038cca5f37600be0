"""Experiments, each in a process of its own, and their answers, kept with their settings.

    <workspace>/claims/<claim>-<key>/     each as `jobs.folder` says, and the pictures of its answer

The key is made of the claim and its settings, so an answer is found again by the settings alone. This
module never loads TensorFlow.
"""

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from cnnlab.claims.answers import Answer
from cnnlab.claims.table import CLAIMS, find_claim
from cnnlab.errors import ClaimError
from cnnlab.files import write_text
from cnnlab.jobs.folder import Job
from cnnlab.jobs.records import JobRecord
from cnnlab.settings import workspace
from cnnlab.specs.base import Spec

WORKER = "cnnlab.claims.worker"


class ExperimentRequest(JobRecord):
    """What was asked for."""

    claim: str
    settings: dict[str, Any]
    recipe: int


@dataclass(frozen=True, kw_only=True)
class Experiment(Job):
    """One experiment, under way or ended."""

    claim: str

    noun: ClassVar[str] = "experiment"
    advice: ClassVar[str] = "Try fewer pictures."

    def settings(self) -> Spec | None:
        """What it was run with, or None where these are no settings of today any more."""
        request = self.read("request.json", ExperimentRequest)
        if request is None or request.recipe != find_claim(self.claim).recipe:
            return None
        return find_claim(self.claim).settings.create(request.settings)

    def answer(self) -> Answer | None:
        """What it found, or None while it has not finished."""
        return self.read("result.json", Answer) if self.state == "finished" else None

    def picture(self, file: str) -> Path:
        """Where a picture of its answer lies."""
        return self.folder / Path(file).name


def start_experiment(claim: str, settings: Spec) -> Experiment:
    """Start the experiment of a claim, or return the one with these settings that is under way.

    Raises:
        ClaimError: There is no such claim, nothing of it is measured by an experiment, or it cannot be written.
    """
    row = find_claim(claim)
    if row.measure is None:
        raise ClaimError(f"{row.title!r} is worked by hand on its page. Change its settings there.")
    experiment = _experiment(claim, settings)
    if experiment.exists and experiment.state == "running":
        if experiment.is_cancelled:
            raise ClaimError(
                "This experiment was cancelled and is still ending. Start it again in some seconds."
            )
        return experiment
    request = ExperimentRequest(claim=claim, settings=settings.model_dump(mode="json"), recipe=row.recipe)
    try:
        experiment.start(request, module=WORKER)
    except OSError as error:
        raise ClaimError(
            f"The experiment could not be written ({error.strerror or error}). Make room on the disk of "
            f"{workspace().home}, and try again."
        ) from error
    return experiment


def find_experiment(claim: str, settings: Spec) -> Experiment | None:
    """Return the experiment with these settings, under way or ended, or None when there was none."""
    experiment = _experiment(claim, settings)
    return experiment if experiment.exists else None


def list_experiments(claim: str | None = None) -> list[Experiment]:
    """List what was measured, the newest first; folders of no claim of today are passed over.

    Args:
        claim: Of this claim only.
    """
    found = [
        Experiment(claim=name, folder=path.parent)
        for path in workspace().claims.glob("*-*/request.json")
        if (name := path.parent.name.rpartition("-")[0]) in CLAIMS and claim in (None, name)
    ]
    # Asked for once: another tab may delete one meanwhile, and that one is then left out.
    asked = {experiment: experiment.started_at for experiment in found}
    return sorted((one for one in found if asked[one]), key=asked.__getitem__, reverse=True)


def keep_answer(claim: str, settings: Spec, answer: Answer) -> Experiment:
    """Keep an answer that was found on the page itself, without a worker.

    Raises:
        ClaimError: It cannot be written.
    """
    experiment = _experiment(claim, settings)
    request = ExperimentRequest(
        claim=claim, settings=settings.model_dump(mode="json"), recipe=find_claim(claim).recipe
    )
    try:
        experiment.folder.mkdir(parents=True, exist_ok=True)
        write_text(experiment.folder / "result.json", answer.model_dump_json())
        write_text(experiment.folder / "progress.json", '{"state": "finished", "activity": ""}')
        write_text(experiment.folder / "request.json", request.model_dump_json())
    except OSError as error:
        raise ClaimError(
            f"The answer could not be kept ({error.strerror or error}). Make room on the disk of {workspace().home}."
        ) from error
    return experiment


def delete_experiment(experiment: Experiment) -> None:
    """Delete what an experiment found.

    Raises:
        ClaimError: It is under way.
    """
    if experiment.state == "running":
        raise ClaimError("This experiment is under way. Cancel it first.")
    shutil.rmtree(experiment.folder, ignore_errors=True)


def _experiment(claim: str, settings: Spec) -> Experiment:
    row = find_claim(claim)
    parts = json.dumps([row.recipe, settings.model_dump(mode="json")], sort_keys=True)
    key = hashlib.sha256(parts.encode()).hexdigest()[:32]
    return Experiment(claim=claim, folder=workspace().claims / f"{claim}-{key}")
