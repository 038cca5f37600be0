"""A warm process that decodes pictures for the server, so that the server never decodes a user's bytes.

    child = decoding_child()
    picture = child.fit(data, image_size=224)             # uint8 (224, 224, 3), or PictureError
    small = child.thumbnails(many, size=160)              # JPEG bytes or PictureError, one each

A picture that hangs, grows beyond the limits or kills the decoder costs itself only: the child is
ended by a watchdog here, started again, and asked for the rest. (`RLIMIT_AS` would make libraries
crash without a word.) This module never decodes anything itself.
"""

import atexit
import contextlib
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import psutil

from cnnlab.data.children import environment, module_command
from cnnlab.data.decoding_worker import read_frame, write_frame
from cnnlab.data.images import Resize
from cnnlab.data.looks import PictureLooks
from cnnlab.errors import PictureError, WorkspaceError
from cnnlab.settings import MEGABYTE, settings

WATCH_SECONDS = 0.05
"""How often the child's memory and time are looked at while it works."""
START_SECONDS = 60.0
"""How long the child may take until it is ready; a busy machine needs some seconds."""
REQUEST_PICTURES = 256
REQUEST_BYTES = 8 * MEGABYTE
"""So much is sent at a time; more is sent in several requests."""


@dataclass(frozen=True, kw_only=True)
class PictureFacts:
    """What a picture says of itself once it was decoded."""

    width: int
    height: int
    """In pixels, as seen: after turning it as EXIF says."""
    format: str
    """'JPEG', 'PNG', 'WEBP', 'BMP', 'GIF', 'TIFF' or 'AVIF', by content."""


class DecodingChild:
    """One child process and its watchdog; safe to use from many threads, one request at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: _Process | None = None

    def fit(self, data: bytes, *, image_size: int, resize: Resize = "squash") -> np.ndarray:
        """Decode a picture and bring it to a network's size.

        Returns:
            RGB, uint8, shape (image_size, image_size, 3).

        Raises:
            PictureError: It cannot be read; the sentence says why.
        """
        return _only(self.fit_many([data], image_size=image_size, resize=resize))

    def fit_many(
        self, pictures: Sequence[bytes], *, image_size: int, resize: Resize = "squash"
    ) -> list[np.ndarray | PictureError]:
        """Do what `fit` does for many; a picture that cannot be read gives its error in its place."""
        return [
            answer
            if isinstance(answer, PictureError)
            else np.frombuffer(answer[1], np.uint8).reshape(image_size, image_size, 3)
            for answer in self._answers(pictures, task="fit", image_size=image_size, resize=resize)
        ]

    def thumbnail(self, data: bytes, *, size: int = 160) -> bytes:
        """Encode a picture anew as a JPEG of at most `size` pixels a side.

        Raises:
            PictureError: It cannot be read; the sentence says why.
        """
        return _only(self.thumbnails([data], size=size))

    def thumbnails(self, pictures: Sequence[bytes], *, size: int = 160) -> list[bytes | PictureError]:
        """Do what `thumbnail` does for many; a picture that cannot be read gives its error in its place."""
        return [
            answer if isinstance(answer, PictureError) else answer[1]
            for answer in self._answers(pictures, task="thumbnail", size=size)
        ]

    def inspect_many(self, pictures: Sequence[bytes]) -> list[PictureFacts | PictureError]:
        """Decode pictures wholly, and tell size and format of each, or why it cannot be read."""
        return [
            answer
            if isinstance(answer, PictureError)
            else PictureFacts(
                width=answer[0]["width"], height=answer[0]["height"], format=answer[0]["format"]
            )
            for answer in self._answers(pictures, task="inspect")
        ]

    def look_many(self, pictures: Sequence[bytes]) -> list[PictureLooks | PictureError]:
        """Measure what pictures look like; one that cannot be read gives its error in its place."""
        return [
            answer
            if isinstance(answer, PictureError)
            else PictureLooks(**{field.name: answer[0][field.name] for field in fields(PictureLooks)})
            for answer in self._answers(pictures, task="look")
        ]

    def close(self) -> None:
        """End the child; a later call starts another."""
        with self._lock:
            if self._running is not None:
                self._running.end()
                self._running = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _answers(
        self, pictures: Sequence[bytes], **order: Any
    ) -> list[tuple[dict[str, Any], bytes] | PictureError]:
        limits = settings()
        order["limits"] = {"max_pixels": limits.max_picture_pixels, "max_bytes": limits.max_picture_bytes}
        order["seconds"] = limits.decode_seconds
        with self._lock:
            return [
                answer
                for part in _requests(pictures, most=limits.max_picture_bytes)
                for answer in self._ask(part, order)
            ]

    def _ask(
        self, pictures: Sequence[bytes], order: dict[str, Any]
    ) -> list[tuple[dict[str, Any], bytes] | PictureError]:
        """Send pictures and collect answers; after the death of a child go on behind the picture it died of."""
        answers: list[tuple[dict[str, Any], bytes] | PictureError] = []
        while len(answers) < len(pictures):
            if self._running is None or not self._running.is_alive():
                self._running = _Process()
            try:
                for header, blob in self._running.ask(pictures[len(answers) :], order):
                    answers.append(PictureError(header["error"]) if "error" in header else (header, blob))
            except (EOFError, OSError, ValueError):
                answers.append(PictureError(self._running.why_it_ended()))
                self._running.end()
        return answers


class _Process:
    """A child, and the thread that ends it when it takes too long or too much."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            module_command("cnnlab.data.decoding_worker"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(confined=True),
        )
        limits = settings()
        self._seconds, self._bytes = limits.decode_seconds, limits.decode_bytes
        self._deadline: float | None = None
        self._too_much = ""
        self._working = threading.Event()
        threading.Thread(target=self._watch, daemon=True, name="watch the decoder").start()
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        """Starting is not charged to the first picture, and a child that cannot start to none."""
        self._renew(START_SECONDS)
        try:
            read_frame(self._process.stdout)
        except (EOFError, OSError, ValueError):
            self.end()
            raise WorkspaceError(
                "The process that decodes pictures cannot start here. Run 'make test' to see what is missing; "
                "a machine out of memory or processes can be the reason too."
            ) from None
        finally:
            self._rest()

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, pictures: Sequence[bytes], order: dict[str, Any]) -> Iterator[tuple[dict[str, Any], bytes]]:
        """Send a request and yield one answer a picture.

        Raises:
            EOFError, OSError: The child ended; the first picture without an answer is why.
        """
        self._renew()
        try:
            write_frame(self._process.stdin, order, *pictures)
            self._process.stdin.flush()
            for _ in pictures:
                self._renew()
                header, blobs = read_frame(self._process.stdout)
                yield header, blobs[0] if blobs else b""
        finally:
            self._rest()

    def _renew(self, seconds: float | None = None) -> None:
        self._deadline = time.monotonic() + (seconds or self._seconds)
        self._working.set()

    def _rest(self) -> None:
        self._working.clear()
        self._deadline = None

    def _watch(self) -> None:
        try:
            seen = psutil.Process(self._process.pid)
            while self.is_alive():
                # Asleep while nothing is asked for; looks up once a second to see the child's end.
                if not self._working.wait(timeout=1.0):
                    continue
                deadline = self._deadline
                if deadline is not None and time.monotonic() > deadline:
                    self._too_much = f"Decoding it took longer than {self._seconds:g} seconds."
                elif seen.memory_info().rss > self._bytes:
                    self._too_much = f"Decoding it took more than {self._bytes // MEGABYTE:,} MB of memory."
                if self._too_much:
                    self._process.kill()
                    return
                time.sleep(WATCH_SECONDS)
        except psutil.Error:
            return

    def why_it_ended(self) -> str:
        """A sentence on the picture that the child died of."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=1.0)
        reason = self._too_much or "The decoder crashed on it."
        return f"{reason} Save it again in another program, or leave it out."

    def end(self) -> None:
        """End the child, and leave no zombie."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()
        self._process.wait()


_THE_CHILD = DecodingChild()
atexit.register(_THE_CHILD.close)


def decoding_child() -> DecodingChild:
    """The one child of this process; it starts at the first picture and stays warm."""
    return _THE_CHILD


def _requests(pictures: Sequence[bytes], *, most: int) -> Iterator[list[bytes]]:
    """Cut many pictures into requests of bounded size; one that is too large is cut off, and so refused."""
    part, size = [], 0
    for data in pictures:
        data = data[: most + 1]
        if part and (len(part) == REQUEST_PICTURES or size + len(data) > REQUEST_BYTES):
            yield part
            part, size = [], 0
        part.append(data)
        size += len(data)
    if part:
        yield part


def _only(answers: list) -> Any:
    if isinstance(answers[0], PictureError):
        raise answers[0]
    return answers[0]
