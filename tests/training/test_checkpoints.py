"""A checkpoint is read back to the bit, and a damaged one gives way to the one before it."""

from dataclasses import dataclass

import numpy as np
import pytest

from cnnlab.errors import RunError
from cnnlab.training.checkpoints import CheckpointFolder, assign
from cnnlab.training.progress import Best, PhaseProgress, Progress


@dataclass
class Array:
    """Stands in for a Keras variable."""

    value: np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape

    def numpy(self) -> np.ndarray:
        return self.value

    def assign(self, value: np.ndarray) -> None:
        self.value = value


def progress_at(step: int, best: str = "") -> Progress:
    found = (
        Best(phase="training", epoch=1, val_loss=0.1 + 0.2, val_accuracy=0.5, weights=best) if best else None
    )
    return Progress(phases=[PhaseProgress(name="training")], step=step, best=found)


def save(folder: CheckpointFolder, step: int, best: str = "") -> list[Array]:
    variables = [Array(np.full((3,), step, np.float32)), Array(np.array(step, np.int64))]
    folder.save(variables, progress=progress_at(step, best))
    return variables


def test_what_was_saved_is_read_back_to_the_bit(tmp_path):
    folder = CheckpointFolder(tmp_path)
    folder.save_best([np.ones(2, np.float32)], name=(name := folder.name_best(1)))
    variables = save(folder, 7, best=name)
    found = folder.load_newest()
    assert found.progress == progress_at(7, name)
    for array, variable in zip(found.arrays, variables, strict=True):
        np.testing.assert_array_equal(array, variable.value)
        assert array.dtype == variable.value.dtype


def test_only_the_newest_two_are_kept_and_the_best_weights_they_name(tmp_path):
    folder = CheckpointFolder(tmp_path)
    folder.save_best([np.ones(2)], name=(old := folder.name_best(1)))
    save(folder, 1, best=old)
    folder.save_best([np.ones(2)], name=(new := folder.name_best(2)))
    for step in (2, 3):
        save(folder, step, best=new)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        new,
        "step-000000002.json",
        "step-000000002.npz",
        "step-000000003.json",
        "step-000000003.npz",
    ]


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda path: path.with_suffix(".npz").write_bytes(b""), id="arrays empty"),
        pytest.param(lambda path: path.with_suffix(".npz").unlink(), id="arrays missing"),
        pytest.param(
            lambda path: path.with_suffix(".npz").write_bytes(
                path.with_suffix(".npz").read_bytes()[:-40] + bytes(40)
            ),
            id="one part overwritten",
        ),
        pytest.param(lambda path: path.write_text('{"sha256": '), id="commit cut short"),
    ],
)
def test_a_damaged_checkpoint_gives_way_to_the_one_before(damage, tmp_path):
    folder = CheckpointFolder(tmp_path)
    save(folder, 1)
    save(folder, 2)
    damage(tmp_path / "step-000000002.json")
    found = folder.load_newest()
    assert found.progress.step == 1
    assert found.damaged == ("step-000000002",)


def test_an_empty_folder_has_no_checkpoint_and_left_overs_are_swept(tmp_path):
    (tmp_path / ".tmp-1234.npz").write_bytes(b"half")
    folder = CheckpointFolder(tmp_path)
    assert folder.load_newest() is None
    assert list(tmp_path.iterdir()) == []


def test_arrays_of_other_shapes_are_refused_before_any_is_assigned():
    variables = [Array(np.zeros(2)), Array(np.zeros(3))]
    with pytest.raises(RunError, match="does not fit the network"):
        assign(variables, [np.ones(2), np.ones(4)])
    np.testing.assert_array_equal(variables[0].value, np.zeros(2))


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda path: path.write_text('{"sha256": '), id="commit cut short"),
        pytest.param(lambda path: path.with_suffix(".npz").write_bytes(b""), id="arrays empty"),
    ],
)
def test_a_run_goes_on_from_before_a_damaged_checkpoint_and_the_damaged_one_goes(damage, tmp_path):
    folder = CheckpointFolder(tmp_path)
    folder.save_best([np.ones(2)], name=(best := folder.name_best(1)))
    for step in (10, 20):
        save(folder, step, best=best)
    damage(tmp_path / "step-000000020.json")
    assert folder.load_newest().progress.step == 10
    save(folder, 12, best=best)
    assert folder.load_newest().progress.step == 12
    assert folder.load_newest().damaged == ()
    save(folder, 14, best=best)
    assert sorted(path.stem for path in tmp_path.glob("step-*.json")) == ["step-000000012", "step-000000014"]
    assert len(folder.load_best(folder.load_newest().progress.best)) == 1


def test_a_full_disk_leaves_the_checkpoint_before_as_it_was(tmp_path, monkeypatch):
    folder = CheckpointFolder(tmp_path)
    save(folder, 1)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="No space left"):
        save(folder, 2)
    assert folder.load_newest().progress.step == 1
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".tmp-")] == []


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda path: path.unlink(), id="missing"),
        pytest.param(lambda path: path.write_bytes(path.read_bytes()[:-1] + b"!"), id="one byte changed"),
    ],
)
def test_a_checkpoint_whose_best_weights_are_damaged_gives_way_to_the_one_before(damage, tmp_path):
    folder = CheckpointFolder(tmp_path)
    save(folder, 1)
    progress = progress_at(2, name := folder.name_best(1))
    progress.best.sha256 = folder.save_best([np.ones(2)], name=name)
    folder.save([Array(np.ones(1))], progress=progress)
    assert folder.load_newest().progress.step == 2
    damage(tmp_path / name)
    assert folder.load_newest().progress.step == 1
