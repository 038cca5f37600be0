"""Tells the run's folder what happens, and hears from it what is wanted.

A thread writes the status at least every two seconds, so that a stalled worker can be told from a
living one. This module never touches a database or a page, and never decides what to do when a stop
is wanted: it raises `Interrupted` and the worker decides.
"""

import contextlib
import threading
import time
from typing import Any

from cnnlab.runs.folder import EventWriter, RunFolder
from cnnlab.runs.machine_state import free_memory_bytes, own_memory_bytes
from cnnlab.runs.records import AttemptStart, Event, Note, Status, Step
from cnnlab.runs.states import State, Wanted
from cnnlab.training.event_files import EventFile

HEARTBEAT_SECONDS = 2.0
SECONDS_BETWEEN_LOOKS = 0.2
SECONDS_BETWEEN_STEP_EVENTS = 0.2
SECONDS_BETWEEN_STATUSES = 0.5


class Interrupted(Exception):
    """Somebody wants the run to pause or to stop."""

    def __init__(self, wanted: Wanted) -> None:
        super().__init__(wanted.value)
        self.wanted = wanted


class Recorder:
    """The only writer of a run's status and events while its worker lives."""

    def __init__(self, folder: RunFolder, *, attempt: int) -> None:
        self.folder = folder
        self.attempt = attempt
        self._events = EventWriter(folder)
        self._event_file: EventFile | None = None
        self._status = Status(state=State.STARTING, attempt=attempt)
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._looked_at = self._stepped_at = self._wrote_at = -1e9
        self._interruption: Wanted | None = None
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def start(self, **changes: Any) -> None:
        """Write the first status and begin to beat."""
        self.update(now=True, **changes)
        self._thread.start()

    def close(self, state: State, *, message: str = "") -> None:
        """Write the last status of this attempt and fall silent."""
        self._closed.set()
        # It never began to beat where not even the first status could be written.
        if self._thread.is_alive():
            self._thread.join(timeout=10.0)
        self.update(now=True, state=state, message=message, activity="", share_done=None, seconds_left=None)
        self._events.close()
        if self._event_file is not None:
            self._event_file.close(state)

    def update(self, *, now: bool = False, **changes: Any) -> None:
        """Change the status; it is written at once if asked, else twice a second at most."""
        with self._lock:
            self._status = self._status.model_copy(update=changes)
            if now or time.monotonic() - self._wrote_at >= SECONDS_BETWEEN_STATUSES:
                self._write()

    def record(self, event: Event) -> None:
        """Append an event, stamped with this attempt and the wall clock."""
        event = event.model_copy(update={"attempt": self.attempt, "at": time.time()})
        self._events.append(event)
        if isinstance(event, AttemptStart):
            self._event_file = EventFile(self.folder, start=event)
        elif self._event_file is not None:
            self._event_file.record(event)

    def note(self, text: str) -> None:
        """Append a sentence for whoever watches."""
        self.record(Note(text=text))

    def record_step(self, event: Step, *, milestone: bool = False) -> None:
        """Append a step if it is a milestone, or if none was appended in the last 0.2 seconds."""
        if milestone or time.monotonic() - self._stepped_at >= SECONDS_BETWEEN_STEP_EVENTS:
            self._stepped_at = time.monotonic()
            self.record(event)

    def interrupt(self, wanted: Wanted) -> None:
        """Ask for a pause or a stop from within the process, as a signal does."""
        self._interruption = wanted

    def obey(self) -> None:
        """Look at what is wanted, five times a second at most.

        Raises:
            Interrupted: A pause or a stop is wanted.
        """
        if self._interruption is None and time.monotonic() - self._looked_at >= SECONDS_BETWEEN_LOOKS:
            self._looked_at = time.monotonic()
            control = self.folder.control()
            if control.want is not Wanted.RUN and control.attempt == self.attempt:
                self._interruption = control.want
        if self._interruption is not None:
            raise Interrupted(self._interruption)

    def _beat(self) -> None:
        while not self._closed.wait(HEARTBEAT_SECONDS):
            # A disk that is full now may have room at the next beat; what cannot wait says so itself.
            with contextlib.suppress(OSError):
                self.update(now=True)

    def _write(self) -> None:
        self._wrote_at = time.monotonic()
        self._status = self._status.model_copy(
            update={
                "beat": self._status.beat + 1,
                "updated_at": time.time(),
                "memory_bytes": own_memory_bytes(),
                "free_memory_bytes": free_memory_bytes(),
            }
        )
        self.folder.write_status(self._status)
