"""Whatever happens to a run, in whichever order, its files say the state that the table of transitions says."""

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, strategies
from hypothesis import settings as hypothesis_settings

from cnnlab.runs import actions, endings, folder, queue
from cnnlab.runs.executors import find_executor
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.records import Control, Ended, Status
from cnnlab.runs.states import STATES, State, Wanted
from cnnlab.runs.transitions import TRANSITIONS, Happening
from tests.runs.making import run_spec

LAST_WORDS = {
    Happening.PAUSED: State.PAUSED,
    Happening.STOPPED: State.STOPPED,
    Happening.FINISHED: State.FINISHED,
    Happening.FAILED: State.FAILED,
}
STEPS = 25
MOST_WALKS = 500
RARE = 0.15
"""How likely a move is, beside the others, that may end the whole walk."""


class Walk:
    """One run in a workspace of its own. The queue is the real one; the machine and the worker are played.

    What may happen is decided by the code (`possible_actions`, who holds the lock), never by the table.
    """

    def __init__(self, patch: pytest.MonkeyPatch, *, dice: random.Random) -> None:
        self.patch, self.dice = patch, dice
        self.met: set[tuple[State, Happening]] = set()
        executor = find_executor("local")
        patch.setattr(executor, "poll", lambda handle: self.process)
        patch.setattr(executor, "submit", self.submit)
        patch.setattr(executor, "capacity", lambda: self.capacity)
        patch.setattr(queue, "boot_id", lambda: str(self.boot))
        patch.setattr(endings, "boot_id", lambda: str(self.boot))
        self.process = self.refuses = False
        self.capacity = self.boot = 0
        self.run: RunFolder = queue.submit(run_spec())
        self.lock = self.run.lock()

    def go(self) -> None:
        """Let things happen, one after the other."""
        for _ in range(STEPS):
            moves = [(move, weight) for move, weight, possible in self.moves() if possible]
            chosen = self.dice.choices([move for move, _ in moves], [weight for _, weight in moves])
            chosen[0]()

    def moves(self) -> Iterator[tuple[Callable[[], None], float, bool]]:
        """What may happen: how, how likely beside the others, and whether it can now."""
        said = self.run.status()
        says = said.state if said and self.works else None
        yield self.look, 0.3, True
        yield self.launch, 1.0, self.run.state() is State.QUEUED
        yield self.pause, 1.0, self.may("pause")
        yield self.resume, 1.0, self.may("resume")
        yield self.stop, 0.4 if self.run.has_checkpoint() or self.works else RARE, self.may("stop")
        yield self.begin, 2.0, self.process and not self.works
        yield self.train, 2.0, says is State.STARTING
        yield self.keep_a_checkpoint, 1.0, says is State.RUNNING and not self.run.has_checkpoint()
        yield self.score, 0.5, says is State.RUNNING
        yield self.end, 0.5, self.works
        yield self.die, 0.5, self.process
        yield self.restart, RARE, not self.process

    def happens(self, happening: Happening, do: Callable[[], object]) -> None:
        """Do it, and compare what the files say then with what the table says."""
        before = self.run.state()
        do()
        self.check(before, happening)

    def check(self, before: State, happening: Happening) -> None:
        """Compare the state with what the table says."""
        assert happening in TRANSITIONS[before], f"{happening!r} happened to a run that is {before}"
        after = self.run.state()
        assert after is TRANSITIONS[before][happening], f"{before}, then {happening!r}: {after}"
        self.met.add((before, happening))

    @property
    def control(self) -> Control:
        return self.run.control()

    @property
    def works(self) -> bool:
        return self.lock.is_locked

    def may(self, action: str) -> bool:
        return action in actions.possible_actions(self.run)

    # The queue and the machine.

    def submit(self, command: list[str], *, log: Path, environment: dict[str, str]) -> str:
        if self.refuses:
            raise OSError(11, "Resource temporarily unavailable")
        self.process = True
        return "1:1"

    def launch(self) -> None:
        scores = self.control.want is Wanted.STOP
        self.refuses = self.dice.random() < RARE
        self.capacity = 1
        happening = Happening.LAUNCHED_TO_SCORE if scores else Happening.LAUNCHED
        self.happens(Happening.NOT_LAUNCHED if self.refuses else happening, queue.advance)
        self.capacity = 0

    def look(self) -> None:
        """Moving the queue on changes nothing but this: what was lost may be taken up."""
        before, attempt = self.run.state(), self.control.attempt
        queue.advance()
        if self.control.attempt > attempt:
            self.check(before, Happening.TAKEN_UP)
        else:
            assert self.run.state() is before
        assert self.control.retries <= 2

    def restart(self) -> None:
        before = self.run.state()
        self.boot += 1
        assert self.run.state() is before

    # Somebody.

    def pause(self) -> None:
        self.happens(Happening.PAUSE_ASKED, lambda: queue.pause(self.run))

    def resume(self) -> None:
        self.happens(Happening.RESUME_ASKED, lambda: queue.resume(self.run))

    def stop(self) -> None:
        if STATES[self.run.state()].active:
            happening = Happening.STOP_ASKED
        else:
            happening = Happening.SCORING_ASKED if self.run.has_checkpoint() else Happening.CANCELLED
        self.happens(happening, lambda: queue.stop(self.run))

    # The worker and its keeper.

    def begin(self) -> None:
        """It takes the lock; on a busy machine after more than a minute."""
        with self.patch.context() as late:
            if self.dice.random() < 0.3:
                late.setattr(folder, "LAUNCH_GRACE_SECONDS", -1.0)
                assert self.run.state() is State.LOST
            scores = self.control.want is Wanted.STOP
            self.happens(Happening.BEGAN_TO_SCORE if scores else Happening.BEGAN, self.take_the_lock)

    def take_the_lock(self) -> None:
        self.lock.acquire()
        self.say(State.STARTING)

    def train(self) -> None:
        self.happens(Happening.TRAINS, lambda: self.say(State.RUNNING))

    def keep_a_checkpoint(self) -> None:
        (self.run.path / "checkpoints").mkdir(exist_ok=True)
        (self.run.path / "checkpoints" / "step-000000001.json").touch()

    def score(self) -> None:
        self.happens(Happening.SCORES, lambda: self.say(State.RUNNING, finishing=True))

    def end(self) -> None:
        wanted = self.control.want
        possible = [each for each in LAST_WORDS if each is not Happening.STOPPED or wanted is Wanted.STOP]
        happening = self.dice.choice(possible)
        full = happening is Happening.FAILED and self.dice.random() < 0.5

        def end() -> None:
            self.say(LAST_WORDS[happening], disk_full=full)
            self.leave(exit_code=0)

        self.happens(happening, end)

    def die(self) -> None:
        """It is killed, before or after it took the lock; its keeper may be killed with it."""
        seen = not self.works or self.dice.random() < 0.5
        self.happens(Happening.DIED, lambda: self.leave(exit_code=-9 if seen else None))

    def leave(self, *, exit_code: int | None) -> None:
        self.lock.release()
        self.process = False
        if exit_code is not None:
            ended = Ended(attempt=self.control.attempt, exit_code=exit_code, at=time.time())
            (self.run.path / "ended.json").write_text(ended.model_dump_json())

    def say(self, state: State, **changes: object) -> None:
        self.run.write_status(Status(state=state, attempt=self.control.attempt, **changes))


@contextmanager
def a_walk(seed: int) -> Iterator[Walk]:
    """A walk in a workspace of its own."""
    with tempfile.TemporaryDirectory() as place, pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNLAB_HOME", place)
        patch.setenv("CNNLAB_RETRIES", "2")
        # No machine loses its power here, and a walk writes a hundred files.
        patch.setattr("cnnlab.files.os.fsync", lambda descriptor: None)
        walk = Walk(patch, dice=random.Random(seed))
        yield walk
        walk.lock.release()


@hypothesis_settings(max_examples=40, deadline=None)
@given(seed=strategies.integers(min_value=10_000))
def test_a_random_walk_never_meets_a_transition_that_is_not_in_the_table(seed):
    with a_walk(seed) as walk:
        walk.go()


def test_every_transition_of_the_table_happens():
    missing = {(state, happening) for state, row in TRANSITIONS.items() for happening in row}
    for seed in range(MOST_WALKS):
        with a_walk(seed) as walk:
            walk.go()
            missing -= walk.met
        if not missing:
            break
    assert missing == set(), "this never happens"


@pytest.mark.parametrize("state", list(State))
def test_every_state_is_in_the_table_and_what_happens_leads_to_states(state):
    assert set(TRANSITIONS[state].values()) <= set(State)
    if STATES[state].active:
        assert {Happening.DIED, Happening.FAILED, Happening.FINISHED} <= set(TRANSITIONS[state])


@pytest.mark.parametrize("state", list(State))
def test_every_state_but_the_first_is_reached(state):
    leading_here = [before for before in State if state in TRANSITIONS[before].values()]
    assert leading_here or state is State.QUEUED


def test_an_end_is_an_end():
    assert not TRANSITIONS[State.FINISHED]
    assert STATES[State.FINISHED].ended
