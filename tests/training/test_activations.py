"""Activations are what the frozen network says, are computed once, and leave nothing half-done."""

import resource
import signal
from dataclasses import fields, replace

import numpy as np
import pytest
from filelock import FileLock

from cnnlab.errors import TrainingError
from cnnlab.runs.states import Wanted
from cnnlab.training.activations import Origin, compute_activations, fingerprint_weights
from cnnlab.training.recorder import Interrupted

ORIGIN = Origin(pictures="p", backbone="b", weights="w", image_size=32, boundary="block_3")


@pytest.fixture
def below():
    import keras

    keras.utils.set_random_seed(0)
    picture = keras.Input((8, 8, 3))
    return keras.Model(picture, keras.layers.Conv2D(4, 3)(picture))


@pytest.fixture
def pictures() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (70, 8, 8, 3), dtype=np.uint8)


@pytest.mark.slow
def test_activations_are_what_the_network_says_about_each_picture(below, pictures, tmp_path):
    found = compute_activations(
        below, pictures, origin=ORIGIN, cache=tmp_path, on_progress=lambda done, total: None
    )
    np.testing.assert_allclose(found, below(pictures.astype(np.float32)).numpy(), atol=1e-4)


@pytest.mark.slow
def test_the_second_time_nothing_is_computed(below, pictures, tmp_path):
    calls: list[tuple[int, int]] = []
    for _ in range(2):
        compute_activations(
            below,
            pictures,
            origin=ORIGIN,
            cache=tmp_path,
            on_progress=lambda *progress: calls.append(progress),
        )
    assert calls == [(32, 70), (64, 70), (70, 70), (70, 70), (70, 70)]


@pytest.mark.slow
@pytest.mark.parametrize("keep", [pytest.param(0, id="empty"), pytest.param(5000, id="cut short")])
def test_a_damaged_file_is_computed_again(keep, below, pictures, tmp_path):
    compute_activations(below, pictures, origin=ORIGIN, cache=tmp_path, on_progress=lambda done, total: None)
    path = tmp_path / "activations" / f"{ORIGIN.key}.npy"
    path.write_bytes(path.read_bytes()[:keep])
    found = compute_activations(
        below, pictures, origin=ORIGIN, cache=tmp_path, on_progress=lambda done, total: None
    )
    np.testing.assert_allclose(found[-1], below(pictures[-1:].astype(np.float32)).numpy()[0], atol=1e-4)


@pytest.mark.slow
def test_an_interruption_leaves_no_file(below, pictures, tmp_path):
    def interrupt(done: int, total: int) -> None:
        raise Interrupted(Wanted.STOP)

    with pytest.raises(Interrupted):
        compute_activations(below, pictures, origin=ORIGIN, cache=tmp_path, on_progress=interrupt)
    assert not list((tmp_path / "activations").glob("*.npy"))


@pytest.mark.slow
def test_a_full_disk_is_said_before_anything_is_computed(below, pictures, tmp_path, monkeypatch):
    class Usage:
        free = 1000

    monkeypatch.setattr("shutil.disk_usage", lambda folder: Usage)
    with pytest.raises(TrainingError, match=r"70 pictures take .* GB"):
        compute_activations(
            below, pictures, origin=ORIGIN, cache=tmp_path, on_progress=lambda done, total: None
        )


@pytest.mark.parametrize("part", [field.name for field in fields(Origin)])
def test_the_key_depends_on_everything_that_the_content_does(part):
    other = replace(ORIGIN, **{part: 64 if part == "image_size" else "other"})
    assert other.key != ORIGIN.key
    assert (other.network_key == ORIGIN.network_key) == (part in ("pictures", "augmentation"))


@pytest.mark.slow
def test_the_fingerprint_of_weights_changes_with_any_weight(below):
    before = fingerprint_weights(below)
    weights = below.variables[0].numpy()
    weights[0, 0, 0, 0] += 1e-3
    below.variables[0].assign(weights)
    assert fingerprint_weights(below) != before


@pytest.mark.slow
def test_whoever_waits_for_another_worker_can_still_be_interrupted(below, pictures, tmp_path):
    (tmp_path / "activations").mkdir()

    def interrupt(done: int, total: int) -> None:
        raise Interrupted(Wanted.PAUSE)

    with (
        FileLock(tmp_path / "activations" / f"{ORIGIN.key}.lock", is_singleton=False),
        pytest.raises(Interrupted, match="pause"),
    ):
        compute_activations(below, pictures, origin=ORIGIN, cache=tmp_path, on_progress=interrupt)


@pytest.mark.slow
def test_a_disk_that_fills_up_meanwhile_is_an_error_and_leaves_no_file(
    below, pictures, tmp_path, monkeypatch
):
    """A memory map would end the process with a bus error instead."""
    monkeypatch.setattr("cnnlab.training.activations._check_disk", lambda folder, **_: None)
    most = len(pictures) * 6 * 6 * 4 * 4 // 2
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        with pytest.raises(OSError, match=r"File too large"):
            compute_activations(
                below, pictures, origin=ORIGIN, cache=tmp_path, on_progress=lambda done, total: None
            )
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert [path.suffix for path in (tmp_path / "activations").iterdir()] == [".lock"]
