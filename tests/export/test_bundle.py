"""A run goes into one ZIP, and comes out of it in another workspace as the same run."""

import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cnnlab.data.dataset import Dataset
from cnnlab.data.library import delete_dataset, list_datasets
from cnnlab.errors import BundleError, RunError
from cnnlab.evaluation.judged import dataset_of, judge
from cnnlab.evaluation.predictions import load_predictions
from cnnlab.evaluation.versus import compare
from cnnlab.export.bundle import bundle_name, write_bundle
from cnnlab.export.bundle_opening import open_bundle
from cnnlab.export.bundle_records import MEMBERS, RECORD
from cnnlab.prediction.predictor import load_predictor
from cnnlab.runs import store
from cnnlab.runs.environment import read_environments
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.origin import FOREIGN_MODEL, read_origin
from cnnlab.runs.states import State
from cnnlab.runs.tail import EventTail
from cnnlab.settings import workspace
from tests.data.making import class_files, make_dataset
from tests.export.bundling import KERAS_MODEL, members_of, whole_run
from tests.pages.making import past_run


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return class_files({"cat": 14, "dog": 14})


@pytest.fixture(scope="module")
def made(files, tmp_path_factory) -> Path:
    """A workspace with a dataset, a run on it and its bundle; made once, copied for each test."""
    place = tmp_path_factory.mktemp("bundles")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNLAB_HOME", str(place / "home"))
        dataset = make_dataset(place, files, name="Pets")
        write_bundle(whole_run(1, dataset, name="Pets | *of* <b>"), place / "bundle.zip")
    return place


@pytest.fixture
def pets(made, home) -> Dataset:
    shutil.copytree(made / "home", home)
    return list_datasets()[0]


@pytest.fixture
def run(pets) -> RunFolder:
    (run,) = RunFolder.list_all(workspace().runs)
    return run


@pytest.fixture
def bundle(made, run) -> Path:
    return made / "bundle.zip"


@pytest.fixture
def elsewhere(bundle, tmp_path, monkeypatch) -> Path:
    """Another workspace, empty; the bundle is what came along."""
    home = tmp_path / "elsewhere"
    monkeypatch.setenv("CNNLAB_HOME", str(home))
    return home


def test_a_bundle_holds_every_member_and_no_place_of_this_machine(bundle, home):
    members = members_of(bundle)
    assert set(members) == set(MEMBERS)
    assert str(home.parent).encode() not in b"".join(members.values())
    record = json.loads(zipfile.ZipFile(bundle).read(RECORD))
    assert record["format"] == 1
    assert set(record["members"]) == set(members)


def test_the_same_run_gives_the_same_bytes(run, bundle, tmp_path):
    write_bundle(run, tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == bundle.read_bytes()
    assert bundle_name(run) == f"pets-of-b-{run.id}.zip"


def test_a_run_that_has_not_finished_has_no_bundle(tmp_path):
    with pytest.raises(BundleError, match="Let it finish first"):
        write_bundle(past_run(state=State.PAUSED), tmp_path / "bundle.zip")


def test_in_another_workspace_it_is_the_same_run_and_says_where_it_came_from(run, bundle, elsewhere):
    opened = open_bundle(bundle, name="pets.zip")
    found = opened.run
    assert (opened.is_new, opened.dataset_is_here, found.id) == (True, False, run.id)
    assert found.path.parent == workspace().runs != run.path.parent
    assert (found.state(), found.spec(), found.report()) == (State.FINISHED, run.spec(), run.report())
    (row,) = store.list_runs()
    assert (row.state, row.tags, row.note) == (State.FINISHED, ("from a bundle", "good"), "As it was.")
    assert EventTail(found).epochs.equals(EventTail(run).epochs)
    assert read_environments(found.path) == read_environments(run.path)
    np.testing.assert_array_equal(judge(found).probabilities, judge(run).probabilities)
    picture = np.full((16, 16, 3), 80, np.uint8)
    np.testing.assert_array_equal(
        load_predictor(found.path).predict(picture), load_predictor(run.path).predict(picture)
    )
    assert read_origin(found).run == run.id
    assert dataset_of(found) is None


def test_its_keras_model_is_kept_where_nothing_loads_it_and_goes_on_into_the_next_bundle(
    bundle, elsewhere, tmp_path
):
    found = open_bundle(bundle, name="pets.zip").run
    assert not (found.path / "model.keras").exists()
    assert (found.path / FOREIGN_MODEL).read_bytes() == KERAS_MODEL
    write_bundle(found, tmp_path / "next.zip")
    assert set(members_of(tmp_path / "next.zip")) == set(MEMBERS)


def test_a_bundle_opened_again_is_recognised_here_and_where_it_was_made(
    run, bundle, home, elsewhere, monkeypatch
):
    first = open_bundle(bundle, name="pets.zip")
    second = open_bundle(bundle, name="again.zip")
    assert (second.is_new, second.run.id) == (False, first.run.id)
    monkeypatch.setenv("CNNLAB_HOME", str(home))
    at_home = open_bundle(bundle, name="pets.zip")
    assert (at_home.is_new, at_home.run.path, at_home.dataset_is_here) == (False, run.path, True)
    assert len(store.list_runs()) == 1


def test_a_run_of_the_same_id_and_other_content_stays_and_the_new_one_gets_its_own(run, bundle, pets):
    spec = run.spec().with_changes(name="Changed since")
    (run.path / "spec.json").write_text(spec.to_json())
    opened = open_bundle(bundle, name="pets.zip")
    assert opened.is_new
    assert opened.run.id != run.id
    assert opened.run.created_at == run.created_at
    assert run.spec().name == "Changed since"
    assert load_predictor(opened.run.path).record.run == opened.run.id
    assert open_bundle(bundle, name="pets.zip").run.id == opened.run.id


def test_with_the_same_pictures_here_it_refers_to_them_however_they_are_numbered(
    run, bundle, elsewhere, files, tmp_path
):
    # Other names, so another order and other numbers.
    renamed = {
        name.replace("/", f"/{99 - place:02}-"): data for place, (name, data) in enumerate(files.items())
    }
    here = make_dataset(tmp_path, renamed, name="My pets")
    opened = open_bundle(bundle, name="pets.zip")
    assert opened.dataset_is_here
    assert opened.run.spec().dataset == here.reference()
    assert dataset_of(opened.run).id == here.id
    hashes = here.table().set_index("picture")["sha256"]
    asked = load_predictions(opened.run.path)
    before = load_predictions(run.path)
    known = dict(zip(hashes[asked["picture"]], asked["p0"], strict=True))
    at_home = _hashes(run, before["picture"])
    assert known == dict(zip(at_home, before["p0"], strict=True))


def _hashes(run: RunFolder, pictures: pd.Series) -> list[str]:
    """What the pictures of a run are, looked up in the workspace that it lies in."""
    folder = run.path.parents[1] / "datasets" / run.spec().dataset.id
    return pd.read_parquet(folder / "pictures.parquet").set_index("picture")["sha256"][pictures].tolist()


def test_two_bundles_are_compared_on_the_same_pictures_without_the_dataset(pets, run, tmp_path, monkeypatch):
    better = whole_run(2, pets, wrong=())
    paths = [tmp_path / "a.zip", tmp_path / "b.zip"]
    for each, path in zip((run, better), paths, strict=True):
        write_bundle(each, path)
    at_home = compare(run, better)
    monkeypatch.setenv("CNNLAB_HOME", str(tmp_path / "elsewhere"))
    runs = [open_bundle(path, name=path.name).run for path in paths]
    found = compare(*runs)
    assert found.pictures.equals(at_home.pictures)
    assert (found.same_version, found.dataset_id) == (True, "")


def test_a_run_from_here_is_compared_with_a_bundle_by_what_the_pictures_are(
    run, bundle, elsewhere, files, tmp_path
):
    """A dataset that shares some of the pictures is another dataset; what both judged counts."""
    opened = open_bundle(bundle, name="pets.zip").run
    others = {
        f"{name[:4]}more-{name[4:]}": data
        for name, data in class_files({"cat": 4, "dog": 4}, first_seed=500).items()
    }
    more = make_dataset(tmp_path, files | others, name="More")
    mine = whole_run(3, more)
    found = compare(opened, mine)
    judged = [set(_hashes(each, load_predictions(each.path)["picture"])) for each in (run, mine)]
    shared = judged[0] & judged[1]
    assert 0 < found.shared == len(shared)
    assert not found.same_version
    assert found.dataset_id == more.id
    delete_dataset(more)
    with pytest.raises(RunError, match="the pictures of 'More' are not here"):
        compare(opened, mine)


def test_pictures_that_come_later_are_found_by_what_they_are(bundle, elsewhere, files, tmp_path):
    opened = open_bundle(bundle, name="pets.zip").run
    assert dataset_of(opened) is None
    here = make_dataset(tmp_path, files, name="The same pets")
    assert dataset_of(opened).id == here.id
