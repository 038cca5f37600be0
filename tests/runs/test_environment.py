"""A run says where each of its attempts was carried out, and what of it changed in between."""

import pytest

from cnnlab.runs.environment import (
    FILE,
    MOST_ATTEMPTS,
    DatasetSeen,
    Environment,
    add_environment,
    differences,
    environment_of_report,
    fingerprint_of_settings,
    read_environments,
)
from tests.pages.making import report_of
from tests.runs.making import make_run, run_spec

SEEN = DatasetSeen(id="digits", version=1, num_pictures=10, content="c" * 64, division="d" * 64)
HERE = Environment(
    python="3.11.7",
    packages={"keras": "3.15.1", "tensorflow": "2.21.0", "pip": "26.3"},
    source_of_numbers="a" * 64,
    settings="e" * 64,
    machine="Linux x86_64, 2 cores",
    cores=2,
    variables={"OMP_NUM_THREADS": "2"},
    dataset=SEEN,
)


def test_each_attempt_has_its_entry_and_one_that_is_repeated_replaces_its_own(home):
    run = make_run()
    for attempt, cores in ((1, 2), (2, 4), (2, 8)):
        add_environment(run.path, HERE.model_copy(update={"attempt": attempt, "cores": cores}))
    assert [(each.attempt, each.cores) for each in read_environments(run.path)] == [(1, 2), (2, 8)]


def test_of_very_many_attempts_the_first_and_the_latest_are_kept(home):
    run = make_run()
    for attempt in range(1, MOST_ATTEMPTS + 20):
        add_environment(run.path, Environment(attempt=attempt))
    kept = [each.attempt for each in read_environments(run.path)]
    assert (len(kept), kept[0], kept[-1]) == (MOST_ATTEMPTS, 1, MOST_ATTEMPTS + 19)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(None, id="no file"),
        pytest.param("{", id="half a file"),
        pytest.param('{"format": 2, "attempts": []}', id="a newer format"),
    ],
)
def test_a_file_that_cannot_be_read_costs_what_it_says_and_never_the_run(text, home):
    run = make_run()
    if text is not None:
        (run.path / FILE).write_text(text)
    assert read_environments(run.path) == ()
    add_environment(run.path, HERE)
    assert read_environments(run.path) == (HERE,)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, (), id="nothing"),
        pytest.param({"attempt": 2, "at": 9.0, "seed": 0}, (), id="what cannot change a number"),
        pytest.param({"source": "b" * 64, "commit": "b" * 40}, (), id="words of a page"),
        pytest.param(
            {"packages": HERE.packages | {"keras": "3.16.0", "pip": "27.0"}},
            ("keras 3.15.1, now 3.16.0",),
            id="a package that computes",
        ),
        pytest.param({"cores": 8}, ("cores 2, now 8",), id="more cores"),
        pytest.param({"gpus": ("H200",)}, ("GPUs none, now H200",), id="a graphics card"),
        pytest.param({"variables": {}}, ("OMP_NUM_THREADS 2, now none",), id="a variable is gone"),
        pytest.param(
            {"source_of_numbers": "b" * 64},
            ("cnnlab's source aaaaaaaaaaaa, now bbbbbbbbbbbb",),
            id="another cnnlab",
        ),
        pytest.param(
            {"dataset": SEEN.model_copy(update={"division": "f" * 64})},
            ("pictures dddddddddddd, now ffffffffffff",),
            id="another split",
        ),
    ],
)
def test_what_differs_is_said_where_it_can_change_numbers(changes, expected):
    assert differences(HERE, HERE.model_copy(update=changes)) == expected


def test_the_fingerprint_of_settings_follows_every_setting_and_nothing_else():
    spec = run_spec()
    assert fingerprint_of_settings(spec) == fingerprint_of_settings(type(spec).from_json(spec.to_json()))
    assert fingerprint_of_settings(spec) != fingerprint_of_settings(spec.with_changes(seed=1))


def test_a_run_of_before_shows_what_its_report_has():
    report = report_of(0.9).model_copy(update={"versions": {"python": "3.11.7", "keras": "3.15.1"}})
    found = environment_of_report(report)
    assert (found.python, found.machine, found.requirements()) == ("3.11.7", "2 cores", "keras==3.15.1")
