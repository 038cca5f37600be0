"""Every damaged or hostile bundle is refused with a sentence; nothing of it stays, and nothing of it is run."""

import io
import json
import re
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cnnlab.errors import BundleError
from cnnlab.export import bundle_watching
from cnnlab.export.bundle import write_bundle
from cnnlab.export.bundle_checking import Problem, check
from cnnlab.export.bundle_opening import open_bundle
from cnnlab.export.bundle_records import RECORD
from cnnlab.settings import workspace
from tests.data.making import class_files, make_dataset
from tests.export.bundling import changed_json, members_of, pack, random_bytes, table_bytes, whole_run
from tests.export.tiny_lite import tiny_lite


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("good")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNLAB_HOME", str(place / "home"))
        pets = make_dataset(place, class_files({"cat": 10, "dog": 10}), name="Pets")
        write_bundle(whole_run(1, pets), place / "bundle.zip")
    return place / "bundle.zip"


@pytest.fixture
def members(good) -> dict[str, bytes]:
    return members_of(good)


def refused(path: Path) -> str:
    """Open a bundle that has to be refused; return the sentence, having seen that nothing stayed."""
    with pytest.raises(BundleError) as error:
        open_bundle(path, name="gift.zip")
    assert list(workspace().runs.iterdir()) == []
    return str(error.value)


def renamed(name: str) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    """A member under a name of somebody's choice."""
    return lambda members: without("marks.json")(members) | {name: b"x"}


def replaced(name: str, data: bytes | Callable[[bytes], bytes]) -> Callable:
    """A member with other bytes, of which the record knows."""
    return lambda members: members | {name: data(members[name]) if callable(data) else data}


def without(name: str) -> Callable:
    """A bundle that lacks a member."""
    return lambda members: {each: data for each, data in members.items() if each != name}


def json_with(name: str, **changes: object) -> Callable:
    """A JSON member with other values."""
    return replaced(name, lambda data: changed_json(data, **changes))


def deep(levels: int) -> bytes:
    return b'{"a":' * levels + b"1" + b"}" * levels


FILES = [
    pytest.param(lambda good: b"", "is empty; a bundle", id="an empty file"),
    pytest.param(lambda good: b"\x89PNG\r\n" + bytes(400), "is no ZIP", id="a picture"),
    pytest.param(lambda good: good[: len(good) // 2], "The end of 'gift.zip' is missing", id="cut short"),
    pytest.param(lambda good: good[:-30], "The end of", id="its end cut off"),
    pytest.param(lambda good: good[:200] + bytes(60) + good[260:], "damaged", id="zeros in the middle"),
    pytest.param(lambda good: good[:-22] + b"PK\x06\x07" + bytes(16) + good[-22:], "very long", id="a second table of contents"),
    pytest.param(lambda good: good[1000:], "damaged|no ZIP|missing", id="its beginning cut off"),
]  # fmt: skip


@pytest.mark.parametrize(("damage", "sentence"), FILES)
def test_a_file_that_is_no_whole_zip_is_refused(damage, sentence, good, tmp_path):
    path = tmp_path / "gift.zip"
    path.write_bytes(damage(good.read_bytes()))
    assert re.search(sentence, refused(path))


MEMBERS = [
    pytest.param(renamed("../spec.json"), "holds '../spec.json', which is no member", id="a name that climbs"),
    pytest.param(renamed("/etc/passwd"), "holds '/etc/passwd', which is no member", id="an absolute name"),
    pytest.param(renamed("..\\spec.json"), "which is no member", id="backslashes"),
    pytest.param(renamed("folder/"), "which is no member", id="a folder"),
    pytest.param(renamed("checkpoints/step-1.json"), "which is no member", id="a checkpoint"),
    pytest.param(renamed("control.json"), "which is no member", id="what is wanted of the run"),
    pytest.param(lambda members: {f"{place}.png": b"x" for place in range(50)}, "51 files", id="pictures"),
    pytest.param(without("report.json"), "has no report.json, which every", id="no report"),
    pytest.param(without("predictions.parquet"), "has no predictions.parquet", id="no predictions"),
    pytest.param(replaced("events.jsonl", bytes(20_000_000)), "200 times its size", id="a bomb"),
    pytest.param(replaced("spec.json", random_bytes(1_200_000)), "and 1,048,576 is the most", id="too large a member"),
    pytest.param(replaced("spec.json", b"{"), "spec.json in the bundle is no JSON", id="half a JSON"),
    pytest.param(replaced("spec.json", b"\xff\xfe"), "is no JSON", id="no text"),
    pytest.param(replaced("spec.json", deep(8_000)), "is no JSON", id="eight thousand levels"),
    pytest.param(
        replaced("report.json", lambda data: data.replace(b'"seconds":12.0', b'"seconds":NaN')), "NaN is no number", id="NaN",
    ),
    pytest.param(
        replaced("report.json", lambda data: data.replace(b'"seconds":12.0', b'"seconds":1e999')), "1e999 is too large", id="infinity",
    ),
    pytest.param(
        replaced("spec.json", lambda data: data.replace(b'"seed": 0', b'"seed": 0, "seed": 1')), "a name is there twice", id="a setting twice",
    ),
    pytest.param(
        replaced("report.json", lambda data: data.replace(b'"parameters":304810', b'"parameters":' + b"9" * 5000)), "is too large", id="five thousand digits",
    ),
    pytest.param(json_with("spec.json", command="rm"), "not a setting that cnnlab knows", id="an unknown setting"),
    pytest.param(json_with("spec.json", dataset={"id": "../..", "version": 1, "name": "x"}), "settings in the bundle", id="a dataset that climbs"),
    pytest.param(json_with("report.json", test_accuracy=7.0), "not between 0 and 1", id="seven of one"),
    pytest.param(json_with("report.json", seconds=-1.0), "took -1 seconds", id="less than no time"),
    pytest.param(json_with("report.json", phases=[]), "has 0 phases", id="no phase"),
    pytest.param(json_with("report.json", verdict="so " * 5000), "very long", id="an endless sentence"),
    pytest.param(json_with("model.json", class_names=["cat", "eel"]), "not those of spec.json", id="classes of another run"),
    pytest.param(json_with("model.json", image_size=999_999), "not those of spec.json", id="another image size"),
    pytest.param(json_with("dataset.json", content="no hash"), "dataset.json in the bundle cannot be believed", id="no fingerprint"),
    pytest.param(json_with("environment.json", attempts=[{"at": 1e15}]), "at no time that there is", id="a time beyond time"),
    pytest.param(json_with("marks.json", note="x" * 5000), "marks.json", id="a note without end"),
    pytest.param(replaced("events.jsonl", b'{"kind": "what"}\n'), "there is no event in it", id="events of another kind"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "sentence"), MEMBERS)
def test_a_member_that_cannot_be_is_refused(change, sentence, members, tmp_path):
    assert sentence in refused(pack(tmp_path / "gift.zip", change(members)))


def with_record(**values: object) -> Callable[[dict], None]:
    return lambda record: record.update(values)


def lies_about(name: str, **values: object) -> Callable[[dict], None]:
    return lambda record: record["members"][name].update(values)


RECORDS = [
    pytest.param(with_record(format=2), "was written by a newer cnnlab (format 2", id="a newer format"),
    pytest.param(with_record(format=10**400), "too large", id="a format of 400 digits"),
    pytest.param(with_record(kind="a recipe"), "not that of a cnnlab run", id="another kind"),
    pytest.param(with_record(run="../../../../etc"), "bundle.json in 'gift.zip' is damaged (run", id="an id that climbs"),
    pytest.param(with_record(name="x" * 9000), "is damaged (name", id="an endless name"),
    pytest.param(with_record(members=[]), "is damaged (members", id="no members"),
    pytest.param(lambda record: "[1, 2]", "not that of a cnnlab run", id="a list"),
    pytest.param(lambda record: '{"kind": NaN}', "NaN is no number", id="NaN"),
    pytest.param(lambda record: record["members"].pop("marks.json") and None, "'marks.json' of 'gift.zip' is not named", id="a stowaway"),
    pytest.param(lambda record: record["members"].update({"x.py": record["members"]["spec.json"]}), "'x.py' of 'gift.zip' is named", id="a member that is not there"),
    pytest.param(lies_about("model.tflite", sha256="0" * 64), "model.tflite in 'gift.zip' is not what its record says", id="another hash"),
    pytest.param(lies_about("model.tflite", bytes=10), "has more bytes than its record says", id="fewer bytes than there are"),
    pytest.param(lies_about("model.tflite", bytes=10**9), "is not what its record says", id="more bytes than there are"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "sentence"), RECORDS)
def test_a_record_that_does_not_fit_is_refused(change, sentence, members, tmp_path):
    assert sentence in refused(pack(tmp_path / "gift.zip", members, record=change))


def twice(packed: zipfile.ZipFile) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        packed.writestr("spec.json", b"{}")


def a_link(packed: zipfile.ZipFile) -> None:
    packed.getinfo("spec.json").external_attr = (stat.S_IFLNK | 0o777) << 16


def encrypted(packed: zipfile.ZipFile) -> None:
    packed.getinfo("spec.json").flag_bits |= 0x1


def overlapping(packed: zipfile.ZipFile) -> None:
    packed.getinfo("report.json").header_offset = packed.getinfo("spec.json").header_offset + 5


def claims_a_gigabyte(packed: zipfile.ZipFile) -> None:
    packed.getinfo("predictions.parquet").file_size = 2**30


ARCHIVES = [
    pytest.param(twice, "holds 'spec.json' twice", id="a member twice"),
    pytest.param(a_link, "spec.json in 'gift.zip' is a link", id="a link"),
    pytest.param(encrypted, "is encrypted", id="encrypted"),
    pytest.param(overlapping, "overlap", id="members that overlap"),
    pytest.param(claims_a_gigabyte, "and 536,870,912 is the most", id="a claim of a gigabyte"),
]


@pytest.mark.parametrize(("change", "sentence"), ARCHIVES)
def test_an_archive_that_was_made_to_do_harm_is_refused(change, sentence, members, tmp_path):
    assert sentence in refused(pack(tmp_path / "gift.zip", without("marks.json")(members), packed=change))


def test_a_packing_that_unpacks_without_bounds_is_refused(members, tmp_path):
    path = pack(tmp_path / "gift.zip", members, method=zipfile.ZIP_BZIP2)
    assert "packed by a method (number 12)" in refused(path)


def test_a_zip_of_something_else_says_what_is_missing(tmp_path):
    with zipfile.ZipFile(tmp_path / "gift.zip", "w") as packed:
        packed.writestr("spec.json", "{}")
    assert f"a ZIP without {RECORD}" in refused(tmp_path / "gift.zip")


def changed_table(**columns: object) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        return table_bytes(pd.read_parquet(io.BytesIO(data)).assign(**columns))

    return change


TABLES = [
    pytest.param("predictions.parquet", b"PAR1" + bytes(100) + b"PAR1", "is damaged", id="no table"),
    pytest.param("predictions.parquet", lambda data: data[: len(data) // 2], "is damaged", id="half a table"),
    pytest.param("predictions.parquet", changed_table(extra=1), "other columns than it should", id="another column"),
    pytest.param("predictions.parquet", changed_table(label=2), "names a class that the run does not have", id="a third class"),
    pytest.param("predictions.parquet", changed_table(label=-1), "names a class that the run does not have", id="a class before the first"),
    pytest.param("predictions.parquet", changed_table(label=0.5), "label in predictions.parquet is not made of whole", id="half a class"),
    pytest.param("predictions.parquet", changed_table(picture=3), "a picture is in it twice", id="one picture all over"),
    pytest.param("predictions.parquet", changed_table(split="dev"), "names a split that there is not", id="another split"),
    pytest.param("predictions.parquet", changed_table(split="validation"), "do not agree on what was shown", id="pictures of another split"),
    pytest.param("predictions.parquet", changed_table(p0=np.nan), "the probabilities in", id="no numbers"),
    pytest.param("predictions.parquet", changed_table(p0=-1.0, p1=2.0), "the probabilities in", id="less than never"),
    pytest.param("predictions.parquet", changed_table(p0="sure"), "the probabilities in", id="words for numbers"),
    pytest.param("pictures.parquet", changed_table(sha256="<script>"), "has a hash that is none", id="a script for a hash"),
    pytest.param("pictures.parquet", changed_table(class_name="eel"), "names a class that the run does not have", id="an unknown class"),
    pytest.param("model.tflite", b"TFL3", "model.tflite cannot be opened", id="no model"),
    pytest.param("model.tflite", tiny_lite(num_classes=3, image_size=16), "do not fit", id="a model of three classes"),
    pytest.param("model.tflite", tiny_lite(image_size=32), "do not fit", id="a model of larger pictures"),
    pytest.param("model.tflite", tiny_lite(image_size=16, weight=float("nan")), "does not answer with probabilities", id="a model that answers with nothing"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "change", "sentence"), TABLES)
def test_a_table_or_a_model_that_cannot_be_believed_is_a_problem(name, change, sentence, members, tmp_path):
    for each, data in members.items():
        (tmp_path / each).write_bytes(data)
    (tmp_path / name).write_bytes(change(members[name]) if callable(change) else change)
    with pytest.raises(Problem, match=sentence):
        check(tmp_path)


def test_what_the_child_finds_is_the_sentence(members, tmp_path):
    said = refused(pack(tmp_path / "gift.zip", members | {"model.tflite": b"TFL3"}))
    assert "The bundle cannot be opened: model.tflite cannot be opened" in said


@pytest.mark.parametrize(
    ("how", "limits", "sentence"),
    [
        pytest.param("crash", {}, "ended a process", id="it crashes"),
        pytest.param("lie", {}, "ended a process", id="it says something else"),
        pytest.param("sleep", {"MOST_SECONDS": 0.2}, "takes longer than 0 seconds", id="it hangs"),
        pytest.param("sleep", {"MOST_MEMORY_BYTES": 1}, "more than 0 MB of memory", id="it grows"),
    ],
)
def test_a_child_that_does_not_come_back_well_is_a_sentence(
    how, limits, sentence, members, tmp_path, monkeypatch
):
    monkeypatch.setattr(bundle_watching, "CHILD", f"tests.export.misbehaving.{how}")
    for name, value in limits.items():
        monkeypatch.setattr(bundle_watching, name, value)
    assert sentence in refused(pack(tmp_path / "gift.zip", members))


def test_events_that_no_chart_could_draw_are_left_out_and_the_others_kept(members, tmp_path):
    lines = members["events.jsonl"].splitlines()
    damaged = [
        b'{"kind": "step", "phase": "training", "epoch": 1, "step": 1',
        lines[2].replace(b'"loss":', b'"loss": 1e999, "x":'),
        lines[2].replace(b'"step":1,', b'"step":9000000000000000,'),
        b'{"kind":"note","attempt":1,"text":"late","at":1e300}',
        b"\x00\xff",
    ]
    path = pack(tmp_path / "gift.zip", members | {"events.jsonl": b"\n".join([*damaged, *lines, b""])})
    found, _ = open_bundle(path, name="gift.zip").run.read_events()
    assert len(found) == len(lines)


def test_what_is_kept_is_written_anew(members, tmp_path):
    spec = json.loads(members["spec.json"])
    spaced = json.dumps(spec, indent=7).encode()
    found = open_bundle(pack(tmp_path / "gift.zip", members | {"spec.json": spaced}), name="gift.zip").run
    assert (found.path / "spec.json").read_text() == found.spec().to_json()
