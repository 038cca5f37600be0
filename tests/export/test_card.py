"""The model card says what was measured, and what is not known; a name of a user's stays a name."""

from cnnlab.data.library import delete_dataset
from cnnlab.evaluation import elsewhere
from cnnlab.evaluation.comparison import wilson_interval
from cnnlab.evaluation.predictions import FILE
from cnnlab.export.card import plain, write_card
from cnnlab.jobs import folder as jobs_folder
from tests.data.making import class_files, make_dataset
from tests.evaluation.asking import Asked


def test_the_card_says_what_the_run_measured(run):
    card = write_card(run)
    assert "says to which of 2 classes a picture belongs: cat, dog." in card
    assert "- Test accuracy: 89.0 % (85.0 % to 93.0 % with 95 % confidence, 150 pictures)" in card
    assert "| Class | training | validation | test |" in card
    assert "| cat | " in card
    assert "| Learning rate | 0.001 |" in card
    assert "| Deterministic | yes |" in card
    assert "RGB picture of 16 × 16 pixels, 0 to 255" in card
    assert f"`{run.id}`" in card


def test_few_pictures_are_named_as_a_limit(run):
    card = write_card(run)
    assert "Fewer than 20 test pictures stand behind the figures of cat, dog." in card


def test_a_name_has_no_meaning_for_markdown(run):
    assert write_card(run).splitlines()[0] == r"# Pets \| \*of\* \<b\>"
    assert plain("a\nb | c") == r"a b \| c"
    assert plain("cat \u202egpj.exe") == "cat gpj.exe"


def test_what_it_does_on_other_datasets_is_said_with_its_interval(run, tmp_path, monkeypatch):
    assert "nothing here says how much" in write_card(run)
    monkeypatch.setattr(jobs_folder, "start_detached", lambda *what, log: None)
    monkeypatch.setattr(elsewhere, "load_predictor", lambda folder: Asked())
    other = make_dataset(tmp_path, class_files({"cat": 6, "dog": 4}, first_seed=700), name="Phone | evening")
    elsewhere.main(str(elsewhere.start_asking(run, other.reference()).folder))
    right = int(elsewhere.judge_elsewhere(run, other.reference()).correct.sum())
    low, high = wilson_interval(right, 10)
    card = write_card(run)
    assert (
        rf"| Phone \| evening (version 1) | 10 | {10 * right:.1f} % | {100 * low:.1f} % to {100 * high:.1f} % |"
        in card
    )
    assert "the table of other datasets says how much on those" in card
    (elsewhere.find_asking(run, other.reference()).folder / FILE).write_bytes(b"torn")
    assert "nothing here says how much" in write_card(run)


def test_without_its_dataset_the_card_says_so(run, dataset):
    delete_dataset(dataset)
    assert "The dataset is no longer where the model was made." in write_card(run)


def test_without_a_report_or_predictions_the_card_is_still_written(run):
    (run.path / "report.json").unlink()
    (run.path / "predictions.parquet").write_bytes(b"damaged")
    card = write_card(run)
    assert "The run has no report." in card
    assert "## Where it ends" in card
