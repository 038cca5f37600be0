"""Planted faults are found, and nothing else is; what is done about them is a version that can be taken back."""

import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageEnhance, ImageFilter

from cnnlab.checks import findings, near_duplicates
from cnnlab.checks.dismissed import dismiss, load_dismissed, restore, without_dismissed
from cnnlab.checks.findings import CHECKS, counts_of, find_all, table_of
from cnnlab.checks.measures import looks_of, measure_pictures
from cnnlab.data.decoding import decoding_child
from cnnlab.data.library import find_dataset
from cnnlab.data.looks import look_at
from tests.data.making import encode, import_zip, make_dataset, write_zip

SIZE = (96, 80)


def scene(seed: int) -> Image.Image:
    """A picture of coloured blobs, like no other."""
    draw = np.random.default_rng(seed)
    coarse = Image.fromarray(draw.integers(0, 256, (6, 7, 3), dtype=np.uint8)).resize(
        SIZE, Image.Resampling.BICUBIC
    )
    noise = draw.integers(-24, 25, (SIZE[1], SIZE[0], 1))
    return Image.fromarray((np.asarray(coarse).astype(int) + noise).clip(0, 255).astype(np.uint8))


def again(image: Image.Image, quality: int) -> Image.Image:
    return Image.open(io.BytesIO(encode(image, "JPEG", quality=quality)))


PLANTED = {
    "cat/copy.png": encode(scene(0)),
    "dog/in two classes.png": encode(scene(101)),
    "cat/smaller.jpg": encode(scene(2).resize((64, 53)), "JPEG", quality=80),
    "cat/even.png": encode(Image.new("RGB", SIZE, (90, 120, 40))),
    "cat/dark.png": encode(ImageEnhance.Brightness(scene(50)).enhance(0.12)),
    "dog/bright.png": encode(Image.eval(scene(51), lambda value: 226 + value // 9)),
    "dog/blurred.png": encode(scene(52).filter(ImageFilter.GaussianBlur(9))),
    "cat/small.png": encode(scene(53).resize((20, 18))),
    "dog/narrow.png": encode(scene(54).resize((200, 40))),
    "dog/grey.png": encode(scene(55).convert("L")),
}
FOUND = {
    "two classes": {"dog/in two classes.png", "cat/001.png"},
    "copies": {"cat/copy.png", "cat/000.png", "dog/in two classes.png", "cat/001.png"},
    "near": {"cat/smaller.jpg", "cat/002.png"},
    "even": {"cat/even.png"},
    "dark": {"cat/dark.png"},
    "bright": {"dog/bright.png"},
    "blurred": {"dog/blurred.png"},
    "small": {"cat/small.png"},
    "aspect": {"dog/narrow.png"},
    "grey": {"dog/grey.png"},
}


def clean(count=16):
    pictures = {f"cat/{number:03}.png": encode(scene(number)) for number in range(count)}
    pictures["cat/001.png"] = PLANTED["dog/in two classes.png"]
    return pictures | {f"dog/{number:03}.png": encode(scene(200 + number)) for number in range(count)}


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    """A dataset with every fault planted, measured."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("checked")
        patch.setenv("CNNLAB_HOME", str(folder / "home"))
        dataset = make_dataset(folder, clean() | PLANTED)
        measure_pictures(dataset, decoder=decoding_child(), on_progress=lambda done, total: None)
        yield dataset


@pytest.fixture
def table(checked):
    return table_of(checked.table(), looks_of(checked))


def names(table, pictures):
    return set(table.loc[list(pictures), "name"])


def test_every_check_has_a_planted_fault():
    assert FOUND.keys() | {"across splits", "few"} == CHECKS.keys()


@pytest.mark.parametrize("name", FOUND)
def test_a_planted_fault_is_found_and_nothing_else(table, name):
    found = {finding.name: finding for finding in find_all(table)}
    assert names(table, found[name].pictures) == FOUND[name]


def test_of_copies_the_largest_is_kept(table):
    near = next(finding for finding in find_all(table) if finding.name == "near")
    assert names(table, near.surplus()) == {"cat/smaller.jpg"}
    copies = next(finding for finding in find_all(table) if finding.name == "copies")
    assert (copies.num_groups, len(copies.surplus())) == (2, 2)


def test_twins_on_two_sides_of_the_split_are_told(table):
    twins = table[table["name"].isin(FOUND["near"])].index
    apart = table.assign(split=["test" if picture == twins[0] else "training" for picture in table.index])
    found = {finding.name: finding for finding in find_all(apart)}
    assert names(table, found["across splits"].pictures) == FOUND["near"]


def test_a_class_of_few_pictures_is_a_group_of_its_own(table):
    rare = table.assign(label=[7 if place < 3 else 0 for place in range(len(table))])
    (few,) = [finding for finding in find_all(rare) if finding.name == "few"]
    assert few.pictures == tuple(table.index[:3])
    assert few.num_groups == 1


def test_what_is_fine_is_left_out_until_its_group_grows(checked, table):
    found = find_all(table)
    copies = next(finding for finding in found if finding.name == "copies")
    group = copies.groups[copies.groups == copies.groups.iloc[0]].index
    dismiss(checked, check="copies", pictures=[*group])
    dismiss(checked, check="dark", pictures=[int(table.index[0])])
    left = {finding.name: finding for finding in without_dismissed(found, load_dismissed(checked))}
    assert set(left["copies"].pictures) == set(copies.pictures) - set(group)
    assert left["dark"].pictures == next(each for each in found if each.name == "dark").pictures
    part = {"copies": frozenset([int(group[0])])}
    assert without_dismissed([copies], part)[0].pictures == copies.pictures
    restore(checked)
    assert load_dismissed(checked) == {}


@pytest.mark.parametrize(
    "said", ["", "[]", '{"copies": "all"}', '{"copies": {"a": 1}, "nobody": [1]}', "null"]
)
def test_damaged_notes_hide_nothing(checked, said):
    (checked.folder / "dismissed.json").write_text(said)
    assert load_dismissed(checked) == {}
    dismiss(checked, check="dark", pictures=[3])
    assert load_dismissed(checked) == {"dark": frozenset([3])}
    restore(checked)


def test_a_dataset_without_faults_has_no_findings(checked):
    kept = checked.table()
    kept = kept[~kept["name"].isin(PLANTED)]
    looks = looks_of(checked)
    assert find_all(table_of(kept, looks[looks["picture"].isin(kept["picture"])])) == []


def test_only_what_is_new_is_measured_and_damage_is_measured_again(checked, tmp_path, monkeypatch):
    monkeypatch.setenv("CNNLAB_HOME", str(tmp_path / "home"))
    dataset = make_dataset(tmp_path, {name: data for name, data in clean(3).items()})
    assert looks_of(dataset) is None
    calls = []
    measure_pictures(dataset, decoder=decoding_child(), on_progress=lambda *done: calls.append(done))
    first = looks_of(dataset)
    assert calls == [(0, 6)]
    import_zip(write_zip(tmp_path / "more.zip", {"cat/new.png": encode(scene(77))}), add_to=dataset.id)
    newer = find_dataset(dataset.id)
    assert looks_of(newer) is None
    calls.clear()
    measure_pictures(newer, decoder=decoding_child(), on_progress=lambda *done: calls.append(done))
    assert calls == [(6, 7)]
    pd.testing.assert_frame_equal(looks_of(newer).iloc[:6], first)
    (dataset.folder / "looks.parquet").write_bytes(b"damaged")
    assert looks_of(newer) is None
    measure_pictures(newer, decoder=decoding_child(), on_progress=lambda *done: None)
    assert len(looks_of(newer)) == 7


@pytest.mark.parametrize(
    ("change", "most"),
    [
        pytest.param(lambda image: again(image, 50), 3, id="encoded anew"),
        pytest.param(lambda image: image.resize((48, 40)), 3, id="half as large"),
        pytest.param(lambda image: ImageEnhance.Brightness(image).enhance(1.05), 3, id="a little brighter"),
    ],
)
def test_a_copy_has_nearly_the_same_hash_and_another_picture_another(change, most):
    bits = [(look_at(scene(seed)).hash ^ look_at(change(scene(seed))).hash).bit_count() for seed in range(12)]
    assert np.median(bits) <= most
    others = [(look_at(scene(seed)).hash ^ look_at(scene(seed + 1)).hash).bit_count() for seed in range(12)]
    assert min(others) > 12


@given(st.lists(st.integers(0, 2**64 - 1), min_size=2, max_size=12), st.integers(0, 3), st.randoms())
@settings(max_examples=80, deadline=None)
def test_all_pairs_that_differ_in_few_bits_are_found(hashes, flips, random):
    copy = hashes[0]
    for bit in random.sample(range(64), flips):
        copy ^= 1 << bit
    hashes = np.array([*hashes, copy], dtype=np.uint64)
    expected = {
        (a, b)
        for b in range(len(hashes))
        for a in range(b)
        if (int(hashes[a]) ^ int(hashes[b])).bit_count() <= near_duplicates.MOST_BITS
    }
    assert {tuple(pair) for pair in near_duplicates.near_pairs(hashes).tolist()} == expected


@given(st.lists(st.tuples(st.integers(0, 19), st.integers(0, 19)), max_size=30))
def test_pairs_are_joined_into_groups(pairs):
    groups = {each: {each} for each in range(20)}
    for a, b in pairs:
        union = groups[a] | groups[b]
        for each in union:
            groups[each] = union
    joined = near_duplicates.join(np.array(pairs, dtype=np.int64).reshape(-1, 2), count=20)
    assert joined.tolist() == [min(groups[each]) for each in range(20)]


def test_a_class_with_far_more_pictures_is_told():
    table = pd.DataFrame({"split": "training", "class_name": ["cat"] * 50 + ["dog"] * 5})
    assert "10 times as many" in counts_of(table)[0]
    assert counts_of(table.iloc[40:]) == []
    assert findings.IMBALANCE > 1
