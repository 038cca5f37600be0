"""An export is made by a process of its own, once, compared, kept, taken away; or refused with a sentence."""

import inspect
import os
import zipfile

import numpy as np
import pytest

from cnnlab.data import picture_kinds
from cnnlab.data.library import delete_dataset
from cnnlab.errors import ModelError, SpecError
from cnnlab.export import formats
from cnnlab.export.asking_child import ask_in_child
from cnnlab.export.exports import Export, find_export, list_exports, start_export
from cnnlab.export.formats import FORMATS
from cnnlab.export.inference import load_trained_model
from cnnlab.export.package import EVERYTHING, package_name, pictures_source, write_package
from cnnlab.export.pictures import MADE_UP, pictures_of
from cnnlab.jobs.carrying import Cancelled
from tests.runs.making import wait_for


def ended(export: Export) -> Export:
    """Wait until an export has ended."""
    wait_for(lambda: export.state != "running")
    return export


@pytest.mark.slow
def test_an_export_is_made_compared_and_kept(run, tmp_path):
    export = ended(start_export(run, "lite"))
    assert (export.state, export.message) == ("finished", "")
    found = export.result()
    assert found.passed, found.reason
    assert export.is_offered
    assert found.num_bytes == export.file.stat().st_size
    assert found.comparison.split == "test"
    assert found.comparison.num_pictures == len(pictures_of(run).compared.numbers)
    assert 0 < found.timing.p50_ms <= found.timing.p95_ms
    assert not list(export.folder.parent.glob(".tmp-*"))

    again = start_export(run, "lite")
    assert again.result() == found, "made once"

    write_package(run, "lite", tmp_path / "one.zip")
    with zipfile.ZipFile(tmp_path / "one.zip") as packed:
        names = set(packed.namelist())
        assert packed.read("labels.txt").decode() == "cat\ndog\n"
        assert packed.read("model.tflite") == export.file.read_bytes()
    assert names >= {
        "model_card.md",
        "README.md",
        "model.json",
        "server.py",
        "pictures.py",
        "picture_kinds.py",
        "Dockerfile",
    }
    write_package(run, EVERYTHING, tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as packed:
        assert {"lite/model.tflite", "lite/README.md", "model_card.md"} <= set(packed.namelist())

    os.utime(run.path / "model.keras", ns=(1, 1))
    assert find_export(run, "lite") is None, "a model that was trained further is another"


@pytest.mark.slow
def test_a_model_that_is_not_the_one_that_was_scored_is_not_given_away(run):
    model = load_trained_model(run)
    model.set_weights([-weights for weights in model.get_weights()])
    model.save(run.path / "model.keras")
    export = ended(start_export(run, "keras"))
    assert export.state == "failed"
    assert "of the answers that it gave when its run ended" in export.message
    assert not export.is_offered


def test_a_format_that_nobody_knows_is_named_with_those_there_are(run):
    with pytest.raises(SpecError, match="Choose one of: code, keras"):
        start_export(run, "floppy")


def test_a_run_without_a_model_has_no_exports(run):
    (run.path / "model.keras").unlink()
    with pytest.raises(ModelError, match="has no model yet"):
        start_export(run, "keras")
    assert list_exports(run) == {}


def test_a_format_says_what_has_to_be_installed(run, monkeypatch):
    row = formats.Format(
        label="Clay",
        file="m",
        runtime="",
        sentence="",
        good_for="",
        packages=("no_such_package",),
        install="pip install x",
    )
    monkeypatch.setitem(vars(formats), "FORMATS", {**FORMATS, "clay": row})
    assert row.missing == "Clay needs no_such_package, which is not installed. To have it: pip install x"
    with pytest.raises(ModelError, match="pip install x"):
        start_export(run, "clay")


def test_what_was_not_made_cannot_be_taken_away(run, tmp_path):
    with pytest.raises(ModelError, match="LiteRT has not been made"):
        write_package(run, "lite", tmp_path / "x.zip")
    with pytest.raises(ModelError, match="No format of"):
        write_package(run, EVERYTHING, tmp_path / "x.zip")
    assert not (tmp_path / "x.zip").exists()


def test_the_name_of_a_package_is_one_that_every_system_takes(run):
    assert package_name(run, "lite_int8") == "pets-of-b-lite-int8.zip"


def test_pictures_come_from_the_test_split_and_calibration_from_training(run, dataset):
    found, table = pictures_of(run), dataset.table()
    split = table.set_index("picture")["split"]
    assert set(split[found.compared.numbers]) == {"test"}
    assert found.compared.pictures.shape == (len(found.compared.numbers), 16, 16, 3)
    assert len(found.calibration) == dataset.num_training


def test_without_its_dataset_a_run_is_compared_on_made_up_pictures(run, dataset):
    delete_dataset(dataset)
    found = pictures_of(run)
    assert found.calibration is None
    assert (found.compared.split, found.compared.labels) == ("", None)
    assert found.compared.pictures.shape == (MADE_UP, 16, 16, 3)
    assert np.ptp(found.compared.pictures) > 200


def test_a_broken_file_is_refused_by_its_own_runtime(tmp_path):
    (tmp_path / "model.tflite").write_bytes(b"not a model")
    with pytest.raises(ModelError, match="LiteRT cannot open it as LiteRT"):
        ask_in_child("lite", tmp_path / "model.tflite", np.zeros((2, 8, 8, 3), np.uint8))
    assert [path.name for path in tmp_path.iterdir()] == ["model.tflite"]


def test_a_child_ends_when_nobody_wants_it_any_more(tmp_path, monkeypatch):
    class Child:
        returncode = None
        killed = False

        def __init__(self, *_, **__):
            self.stdout = _Lines()

        def poll(self):
            return self.returncode

        def kill(self):
            type(self).killed, self.returncode = True, -9

        def wait(self, timeout=None):
            return self.returncode

    class _Lines:
        def __iter__(self):
            return iter([b"a library says hello\n", b'{"done": 1}\n'])

        def close(self):
            pass

    def cancel(done, total):
        raise Cancelled

    monkeypatch.setattr("cnnlab.export.asking_child.subprocess.Popen", Child)
    with pytest.raises(Cancelled):
        ask_in_child("lite", tmp_path / "model.tflite", np.zeros((2, 8, 8, 3), np.uint8), on_progress=cancel)
    assert Child.killed


def test_pictures_are_read_by_the_very_same_code_in_a_server(tmp_path, monkeypatch):
    source, kinds = pictures_source(), inspect.getsource(picture_kinds)
    assert "cnnlab" not in source + kinds
    (tmp_path / "picture_kinds.py").write_text(kinds)
    monkeypatch.syspath_prepend(tmp_path)
    names: dict = {"__name__": "pictures"}
    exec(compile(source, "pictures.py", "exec"), names)
    with pytest.raises(names["PictureError"], match="The file is empty"):
        names["decode_picture"](b"", max_pixels=10, max_bytes=10)
