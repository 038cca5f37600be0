"""Settings come from the environment as it is now, and the workspace makes its own folders."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from cnnlab.errors import WorkspaceError
from cnnlab.settings import CnnlabSettings, settings, workspace


def test_every_setting_has_a_default_and_a_sentence(monkeypatch):
    monkeypatch.delenv("CNNLAB_HOME")
    assert settings().home == Path.home() / ".cnnlab"
    for name, field in CnnlabSettings.model_fields.items():
        assert field.description.endswith("."), name


def test_the_environment_is_read_at_each_call(monkeypatch, tmp_path):
    monkeypatch.setenv("CNNLAB_HOME", str(tmp_path / "one"))
    assert workspace().home == tmp_path / "one"
    monkeypatch.setenv("CNNLAB_HOME", str(tmp_path / "two"))
    assert workspace().home == tmp_path / "two"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        pytest.param("CNNLAB_SLOTS", "0", id="no slot"),
        pytest.param("CNNLAB_SLOTS", "many", id="no number"),
        pytest.param("CNNLAB_WORKER_MODULE", "os; print(1)", id="no module"),
        pytest.param("CNNLAB_MAX_PICTURE_PIXELS", "-1", id="negative"),
    ],
)
def test_a_value_that_cannot_work_is_refused(monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)
    with pytest.raises(ValidationError, match=variable.removeprefix("CNNLAB_").lower()):
        settings()


@pytest.mark.parametrize("name", ["datasets", "imports", "runs", "architectures", "cache", "weights"])
def test_a_folder_of_the_workspace_is_there_when_it_is_asked_for(home, name):
    folder = getattr(workspace(), name)
    assert folder.is_dir()
    assert folder == home / name


def test_the_index_lies_in_the_workspace(home):
    assert workspace().index == home / "cnnlab.db"
    assert home.is_dir()


def test_a_workspace_below_a_tilde_is_found(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CNNLAB_HOME", "~/lab")
    assert workspace().runs == tmp_path / "lab" / "runs"


def test_a_workspace_that_cannot_be_written_is_a_sentence(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("CNNLAB_HOME", str(tmp_path / "file"))
    with pytest.raises(WorkspaceError, match=r"cannot be written .*CNNLAB_HOME"):
        _ = workspace().runs
