"""The command line: what each command prints, and what it says where it cannot be done."""

import csv
import io
import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from PIL import Image

from cnnlab.command import exporting
from cnnlab.command.line import main
from cnnlab.data.children import environment
from cnnlab.data.library import find_dataset
from cnnlab.errors import ModelError
from cnnlab.evaluation.predictions import predictions_table, save_predictions
from cnnlab.export.package import EVERYTHING
from cnnlab.runs import queue
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.model_record import ModelRecord
from cnnlab.runs.states import State
from cnnlab.settings import workspace
from cnnlab.specs.runs import RunSpec
from tests.data.making import class_files, make_dataset
from tests.export.making import past_export, result_of
from tests.pages.making import past_run
from tests.runs.making import run_spec


@pytest.fixture
def run() -> RunFolder:
    """A finished run with what it said about ten test pictures, eight of them named right."""
    run = past_run(spec=run_spec("Mine"))
    (run.path / "model.keras").write_bytes(b"a model")
    labels = np.arange(10) % 2
    predicted = np.where(np.arange(10) < 2, 1 - labels, labels)
    probabilities = np.where(np.arange(2) == predicted[:, np.newaxis], 0.9, 0.1)
    table = predictions_table(
        pictures=np.arange(10), splits=np.full(10, "test"), labels=labels, probabilities=probabilities
    )
    save_predictions(table, folder=run.path)
    ModelRecord(class_names=("0", "1"), image_size=8, run=run.id, name="Mine", network_name="Tiny").save(
        run.path
    )
    return run


class Predictor:
    """Says that a light picture is a 1."""

    record = ModelRecord(class_names=("0", "=1"), image_size=8, run="", name="Mine", network_name="Tiny")

    def predict(self, picture: np.ndarray) -> np.ndarray:
        light = float(picture.mean() / 255)
        return np.array([1 - light, light], np.float32)

    def explain(self, picture: np.ndarray) -> tuple[np.ndarray, None]:
        return self.predict(picture), None


def test_runs_are_listed(run, capsys):
    assert main(["runs"]) == 0
    heading, row = capsys.readouterr().out.splitlines()
    assert heading.split()[:4] == ["id", "state", "name", "dataset"]
    assert row.split()[:3] == [run.id, "finished", "Mine"]
    assert main(["runs", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["id"] == run.id


def test_an_empty_workspace_lists_nothing(capsys):
    assert (main(["runs"]), main(["datasets"])) == (0, 0)
    assert capsys.readouterr().out == ""


def test_datasets_are_listed(tmp_path, capsys):
    dataset = make_dataset(tmp_path, class_files({"cat": 10, "dog": 10}), name="Pets")
    assert main(["datasets", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["id"], row["name"], row["classes"]) == (dataset.id, "Pets", 2)
    assert row["training"] + row["validation"] + row["test"] == 20


@pytest.mark.parametrize("named", ["its id", "its name"])
def test_a_run_is_judged(run, named, capsys):
    assert main(["evaluate", run.id if named == "its id" else "Mine"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(
        "Mine: 80.0 % of 10 test pictures are named right (49.0 to 94.3 % with 95 % confidence)"
    )
    assert main(["evaluate", run.id, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["accuracy"], found["split"]) == (0.8, "test")
    assert [each["support"] for each in found["classes"]] == [5, 5]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["evaluate", "Yours"], "There is no run named 'Yours'", id="no such name"),
        pytest.param(["evaluate", "20200101-000000-000000"], "There is no run", id="no such id"),
        pytest.param(
            ["evaluate", "Mine", "--split", "validation"], "has no predictions for the split", id="split"
        ),
        pytest.param(["predict", "Mine", "x.png"], "The model of 'Mine' is damaged", id="damaged model"),
        pytest.param(["predict", "Mine", "x.png", "--top", "0"], "--top is 0", id="no classes"),
        pytest.param(
            ["export", "Mine", "onnx", "/no/such/x.zip"], "There is no folder /no/such", id="no folder"
        ),
        pytest.param(
            ["export", "Mine", "onnx", "/dev/null/x"], "Nothing can be written into", id="no place to write"
        ),
        pytest.param(["train", "/no/such.json"], "cannot be read", id="no spec"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_code_2(run, arguments, says, capsys):
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("cnnlab: ")
    assert says in printed.err
    assert "Traceback" not in printed.err


def test_an_unknown_command_is_code_2(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["sing"])
    assert ended.value.code == 2
    assert "invalid choice: 'sing'" in capsys.readouterr().err


@pytest.fixture
def pictures(tmp_path, monkeypatch):
    """A folder with a dark and a light picture, and a file that is none; and a model to ask."""
    monkeypatch.setattr("cnnlab.command.predicting.load_predictor", lambda folder: Predictor())
    folder = tmp_path / "pictures" / "inner"
    folder.mkdir(parents=True)
    for name, grey in (("a dark.png", 0), ("light.jpg", 255)):
        Image.new("RGB", (20, 10), (grey,) * 3).save(folder / name)
    (folder / "notes.txt").write_text("not looked at")
    (tmp_path / "broken.png").write_bytes(b"broken")
    return tmp_path


def test_pictures_and_folders_are_answered_as_csv(run, pictures, capsys):
    assert main(["predict", "Mine", str(pictures / "pictures"), str(pictures / "broken.png"), "/no.png"]) == 1
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["predicted"] for row in rows] == ["0", "'=1", "", ""]
    assert float(rows[1]["confidence"]) > 0.99
    assert "no picture" in rows[2]["problem"]
    assert "cannot be read" in rows[3]["problem"]


def test_a_picture_that_cannot_be_read_is_in_the_exit_code_of_json_too(run, pictures, capsys):
    assert main(["predict", "Mine", str(pictures / "pictures"), "/no.png", "--json"]) == 1
    assert [bool(row["problem"]) for row in json.loads(capsys.readouterr().out)] == [False, False, True]


def test_hundreds_of_pictures_have_one_heading(run, pictures, capsys):
    dark = str(pictures / "pictures" / "inner" / "a dark.png")
    assert main(["predict", "Mine", *[dark] * 40]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["predicted"] for row in rows] == ["0"] * 40


def test_pictures_are_answered_as_json(run, pictures, capsys):
    assert main(["predict", "Mine", str(pictures / "pictures"), "--json", "--top", "1"]) == 0
    dark, light = json.loads(capsys.readouterr().out)
    assert [each["class_name"] for each in dark["answers"]] == ["0"]
    assert light["answers"][0]["class_name"] == "=1"


def test_a_folder_without_pictures_is_said(run, pictures, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert main(["predict", "Mine", str(tmp_path / "empty")]) == 2
    assert "There is no picture in these folders" in capsys.readouterr().err


@pytest.fixture
def made_before(run, monkeypatch):
    """Exports that were made, of which starting again is nothing."""
    exports = {"lite": past_export(run, "lite"), "onnx": past_export(run, "onnx")}

    def start(run, name):
        if name not in exports:
            raise ModelError("It cannot be made.")
        return exports[name]

    monkeypatch.setattr(exporting, "start_export", start)
    return exports


def test_a_format_is_taken_away_as_a_zip_or_as_a_folder(made_before, tmp_path, capsys):
    assert main(["export", "Mine", "lite", str(tmp_path / "x.zip")]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "x.zip")
    with zipfile.ZipFile(tmp_path / "x.zip") as packed:
        assert packed.read("model.tflite") == b"a model"
    assert main(["export", "Mine", "onnx", str(tmp_path / "folder"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["formats"]["onnx"]["passed"] is True
    assert (tmp_path / "folder" / "model.onnx").read_bytes() == b"a model"
    assert not list((tmp_path / "folder").glob(".tmp-*"))


def test_a_folder_that_is_called_like_a_zip_is_said(made_before, tmp_path, capsys):
    (tmp_path / "x.zip").mkdir()
    assert main(["export", "Mine", "lite", str(tmp_path / "x.zip")]) == 2
    assert "is a folder" in capsys.readouterr().err


def test_of_everything_what_can_be_made_is_taken(made_before, tmp_path, capsys):
    assert main(["export", "Mine", EVERYTHING, str(tmp_path / "all")]) == 0
    assert (tmp_path / "all" / "lite" / "model.tflite").is_file()
    assert "Keras: It cannot be made." in capsys.readouterr().err


def test_a_format_that_did_not_pass_is_not_taken(run, monkeypatch, tmp_path, capsys):
    refused = past_export(
        run, "lite", result=result_of(passed=False, reason="It is another network."), file=None
    )
    monkeypatch.setattr(exporting, "start_export", lambda run, name: refused)
    assert main(["export", "Mine", "lite", str(tmp_path / "x.zip")]) == 2
    assert "It is another network." in capsys.readouterr().err
    assert not (tmp_path / "x.zip").exists()


def test_a_run_is_put_into_the_queue(tmp_path, monkeypatch, capsys):
    dataset = make_dataset(tmp_path, class_files({"cat": 20, "dog": 20}), name="Pets")
    spec = run_spec("From a file", dataset=dataset.reference(), class_names=dataset.class_names)
    (tmp_path / "spec.json").write_text(spec.to_json())
    monkeypatch.setattr(queue, "advance", lambda: None)
    assert main(["train", str(tmp_path / "spec.json")]) == 0
    run = RunFolder.find(capsys.readouterr().out.strip(), runs=workspace().runs)
    assert run.spec() == RunSpec.from_json(spec.to_json())
    assert find_dataset(dataset.id).frozen


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("{", "JSON", id="no JSON"),
        pytest.param('{"name": "x"}', "", id="no settings"),
    ],
)
def test_a_file_that_is_no_runs_settings_is_code_2(tmp_path, text, says, capsys):
    (tmp_path / "spec.json").write_text(text)
    assert main(["train", str(tmp_path / "spec.json")]) == 2
    printed = capsys.readouterr().err
    assert says in printed
    assert "Traceback" not in printed


@pytest.mark.parametrize(
    ("state", "code", "says"),
    [
        pytest.param(State.FINISHED, 0, "Kept: epoch 3 of 4", id="finished"),
        pytest.param(State.FAILED, 1, "It diverged.", id="failed"),
    ],
)
def test_a_run_is_followed_to_its_end(tmp_path, monkeypatch, capsys, state, code, says):
    found = past_run(state=state, message="It diverged." if state is State.FAILED else "")
    (tmp_path / "spec.json").write_text(run_spec().to_json())
    monkeypatch.setattr("cnnlab.command.training.start_run", lambda spec: found)
    assert main(["train", str(tmp_path / "spec.json"), "--follow"]) == code
    printed = capsys.readouterr()
    assert printed.out.strip() == found.id
    assert "Epoch 1: validation accuracy 80.0 %" in printed.err
    assert says in printed.err


def test_the_command_line_needs_no_tensorflow(run):
    code = (
        "import sys\nfrom cnnlab.command.line import main\n"
        f"assert main(['runs']) == main(['evaluate', '{run.id}']) == 0\n"
        f"assert main(['predict', '{run.id}', 'x']) == 2\n"
        "assert 'tensorflow' not in sys.modules and 'streamlit' not in sys.modules"
    )
    child = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(confined=False),
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode == 0, child.stderr
