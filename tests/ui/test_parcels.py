"""A parcel is sent whole or not at all, and nothing of it stays behind."""

import os

import pytest

from cnnlab.errors import DatasetError
from cnnlab.ui.parcels import Parcel, send


def full(path):
    path.write_bytes(b"half of it")
    raise OSError(28, "No space left on device")


def gone(path):
    raise DatasetError("The pictures are gone. Import them again.")


@pytest.mark.parametrize(
    ("write", "status", "sentence"),
    [
        pytest.param(full, 507, "No space left on device", id="disk full"),
        pytest.param(gone, 404, "Import them again.", id="nothing to send"),
    ],
)
def test_what_cannot_be_put_together_is_a_sentence_and_leaves_nothing(tmp_path, write, status, sentence):
    answer = send(lambda: Parcel(file_name="a.zip", folder=tmp_path, write=write))
    assert answer.status_code == status
    assert sentence in answer.body.decode()
    assert list(tmp_path.iterdir()) == []


def test_what_a_server_left_behind_is_removed_after_a_day(tmp_path):
    parcel = Parcel(file_name="a.zip", folder=tmp_path, write=lambda path: path.write_bytes(b"new"))
    left = send(lambda: parcel)
    os.utime(left.path, (0, 0))
    sent = send(lambda: parcel)
    assert [path.name for path in tmp_path.iterdir()] == [os.path.basename(sent.path)]
