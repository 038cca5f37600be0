"""The process that makes one format of one run, compares it and decides: `python -m cnnlab.export.worker FOLDER`.

One works at a time on this machine, for they would measure each other. This module never trains.
"""

import hashlib
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cnnlab.errors import ModelError
from cnnlab.evaluation.predictions import FILE as PREDICTIONS
from cnnlab.evaluation.predictions import load_predictions, probabilities_of
from cnnlab.export.asking_child import ask_in_child
from cnnlab.export.exports import FOLDER, MODEL, RECIPE, Export
from cnnlab.export.formats import find_format
from cnnlab.export.inference import inference_clone, load_trained_model
from cnnlab.export.judging import compare, verdict
from cnnlab.export.making import Material, make
from cnnlab.export.pictures import ComparedPictures, pictures_of
from cnnlab.export.records import ExportRequest, ExportResult
from cnnlab.files import TEMPORARY_PREFIX, remove_leftovers, write_atomically
from cnnlab.jobs.carrying import Reporter, alone, carry
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.machine import describe_machine
from cnnlab.settings import workspace

if TYPE_CHECKING:
    import keras

MOST_SECONDS = 3600.0
TOO_LONG = f"The export took more than {MOST_SECONDS / 60:.0f} minutes and was ended. Make it when the machine is idle."
NO_MEMORY = "There was not enough memory. Close other programs, and make it again."
PACKAGES = ("tensorflow", "keras", "numpy")
AT_ONCE = 32
ALIKE = 0.95
"""At least so many answers have to be those of the run's end, or the weights are not those it had."""


def main(path: str) -> int:
    """Carry the export in a folder; return the exit code."""
    folder = Path(path)

    def work(reporter: Reporter) -> ExportResult:
        with alone(workspace().cache / "exports.lock", reporter, noun="export"):
            return _export(folder, reporter)

    return carry(
        folder, work, noun="export", most_seconds=MOST_SECONDS, too_long=TOO_LONG, no_memory=NO_MEMORY
    )


def _export(folder: Path, reporter: Reporter) -> ExportResult:
    started = time.perf_counter()
    request = ExportRequest.model_validate_json((folder / "request.json").read_bytes())
    run, row = RunFolder(folder.parents[1]), find_format(request.format)
    remove_leftovers(folder.parent, older_than_seconds=MOST_SECONDS)
    reporter.report("Preparing pictures")
    chosen = pictures_of(
        run, on_progress=lambda done, total: reporter.report("Preparing pictures", done, total)
    )
    reporter.report("Loading the network")
    model = load_trained_model(run)
    expected = expected_answers(run, model, chosen.compared, reporter=reporter)
    reporter.report(f"Making {row.label}")
    export = Export(run=run, format_name=request.format, folder=folder)
    # A folder of its own beside: whatever is left of a worker that died is swept away by the next.
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=TEMPORARY_PREFIX) as place:
        made = Path(place) / row.file
        material = Material(spec=run.spec(), model=inference_clone(model), calibration=chosen.calibration)
        make(request.format, material, made)
        reporter.report(f"Asking {row.runtime}")
        answers, timing = ask_in_child(
            request.format,
            made,
            chosen.compared.pictures,
            on_progress=lambda done, total: reporter.report(f"Asking {row.runtime}", done, total),
        )
        comparison = compare(answers, expected, compared=chosen.compared)
        passed, reason = verdict(row, comparison)
        result = ExportResult(
            passed=passed,
            reason=reason,
            num_bytes=made.stat().st_size,
            sha256=_sha256(made),
            comparison=comparison,
            timing=timing,
            versions={name: version(name) for name in PACKAGES},
            machine=describe_machine(),
            seconds=time.perf_counter() - started,
        )
        if passed:
            made.replace(export.file)
    return result


def expected_answers(
    run: RunFolder, model: "keras.Model", compared: ComparedPictures, *, reporter: Reporter
) -> np.ndarray:
    """What the Keras model says about the compared pictures, float32, shape (N, num_classes); asked once a run.

    Raises:
        ModelError: It does not say what it said when the run ended.
    """
    path = run.path / FOLDER / "expected.npz"
    key = f"{RECIPE} {(run.path / MODEL).stat().st_mtime_ns} {compared.split} {len(compared.numbers)}"
    try:
        with np.load(path, allow_pickle=False) as kept:
            if str(kept["key"]) == key and np.array_equal(kept["numbers"], compared.numbers):
                return kept["probabilities"]
    except (OSError, ValueError, KeyError):
        # Not there yet, or damaged: it is asked again.
        pass
    answers = []
    for start in range(0, len(compared.pictures), AT_ONCE):
        reporter.report("Asking the Keras model", start, len(compared.pictures))
        batch = np.asarray(compared.pictures[start : start + AT_ONCE], dtype=np.float32)
        answers.append(np.asarray(model.predict_on_batch(batch)))
    probabilities = np.concatenate(answers).astype(np.float32)
    check_memory(run, compared, probabilities)
    write_atomically(
        path,
        lambda temporary: np.savez(temporary, key=key, numbers=compared.numbers, probabilities=probabilities),
    )
    return probabilities


def check_memory(run: RunFolder, compared: ComparedPictures, probabilities: np.ndarray) -> None:
    """Compare with what the run wrote down as it ended, where it did.

    Raises:
        ModelError: The model in the run's folder is not the one that was scored.
    """
    if not compared.split or not (run.path / PREDICTIONS).is_file():
        return
    table = load_predictions(run.path).set_index("picture")
    known = np.isin(compared.numbers, table.index)
    if not known.any():
        return
    then = probabilities_of(table.loc[compared.numbers[known]]).argmax(axis=1)
    alike = float((then == probabilities[known].argmax(axis=1)).mean())
    if alike < ALIKE:
        raise ModelError(
            f"The model of {run.spec().name!r} gives only {100 * alike:.0f} % of the answers that it gave when its run "
            f"ended. Its file or its dataset was changed; train it again."
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
