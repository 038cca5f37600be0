"""The model card says what was measured, and what is not known; a name of a user's stays a name."""

from cnnlab.data.library import delete_dataset
from cnnlab.export.card import plain, write_card


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


def test_without_its_dataset_the_card_says_so(run, dataset):
    delete_dataset(dataset)
    assert "The dataset is no longer where the model was made." in write_card(run)


def test_without_a_report_or_predictions_the_card_is_still_written(run):
    (run.path / "report.json").unlink()
    (run.path / "predictions.parquet").write_bytes(b"damaged")
    card = write_card(run)
    assert "The run has no report." in card
    assert "## Where it ends" in card
