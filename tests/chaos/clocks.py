"""The clock of the machine is set back by a day: in a worker while it trains, and between two runs in the queue."""

import time

from cnnlab.runs import queue
from cnnlab.runs.records import Epoch
from cnnlab.runs.store import list_runs
from tests.chaos.form import Form, Outcome
from tests.chaos.sameness import check_that_it_ended_alike, undisturbed
from tests.chaos.workplace import STAND_IN, plan, starts, submit, wait_until_finished, workplace
from tests.runs.making import run_spec

A_DAY = 86_400.0
BACK_AT_STEPS = (300, 1, 440)


def set_back_while_training(form: Form) -> Outcome:
    """A worker's wall clock goes back by a day after a step; it is killed as well, and taken up in yesterday."""
    undisturbed("scratch")
    steps = BACK_AT_STEPS[: form.pick(full=3, short=1)]
    plans = {
        f"Back at {step}": [
            {"fault": "set_the_clock_back", "step": step, "seconds": A_DAY, "kill_after": step + 10},
            {"fault": "set_the_clock_back", "step": 0, "seconds": A_DAY},
        ]
        for step in steps
    }
    with workplace(slots=2):
        plan(plans)
        runs = [submit(name) for name in plans]
        wait_until_finished(*runs)
        for run in runs:
            report, epochs = run.report(), [e for e in run.read_events()[0] if isinstance(e, Epoch)]
            assert run.control().attempt == 2
            assert sum(epoch.seconds for epoch in epochs) > 0
            assert all(0 <= epoch.seconds < A_DAY / 2 for epoch in epochs)
            assert all(0 < phase.seconds <= report.seconds < A_DAY / 2 for phase in report.phases)
            check_that_it_ended_alike(run)
        assert len(list_runs()) == len(runs)
    return Outcome(tries=len(runs), facts="times stay times; killed in it and taken up; all bit-identical")


def set_back_with_a_queue(form: Form) -> Outcome:
    """Runs are queued before and after the clock goes back by a day: they start in the order they came."""
    real, count = time.time, form.pick(full=5, short=2)
    with workplace(worker=STAND_IN):
        first = queue.submit(run_spec("first steps=1000"))
        before = [queue.submit(run_spec(f"{number} before steps=5")) for number in range(count)]
        try:
            time.time = lambda: real() - A_DAY
            after = [queue.submit(run_spec(f"{number} after steps=5")) for number in range(count)]
            order, left = [run.id for run in (*before, *after)], [run.id for run in queue.waiting()]
            # On a busy machine the first may have come to its end, and others begun.
            assert len(left) > count
            assert left == order[-len(left) :]
            wait_until_finished(first, *before, *after, look=queue.advance)
        finally:
            time.time = real
        runs = [first, *before, *after]
        assert starts() == [f"{run.id} 1" for run in runs]
    return Outcome(tries=len(runs), facts=f"{len(runs)} runs, each started once, in the order they came")
