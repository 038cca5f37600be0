"""Test pictures with a twin in training: how many, and the accuracy with and without them."""

import pytest

from cnnlab.checks.measures import measure_pictures
from cnnlab.data.corrections import correct_labels
from cnnlab.data.decoding import decoding_child
from cnnlab.evaluation.judged import judge
from cnnlab.evaluation.leaks import find_leak
from tests.checks.test_checks import again, scene
from tests.data.making import encode, make_dataset
from tests.pages.judged import judged_run


@pytest.fixture
def leaky(tmp_path):
    return leaky_dataset(tmp_path)


def leaky_dataset(folder):
    """Of 8 test pictures two are copies of training pictures, one of them encoded anew."""
    files = {
        f"{split}/{name}/{number}.png": encode(scene(first + number))
        for first, split, name, count in (
            (0, "train", "cat", 8),
            (20, "train", "dog", 8),
            (40, "valid", "cat", 2),
            (50, "valid", "dog", 2),
            (60, "test", "cat", 3),
            (70, "test", "dog", 3),
        )
        for number in range(count)
    }
    files["test/cat/copy.png"] = encode(scene(0))
    files["test/dog/anew.jpg"] = encode(again(scene(21), 85), "JPEG", quality=85)
    return make_dataset(folder, files)


def places(dataset, *names):
    table = dataset.table()
    table = table[table["split"] == "test"].sort_values("picture").reset_index(drop=True)
    return [int(table.index[table["name"] == name][0]) for name in names]


def test_the_price_of_twins(leaky):
    wrong = places(leaky, "test/cat/0.png", "test/dog/1.png", "test/dog/anew.jpg")
    judged = judge(judged_run(1, leaky, wrong=wrong))
    copies = find_leak(judged, leaky)
    assert (copies.num_twins, copies.right_twins, copies.total, copies.right) == (1, 1, 8, 5)
    measure_pictures(leaky, decoder=decoding_child(), on_progress=lambda done, total: None)
    leak = find_leak(judged, leaky)
    assert (leak.num_twins, leak.right_twins) == (2, 1)
    assert leak.accuracy == pytest.approx(5 / 8)
    assert leak.accuracy_without == pytest.approx(4 / 6)
    low, high = leak.interval_without
    assert low < 4 / 6 < high


def test_where_no_picture_has_a_twin_nothing_is_said(leaky):
    table = leaky.table().set_index("name")["picture"]
    without = correct_labels(
        leaky, labels={}, left_out=[table["test/cat/copy.png"], table["test/dog/anew.jpg"]], because="twins"
    )
    measure_pictures(without, decoder=decoding_child(), on_progress=lambda done, total: None)
    assert find_leak(judge(judged_run(1, without)), without) is None
