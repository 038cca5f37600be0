"""Twenty runs wait in the queue, and all goes wrong: some are cancelled, some killed, and the machine restarts."""

import os
import signal

from cnnlab.runs import queue
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.states import State
from cnnlab.specs.training import ScratchTraining
from tests.chaos.form import Form, Outcome
from tests.chaos.servers import serving
from tests.chaos.workplace import (
    STAND_IN,
    end_everything,
    keeper_of,
    plan,
    starts,
    submit,
    wait_until,
    wait_until_finished,
    worker_of,
    workplace,
)
from tests.runs.making import run_spec

RUNS = 20
CANCELLED, KILLED, AT_RESTART = (4, 9, 16), (2, 11), 7
"""Places in the queue, from 0: the run at the last one is under way when the machine restarts."""
ANOTHER_START_OF_THE_MACHINE = "00000000-0000-0000-0000-000000000000"
SHORT_TRAINING = ScratchTraining(epochs=2, batch_size=16, early_stopping_patience=0)


def twenty_runs(form: Form) -> Outcome:
    """Three are cancelled, two killed, and the machine restarts once; nobody resumes anything."""
    with workplace(worker=STAND_IN if form.short else "") as home, serving() as serve:
        plan({_name(place): [_hold(form)] for place in (*KILLED, AT_RESTART)})
        runs = [_submit(place, form) for place in range(RUNS)]
        for place in CANCELLED:
            queue.stop(runs[place])
        for place in sorted((*KILLED, AT_RESTART)):
            wait_until(lambda run=runs[place]: _is_under_way(run), what=f"run {place} is under way")
            if place == AT_RESTART:
                _restart_the_machine(runs[place])
                serve(home)
            else:
                os.kill(worker_of(runs[place]).pid, signal.SIGKILL)
        left = [run for place, run in enumerate(runs) if place not in CANCELLED]
        wait_until_finished(*left)
        assert all(runs[place].state() is State.STOPPED for place in CANCELLED)
        assert starts() == _expected_starts(runs), _difference(starts(), _expected_starts(runs))
        said = [runs[place].control().retried_because for place in (*KILLED, AT_RESTART)]
        assert all("was killed" in sentence for sentence in said[: len(KILLED)]), said
        assert said[-1] == "The machine was restarted while the run was under way.", said
    return Outcome(
        tries=RUNS,
        facts=f"{len(left)} finished in their order, those that were disturbed at the place they had",
    )


def _name(place: int) -> str:
    return f"{place} patient steps=2" if place in (*KILLED, AT_RESTART) else f"{place} steps=2"


def _hold(form: Form) -> dict[str, object] | None:
    """A patient stand-in waits by itself."""
    return None if form.short else {"fault": "slow_until_released", "step": 5}


def _submit(place: int, form: Form) -> RunFolder:
    if form.short:
        return queue.submit(run_spec(_name(place)))
    return submit(_name(place), training=SHORT_TRAINING)


def _is_under_way(run: RunFolder) -> bool:
    return run.has_checkpoint() and run.is_held() and worker_of(run) is not None


def _restart_the_machine(run: RunFolder) -> None:
    """End every process at once, as a power cut does; the next start of the machine has another number."""
    os.killpg(keeper_of(run).pid, signal.SIGKILL)
    wait_until(lambda: not run.is_held(), what="nobody is left")
    end_everything()
    assert run.control().attempt == 1, "nobody has taken it up yet"
    run.write_launch(run.launch().model_copy(update={"boot": ANOTHER_START_OF_THE_MACHINE}))


def _expected_starts(runs: list[RunFolder]) -> list[str]:
    expected = []
    for place, run in enumerate(runs):
        if place in CANCELLED:
            continue
        expected += [f"{run.id} 1"] + ([f"{run.id} 2"] if place in (*KILLED, AT_RESTART) else [])
    return expected


def _difference(found: list[str], expected: list[str]) -> str:
    """Where the first start is that was not expected there, with its neighbours."""
    place = next(
        place for place, (a, b) in enumerate(zip([*found, ""], [*expected, ""], strict=False)) if a != b
    )
    near = slice(max(0, place - 2), place + 4)
    return f"from start {place}: {found[near]}, expected {expected[near]}"
