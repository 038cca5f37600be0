"""`cnnlab evaluate RUN --on DATASET`: the run is asked once, by name or id, and what cannot be asked is a sentence."""

import json

import pytest

from cnnlab.command.line import main
from cnnlab.evaluation import elsewhere
from cnnlab.jobs import folder as jobs_folder
from tests.data.making import class_files, make_dataset
from tests.evaluation.asking import Asked
from tests.pages.judged import judged_run


@pytest.fixture
def asked(monkeypatch) -> Asked:
    """A stand-in for the model; what would be a process is carried at once."""
    stand_in = Asked()
    monkeypatch.setattr(jobs_folder, "start_detached", lambda module, path, log: elsewhere.main(path))
    monkeypatch.setattr(elsewhere, "load_predictor", lambda folder: stand_in)
    return stand_in


@pytest.fixture
def run(tmp_path, asked):
    own = make_dataset(tmp_path, class_files({"cat": 10, "dog": 10}), name="Own")
    return judged_run(1, own, name="Mine")


@pytest.fixture
def other(tmp_path):
    return make_dataset(tmp_path, class_files({"cat": 3, "dog": 4, "eel": 2}, first_seed=400), name="Other")


@pytest.mark.parametrize("named", ["its id", "its name"])
def test_a_run_is_judged_by_another_dataset_and_asked_only_once(run, other, asked, named, capsys):
    given = ["evaluate", "Mine", "--on", other.id if named == "its id" else "Other"]
    assert main(given) == 0
    assert " of 7 pictures of 'Other' are named right" in capsys.readouterr().out
    assert main([*given, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["pictures"], found["judged_on"]["id"]) == (7, other.id)
    assert len(asked.seen) == 7


@pytest.mark.parametrize(
    ("on", "says"),
    [
        pytest.param("Nothing", "There is no dataset 'Nothing'", id="no such dataset"),
        pytest.param("Own", "is what this run has learned from", id="its own"),
        pytest.param("Foreign", "so there is nothing to ask about", id="other classes"),
    ],
)
def test_what_says_nothing_about_a_run_is_a_sentence(run, tmp_path, on, says, capsys):
    make_dataset(tmp_path, class_files({"eel": 2, "fox": 2}, first_seed=900), name="Foreign")
    assert main(["evaluate", "Mine", "--on", on]) == 2
    printed = capsys.readouterr()
    assert says in printed.err
    assert printed.out == ""


def test_a_split_and_another_dataset_exclude_each_other(run, other, capsys):
    with pytest.raises(SystemExit) as left:
        main(["evaluate", "Mine", "--on", "Other", "--split", "test"])
    assert left.value.code == 2
