"""One picture predicted: cnnlab's Predictor beside Keras' `model.predict`, in turn; and what the page takes besides.

Milliseconds. 'page' is the time to draw the whole Predict page again after one real photograph was uploaded, less what the
network took: bytes received, decoded and resized in the decoding process, thumbnail, answers, cards and table. 'decoding' is
the part of it that the decoding process takes. 12 MP: the same photographs enlarged to 4000 x 3000 pixels, as a phone makes them.
A ZIP of 500 photographs is one round of the whole page; 'MB more' is how much larger the server was at most, its cards, thumbnails
and the ZIP itself included, and the decoding process not.
"""

import gc
import io
import os
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pandas as pd
import psutil
from PIL import Image
from streamlit.testing.v1 import AppTest

from benchmarks.memory import MemoryWatch
from benchmarks.workspaces import REAL_PICTURES, empty_workspace
from cnnlab.data.decoding import decoding_child
from cnnlab.models.classifier import Classifier, build_classifier
from cnnlab.models.weights import weights_status
from cnnlab.prediction.predictor import Predictor, load_predictor
from cnnlab.runs.model_record import ModelRecord
from cnnlab.runs.store import list_runs
from cnnlab.specs.networks import BackboneNetwork
from cnnlab.training.lite import convert_to_lite
from cnnlab.ui.nav import PAGES_FOLDER
from cnnlab.ui.predict_asking import REMEMBERED, THUMBNAIL_PIXELS
from cnnlab.ui.server import SHELL
from tests.pages.making import past_run

BACKBONES = ("efficientnet_lite0", "mobilenet_v2", "efficientnet_v2b0")
CLASS_NAMES = ("daisy", "dandelion", "roses", "sunflowers", "tulips")
ROUNDS, PHOTOGRAPHS, LARGE_PHOTOGRAPHS = 60, 60, 20
LARGE = (4000, 3000)
ARCHIVED = 500


def run() -> pd.DataFrame:
    """Measure the networks one after the other, then the page with the last of them."""
    with empty_workspace():
        photographs = _photographs()
        rows = [_network_row(name, run_number=place) for place, name in enumerate(BACKBONES, 1)]
        # The server has no TensorFlow, and freezes what it has: Streamlit's collection after every drawing
        # would take half a second here.
        gc.collect()
        gc.freeze()
        large = [_enlarged(data) for data in photographs[:LARGE_PHOTOGRAPHS]]
        for label, files in ((f"{PHOTOGRAPHS} photographs", photographs), ("12 MP", large)):
            rows.append({"what": f"page, {label}", **_page_row(files)})
        rows.append({"what": f"page, ZIP of {ARCHIVED} photographs, {BACKBONES[0]}", **_archive_row()})
    return pd.DataFrame(rows).fillna("")


def _network_row(name: str, *, run_number: int) -> dict[str, object]:
    weights = "imagenet" if weights_status(name).here else "random"
    network = BackboneNetwork(backbone=name, weights=weights)
    classifier = build_classifier(network, num_classes=len(CLASS_NAMES), seed=0)
    predictor = _keep(classifier, network, folder=past_run(run_number).path)
    model = classifier.inference_model()
    picture = np.random.default_rng(0).integers(0, 256, (224, 224, 3), dtype=np.uint8)
    ours, theirs = _in_turn(
        lambda: predictor.predict(picture),
        lambda: model.predict(picture[np.newaxis].astype(np.float32), verbose=0),
    )
    return {
        "what": f"{name}, {weights}",
        "Predictor p50": round(statistics.median(ours), 1),
        "Predictor p95": round(float(np.quantile(ours, 0.95)), 1),
        "model.predict p50": round(statistics.median(theirs), 1),
        "model.predict p95": round(float(np.quantile(theirs, 0.95)), 1),
        "ratio of medians": round(statistics.median(theirs) / statistics.median(ours), 1),
    }


def _keep(classifier: Classifier, network: BackboneNetwork, *, folder: Path) -> Predictor:
    """Put the model into the folder of a run, as the worker does, and open it from there."""
    explaining = classifier.explaining_model()
    pictures = np.random.default_rng(1).integers(0, 256, (2, 224, 224, 3), dtype=np.uint8)
    expected = explaining(pictures.astype(np.float32), training=False)[0].numpy()
    found = convert_to_lite(explaining, path=folder / "model.tflite", pictures=pictures, expected=expected)
    if found.message:
        raise RuntimeError(found.message)
    record = ModelRecord(
        class_names=CLASS_NAMES,
        image_size=network.image_size,
        run=folder.name,
        name=network.backbone,
        network_name=network.backbone,
    )
    record.save(folder)
    return load_predictor(folder)


def _in_turn(*calls: Callable[[], object]) -> list[list[float]]:
    """Time calls in turn, in milliseconds, after three of each that do not count."""
    found: list[list[float]] = [[] for _ in calls]
    for place in range(ROUNDS + 3):
        for call, milliseconds in zip(calls, found, strict=True):
            started = time.perf_counter()
            call()
            if place >= 3:
                milliseconds.append((time.perf_counter() - started) * 1000)
    return found


def _page_row(photographs: list[bytes]) -> dict[str, object]:
    shares = list(_page_shares(photographs))[1:]
    decoding = []
    for data in photographs:
        started = time.perf_counter()
        decoding_child().fit_many([data], image_size=224)
        decoding_child().thumbnails([data], size=THUMBNAIL_PIXELS)
        decoding.append((time.perf_counter() - started) * 1000)
    return {
        "page p50": round(statistics.median(shares), 1),
        "page p95": round(float(np.quantile(shares, 0.95)), 1),
        "decoding p50": round(statistics.median(decoding), 1),
    }


def _page_shares(photographs: list[bytes]) -> Iterator[float]:
    """Upload photographs one by one; yields the time of each, less that of the network, in milliseconds."""
    page = AppTest.from_file(str(SHELL), default_timeout=60)
    page.switch_page(str(PAGES_FOLDER / "predict.py")).run()
    for number, data in enumerate(photographs):
        page.file_uploader(key="predict-files").set_value([(f"{number}.jpg", data, "image/jpeg")])
        started = time.perf_counter()
        page.run()
        seconds = time.perf_counter() - started
        if page.exception:
            raise RuntimeError(page.exception[0].value)
        answers = [
            answer for (kind, _), answer in page.session_state[REMEMBERED].items() if kind != "thumbnail"
        ]
        if len(answers) != 1 or answers[0].problem:
            raise RuntimeError(f"expected one answer, found {answers}")
        yield (seconds - answers[0].seconds) * 1000


def _archive_row() -> dict[str, object]:
    """Upload one ZIP of many photographs to the first network, which draws the whole page."""
    file = io.BytesIO()
    with ZipFile(file, "w") as archive:
        for number, data in enumerate(_photographs(ARCHIVED)):
            archive.writestr(f"{number}.jpg", data)
    page = AppTest.from_file(str(SHELL), default_timeout=600)
    page.query_params["run"] = list_runs()[-1].id
    page.switch_page(str(PAGES_FOLDER / "predict.py")).run()
    before = psutil.Process().memory_full_info().pss
    page.file_uploader(key="predict-files").set_value([("p.zip", file.getvalue(), "application/zip")])
    with MemoryWatch(os.getpid()) as watch:
        started = time.perf_counter()
        page.run()
        seconds = time.perf_counter() - started
    answered = len(page.dataframe[0].value)
    if page.exception or answered != ARCHIVED:
        raise RuntimeError(f"expected {ARCHIVED} answers, found {answered}: {page.exception}")
    return {
        "pictures a second": f"{ARCHIVED / seconds:.0f}",
        "MB more": f"{(watch.peaks.largest - before) / 1e6:.0f}",
    }


def _photographs(count: int = PHOTOGRAPHS) -> list[bytes]:
    with ZipFile(REAL_PICTURES / "flowers.zip") as archive:
        names = [name for name in archive.namelist() if name.endswith(".jpg")]
        chosen = np.random.default_rng(0).permutation(len(names))[:count]
        return [archive.read(names[place]) for place in chosen]


def _enlarged(data: bytes) -> bytes:
    file = io.BytesIO()
    Image.open(io.BytesIO(data)).convert("RGB").resize(LARGE).save(file, "JPEG", quality=90)
    return file.getvalue()
