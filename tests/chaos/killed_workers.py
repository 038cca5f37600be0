"""The worker is killed with signal 9, at any moment of its life: nobody asks for anything, and nothing is lost."""

import os
import random
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from cnnlab.runs.folder import RunFolder
from tests.chaos.faulty_worker import MOMENTS
from tests.chaos.form import Form, Outcome
from tests.chaos.sameness import KINDS, check_that_it_ended_alike, undisturbed
from tests.chaos.workplace import plan, submit, wait_until_finished, worker_of, workplace

KILLS_A_RUN = 3
RUNS_AT_A_TIME = 2
Plans = Sequence[Mapping[str, Any]]


def by_the_clock(form: Form) -> Outcome:
    """Kill from outside, at moments drawn evenly from the whole life of the undisturbed run."""
    draws, life = form.draws("by the clock"), undisturbed("scratch").seconds

    def carry(names: Sequence[str]) -> list[RunFolder]:
        runs = [submit(name) for name in names]
        moments = {run.id: [draws.uniform(0.0, life) for _ in range(KILLS_A_RUN)] for run in runs}
        wait_until_finished(*runs, look=lambda: _kill_those_due(runs, moments))
        return runs

    with workplace(slots=RUNS_AT_A_TIME):
        return _repeat(carry, kills=form.pick(full=10, short=1))


def after_a_step(form: Form) -> Outcome:
    """Kill right after steps drawn evenly from all steps of the run."""
    draws, steps = form.draws("after a step"), undisturbed("scratch").steps

    def draw() -> Plans:
        drawn = sorted(draws.randint(1, steps) for _ in range(form.pick(full=KILLS_A_RUN, short=1)))
        return [{"fault": "kill_after_step", "step": step} for step in drawn]

    with workplace(slots=RUNS_AT_A_TIME):
        return _repeat(_carry_planned(draw), kills=form.pick(full=10, short=1))


def inside_saving(form: Form) -> Outcome:
    """Kill while a file is half written, before and after it is put in its place: each file, each of the three."""
    draws = form.draws("inside saving")

    def draw() -> Plans:
        last = [] if form.short else [_saving(draws, often=False)]
        return [_saving(draws, often=True) for _ in range(form.pick(full=KILLS_A_RUN - 1, short=1))] + last

    with workplace(slots=RUNS_AT_A_TIME):
        return _repeat(_carry_planned(draw), kills=form.pick(full=15, short=1))


def in_two_phases(form: Form) -> Outcome:
    """Kill a run of feature extraction and fine-tuning after drawn steps, and inside saving at its end."""
    draws, steps = form.draws("two phases"), undisturbed("transfer").steps

    def draw() -> Plans:
        drawn = sorted(draws.randint(1, steps) for _ in range(KILLS_A_RUN - 1))
        return [{"fault": "kill_after_step", "step": step} for step in drawn] + [_saving(draws, often=False)]

    with workplace(slots=RUNS_AT_A_TIME):
        return _repeat(_carry_planned(draw, "transfer"), kills=form.pick(full=6, short=1), kind="transfer")


def _saving(draws: random.Random, *, often: bool) -> Mapping[str, Any]:
    """A moment inside the saving of what is written often, or of what is written once at the end."""
    checkpoints = ("step-*.npz", "step-*.json", "best-*.npz")
    at_the_end = ("model.keras", "model.tflite", "predictions.parquet", "report.json")
    return {
        "fault": "kill_in_saving",
        "name": draws.choice(checkpoints if often else at_the_end),
        "nth": draws.randint(1, 4) if often else 1,
        "moment": draws.choice(MOMENTS),
    }


def _carry_planned(
    draw: Callable[[], Plans], kind: str = "scratch"
) -> Callable[[Sequence[str]], list[RunFolder]]:
    def carry(names: Sequence[str]) -> list[RunFolder]:
        plan({name: draw() for name in names})
        runs = [submit(name, KINDS[kind]) for name in names]
        wait_until_finished(*runs)
        return runs

    return carry


def _repeat(
    carry: Callable[[Sequence[str]], list[RunFolder]], *, kills: int, kind: str = "scratch"
) -> Outcome:
    """Carry runs until so many kills have hit one, and compare each run with the undisturbed one."""
    landed = runs = 0
    while landed < kills:
        wanted = min(RUNS_AT_A_TIME, -(-(kills - landed) // KILLS_A_RUN))
        for run in carry([f"Run {runs + number}" for number in range(wanted)]):
            control = run.control()
            assert control.retries == control.attempt - 1
            assert not control.retries or "was killed" in control.retried_because, control.retried_because
            check_that_it_ended_alike(run, kind)
            landed += control.retries
            runs += 1
        assert runs <= 10 * kills, f"of {runs} runs only {landed} were hit"
    return Outcome(tries=landed, facts=f"{runs} runs, each taken up by itself, all bit-identical")


def _kill_those_due(runs: Sequence[RunFolder], moments: Mapping[str, list[float]]) -> None:
    for run in runs:
        launch = run.launch()
        if launch is None or launch.attempt > len(moments[run.id]):
            continue
        due = launch.at + moments[run.id][launch.attempt - 1]
        if time.time() >= due and (worker := worker_of(run)) is not None:
            with suppress(ProcessLookupError):
                os.kill(worker.pid, signal.SIGKILL)
