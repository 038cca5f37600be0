"""Measurements outlive their runs, come back as they were, and no file can break the list of them."""

import base64
import json
import time
import zlib

import numpy as np
import pytest

from cnnlab.runs.measurements import Measurement, list_measurements, pack_answers, save_measurement
from cnnlab.settings import workspace
from tests.runs.measuring import measurement


@pytest.mark.parametrize("count", [1, 7, 8, 9, 1000])
def test_answers_come_back_by_picture_in_rising_order(count):
    random = np.random.default_rng(count)
    pictures, correct = random.permutation(10 * count)[:count], random.random(count) < 0.7
    save_measurement(measurement(correct=correct, pictures=pictures))
    numbers, right = list_measurements()[0].answers()
    np.testing.assert_array_equal(numbers, np.sort(pictures))
    np.testing.assert_array_equal(right, correct[np.argsort(pictures)])


def test_a_picture_answered_twice_is_refused():
    with pytest.raises(ValueError, match="twice"):
        pack_answers(np.ones(3, bool), pictures=np.array([4, 1, 4]))


def test_the_newest_of_each_backbone_is_listed_and_a_cross_validation_before_a_split():
    few = np.arange(20) < 15
    for number, changes in enumerate(
        [
            {"backbone": "mobilenet_v2", "measured_at": 1.0},
            {"backbone": "mobilenet_v2", "measured_at": 3.0},
            {"backbone": "mobilenet_v2", "measured_at": 9.0, "correct": few, "method": "validation split"},
            {"backbone": "mobilenet_v2", "measured_at": 4.0, "weights": "random"},
            {"backbone": "mobilenet_v2", "measured_at": 5.0, "image_size": 96},
            {"backbone": "mobilenet_v2", "measured_at": 6.0, "dataset_version": 2},
            {"backbone": "resnet50", "measured_at": 2.0},
            {"backbone": "resnet50", "measured_at": 7.0, "machine_id": "another"},
            {"backbone": "resnet50", "measured_at": 8.0, "dataset_id": "digits"},
        ]
    ):
        save_measurement(measurement(run_id=f"20260101-120000-{number:06x}", **changes))
    assert [each.measured_at for each in list_measurements(dataset_id="flowers")] == [6.0, 5.0, 4.0, 3.0, 2.0]
    assert list_measurements()[0].measured_at == 8.0


def test_a_run_measured_again_replaces_what_it_measured():
    save_measurement(measurement(latency_ms=6.0))
    assert list_measurements()[0].latency_p50_ms == 6.0
    save_measurement(measurement(latency_ms=7.25, measured_at=2000.0))
    assert [each.latency_p50_ms for each in list_measurements()] == [7.25]


def _bomb(values: dict) -> None:
    values["picture_numbers"] = base64.b64encode(zlib.compress(bytes(50_000_000))).decode()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda values: values.update(format=2), id="a newer cnnlab's"),
        pytest.param(lambda values: values.pop("accuracy"), id="a figure is missing"),
        pytest.param(lambda values: values.update(latency_p50_ms=0.0), id="no time at all"),
        pytest.param(lambda values: values.update(latency_p50_ms=float("nan")), id="not a number"),
        pytest.param(lambda values: values.update(latency_p95_ms=float("inf")), id="endless"),
        pytest.param(lambda values: values.update(accuracy=0.9), id="accuracy is not that of the answers"),
        pytest.param(lambda values: values.update(accuracy_high=0.5), id="accuracy outside its interval"),
        pytest.param(lambda values: values.update(num_pictures=10**12), id="a million million pictures"),
        pytest.param(lambda values: values.update(num_pictures=101), id="one picture too many"),
        pytest.param(lambda values: values.update(correct="%%%"), id="answers are no base64"),
        pytest.param(lambda values: values.update(correct="é"), id="answers are no ASCII"),
        pytest.param(lambda values: values.update(picture_numbers="AAAA"), id="numbers are not deflated"),
        pytest.param(_bomb, id="numbers inflate to 50 MB"),
        pytest.param(lambda values: values.update(dataset_name="x" * 2000), id="a name of 2,000 letters"),
        pytest.param(lambda values: values.update(method="<b>"), id="a method that is none"),
    ],
)
def test_a_file_that_cannot_be_is_passed_over(change):
    save_measurement(measurement("resnet50"))
    path = save_measurement(measurement("mobilenet_v2", run_id="20260101-120000-ffffff"))
    values = json.loads(path.read_text())
    change(values)
    path.write_text(json.dumps(values))
    assert [each.backbone for each in list_measurements()] == ["resnet50"]


@pytest.mark.parametrize("text", ["", "{", "null", "[" * 100_000, "\udcff"])
def test_text_that_is_no_measurement_is_passed_over(text):
    save_measurement(measurement("resnet50"))
    (workspace().measurements / "other.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    (workspace().measurements / ".tmp-a.json").write_text("{")
    (workspace().measurements / "folder.json").mkdir()
    assert [each.backbone for each in list_measurements()] == ["resnet50"]


def test_there_is_nothing_before_anything_is_measured():
    assert list_measurements() == []


def test_a_few_thousand_pictures_take_a_few_kilobytes_and_300_files_a_moment(monkeypatch):
    random = np.random.default_rng(0)
    correct, pictures = random.random(5000) < 0.8, np.sort(random.permutation(7000)[:5000])
    text = measurement(correct=correct, pictures=pictures).model_dump_json()
    assert len(text) < 8000
    for number in range(300):
        (workspace().measurements / f"{number}.json").write_text(text)
    parsed, parse = [], Measurement.model_validate_json
    monkeypatch.setattr(Measurement, "model_validate_json", lambda data: parsed.append(data) or parse(data))
    began = time.process_time()
    assert len(list_measurements()) == 1
    # Measured 0.03 s; the bound leaves room for a slow machine.
    assert time.process_time() - began < 3.0
    assert len(list_measurements()) == 1
    assert len(parsed) == 300, "each is read once, as long as it does not change"
