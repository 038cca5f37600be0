"""A finished run of a small network on a real, tiny dataset, with everything in its folder that an export needs."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from cnnlab.data.dataset import Dataset
from cnnlab.data.library import find_dataset
from cnnlab.data.packing import pack_pictures
from cnnlab.evaluation.predictions import predictions_table, save_predictions
from cnnlab.export.inference import build_untrained
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.model_record import ModelRecord
from cnnlab.runs.records import Status
from cnnlab.runs.states import State
from cnnlab.settings import workspace
from cnnlab.specs.blocks import Convolution, Flatten
from cnnlab.specs.networks import BlockNetwork
from tests.data.making import class_files, make_dataset
from tests.pages.making import report_of
from tests.runs.making import make_run, run_spec

RUN_NAME = "Pets | *of* <b>"


@pytest.fixture(scope="session")
def home_with_a_run(tmp_path_factory) -> Path:
    """A workspace with a dataset of 60 pictures and a finished run on it; made once, copied for each test."""
    place = tmp_path_factory.mktemp("exporting")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNLAB_HOME", str(place / "home"))
        dataset = make_dataset(place, class_files({"cat": 30, "dog": 30}), name="Pets")
        spec = run_spec(
            RUN_NAME,
            dataset=dataset.reference(),
            class_names=dataset.class_names,
            network=BlockNetwork(name="Tiny", image_size=16, blocks=(Convolution(filters=4), Flatten())),
        )
        run = make_run(spec=spec, status=Status(state=State.FINISHED), report=report_of(0.9))
        _give_model(run, dataset)
    return place / "home"


def _give_model(run: RunFolder, dataset: Dataset) -> None:
    spec, model = run.spec(), build_untrained(run.spec())
    model.save(run.path / "model.keras")
    packed = pack_pictures(dataset, image_size=16)
    scored = np.concatenate([packed.positions("validation"), packed.positions("test")])
    probabilities = model.predict_on_batch(packed.pictures[scored].astype(np.float32))
    table = predictions_table(
        pictures=packed.picture_numbers[scored],
        splits=packed.splits[scored],
        labels=packed.labels[scored],
        probabilities=np.asarray(probabilities),
    )
    save_predictions(table, folder=run.path)
    ModelRecord(
        class_names=spec.class_names, image_size=16, run=run.id, name=spec.name, network_name="Tiny"
    ).save(run.path)


@pytest.fixture
def run(home_with_a_run: Path, home: Path) -> RunFolder:
    """The finished run, in this test's own workspace."""
    shutil.copytree(home_with_a_run, home, dirs_exist_ok=True)
    return next(RunFolder.list_all(workspace().runs))


@pytest.fixture
def dataset(run: RunFolder) -> Dataset:
    """The dataset that it saw."""
    reference = run.spec().dataset
    return find_dataset(reference.id, version=reference.version)
