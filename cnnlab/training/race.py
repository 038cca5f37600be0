"""A race of backbones: one ordinary run each, with the same settings and the same seed, in the queue.

Which runs belong to a race is kept in a small file of the workspace, so that a restarted server still
knows. This module never trains and never measures: the workers do.
"""

import secrets
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from filelock import FileLock
from pydantic import BaseModel, ConfigDict, ValidationError

from cnnlab.data.library import Dataset
from cnnlab.errors import DatasetError, RunError, SpecError, WeightsError
from cnnlab.files import write_text
from cnnlab.models.backbones import find_backbone
from cnnlab.models.weights import weights_status
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.states import STATES, State
from cnnlab.settings import workspace
from cnnlab.specs.networks import BackboneNetwork
from cnnlab.specs.runs import RunSpec
from cnnlab.specs.training import TransferTraining
from cnnlab.training.launch import start_run

RACE_TRAINING = TransferTraining(folds=5)
"""Where the form of a race begins."""
LONGEST_NAME = 120
FORMAT = 1

Weights = Literal["imagenet", "random"]


class Race(BaseModel):
    """`races/<id>.json`: which runs were started together, in their order."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    format: int = FORMAT
    dataset_id: str
    dataset_version: int
    run_ids: tuple[str, ...]
    created_at: float
    """Wall clock, seconds since 1970."""


def plan_race(
    dataset: Dataset,
    backbones: Sequence[str],
    *,
    training: TransferTraining = RACE_TRAINING,
    weights: Mapping[str, Weights] | None = None,
    seed: int = 0,
) -> list[RunSpec]:
    """Say which runs a race has; nothing is started.

    Args:
        dataset: The pictures.
        backbones: Keys of the backbone table, in the order of the runs; one that is there twice runs once.
        training: How all of them learn.
        weights: `imagenet` or `random` by backbone; one that is missing takes `imagenet`.
        seed: Of every run.

    Raises:
        SpecError: There is no such backbone, or none was chosen.
        WeightsError: The weights of one are not on this machine.
        DatasetError: The dataset cannot be trained on as it is split.
    """
    chosen = list(dict.fromkeys(backbones))
    if not chosen:
        raise SpecError("No backbone was chosen. Choose one, or better several to compare.")
    if problems := dataset.problems():
        raise DatasetError(" ".join(problems))
    wanted = {name: (weights or {}).get(name, "imagenet") for name in chosen}
    return [_spec(name, dataset, training=training, weights=wanted[name], seed=seed) for name in chosen]


def start_race(
    dataset: Dataset,
    backbones: Sequence[str],
    *,
    training: TransferTraining = RACE_TRAINING,
    weights: Mapping[str, Weights] | None = None,
    seed: int = 0,
) -> list[RunFolder]:
    """Put one run for each backbone into the queue; none is started when one of them could not run.

    Takes and raises what `plan_race` does, and freezes this version of the dataset. Where a race on the
    dataset is under way nothing is started and its runs are returned: two tabs may ask at the same moment.

    Raises:
        DatasetError: The dataset is gone.
        RunError: A run cannot be written.
    """
    specs = plan_race(dataset, backbones, training=training, weights=weights, seed=seed)
    # One at a time: whoever comes second finds the race of the first.
    with FileLock(workspace().races / "start.lock"):
        return list_racing(dataset.id) if is_racing(dataset.id) else _start(specs, dataset)


def is_racing(dataset_id: str) -> bool:
    """Whether a run of the newest race on a dataset is still to end; one that is paused waits for a person."""
    return any(_is_live(run) for run in list_racing(dataset_id))


def _start(specs: Sequence[RunSpec], dataset: Dataset) -> list[RunFolder]:
    runs: list[RunFolder] = []
    path = workspace().races / f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(3)}.json"
    created_at = time.time()
    for spec in specs:
        runs.append(start_run(spec))
        # After each: if the server ends in between, what was started is known to belong together.
        race = Race(
            dataset_id=dataset.id,
            dataset_version=dataset.version,
            run_ids=tuple(run.id for run in runs),
            created_at=created_at,
        )
        write_text(path, race.model_dump_json(indent=1))
    return runs


def list_racing(dataset_id: str) -> list[RunFolder]:
    """The runs of the newest race on a dataset, in their order; without those that were deleted since."""
    races = [race for race in map(_read, workspace().races.glob("[0-9]*.json")) if race is not None]
    newest = max(
        (race for race in races if race.dataset_id == dataset_id),
        key=lambda race: race.created_at,
        default=None,
    )
    found = []
    for run_id in newest.run_ids if newest else ():
        try:
            found.append(RunFolder.find(run_id, runs=workspace().runs))
        except RunError:
            continue
    return found


def _spec(name: str, dataset: Dataset, *, training: TransferTraining, weights: Weights, seed: int) -> RunSpec:
    backbone, status = find_backbone(name), weights_status(name)
    label = backbone.label if weights == "imagenet" else f"{backbone.label} (random weights)"
    if weights == "imagenet" and not status.here:
        raise WeightsError(f"{backbone.label} cannot race with ImageNet weights. {status.sentence}")
    return RunSpec.create(
        {
            "name": f"Race: {label} on {dataset.name}"[:LONGEST_NAME],
            "dataset": dataset.reference().model_dump(),
            "class_names": dataset.class_names,
            "network": BackboneNetwork(
                backbone=name, weights=weights, image_size=backbone.image_size
            ).model_dump(),
            "training": training.model_dump(),
            "seed": seed,
        }
    )


def _is_live(run: RunFolder) -> bool:
    try:
        state = run.state()
    except RunError:
        # It is damaged: nobody can carry it to an end.
        return False
    return state is not State.PAUSED and not STATES[state].ended


def _read(path: Path) -> Race | None:
    """Read a race, or None where the file is damaged or a newer cnnlab's."""
    try:
        race = Race.model_validate_json(path.read_bytes())
    except (OSError, ValidationError, RecursionError):
        return None
    return race if race.format <= FORMAT else None
