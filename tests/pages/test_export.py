"""The Export page: a run, its formats with their states and buttons, and the results side by side."""

import os

import pytest

from cnnlab.errors import ModelError
from cnnlab.export.formats import FORMATS
from cnnlab.runs.folder import RunFolder
from cnnlab.ui import export as export_page
from tests.export.making import past_export, result_of
from tests.pages.making import past_run
from tests.runs.making import run_spec


@pytest.fixture
def run() -> RunFolder:
    """A finished run with a Keras model, under a hostile name."""
    run = past_run(spec=run_spec("Run *one* ![x](http://host/x)"))
    (run.path / "model.keras").write_bytes(b"a model")
    return run


@pytest.fixture
def started(monkeypatch) -> list[str]:
    """Formats that the page wanted to start; no process is."""
    asked: list[str] = []
    monkeypatch.setattr(export_page, "start_export", lambda run, name: asked.append(name))
    return asked


def texts(page) -> str:
    return "\n".join(
        str(each.value) for kind in (page.markdown, page.caption, page.warning, page.error) for each in kind
    )


def buttons(page) -> dict[str, str]:
    return {
        button.key: button.label for button in page.button if button.key and button.key.startswith("export-")
    }


def test_without_a_finished_run_the_page_says_what_to_do(open_page):
    page = open_page("export")
    assert not page.exception
    assert "No finished run yet" in texts(page)


def test_every_format_can_be_made(open_page, run, started):
    page = open_page("export", run=run.id)
    assert not page.exception
    can_be_made = [name for name, row in FORMATS.items() if not row.missing]
    assert [key for key in buttons(page) if key.startswith("export-make-")] == [
        f"export-make-{name}" for name in can_be_made
    ]
    page.button(key="export-make-onnx").click().run()
    assert started == ["onnx"]
    page.button(key="export-all").click().run()
    assert started == ["onnx", *can_be_made]
    assert not page.exception


def test_a_format_whose_library_is_missing_says_how_to_have_it(open_page, run, monkeypatch):
    monkeypatch.setattr("cnnlab.export.formats.importlib.util.find_spec", lambda name: None)
    page = open_page("export", run=run.id)
    assert "export-make-onnx" not in buttons(page)
    assert "pip install onnx" in texts(page).replace("\\", "")


def test_what_is_ready_can_be_downloaded_and_is_laid_side_by_side(open_page, run):
    past_export(run, "lite")
    past_export(
        run, "lite_int8", result=result_of(reason="99.3 % of 150 answers stay the same.", num_bytes=400_000)
    )
    page = open_page("export", run=run.id)
    assert not page.exception
    links = [link.proto.url for link in page.get("link_button")]
    assert f"/exports/{run.id}/lite.zip" in links
    assert f"/exports/{run.id}/everything.zip" in links
    table = page.dataframe[0].value
    assert list(table["Format"]) == ["LiteRT", "LiteRT, all in 8 bits"]
    assert list(table["Accuracy"]) == [90.0, 90.0]
    assert "150 of the test split" in texts(page)
    assert len(page.get("plotly_chart")) == 1


def test_what_did_not_pass_says_why_and_is_not_offered(open_page, run):
    past_export(
        run, "lite_int8", result=result_of(passed=False, reason="Rounding costs 9 points."), file=None
    )
    past_export(run, "onnx", state="failed", message="ONNX cannot take this network: *odd*.")
    page = open_page("export", run=run.id)
    assert not page.exception
    assert "Rounding costs 9 points" in texts(page)
    assert "ONNX cannot take this network" in texts(page)
    assert page.get("link_button") == []
    assert buttons(page)["export-make-lite_int8"] == "Try again"


def test_without_labels_there_is_a_table_and_no_chart(open_page, run):
    past_export(run, "keras", result=result_of(split=""))
    page = open_page("export", run=run.id)
    assert not page.exception
    assert "made-up pictures" in texts(page)
    assert "Accuracy" not in page.dataframe[0].value
    assert len(page.get("plotly_chart")) == 0


def test_an_export_of_a_model_that_was_trained_further_is_forgotten(open_page, run):
    past_export(run, "lite")
    os.utime(run.path / "model.keras", ns=(1, 1))
    page = open_page("export", run=run.id)
    assert page.get("link_button") == []
    assert "export-make-lite" in buttons(page)


def test_a_run_in_the_address_that_is_not_there_is_said(open_page, run):
    page = open_page("export", run="20200101-000000-000000")
    assert "not finished, has no model, or was deleted" in texts(page)
    assert page.selectbox(key="export-run").value == run.id


def test_what_cannot_be_started_is_said_on_the_page(open_page, run, monkeypatch):
    def refuse(run, name):
        raise ModelError("The disk is full.")

    monkeypatch.setattr(export_page, "start_export", refuse)
    page = open_page("export", run=run.id)
    page.button(key="export-make-keras").click().run()
    assert "The disk is full" in texts(page)
