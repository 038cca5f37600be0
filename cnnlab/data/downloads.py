"""Ready-made datasets that `keras.datasets` fetches, in the import's own process only.

Keras has no time-out and no way to stop; so whether its host answers is asked first, within three
seconds, and what it writes is watched from beside. This module never runs in the server: importing
Keras takes seconds and half a gigabyte.
"""

import importlib
import os
import shutil
import socket
import threading
import urllib.parse
import urllib.request
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from cnnlab.data.entries import Entry, Listing
from cnnlab.data.shapes import encode_png
from cnnlab.data.sources import Source, keras_datasets
from cnnlab.data.splits import TEST, TRAINING
from cnnlab.errors import DatasetError
from cnnlab.settings import MEGABYTE

PROBE_SECONDS = 3.0
SILENCE_SECONDS = 60.0
"""A connection that says nothing for so long is given up."""
LOOK_SECONDS = 0.25

OnProgress = Callable[[int, int], None]


def list_download(name: str, source: Source, *, on_progress: OnProgress) -> Listing:
    """Fetch a dataset where it is not here yet, and list its pictures.

    Args:
        name: The row of `SOURCES`, which is the module's name in `keras.datasets`.
        source: The row itself.
        on_progress: Called with bytes done and bytes in all, several times a second; what it raises
            ends the waiting.

    Raises:
        DatasetError: It is not here and its host cannot be reached, or what came is damaged.
    """
    if not source.is_here():
        check_reachable(source)
    socket.setdefaulttimeout(SILENCE_SECONDS)
    os.environ["KERAS_HOME"] = str(keras_datasets().parent)
    keras_datasets().mkdir(parents=True, exist_ok=True)
    (x_train, y_train), (x_test, y_test) = _load(name, source, on_progress=on_progress)
    names = source.class_names
    return Listing(
        entries=tuple(
            Entry(
                parts=(folder, names[int(label)], f"{number:05}.png"),
                class_name=names[int(label)],
                split=split,
                read=partial(encode_png, pixels),
            )
            for folder, split, pictures, labels in (
                ("train", TRAINING, x_train, y_train),
                ("test", TEST, x_test, y_test),
            )
            for number, (pixels, label) in enumerate(zip(pictures, np.ravel(labels), strict=True))
        )
    )


def check_reachable(source: Source) -> None:
    """Ask whether the host answers, or the proxy through which it is reached.

    Raises:
        DatasetError: It does not within three seconds; the sentence says what to do instead.
    """
    host, port = _first_hop(source.host)
    answers = threading.Event()

    def knock() -> None:
        try:
            socket.create_connection((host, port), timeout=PROBE_SECONDS).close()
            answers.set()
        except OSError:
            return

    # Beside us, because looking up a name has no time-out of its own.
    knocking = threading.Thread(target=knock, daemon=True)
    knocking.start()
    knocking.join(PROBE_SECONDS)
    if not answers.is_set():
        files = " and ".join(source.cached)
        raise DatasetError(
            f"{source.label} has to be downloaded from {source.host} ({source.download_megabytes} MB), and {host} does not "
            f"answer: this machine seems to be offline. Connect it and start again; or fetch the dataset on another "
            f"machine with keras.datasets and copy {files} from its ~/.keras/datasets to {keras_datasets()}; "
            f"or use Digits or Shapes, which need no download."
        )


def _first_hop(host: str) -> tuple[str, int]:
    proxy = urllib.request.getproxies().get("https")
    if proxy and not urllib.request.proxy_bypass(host):
        parts = urllib.parse.urlsplit(proxy if "//" in proxy else f"//{proxy}")
        if parts.hostname:
            return parts.hostname, parts.port or 8080
    return host, 443


def _load(name: str, source: Source, *, on_progress: OnProgress) -> tuple:
    """Let Keras load in a thread, and watch the bytes that arrive."""
    result: list = []
    failure: list[BaseException] = []

    def load() -> None:
        try:
            result.append(importlib.import_module(f"keras.datasets.{name}").load_data())
        except BaseException as error:
            failure.append(error)

    was_here, before = source.is_here(), _bytes_in(source)
    expected = 0 if was_here else source.download_megabytes * MEGABYTE
    loading = threading.Thread(target=load, daemon=True, name=f"load {name}")
    loading.start()
    try:
        while loading.is_alive():
            loading.join(LOOK_SECONDS)
            on_progress(min(max(0, _bytes_in(source) - before), expected), expected)
    except BaseException:
        if not was_here:
            _forget(source)
        raise
    if failure:
        _forget(source)
        raise DatasetError(
            f"{source.label} could not be loaded ({type(failure[0]).__name__}: {str(failure[0])[:200]}). What was fetched "
            f"of it has been removed from {keras_datasets()}; check the connection and the disk, and start again."
        ) from failure[0]
    return result[0]


def _bytes_in(source: Source) -> int:
    return sum(path.stat().st_size for name in source.cached if (path := keras_datasets() / name).is_file())


def _forget(source: Source) -> None:
    """Remove what is not whole; Keras would take it for good the next time, as it knows some files by name only."""
    for name in source.cached:
        path: Path = keras_datasets() / name
        path.unlink(missing_ok=True)
        shutil.rmtree(path.with_name(name.removesuffix("_archive")), ignore_errors=True)
