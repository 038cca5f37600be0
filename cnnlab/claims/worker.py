"""The process that carries one experiment: `python -m cnnlab.claims.worker FOLDER`.

It never keeps weights, and never knows what a claim measures.
"""

import sys
import time
from pathlib import Path

from pydantic import ValidationError

from cnnlab.claims.answers import Answer
from cnnlab.claims.claim import Measuring
from cnnlab.claims.experiments import ExperimentRequest
from cnnlab.claims.table import find_claim
from cnnlab.errors import ClaimError
from cnnlab.jobs.carrying import Reporter, alone, carry
from cnnlab.runs.machine import describe_machine

MOST_SECONDS = 3600.0
TOO_LONG = (
    f"The experiment took more than {MOST_SECONDS / 60:.0f} minutes and was ended. Try fewer pictures or a "
    f"smaller image size."
)
NO_MEMORY = "There was not enough memory. Try fewer pictures or a smaller image size."
NO_NUMBER = (
    "A measured value is no number: a training ran away, or there was too little to measure. Try a lower "
    "learning rate where there is one, more pictures, or another seed."
)


def main(path: str) -> int:
    """Carry the experiment in a folder; return the exit code."""
    folder = Path(path)

    def work(reporter: Reporter) -> Answer:
        request = ExperimentRequest.model_validate_json((folder / "request.json").read_bytes())
        with alone(folder.parent / "running.lock", reporter, noun="experiment"):
            return _measure(request, Measuring(report=reporter.report, folder=folder))

    return carry(
        folder, work, noun="experiment", most_seconds=MOST_SECONDS, too_long=TOO_LONG, no_memory=NO_MEMORY
    )


def _measure(request: ExperimentRequest, measuring: Measuring) -> Answer:
    claim = find_claim(request.claim)
    started = time.perf_counter()
    try:
        answer = claim.measure(claim.settings.create(request.settings), measuring)
    except ValidationError as error:
        if any(detail["type"] == "finite_number" for detail in error.errors(include_url=False)):
            raise ClaimError(NO_NUMBER) from error
        raise
    return answer.model_copy(
        update={"measured_on": describe_machine(), "seconds": time.perf_counter() - started}
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
