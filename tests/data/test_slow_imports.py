"""Real archives, a real download module, and what the shapes are for: several seconds each."""

import gzip
import os
import struct
import time

import numpy as np
import psutil
import pytest

from cnnlab.data.import_records import ArchiveImport, SourceImport
from cnnlab.data.intake import stage_upload, start_import
from cnnlab.data.library import find_dataset
from cnnlab.data.packing import pack_pictures
from cnnlab.data.shapes import FORMS, draw_shape
from cnnlab.data.sources import ShapesSettings
from cnnlab.settings import MEGABYTE

pytestmark = pytest.mark.slow

EPOCHS = 6
"""The CNN has learned it after five, whatever the seed."""


def watch(job, *, seconds):
    """Follow an import to its end; return all that it said and the most memory that its processes took."""
    seen, peak, until = [], 0, time.monotonic() + seconds
    while time.monotonic() < until:
        seen.append(job.progress())
        if seen[-1].ended:
            assert seen[-1].state == "finished", seen[-1].message + job.log_tail()
            return seen, peak
        if seen[-1].pid is not None:
            try:
                worker = psutil.Process(seen[-1].pid)
                peak = max(peak, sum(one.memory_info().rss for one in [worker, *worker.children()]))
            except psutil.Error:
                continue
        time.sleep(0.02)
    pytest.fail(f"the import took longer than {seconds} s; it last said {seen[-1]}")


def import_archive(path, *, seconds):
    with path.open("rb") as file:
        job = start_import(ArchiveImport(file=stage_upload(file, name=path.name)))
    return job, *watch(job, seconds=seconds)


def test_flowers_are_imported(test_data):
    job, seen, _ = import_archive(test_data / "flowers.zip", seconds=60)
    dataset = find_dataset(seen[-1].dataset_id)
    assert dataset.class_names == ("daisy", "dandelion", "roses", "sunflowers", "tulips")
    assert (dataset.num_training, dataset.num_validation, dataset.num_test) == (700, 150, 150)
    assert (job.report().num_refused, job.report().passed_over) == (0, {})
    assert set(dataset.table()["format"]) == {"JPEG"}


def test_sixty_thousand_pictures_are_imported_in_bounded_memory_with_progress(test_data):
    _, seen, peak = import_archive(test_data / "cifar10.zip", seconds=300)
    dataset = find_dataset(seen[-1].dataset_id)
    assert dataset.num_pictures == 60_000
    assert set(dataset.counts()["test"]) == {1_000}
    assert peak < 600 * MEGABYTE
    counts = [now.done for now in seen if now.phase == "Reading pictures"]
    assert counts == sorted(counts)
    assert len(set(counts)) >= 5
    assert any(now.seconds_left for now in seen)
    assert all(now.total == 60_000 for now in seen if now.phase == "Reading pictures" and now.done)

    before = psutil.Process().memory_info().rss
    packed = pack_pictures(dataset, image_size=32)
    assert packed.pictures.shape == (60_000, 32, 32, 3)
    # The memory-mapped file itself counts as ours once its checksums were read.
    assert psutil.Process().memory_info().rss - before < packed.pictures.nbytes + 150 * MEGABYTE


def test_keras_own_files_are_imported_without_the_network(tmp_path, monkeypatch):
    folder = tmp_path / "keras" / "datasets" / "fashion-mnist"
    folder.mkdir(parents=True)
    for kind, count in (("train", 30), ("t10k", 20)):
        labels = np.arange(count, dtype=np.uint8) % 10
        pictures = np.random.default_rng(count).integers(0, 256, (count, 28, 28), dtype=np.uint8)
        (folder / f"{kind}-labels-idx1-ubyte.gz").write_bytes(
            gzip.compress(struct.pack(">II", 2049, count) + labels.tobytes())
        )
        (folder / f"{kind}-images-idx3-ubyte.gz").write_bytes(
            gzip.compress(struct.pack(">IIII", 2051, count, 28, 28) + pictures.tobytes())
        )
    monkeypatch.setenv("CNNLAB_KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    seen, _ = watch(start_import(SourceImport(source="fashion_mnist")), seconds=120)
    dataset = find_dataset(seen[-1].dataset_id)
    assert (dataset.num_pictures, dataset.num_test, dataset.num_classes) == (50, 20, 10)


def test_a_dense_network_fails_where_a_cnn_does_not_when_shapes_move():
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    import keras
    from keras import layers

    names = sorted(FORMS)
    wanted = ShapesSettings()
    count = wanted.num_pictures
    labels = np.arange(count) % len(names)
    pictures = np.stack(
        [draw_shape(names[label], wanted=wanted, number=n) for n, label in enumerate(labels)]
    ) / np.float32(255)
    learned = count * 85 // 100
    networks = {
        "dense": [
            layers.Flatten(),
            layers.Dense(256, activation="relu"),
            layers.Dense(128, activation="relu"),
        ],
        "cnn": [
            *(
                layer
                for filters in (16, 32, 64)
                for layer in (
                    layers.Conv2D(filters, 3, padding="same", use_bias=False),
                    layers.BatchNormalization(),
                    layers.ReLU(),
                    layers.MaxPooling2D(),
                )
            ),
            layers.GlobalMaxPooling2D(),
            layers.Dense(64, activation="relu"),
        ],
    }
    accuracy = {}
    for name, stack in networks.items():
        keras.utils.set_random_seed(0)
        model = keras.Sequential([*stack, layers.Dense(len(names), activation="softmax")])
        steps = -(-learned // 32) * EPOCHS
        # A rate that falls to nothing: the last epoch is no better or worse by chance than the one before.
        rate = keras.optimizers.schedules.CosineDecay(5e-3, steps)
        model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(pictures[:learned], labels[:learned], epochs=EPOCHS, batch_size=32, verbose=0)
        accuracy[name] = model.evaluate(pictures[learned:], labels[learned:], verbose=0)[1]
    # Measured over eight seeds: the CNN 1.00 each time, the dense network 0.17 to 0.24.
    assert accuracy["dense"] < 0.4, accuracy
    assert accuracy["cnn"] > 0.9, accuracy
