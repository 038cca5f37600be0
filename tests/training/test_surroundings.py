"""What is around an attempt is written into the run, and nothing that names a person or a folder."""

from pathlib import Path

import pytest

from cnnlab.runs.environment import Environment, add_environment, read_environments
from cnnlab.training import surroundings
from cnnlab.training.surroundings import (
    find_commit,
    fingerprint_of_source,
    installed_packages,
    keep_surroundings,
    telling_variables,
)
from tests.runs.making import make_run

COMMIT, OTHER = "a" * 40, "b" * 40


@pytest.mark.parametrize(
    ("files", "commit"),
    [
        pytest.param({}, "", id="no repository"),
        pytest.param({"HEAD": f"{COMMIT}\n"}, COMMIT, id="a commit by itself"),
        pytest.param({"HEAD": "ref: refs/heads/main\n", "refs/heads/main": COMMIT}, COMMIT, id="a branch"),
        pytest.param(
            {
                "HEAD": "ref: refs/heads/main\n",
                "packed-refs": f"# pack-refs\n{OTHER} refs/heads/x\n{COMMIT} refs/heads/main\n",
            },
            COMMIT,
            id="a packed branch",
        ),
        pytest.param({"HEAD": "ref: refs/heads/main\n"}, "", id="a branch without a commit"),
        pytest.param({"HEAD": "ref: ../../secret\n"}, "", id="a path that leads out"),
        pytest.param({"HEAD": "not a commit\n"}, "", id="damaged"),
    ],
)
def test_the_commit_is_found_without_git(files, commit, tmp_path):
    for name, text in files.items():
        path = tmp_path / ".git" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert find_commit(tmp_path) == commit


def test_the_fingerprint_of_the_source_follows_files_and_names_but_no_times(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/one.py").write_text("1")
    (tmp_path / "ui.py").write_text("2")
    whole, part = fingerprint_of_source(tmp_path), fingerprint_of_source(tmp_path, rooms=["data"])
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__/one.pyc").write_bytes(b"compiled")
    (tmp_path / "data/one.py").touch()
    assert fingerprint_of_source(tmp_path) == whole
    (tmp_path / "ui.py").write_text("3")
    assert fingerprint_of_source(tmp_path) != whole
    assert fingerprint_of_source(tmp_path, rooms=["data"]) == part


def test_every_room_that_decides_what_a_run_computes_is_there():
    assert [
        room for room in surroundings.ROOMS_OF_NUMBERS if not (surroundings.PACKAGE / room).is_dir()
    ] == []


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        pytest.param("TF_ENABLE_ONEDNN_OPTS", "0", True, id="kernels"),
        pytest.param("OMP_NUM_THREADS", "2", True, id="threads"),
        pytest.param("CUDA_VISIBLE_DEVICES", "0,1", True, id="cards"),
        pytest.param("CUBLAS_WORKSPACE_CONFIG", ":4096:8", True, id="determinism of a card"),
        pytest.param("CUDA_HOME", "/usr/local/cuda", False, id="where something lies"),
        pytest.param("TF_CONFIG", '{"cluster": {}}', False, id="names of machines"),
        pytest.param("XLA_FLAGS", "--xla_dump_to=/home/ann/dump", False, id="a folder in a value"),
        pytest.param("HOME", "/home/ann", False, id="a person"),
        pytest.param("AWS_SECRET_ACCESS_KEY", "x", False, id="a secret"),
    ],
)
def test_variables_are_told_that_change_numbers_and_no_others(name, value, told):
    assert telling_variables({name: value}) == ({name: value} if told else {})


def test_the_packages_are_those_that_are_installed():
    import numpy

    found = installed_packages()
    assert found["numpy"] == numpy.__version__
    assert all(name == name.lower() and "_" not in name for name in found)


def test_an_attempt_under_other_circumstances_says_what_differs(home: Path, monkeypatch):
    run = make_run()
    add_environment(run.path, Environment(attempt=1, cores=2))
    monkeypatch.setattr(
        surroundings, "describe_surroundings", lambda spec, attempt: Environment(attempt=attempt, cores=4)
    )
    (sentence,) = keep_surroundings(run, spec=run.spec(), attempt=2)
    assert "(cores 2, now 4)" in sentence
    assert keep_surroundings(run, spec=run.spec(), attempt=3) == ()
    assert [each.attempt for each in read_environments(run.path)] == [1, 2, 3]
