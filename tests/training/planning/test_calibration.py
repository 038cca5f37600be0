"""From what two networks took follows what a multiply-add, a value and a layer cost."""

from dataclasses import replace

import pytest

from cnnlab.runs.machine import machine_id
from cnnlab.settings import workspace
from cnnlab.training.planning.calibration import Calibration, load_calibration, solve_speed
from cnnlab.training.planning.costs import Speed, rough_rates
from cnnlab.training.planning.measuring import NetworkTimes
from cnnlab.training.planning.workload import Work

DEPTHWISE = Work(multiply_adds=6e7, values=4e6, layers=154, parameters=2_000_000)
DENSE = Work(multiply_adds=1.5e8, values=5e5, layers=12, parameters=300_000)


def times_of(work: Work, speed: Speed) -> NetworkTimes:
    """What a network takes where every cost is known."""
    steps = [(speed.per_call(work) + count * speed.per_picture(work), count) for count in (1, 16)]
    return NetworkTimes(
        work=work,
        build=0.0,
        convert=0.0,
        compile_answer=0.0,
        compile_learn=0.0,
        ask=0.0,
        answers=[],
        steps=steps,
    )


@pytest.mark.parametrize(
    "speed",
    [
        pytest.param(Speed(multiply_add=4e-11, value=4e-10, layer=2e-4), id="everything costs"),
        pytest.param(Speed(multiply_add=0.0, value=4e-10, layer=2e-4), id="only memory counts"),
        pytest.param(Speed(multiply_add=4e-11, value=0.0, layer=2e-4), id="only arithmetic counts"),
    ],
)
def test_the_costs_behind_the_times_are_found(speed):
    found = solve_speed([times_of(each, speed) for each in (DEPTHWISE, DENSE)], lambda times: times.steps)
    assert found.multiply_add == pytest.approx(speed.multiply_add, rel=1e-6, abs=1e-16)
    assert found.value == pytest.approx(speed.value, rel=1e-6, abs=1e-15)
    assert found.layer == pytest.approx(speed.layer, rel=1e-6)


def test_nothing_costs_less_than_nothing_however_odd_the_times():
    speed = Speed(multiply_add=4e-11, value=4e-10, layer=2e-4)
    depthwise, dense = (times_of(each, speed) for each in (DEPTHWISE, DENSE))
    odd = replace(dense, steps=[(dense.steps[0][0], 1), (dense.steps[0][0] / 2, 16)])
    found = solve_speed([depthwise, odd], lambda times: times.steps)
    assert min(found.multiply_add, found.value, found.layer) >= 0.0


def test_what_was_measured_is_read_back_and_damage_is_no_measurement():
    assert load_calibration() is None
    kept = Calibration(
        machine_id=machine_id(), machine="here", measured_at=1.0, seconds=9.0, rates=rough_rates()
    )
    path = workspace().cache / "calibration" / f"{machine_id()}.json"
    path.parent.mkdir()
    path.write_text(kept.model_dump_json())
    assert load_calibration() == kept
    path.write_text("{")
    assert load_calibration() is None
