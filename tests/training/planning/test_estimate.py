"""Estimates add up, shrink with what is there, grow with what is asked, and say what does not fit."""

import time
from collections import namedtuple
from dataclasses import replace

import pytest

from cnnlab.data.dataset import Dataset
from cnnlab.data.import_records import SourceImport
from cnnlab.data.library import find_dataset
from cnnlab.data.packing import find_place, pack_pictures
from cnnlab.errors import DatasetError
from cnnlab.models.backbones import BACKBONE_BLOCKS, BACKBONES
from cnnlab.models.presets import PRESETS
from cnnlab.settings import workspace
from cnnlab.specs.augmentation import Augmentation
from cnnlab.specs.networks import BackboneNetwork
from cnnlab.specs.runs import RunSpec
from cnnlab.specs.training import ScratchTraining, TransferTraining
from cnnlab.training.activations import Origin
from cnnlab.training.frozen import name_copy
from cnnlab.training.planning.costs import corrected, rough_rates, work_out
from cnnlab.training.planning.estimate import Estimate, estimate_run, list_alternatives, seconds_left
from cnnlab.training.planning.known_weights import recall_weights, remember_weights
from cnnlab.training.planning.workload import lay_out
from tests.data.making import carry_import

MIRRORED = Augmentation(flip=True)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory) -> Dataset:
    """Imported once; each test has a workspace of its own all the same, with an empty cache."""
    request = SourceImport(name="Shapes", source="shapes", settings={"num_pictures": 400, "image_size": 16})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNLAB_HOME", str(tmp_path_factory.mktemp("home")))
        return find_dataset(carry_import(request).progress().dataset_id)


def make_spec(dataset: Dataset, *, network=None, **training) -> RunSpec:
    network = network or BackboneNetwork(image_size=64)
    kind = ScratchTraining if network.kind == "blocks" else TransferTraining
    return RunSpec(
        name="planned",
        dataset=dataset.reference(),
        class_names=dataset.class_names,
        network=network,
        training=kind(**training),
    )


def seconds_of(estimate: Estimate) -> dict[str, float]:
    return {part.name: part.seconds for part in estimate.parts}


def pretend_computed(spec: RunSpec, dataset: Dataset) -> None:
    """Leave what a run would have left: empty files under the very names."""
    plan, cache = lay_out(spec, dataset), workspace().cache
    pictures = pack_pictures(dataset, image_size=plan.image_size)
    (cache / "activations").mkdir()
    for part in plan.frozen:
        remember_weights(spec, boundary=part.boundary, weights="w" * 32, cache=cache)
        names = [""] + [
            name_copy(spec, number=number, training=pictures.positions("training"))
            for number in range(plan.copies)
        ]
        for name in names:
            origin = Origin(
                pictures=pictures.fingerprint,
                backbone=spec.network.backbone,
                weights="w" * 32,
                image_size=plan.image_size,
                boundary=part.boundary,
                augmentation=name,
            )
            (cache / "activations" / f"{origin.key}.npy").touch()


@pytest.mark.parametrize(
    ("field", "part"),
    [
        pytest.param("head_epochs", "feature_extraction", id="of feature extraction"),
        pytest.param("fine_tune_epochs", "fine_tuning", id="of fine-tuning"),
    ],
)
def test_every_epoch_adds_as_much_as_the_one_before(dataset, field, part):
    base, twice, thrice = (
        seconds_of(estimate_run(make_spec(dataset, **{field: epochs}), dataset)) for epochs in (4, 8, 12)
    )
    assert thrice[part] - twice[part] == pytest.approx(twice[part] - base[part])
    assert twice[part] > base[part]
    assert {name: seconds for name, seconds in twice.items() if name != part} == {
        name: seconds for name, seconds in base.items() if name != part
    }


def test_seconds_are_the_sum_of_the_parts(dataset, monkeypatch):
    # Whatever else runs on this machine now.
    monkeypatch.setattr("shutil.disk_usage", lambda path: namedtuple("Usage", "free")(10**12))
    monkeypatch.setattr("psutil.virtual_memory", lambda: namedtuple("Memory", "available")(10**12))
    estimate = estimate_run(make_spec(dataset), dataset)
    assert estimate.seconds == pytest.approx(sum(part.seconds for part in estimate.parts))
    assert estimate.basis == "rough"
    assert estimate.problems == ()


@pytest.mark.parametrize(
    "training",
    [
        pytest.param({}, id="the last block"),
        pytest.param({"unfreeze": "nothing"}, id="nothing unfrozen"),
        pytest.param({"unfreeze": "everything"}, id="everything unfrozen"),
        pytest.param({"augmentation": MIRRORED, "augmented_copies": 2}, id="two copies"),
    ],
)
def test_what_is_in_the_cache_takes_no_time_and_no_disk(dataset, training):
    spec = make_spec(dataset, **training)
    cold = estimate_run(spec, dataset)
    pretend_computed(spec, dataset)
    warm = estimate_run(spec, dataset)
    there = {"packing", "converting", *(part.boundary for part in lay_out(spec, dataset).frozen)}
    assert {part.name for part in warm.parts if part.already_there} == there
    for before, after in zip(cold.parts, warm.parts, strict=True):
        assert after.seconds == (0.0 if after.name in there else before.seconds)
        assert before.seconds > 0.0
    assert warm.disk_bytes < cold.disk_bytes


def test_other_augmentation_needs_its_own_copies(dataset):
    spec = make_spec(dataset, augmentation=MIRRORED, augmented_copies=2)
    pretend_computed(spec, dataset)
    more = estimate_run(make_spec(dataset, augmentation=MIRRORED, augmented_copies=3), dataset)
    other = estimate_run(
        make_spec(dataset, augmentation=Augmentation(zoom_share=0.1), augmented_copies=2), dataset
    )
    assert 0.0 < seconds_of(more)["features"] < seconds_of(other)["features"]


@pytest.mark.parametrize("backbone", sorted(BACKBONES))
def test_more_unfrozen_is_never_said_to_be_faster(dataset, backbone):
    row = BACKBONES[backbone]
    network = BackboneNetwork(backbone=backbone, image_size=row.image_size)
    found = list_alternatives(make_spec(dataset, network=network), dataset)
    seconds = [alternative.estimate.seconds for alternative in found]
    assert seconds == sorted(seconds)
    assert [alternative.label for alternative in found if alternative.chosen] == ["Last block"]


def test_without_a_second_phase_what_is_run_is_marked_and_the_routes_of_augmentation_stay(dataset):
    spec = make_spec(dataset, fine_tune_epochs=0, augmentation=MIRRORED)
    found = {each.label: each.chosen for each in list_alternatives(spec, dataset)}
    assert found == {"Nothing unfrozen": True, "Augmented copies: 4": True, "Fresh augmentation": False}


def test_all_blocks_are_everything_and_listed_once(dataset):
    blocks = len(BACKBONE_BLOCKS["efficientnet_lite0"].blocks)
    found = {
        each.label: each.chosen
        for each in list_alternatives(make_spec(dataset, unfreeze_blocks=blocks), dataset)
    }
    assert found == {
        "Nothing unfrozen": False,
        "Last block": False,
        "Last 3 blocks": False,
        "Everything unfrozen": True,
    }


def test_alternatives_change_what_they_say(dataset):
    spec = make_spec(dataset, unfreeze_blocks=5, augmentation=MIRRORED)
    found = {each.label: each for each in list_alternatives(spec, dataset)}
    assert list(found) == [
        "Nothing unfrozen",
        "Last block",
        "Last 3 blocks",
        "Last 5 blocks",
        "Everything unfrozen",
        "Augmented copies: 4",
        "Fresh augmentation",
    ]
    for each in found.values():
        changed = spec.with_changes(training=spec.training.with_changes(**each.changes).model_dump())
        assert each.estimate.seconds == pytest.approx(estimate_run(changed, dataset).seconds)
        assert each.chosen == (changed == spec)
    fresh, copies = found["Fresh augmentation"].estimate, found["Augmented copies: 4"].estimate
    assert seconds_of(fresh)["fine_tuning"] > seconds_of(copies)["fine_tuning"]
    assert seconds_of(fresh)["features"] < seconds_of(copies)["features"]
    assert fresh.disk_bytes < copies.disk_bytes


def test_a_network_from_blocks_has_one_plan(dataset):
    spec = make_spec(dataset, network=PRESETS["lesson_cnn"].network, epochs=3)
    assert list_alternatives(spec, dataset) == ()
    assert list(seconds_of(estimate_run(spec, dataset))) == ["start", "packing", "training", "finishing"]


@pytest.mark.parametrize(
    ("training", "more"),
    [
        pytest.param({"unfreeze_blocks": 1}, {"unfreeze_blocks": 6}, id="blocks"),
        pytest.param(
            {"unfreeze": "everything", "batch_size": 8},
            {"unfreeze": "everything", "batch_size": 256},
            id="batch",
        ),
    ],
)
def test_memory_grows_with(dataset, training, more):
    network = BackboneNetwork(image_size=224)
    small, large = (
        estimate_run(make_spec(dataset, network=network, **each), dataset).memory_bytes
        for each in (training, more)
    )
    assert small < large


def test_what_does_not_fit_is_said_with_a_way_out(dataset, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda path: namedtuple("Usage", "free")(1_000_000))
    monkeypatch.setattr("psutil.virtual_memory", lambda: namedtuple("Memory", "available")(100_000_000))
    memory, disk = estimate_run(make_spec(dataset), dataset).problems
    assert "of memory, and 100 MB are free" in memory
    assert "smaller batch than 32" in memory
    assert "of disk, and 1 MB are free" in disk
    assert "Make room" in disk


def test_a_dataset_whose_pictures_are_gone_is_named(dataset, tmp_path):
    gone = replace(dataset, folder=tmp_path)
    with pytest.raises(DatasetError, match="table of pictures of 'Shapes' cannot be read"):
        estimate_run(make_spec(dataset), gone)


def test_folds_are_paid_for(dataset):
    without, with_folds = (
        seconds_of(estimate_run(make_spec(dataset, folds=folds), dataset)) for folds in (0, 5)
    )
    assert with_folds.pop("folds") > 0.0
    assert with_folds == without


def test_what_is_left_counts_what_comes_after(dataset):
    estimate = estimate_run(make_spec(dataset), dataset)
    seconds = seconds_of(estimate)
    left = seconds_left(estimate, part="feature_extraction", of_part=2.5)
    assert left == pytest.approx(2.5 + seconds["fine_tuning"] + seconds["finishing"])
    assert seconds_left(estimate, part="finishing", of_part=1.0) == 1.0


def test_rates_adapt_to_what_was_measured(dataset):
    spec = make_spec(dataset)
    plan, rates = lay_out(spec, dataset), rough_rates()
    said = work_out(plan, rates, original_pixels=256)
    slow = said.model_copy(
        update={
            "frozen": {
                name: each.model_copy(update={"ask": 3 * each.ask}) for name, each in said.frozen.items()
            },
            "phases": {
                name: each.model_copy(update={"learn": 2 * each.learn}) for name, each in said.phases.items()
            },
        }
    )
    adapted = work_out(plan, corrected(rates, plan=plan, measured=slow), original_pixels=256)
    for name, each in adapted.frozen.items():
        assert each.ask == pytest.approx(slow.frozen[name].ask)
    for name, each in adapted.phases.items():
        assert each.learn == pytest.approx(slow.phases[name].learn)
        assert each.answer == pytest.approx(slow.phases[name].answer)


def test_random_weights_of_another_seed_are_others(dataset, home):
    spec = make_spec(dataset, network=BackboneNetwork(weights="random", image_size=64))
    remember_weights(spec, boundary="features", weights="of seed 0", cache=home)
    assert recall_weights(spec, boundary="features", cache=home) == "of seed 0"
    assert recall_weights(spec.with_changes(seed=1), boundary="features", cache=home) is None


def test_a_place_is_named_as_the_pack_that_is_made_there(dataset):
    place = find_place(dataset, image_size=16)
    assert not place.exists()
    assert pack_pictures(dataset, image_size=16).fingerprint == place.name
    assert (place / "pack.json").is_file()


def test_an_estimate_answers_while_one_moves_a_slider(dataset):
    spec = make_spec(dataset, augmentation=MIRRORED)
    estimate_run(spec, dataset)
    started = time.process_time()
    list_alternatives(spec, dataset)
    # Measured 0.004 s, of processor time: who else is busy does not count.
    assert time.process_time() - started < 0.3
