"""A workspace of an older cnnlab is brought up to date, one of a newer cnnlab is left alone, with a sentence."""

import json

import pytest

from cnnlab.errors import WorkspaceError
from cnnlab.files import file_sha256
from cnnlab.runs import queue, workspace_format
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.records import Report, Status
from cnnlab.runs.states import State
from cnnlab.runs.workspace_format import FIRST_FORMAT, FORMAT, MIGRATIONS, open_workspace
from cnnlab.settings import workspace
from tests.runs.making import make_run, run_spec
from tests.runs.stand_in_worker import report

BEST = {"phase": "training", "epoch": 1, "val_loss": 1.0, "val_accuracy": 0.5, "weights": "best-00001.npz"}


def format_file() -> str:
    """What the workspace says about itself."""
    return (workspace().home / "format.json").read_text()


def older_run(
    number: int = 1, *, report: Report | None = None, weights: bytes | None = b"weights"
) -> RunFolder:
    """A paused run as the cnnlab of before wrote it: no hash of its best weights."""
    run = make_run(number, status=Status(state=State.PAUSED), report=report)
    folder = run.path / "checkpoints"
    folder.mkdir()
    progress = {"step": 3, "best": BEST, "phases": [{"name": "training", "best": BEST}]}
    (folder / "step-000000003.json").write_text(json.dumps({"sha256": "of the arrays", "progress": progress}))
    if weights is not None:
        (folder / BEST["weights"]).write_bytes(weights)
    return run


def checkpoint(run: RunFolder) -> dict:
    """What the run's checkpoint says."""
    return json.loads((run.path / "checkpoints" / "step-000000003.json").read_text())


def test_a_new_workspace_is_of_this_format():
    workspace().runs.mkdir(exist_ok=True)
    open_workspace()
    assert json.loads(format_file()) == {"format": FORMAT}


def test_a_folder_that_is_not_there_is_not_made(monkeypatch, tmp_path):
    monkeypatch.setenv("CNNLAB_HOME", str(tmp_path / "nobody" / "was here"))
    open_workspace()
    assert not (tmp_path / "nobody").exists()


def test_best_weights_of_an_older_workspace_get_their_hash():
    run, done = older_run(1), older_run(2, report=report(3))
    open_workspace()
    progress = checkpoint(run)["progress"]
    expected = file_sha256(run.path / "checkpoints" / BEST["weights"])
    assert progress["best"] == BEST | {"sha256": expected}
    assert progress["phases"][0]["best"]["sha256"] == expected
    assert checkpoint(run)["sha256"] == "of the arrays"
    assert "sha256" not in checkpoint(done)["progress"]["best"], "a finished run never goes on"


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda run: (run.path / "checkpoints" / BEST["weights"]).unlink(), id="weights gone"),
        pytest.param(
            lambda run: (run.path / "checkpoints" / "step-000000003.json").write_text("[]"), id="no object"
        ),
        pytest.param(
            lambda run: (run.path / "checkpoints" / "step-000000003.json").write_text("{"), id="cut short"
        ),
    ],
)
def test_a_damaged_checkpoint_does_not_stop_it(damage):
    damaged, whole = older_run(1), older_run(2)
    damage(damaged)
    before = (damaged.path / "checkpoints" / "step-000000003.json").read_text()
    open_workspace()
    assert (damaged.path / "checkpoints" / "step-000000003.json").read_text() == before
    assert checkpoint(whole)["progress"]["best"]["sha256"]


def test_one_that_was_killed_in_the_middle_begins_again(monkeypatch):
    first, second = older_run(1), older_run(2)
    real, calls = workspace_format.write_text, []

    def killed(path, text):
        calls.append(path)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        real(path, text)

    with monkeypatch.context() as full:
        full.setattr(workspace_format, "write_text", killed)
        with pytest.raises(WorkspaceError, match=r"No space left on device.*nothing in it was lost"):
            open_workspace()
    assert not (workspace().home / "format.json").exists()
    open_workspace()
    assert checkpoint(first)["progress"]["best"]["sha256"] == checkpoint(second)["progress"]["best"]["sha256"]


def test_a_newer_workspace_is_refused_and_left_as_it_is(monkeypatch):
    run = older_run()
    (workspace().home / "format.json").write_text(json.dumps({"format": FORMAT + 1}))
    with pytest.raises(
        WorkspaceError, match=rf"newer cnnlab \(format {FORMAT + 1}; this one knows {FORMAT}\)"
    ):
        open_workspace()
    with pytest.raises(WorkspaceError, match="Start the newer cnnlab"):
        queue.submit(run_spec())
    assert [each.id for each in RunFolder.list_all(workspace().runs)] == [run.id]
    assert "sha256" not in checkpoint(run)["progress"]["best"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 0}', '{"format": "new"}'])
def test_a_damaged_format_file_is_a_sentence(text):
    workspace().runs.mkdir(exist_ok=True)
    (workspace().home / "format.json").write_text(text)
    with pytest.raises(WorkspaceError, match=r"format.json is damaged.*write \{"):
        open_workspace()


def test_there_is_a_step_from_every_older_format():
    assert list(MIGRATIONS) == list(range(FIRST_FORMAT, FORMAT))
    assert all(step.sentence.endswith(".") for step in MIGRATIONS.values())
