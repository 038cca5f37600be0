"""A run is asked about another dataset's pictures of its own classes, and about none that it has seen; its answers are judged."""

import numpy as np
import pytest

from cnnlab.data.library import delete_dataset
from cnnlab.data.packing import pack_pictures
from cnnlab.data.splits import SplitSpec
from cnnlab.errors import DatasetError, EvaluationError
from cnnlab.evaluation import elsewhere
from cnnlab.evaluation.elsewhere import (
    ask,
    choose_pictures,
    datasets_to_ask_about,
    find_asking,
    judge_elsewhere,
    result_of,
    start_asking,
)
from cnnlab.evaluation.judged import ELSEWHERE, both_splits, dataset_judged
from cnnlab.evaluation.predictions import FILE, predictions_table, save_predictions
from cnnlab.jobs import folder as jobs_folder
from tests.data.making import class_files, make_dataset
from tests.evaluation.asking import Asked, Listening, run_on


@pytest.fixture(autouse=True)
def asked(monkeypatch) -> Asked:
    monkeypatch.setattr(jobs_folder, "start_detached", lambda *what, log: None)
    stand_in = Asked()
    monkeypatch.setattr(elsewhere, "load_predictor", lambda folder: stand_in)
    return stand_in


@pytest.fixture
def own(tmp_path):
    return make_dataset(tmp_path, class_files({"cat": 12, "dog": 12}), name="Own")


@pytest.fixture
def other(tmp_path, own):
    """Nine new pictures of known classes, four of the run's own, and three of a class that it does not know."""
    table = own.table()
    seen = table[table["split"] != "test"].iloc[:3]
    tested = table[table["split"] == "test"].iloc[:1]
    files = class_files({"dog": 5, "cat": 4, "eel": 3}, first_seed=500)
    for row in [*seen.itertuples(), *tested.itertuples()]:
        files[f"{row.class_name}/again{row.picture}.png"] = own.read_picture(row.picture)
    return make_dataset(tmp_path, files, name="Other")


def test_what_it_has_learned_from_and_what_it_does_not_know_is_left_out(own, other):
    run = run_on(own)
    seen = frozenset(own.table().loc[own.table()["split"] != "test", "sha256"])
    chosen = choose_pictures(other, spec=run.spec(), seen=seen)
    assert (chosen.num_unknown, chosen.num_seen, chosen.num_all) == (3, 3, 16)
    table = other.table().set_index("picture").loc[chosen.pictures]
    assert len(table) == 10
    assert [run.spec().class_names[label] for label in chosen.labels] == table["class_name"].tolist()
    assert (np.diff(chosen.pictures) > 0).all()


def test_a_threshold_is_chosen_on_validation_and_checked_on_the_others(own, other):
    run = run_on(own)
    said = {
        "pictures": np.arange(4),
        "labels": np.array([0, 1, 0, 1]),
        "probabilities": np.eye(2)[[0, 1, 0, 0]],
    }
    splits = np.array(["validation", "validation", "test", "test"])
    save_predictions(predictions_table(splits=splits, **said), folder=run.path)
    elsewhere.main(str(start_asking(run, other.reference()).folder))
    judged = judge_elsewhere(run, other.reference())
    assert list(both_splits(judged)) == ["validation", ELSEWHERE]
    assert both_splits(judged)[ELSEWHERE] is judged


def test_of_many_pictures_the_same_ones_are_drawn_each_time(own, other, monkeypatch):
    monkeypatch.setattr(elsewhere, "MOST_PICTURES", 4)
    spec = run_on(own).spec()
    first, second = (choose_pictures(other, spec=spec, seen=frozenset()) for _ in range(2))
    assert len(first.pictures) == 4
    assert (first.pictures == second.pictures).all()


def test_what_it_says_is_kept_and_judged_by_the_labels_of_the_other_dataset(own, other, asked):
    run = run_on(own)
    job = start_asking(run, other.reference())
    assert result_of(find_asking(run, other.reference())) is None
    assert elsewhere.main(str(job.folder)) == 0
    result = result_of(find_asking(run, other.reference()))
    assert (result.num_pictures, result.num_unknown, result.num_seen, result.num_all) == (10, 3, 3, 16)
    assert result.knows_seen
    judged = judge_elsewhere(run, other.reference())
    packed = pack_pictures(other, image_size=16)
    shown = packed.pictures[np.searchsorted(packed.picture_numbers, judged.pictures)]
    assert (np.array(asked.seen) == shown).all()
    assert (judged.predicted == (shown.mean(axis=(1, 2, 3)) <= 127.5)).all()
    names = other.table().set_index("picture")["class_name"]
    assert [judged.class_names[label] for label in judged.labels] == names.loc[judged.pictures].tolist()
    assert judged.is_elsewhere
    assert dataset_judged(judged).id == other.id
    assert judged.key[1] == f"{ELSEWHERE} {other.id} 1"


def test_a_run_is_asked_about_datasets_of_others_that_share_a_class_test_sets_first(tmp_path, own, other):
    make_dataset(tmp_path, class_files({"eel": 4, "fox": 4}, first_seed=700), name="Foreign")
    tests = make_dataset(
        tmp_path,
        class_files({"cat": 3, "dog": 2}, first_seed=900),
        name="Tests",
        split=SplitSpec(test_only=True),
    )
    assert [each.id for each in datasets_to_ask_about(run_on(own).spec())] == [tests.id, other.id]


def test_without_its_own_dataset_nobody_knows_what_it_has_seen(own, other):
    run = run_on(own)
    delete_dataset(own)
    _, result = ask(run, other, Listening())
    assert (result.num_pictures, result.num_seen, result.knows_seen) == (13, 0, False)


def test_where_nothing_is_left_to_ask_about_it_says_why(tmp_path, own):
    table = own.table()
    seen = table[table["split"] != "test"].iloc[:4]
    files = {
        f"{row.class_name}/{row.picture}.png": own.read_picture(row.picture) for row in seen.itertuples()
    }
    copy = make_dataset(tmp_path, files | class_files({"eel": 2}, first_seed=600), name="Copy")
    with pytest.raises(EvaluationError, match="2 are of classes that this run does not know and 4 it has"):
        ask(run_on(own), copy, Listening())


@pytest.mark.parametrize("damage", ["missing", "torn"])
def test_answers_that_cannot_be_read_are_asked_for_again(own, other, damage):
    run = run_on(own)
    job = start_asking(run, other.reference())
    if damage == "torn":
        (job.folder / FILE).write_bytes(b"PAR1 torn")
    with pytest.raises(EvaluationError, match=r"missing or damaged\. Ask it again"):
        judge_elsewhere(run, other.reference())


def test_a_dataset_that_is_gone_is_a_sentence_before_anything_starts(own, other):
    run = run_on(own)
    elsewhere.main(str(start_asking(run, other.reference()).folder))
    judged = judge_elsewhere(run, other.reference())
    delete_dataset(other)
    with pytest.raises(DatasetError):
        start_asking(run, other.reference())
    assert dataset_judged(judged) is None
