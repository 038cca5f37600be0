"""The table of ready-made datasets, and those that need no download."""

import socket
import sys
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest

from cnnlab.data import downloads
from cnnlab.data.import_records import SourceImport
from cnnlab.data.library import find_dataset
from cnnlab.data.shapes import FORMS, draw_shape, list_shapes
from cnnlab.data.sources import SOURCES, ShapesSettings, find_source
from cnnlab.errors import DatasetError, SpecError
from tests.data.making import carry_import

OFFLINE = [name for name, source in SOURCES.items() if source.needs_download]
HERE = [name for name, source in SOURCES.items() if not source.needs_download]


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """No network, and an empty cache of Keras."""

    def refuse(*_, **__):
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setenv("CNNLAB_KERAS_HOME", str(tmp_path / "keras"))


@pytest.mark.parametrize("name", SOURCES)
def test_every_row_says_what_it_is(name):
    source = find_source(name)
    assert source.label
    assert source.sentence.endswith(".")
    assert source.num_classes >= 2
    assert source.credit
    if source.needs_download:
        assert source.host
        assert source.cached
        assert source.download_megabytes > 0
        assert len(set(source.class_names)) == source.num_classes


def test_a_source_that_is_not_there_lists_those_that_are():
    with pytest.raises(SpecError, match="Choose one of: cifar10, cifar100, digits"):
        find_source("svhn")


@pytest.mark.parametrize("name", HERE)
def test_a_set_that_needs_no_download_becomes_a_dataset(name, offline):
    source = find_source(name)
    job = carry_import(SourceImport(source=name, settings={"num_pictures": 160} if name == "shapes" else {}))
    assert job.progress().state == "finished", job.progress().message
    dataset = find_dataset(job.progress().dataset_id)
    assert (dataset.name, dataset.source) == (source.label, source.label)
    assert dataset.num_classes == source.num_classes
    assert dataset.num_pictures == (160 if name == "shapes" else source.num_pictures)
    assert set(dataset.table()["width"]) == {source.image_size}
    assert dataset.problems() == ()


@pytest.mark.parametrize("name", OFFLINE)
def test_offline_is_a_sentence_and_keras_is_not_even_asked(name, offline, monkeypatch):
    monkeypatch.setattr(downloads, "_load", lambda *_, **__: pytest.fail("Keras would try for minutes"))
    progress = carry_import(SourceImport(source=name)).progress()
    assert progress.state == "failed"
    for words in ("seems to be offline", find_source(name).host, "copy", "Digits or Shapes"):
        assert words in progress.message


def test_a_name_server_that_never_answers_is_waited_for_three_seconds_at_most(monkeypatch):
    assert downloads.PROBE_SECONDS <= 3
    monkeypatch.setattr(downloads, "PROBE_SECONDS", 0.2)
    given_up = threading.Event()

    def never_answer(*_, **__):
        assert given_up.wait(60), "it is still waited for"
        return socket.socket()

    monkeypatch.setattr(socket, "create_connection", never_answer)
    with pytest.raises(DatasetError, match="offline"):
        downloads.check_reachable(SOURCES["mnist"])
    given_up.set()


@pytest.mark.parametrize(
    ("proxy", "asked"),
    [
        pytest.param("", ("storage.googleapis.com", 443), id="none"),
        pytest.param("http://proxy.example:3128", ("proxy.example", 3128), id="a proxy"),
        pytest.param("proxy.example:3128", ("proxy.example", 3128), id="a proxy without scheme"),
    ],
)
def test_behind_a_proxy_the_proxy_is_asked(proxy, asked, monkeypatch):
    seen = []
    for name in ("https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", proxy)
    monkeypatch.setattr(
        socket, "create_connection", lambda place, timeout: seen.append(place) or socket.socket()
    )
    downloads.check_reachable(SOURCES["mnist"])
    assert seen == [asked]


def test_a_set_is_here_once_keras_has_it(offline, tmp_path):
    assert not SOURCES["mnist"].is_here()
    (tmp_path / "keras" / "datasets").mkdir(parents=True)
    (tmp_path / "keras" / "datasets" / "mnist.npz").touch()
    assert SOURCES["mnist"].is_here()
    assert SOURCES["digits"].is_here()


def fake_keras(monkeypatch, name, load):
    monkeypatch.setitem(sys.modules, f"keras.datasets.{name}", SimpleNamespace(load_data=load))
    monkeypatch.setattr(downloads, "check_reachable", lambda source: None)


def test_what_keras_loads_becomes_a_dataset_with_its_test_split(offline, monkeypatch):
    def load():
        time.sleep(0.4)
        pictures = np.random.default_rng(0).integers(0, 256, (60, 28, 28), dtype=np.uint8)
        labels = np.arange(60, dtype=np.uint8).reshape(-1, 1) % 10
        return (pictures[:40], labels[:40]), (pictures[40:], labels[40:])

    fake_keras(monkeypatch, "fashion_mnist", load)
    job = carry_import(SourceImport(source="fashion_mnist"))
    dataset = find_dataset(job.progress().dataset_id)
    assert dataset.class_names == tuple(sorted(SOURCES["fashion_mnist"].class_names))
    assert (dataset.num_test, dataset.num_pictures) == (20, 60)
    table = dataset.table()
    assert table["class_name"][table["name"] == "train/trouser/00001.png"].tolist() == ["trouser"]


def test_a_download_that_breaks_off_is_a_sentence_and_its_parts_are_removed(offline, monkeypatch, tmp_path):
    part = tmp_path / "keras" / "datasets" / "mnist.npz"

    def load():
        part.write_bytes(b"half")
        raise EOFError("cut off")

    fake_keras(monkeypatch, "mnist", load)
    progress = carry_import(SourceImport(source="mnist")).progress()
    assert (progress.state, "could not be loaded (EOFError: cut off)" in progress.message) == ("failed", True)
    assert not part.exists()


def test_a_picture_of_shapes_depends_on_seed_and_number_alone():
    few, many = ShapesSettings(num_pictures=80), ShapesSettings(num_pictures=800)
    assert [entry.read() for entry in list_shapes(few).entries[:9]] == [
        entry.read() for entry in list_shapes(many).entries[:9]
    ]
    other = ShapesSettings(num_pictures=80, seed=1)
    assert list_shapes(few).entries[0].read() != list_shapes(other).entries[0].read()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("movement", [0.0, 1.0])
def test_a_shape_lies_wholly_inside_and_moves_as_far_as_it_should(form, movement):
    wanted = ShapesSettings(image_size=48, movement=movement, noise=0.0)
    centers = []
    for number in range(30):
        picture = draw_shape(form, wanted=wanted, number=number)
        assert picture.shape == (48, 48, 3)
        brightness = picture @ np.array([0.299, 0.587, 0.114])
        # The background fades evenly, so that it is brightest in a corner, where no shape comes.
        shape = brightness > brightness[[0, 0, -1, -1], [0, -1, 0, -1]].max() + 20
        assert 0.01 < shape.mean() < 0.4
        rows, columns = np.nonzero(shape)
        centers.append((rows.mean(), columns.mean()))
    assert (np.std(centers, axis=0).max() > 4.5) == (movement > 0)
