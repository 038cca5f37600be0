"""Each format of each kind of network, made, opened in its own runtime in another process, and compared with Keras."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from cnnlab.data.children import environment
from cnnlab.export.formats import FORMATS, LARGEST_DIFFERENCE
from cnnlab.export.inference import inference_clone
from cnnlab.export.making import Material, make
from tests.export.networks import CLASS_NAMES, NETWORKS, build_lively, pictures, walk

pytestmark = pytest.mark.slow

MADE = [name for name, row in FORMATS.items() if not row.missing]
ASKING = """
import json, sys, traceback
from pathlib import Path
import numpy as np
from cnnlab.export.asking import open_file

for format_name, file, asked, answered in json.load(open(sys.argv[1])):
    try:
        np.save(answered, open_file(format_name, Path(file))(np.load(asked)))
    except Exception:
        Path(answered).with_suffix(".txt").write_text(traceback.format_exc())
    # The next one's own file has the same name.
    sys.modules.pop("network", None)
"""


@dataclass
class Made:
    """What became of every network in every format."""

    expected: dict[str, np.ndarray]
    answers: dict[tuple[str, str], np.ndarray]
    problems: dict[tuple[str, str], str]
    bytes: dict[tuple[str, str], int]
    layers: dict[str, set[str]]


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Made:
    """All of it at once: TensorFlow is loaded once to make, and once more to ask."""
    import keras

    place, asked = tmp_path_factory.mktemp("formats"), pictures()
    np.save(place / "pictures.npy", asked)
    found, questions = Made({}, {}, {}, {}, {}), []
    for kind, spec in NETWORKS.items():
        model = build_lively(spec)
        found.expected[kind] = np.asarray(model(asked.astype(np.float32), training=False))
        clone = inference_clone(model)
        found.layers[kind] = {type(layer).__name__ for layer in walk(clone)}
        for format_name in MADE:
            folder = place / kind / format_name
            folder.mkdir(parents=True)
            file = folder / FORMATS[format_name].file
            try:
                make(format_name, Material(spec=spec, model=clone, calibration=asked), file)
            except Exception as error:
                found.problems[kind, format_name] = str(error)
                continue
            found.bytes[kind, format_name] = file.stat().st_size
            questions.append(
                (format_name, str(file), str(place / "pictures.npy"), str(folder / "answers.npy"))
            )
        keras.backend.clear_session()
    _ask(place, questions)
    for format_name, file, _, answered in questions:
        key = (Path(file).parents[1].name, format_name)
        if Path(answered).is_file():
            found.answers[key] = np.load(answered)
        else:
            found.problems[key] = Path(answered).with_suffix(".txt").read_text()
    return found


def _ask(place: Path, questions: list[tuple[str, str, str, str]]) -> None:
    (place / "questions.json").write_text(json.dumps(questions))
    child = subprocess.run(
        [sys.executable, "-c", ASKING, str(place / "questions.json")],
        env=environment(confined=False) | {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""},
        cwd=os.fspath(place),
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode == 0, child.stderr[-3000:]


EVERY = [pytest.param(kind, name, id=f"{kind}-{name}") for kind in NETWORKS for name in MADE]


@pytest.mark.parametrize("kind", NETWORKS)
def test_the_networks_of_these_tests_tell_pictures_apart(made, kind):
    """Or else any file would answer alike."""
    assert np.ptp(made.expected[kind], axis=0).max() > 0.2


@pytest.mark.parametrize("kind", NETWORKS)
def test_nothing_that_only_training_needs_leaves_the_house(made, kind):
    assert not made.layers[kind] & {"Dropout", "SpatialDropout2D"}


@pytest.mark.parametrize(("kind", "format_name"), EVERY)
def test_every_format_answers_in_its_own_runtime(made, kind, format_name):
    assert made.problems.get((kind, format_name)) is None
    answers, expected = made.answers[kind, format_name], made.expected[kind]
    assert answers.shape == expected.shape == (24, len(CLASS_NAMES))
    if FORMATS[format_name].exact:
        assert np.abs(answers - expected).max() < LARGEST_DIFFERENCE
    else:
        assert np.abs(answers.sum(axis=1) - 1).max() < 0.05


@pytest.mark.parametrize("format_name", ["lite_dynamic", "lite_int8"])
@pytest.mark.parametrize("kind", ["scratch", "scratch, normalized", "residual"])
def test_eight_bits_give_nearly_the_same_answers(made, kind, format_name):
    """Of shallow networks: fifty layers of random weights, unlike trained ones, make another answer of any rounding."""
    agreeing = made.answers[kind, format_name].argmax(axis=1) == made.expected[kind].argmax(axis=1)
    assert agreeing.mean() > 0.75


@pytest.mark.parametrize("kind", ["mobilenet_v2", "efficientnet_lite0"])
def test_eight_bits_take_a_fraction_of_the_size(made, kind):
    for format_name in ("lite_dynamic", "lite_int8"):
        assert made.bytes[kind, format_name] < 0.4 * made.bytes[kind, "lite"]
