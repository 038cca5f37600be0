"""The child that decodes pictures nobody has vetted: `python -m cnnlab.data.decoding_worker`, spoken to over pipes.

A request is one frame, each picture's answer another; a frame is a line of JSON and then as many
bytes as it says. The child never writes a file, never opens one by a name from outside, knows
nothing of its parent's environment, and ends when its parent does.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, BinaryIO

from cnnlab.data.images import decode_picture, encode_thumbnail, fit_picture
from cnnlab.data.looks import look_at
from cnnlab.errors import PictureError

LONGEST_HEADER_BYTES = 8 * 1024 * 1024


def write_frame(stream: BinaryIO, header: dict[str, Any], *blobs: bytes | memoryview) -> None:
    """Send a header and some bytes; the caller flushes."""
    stream.write(json.dumps({**header, "sizes": [len(blob) for blob in blobs]}).encode() + b"\n")
    for blob in blobs:
        stream.write(blob)


def read_frame(stream: BinaryIO) -> tuple[dict[str, Any], list[bytes]]:
    """Receive what `write_frame` sent.

    Raises:
        EOFError: The other side is gone.
    """
    line = stream.readline(LONGEST_HEADER_BYTES)
    if not line.endswith(b"\n"):
        raise EOFError
    header = json.loads(line)
    blobs = [stream.read(size) for size in header["sizes"]]
    if [len(blob) for blob in blobs] != header["sizes"]:
        raise EOFError
    return header, blobs


def inspect(data: bytes, order: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Decode wholly, and tell size and format."""
    image = decode_picture(data, **order["limits"])
    return {"width": image.width, "height": image.height, "format": image.format}, b""


def fit(data: bytes, order: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Decode, and bring to a network's size: RGB bytes, row by row."""
    image = decode_picture(data, **order["limits"])
    return {}, fit_picture(image, image_size=order["image_size"], resize=order["resize"]).tobytes()


def thumbnail(data: bytes, order: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Decode, and encode anew as a small JPEG."""
    image = decode_picture(data, **order["limits"], at_least=order["size"])
    return {}, encode_thumbnail(image, size=order["size"])


def look(data: bytes, order: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Decode, and measure what it looks like."""
    return asdict(look_at(decode_picture(data, **order["limits"]))), b""


TASKS: dict[str, Callable[[bytes, dict[str, Any]], tuple[dict[str, Any], bytes]]] = {
    "inspect": inspect,
    "fit": fit,
    "thumbnail": thumbnail,
    "look": look,
}


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Say that we are there, then answer requests until the parent is gone."""
    write_frame(answers, {"ready": True})
    answers.flush()
    while True:
        try:
            order, pictures = read_frame(requests)
        except EOFError:
            return
        for data in pictures:
            _set_alarm(order["seconds"])
            try:
                facts, blob = TASKS[order["task"]](data, order)
                write_frame(answers, facts, blob)
            except PictureError as error:
                write_frame(answers, {"error": str(error)})
            # After each, so that the parent knows which one we died of.
            answers.flush()
        _set_alarm(0)


def _set_alarm(seconds: float) -> None:
    """Die by ourselves if nobody is left to end us: the parent's watchdog comes first."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds * 2)


def _confine() -> None:
    """Give up what decoding a picture never needs."""
    try:
        import resource
    except ImportError:
        return
    for limit in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE):
        resource.setrlimit(limit, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    os.nice(5)


def main() -> None:
    """Serve on standard input and output, which nothing else may then write to."""
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    # A library that prints would mix its words with our frames.
    os.dup2(2, 1)
    _confine()
    serve(requests, answers)


if __name__ == "__main__":
    sys.exit(main())
