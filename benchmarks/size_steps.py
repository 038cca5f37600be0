"""One step of the benchmark `size` in a process of its own, so that its memory is its own: `python -m benchmarks.size_steps STEP`.

Prints what it found as one line of JSON: the seconds that count, and whatever else the step says.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cnnlab.checks.job import start_check
from cnnlab.data.import_records import ArchiveImport, FolderImport
from cnnlab.data.intake import ImportJob, stage_upload, start_import
from cnnlab.data.library import Dataset, change_split, list_datasets
from cnnlab.data.splits import SplitSpec

ROUNDS = 5
SIDE, BATCH_SIZE = 32, 64
"""What the network sees, so that everybody resizes."""
Facts = dict[str, float]


def import_archive(place: Path) -> Facts:
    """Import the ZIP; staging, which copies it as an upload would, counts."""
    with _timed() as facts:
        with (place / "pictures.zip").open("rb") as file:
            staged = stage_upload(file, name="pictures.zip")
        _wait(start_import(ArchiveImport(file=staged, name="From a ZIP")))
    return facts


def import_folder(place: Path) -> Facts:
    """Import the folder on the server."""
    with _timed() as facts:
        _wait(start_import(FolderImport(path=str(place / "pictures"), name="From a folder")))
    return facts


def check(_: Path) -> Facts:
    """Measure every picture, as the checks do before they say anything."""
    with _timed() as facts:
        job = start_check(_dataset())
        while job.state == "running":
            time.sleep(0.05)
    if job.state != "finished":
        raise RuntimeError(job.message)
    return facts


def split(_: Path) -> Facts:
    """Split it again, with another seed."""
    with _timed() as facts:
        change_split(_dataset(), spec=SplitSpec(seed=1))
    return facts


def pack(_: Path) -> Facts:
    """Decode all pictures into one array."""
    from cnnlab.data.packing import pack_pictures

    with _timed() as facts:
        pack_pictures(_dataset(), image_size=SIDE)
    return facts


def open_pack(_: Path) -> Facts:
    """Open the array that is there, and check it."""
    return pack(_)


def train(_: Path) -> Facts:
    """Carry a run of one epoch in its worker, as the queue does: loading TensorFlow and the final report count."""
    from benchmarks.workspaces import carry
    from cnnlab.models.presets import PRESETS
    from cnnlab.specs.runs import RunSpec
    from cnnlab.specs.training import ScratchTraining

    dataset = _dataset()
    network = PRESETS["lesson_cnn"].network.with_changes(image_size=SIDE)
    training = ScratchTraining(epochs=1, batch_size=BATCH_SIZE)
    with _timed() as facts:
        carry(
            RunSpec(
                name="One epoch",
                dataset=dataset.reference(),
                class_names=dataset.class_names,
                network=network,
                training=training,
            )
        )
    return facts


def pages(_: Path) -> Facts:
    """Draw every page that shows a dataset or a run: first the first time, then the median of some more."""
    from benchmarks.evaluating import draw_page
    from cnnlab.runs.store import list_runs

    dataset, run = _dataset().id, list_runs()[0].id
    visits = {
        "datasets": {},
        "datasets, overview": {"dataset": dataset},
        "datasets, pictures": {"dataset": dataset, "view": "pictures"},
        "datasets, checks": {"dataset": dataset, "view": "checks"},
        "datasets, split": {"dataset": dataset, "view": "split"},
        "datasets, versions": {"dataset": dataset, "view": "versions"},
        "train": {"dataset": dataset},
        "runs": {},
        "evaluate": {"run": run},
        "evaluate, mistakes": {"run": run, "view": "mistakes"},
        "predict": {"run": run},
    }
    # Any page first, as on a server that has drawn one: what all pages need is loaded then.
    draw_page("home")
    facts = {}
    for name, query in visits.items():
        page = name.partition(",")[0]
        facts[f"{name}, first"] = draw_page(page, **query)
        facts[name] = statistics.median(draw_page(page, **query) for _ in range(ROUNDS))
    return facts


def tf_data(place: Path) -> Facts:
    """Read, decode and resize every file with plain `tf.data`, as many at a time as it likes."""
    import tensorflow as tf

    def read(path: tf.Tensor) -> tf.Tensor:
        return tf.image.resize(tf.io.decode_jpeg(tf.io.read_file(path), channels=3), (SIDE, SIDE))

    with _timed() as facts:
        files = tf.data.Dataset.list_files(str(place / "pictures" / "*" / "*.jpg"), shuffle=False)
        _pass(files.map(read, num_parallel_calls=tf.data.AUTOTUNE).batch(BATCH_SIZE))
    return facts


def from_directory(place: Path) -> Facts:
    """Read, decode and resize every file with `keras.utils.image_dataset_from_directory`."""
    import keras

    with _timed() as facts:
        _pass(
            keras.utils.image_dataset_from_directory(
                place / "pictures",
                image_size=(SIDE, SIDE),
                batch_size=BATCH_SIZE,
                shuffle=False,
                verbose=False,
            )
        )
    return facts


STEPS: dict[str, Callable[[Path], Facts]] = {
    each.__name__: each
    for each in (
        import_archive,
        import_folder,
        check,
        split,
        pack,
        open_pack,
        train,
        pages,
        tf_data,
        from_directory,
    )
}


@contextmanager
def _timed() -> Iterator[Facts]:
    facts: Facts = {}
    started = time.perf_counter()
    yield facts
    facts["seconds"] = time.perf_counter() - started


def _pass(batches) -> None:
    for _ in batches:
        pass


def _wait(job: ImportJob) -> None:
    while not (progress := job.progress()).ended:
        time.sleep(0.05)
    if progress.state != "finished":
        raise RuntimeError(progress.message)


def _dataset() -> Dataset:
    return list_datasets()[0]


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    print(json.dumps(STEPS[sys.argv[1]](Path(sys.argv[2]))))
