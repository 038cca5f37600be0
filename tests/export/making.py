"""Exports with a past, for pages and packages to show: their files as a worker leaves them."""

from cnnlab.export.exports import MODEL, RECIPE, Export
from cnnlab.export.formats import FORMATS
from cnnlab.export.records import Comparison, ExportRequest, ExportResult, ExportTiming
from cnnlab.jobs.records import JobProgress
from cnnlab.runs.folder import RunFolder


def result_of(
    *, passed: bool = True, reason: str = "It is fine.", split: str = "test", num_bytes: int = 1_200_000
):
    """What came out of an export."""
    scores = {
        "accuracy": 0.9,
        "accuracy_low": 0.84,
        "accuracy_high": 0.94,
        "change": 0.0,
        "change_low": -0.02,
        "change_high": 0.02,
    }
    return ExportResult(
        passed=passed,
        reason=reason,
        num_bytes=num_bytes,
        sha256="0" * 64,
        comparison=Comparison(
            split=split,
            num_pictures=150,
            of_pictures=150,
            largest_difference=2e-6,
            agreeing_share=1.0,
            **(scores if split else {}),
        ),
        timing=ExportTiming(p50_ms=2.8, p95_ms=3.3, peak_bytes=84_000_000, runtime_version="1"),
        versions={},
        machine="2 cores",
        seconds=10.0,
    )


def past_export(
    run: RunFolder,
    name: str,
    *,
    state: str = "finished",
    message: str = "",
    result: ExportResult | None = None,
    file: bytes | None = b"a model",
) -> Export:
    """Write what the worker of an export leaves; `file` is None where nothing is offered."""
    export = Export(run=run, format_name=name, folder=run.path / "exports" / name)
    export.folder.mkdir(parents=True)
    written_at = (run.path / MODEL).stat().st_mtime_ns
    request = ExportRequest(format=name, recipe=RECIPE, model_written_at=written_at)
    (export.folder / "request.json").write_text(request.model_dump_json())
    progress = JobProgress(state=state, activity="", message=message)
    (export.folder / "progress.json").write_text(progress.model_dump_json())
    if state == "finished":
        (export.folder / "result.json").write_text((result or result_of()).model_dump_json())
        if file is not None:
            (export.folder / FORMATS[name].file).write_bytes(file)
    return export
