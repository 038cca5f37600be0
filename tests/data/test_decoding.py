"""The decoding child: a bad picture costs itself only."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from cnnlab.data import decoding
from cnnlab.data.children import PACKAGE_PARENT
from cnnlab.data.decoding import DecodingChild, PictureFacts, decoding_child
from cnnlab.data.images import decode_picture, fit_picture
from cnnlab.errors import PictureError, WorkspaceError
from tests.data.making import encode, plain, speckled


@pytest.fixture(scope="module")
def large() -> bytes:
    """49 megapixels: a tenth of a second or more, and 150 MB as RGB."""
    return encode(Image.new("L", (7000, 7000)), compress_level=1)


@pytest.fixture
def child():
    with DecodingChild() as one:
        yield one


def pid_of(child: DecodingChild) -> int:
    return child._running._process.pid


def test_it_gives_what_training_sees(child):
    data = speckled(0, size=(50, 30))
    here = fit_picture(decode_picture(data, max_pixels=10**6, max_bytes=10**6), image_size=24, resize="crop")
    assert (child.fit(data, image_size=24, resize="crop") == here).all()


def test_many_pictures_come_back_in_order_with_errors_in_their_places(child):
    answers = child.fit_many([speckled(1), b"no picture", speckled(2)], image_size=8)
    assert [type(answer) for answer in answers] == [np.ndarray, PictureError, np.ndarray]
    assert (answers[2] == child.fit(speckled(2), image_size=8)).all()
    with pytest.raises(PictureError, match="no picture"):
        child.fit(b"no picture", image_size=8)


def test_more_pictures_than_fit_into_one_request_are_answered(child):
    facts = child.inspect_many([speckled(seed % 5) for seed in range(600)])
    assert facts == [PictureFacts(width=12, height=10, format="PNG")] * 600


def test_thumbnails_are_encoded_anew(child):
    small, wrong = child.thumbnails([encode(plain(size=(900, 600)), comment=b"secret"), b""], size=90)
    assert small.startswith(b"\xff\xd8")
    assert b"secret" not in small
    assert isinstance(wrong, PictureError)


def test_a_picture_that_takes_too_much_memory_is_refused_and_the_rest_answered(child, large, monkeypatch):
    monkeypatch.setenv("CNNLAB_DECODE_BYTES", "60000000")
    # Looked at so often that a busy machine cannot hide the moment in which it is large.
    monkeypatch.setattr(decoding, "WATCH_SECONDS", 0.002)
    answers = child.inspect_many([speckled(1), large, speckled(2)])
    assert [type(answer) for answer in answers] == [PictureFacts, PictureError, PictureFacts]
    assert "more than 57 MB of memory" in str(answers[1])


def test_a_picture_that_takes_too_long_is_refused_and_the_rest_answered(child, monkeypatch):
    monkeypatch.setenv("CNNLAB_DECODE_SECONDS", "2")
    child.inspect_many([speckled(1)])
    # The next child has all the time that a busy machine may need.
    monkeypatch.setenv("CNNLAB_DECODE_SECONDS", "120")
    # Stopped by a signal it hangs, as on a picture that it never comes to the end of.
    os.kill(pid_of(child), signal.SIGSTOP)
    answers = child.inspect_many([speckled(1), speckled(2)])
    assert "longer than 2 seconds" in str(answers[0])
    assert isinstance(answers[1], PictureFacts)


def test_a_child_that_is_killed_is_started_again(child):
    child.fit(speckled(1), image_size=8)
    first = pid_of(child)
    os.kill(first, signal.SIGKILL)
    psutil.Process(first).wait(60)
    assert child.fit(speckled(1), image_size=8).shape == (8, 8, 3)
    assert pid_of(child) != first


def test_a_child_that_dies_of_a_picture_costs_that_picture_only(child, monkeypatch):
    child.inspect_many([speckled(1)])
    first, read_frame, read = pid_of(child), decoding.read_frame, []

    def die_of_the_second(stream):
        read.append(stream)
        if len(read) == 2:
            os.kill(first, signal.SIGKILL)
            # It may be so quick that the answer is on its way already.
            raise EOFError
        return read_frame(stream)

    monkeypatch.setattr(decoding, "read_frame", die_of_the_second)
    answers = child.inspect_many([speckled(1), speckled(2), speckled(3)])
    assert [type(answer) for answer in answers] == [PictureFacts, PictureError, PictureFacts]
    assert "crashed" in str(answers[1])
    assert pid_of(child) != first


def test_many_threads_may_ask_at_once(child):
    wanted = {
        seed: fit_picture(decode_picture(speckled(seed), max_pixels=10**6, max_bytes=10**6), image_size=16)
        for seed in range(12)
    }
    wrong = []

    def ask(seed):
        for _ in range(5):
            if not (child.fit(speckled(seed), image_size=16) == wanted[seed]).all():
                wrong.append(seed)

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads /proc")
def test_the_child_knows_nothing_of_the_environment_and_imports_no_more_than_it_needs(child, monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "abc")
    child.inspect_many([speckled(1)])
    known = Path(f"/proc/{pid_of(child)}/environ").read_bytes()
    assert b"SECRET" not in known
    assert b"HOME=" not in known
    mapped = Path(f"/proc/{pid_of(child)}/maps").read_text()
    assert "pydantic" not in mapped
    assert "tensorflow" not in mapped
    limits = Path(f"/proc/{pid_of(child)}/limits").read_text()
    assert "Max file size             0" in limits
    assert "Max core file size        0" in limits


def test_the_child_ends_when_its_parent_is_killed():
    code = (
        "import os, sys\n"
        "from cnnlab.data.decoding import DecodingChild\n"
        "child = DecodingChild()\n"
        "child.inspect_many([b'x'])\n"
        "print(child._running._process.pid, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PACKAGE_PARENT, capture_output=True, text=True, check=False
    )
    pid = int(done.stdout)
    until = time.monotonic() + 60.0
    while time.monotonic() < until:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return
        except psutil.NoSuchProcess:
            return
        time.sleep(0.05)
    pytest.fail("the child outlived its parent")


def test_a_child_that_cannot_start_is_a_sentence_not_a_bad_picture(child, monkeypatch):
    monkeypatch.setattr(
        "cnnlab.data.decoding.module_command", lambda _: [sys.executable, "-c", "raise SystemExit(1)"]
    )
    with pytest.raises(WorkspaceError, match="cannot start"):
        child.fit(speckled(1), image_size=8)


def test_there_is_one_child_for_the_whole_process():
    assert decoding_child() is decoding_child()
