"""The corpus of odd and hostile archives, each imported as a user would, all in one process of their own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.data import corpus_archives, corpus_rare_archives
from tests.data.corpus_archives import CLASSES, OddArchive
from tests.data.making import write_zip

ARCHIVES = corpus_archives.ARCHIVES + corpus_rare_archives.RARE
MOST_BYTES = 300e6
BELONG_THERE = {"cache", "datasets", "imports", "index.sqlite", "runs", "weights", "workspace.json"}


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    """What every import said; the workspace, the archives and nothing else lie below the folder."""
    folder = tmp_path_factory.mktemp("corpus")
    archives, home = folder / "archives", folder / "home"
    archives.mkdir()
    write_zip(archives / "first.zip", CLASSES)
    for number, archive in enumerate(ARCHIVES):
        archive.make(archives / f"{number}.zip")
    limits = [
        {f"CNNLAB_{name}": str(value) for name, value in archive.limits.items()} for archive in ARCHIVES
    ]
    (archives / "limits.json").write_text(json.dumps(limits), encoding="utf-8")
    before = files_below(archives)
    done = subprocess.run(
        [sys.executable, "-m", "tests.data.carry_corpus", str(archives)],
        env={**os.environ, "CNNLAB_HOME": str(home)},
        cwd=Path(__file__).resolve().parents[2],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    said = [json.loads(line) for line in done.stdout.splitlines()]
    return {"folder": folder, "home": home, "before": before, "said": said}


def files_below(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("number", range(len(ARCHIVES)), ids=[archive.name for archive in ARCHIVES])
def test_every_odd_archive_gives_what_was_promised(imported, number):
    archive: OddArchive = ARCHIVES[number]
    said = imported["said"][number + 1]
    assert (said["taken"], said["num_refused"]) == (archive.taken, archive.refused), said
    assert said["state"] == ("finished" if archive.taken else "failed")
    if archive.classes:
        assert tuple(said["classes"]) == archive.classes
    told = [said["message"], *said["refused"]]
    assert any(archive.sentence in sentence for sentence in told), said
    assert all(sentence.endswith(".") for sentence in told)
    state, sentence = said["looked"]
    assert state == "finished" or (state == "failed" and not archive.taken and sentence.endswith(".")), said


def test_the_corpus_is_large_and_no_row_is_there_twice():
    names = [archive.name for archive in ARCHIVES]
    assert len(set(names)) == len(names) >= 100


def test_nothing_is_written_outside_the_workspace_and_nothing_half_done_is_left(imported):
    home, folder = imported["home"], imported["folder"]
    outside = files_below(folder) - files_below(home)
    assert outside == imported["before"]
    assert {path.name for path in home.iterdir()} <= BELONG_THERE
    assert not [path for path in files_below(home / "imports") if path.suffix in (".zip", ".bin", ".png")]
    datasets = [path for path in (home / "datasets").iterdir() if path.is_dir()]
    finished = sum(said.get("state") == "finished" for said in imported["said"]) + 1
    assert len(datasets) == finished


def test_no_archive_costs_much_memory(imported):
    idle, peak = imported["said"][0]["idle"], imported["said"][-1]["peak"]
    if idle is None:
        pytest.skip("this system does not tell the most memory that a process took")
    print(f"above idle: {(peak - idle) / 1e6:.0f} MB")
    assert peak - idle < MOST_BYTES
