"""The settings of a run as TensorBoard's HPARAMS tab takes them: flat names, each with a number, a word or yes or no.

    training.optimizer.learning_rate = 0.001, network.kind = "blocks", seed = 0

One run is one session of that tab. No list of all settings is written beside them: TensorBoard takes the
first list that it finds for that of every run, and gathers it from the sessions where there is none.
This module never opens a file.
"""

import json
from typing import Any

from cnnlab.runs.records import Report
from cnnlab.runs.states import State
from cnnlab.specs.runs import RunSpec

PLUGIN = "hparams"
SESSION_START, SESSION_END = "_hparams_/session_start_info", "_hparams_/session_end_info"
LONGEST_VALUE = 2000
STATUSES = {
    State.FINISHED: "STATUS_SUCCESS",
    State.STOPPED: "STATUS_SUCCESS",
    State.FAILED: "STATUS_FAILURE",
}
"""How a session ended; one that is paused has not."""


def hyperparameters(spec: RunSpec) -> dict[str, float | str | bool]:
    """Every setting of a run by its flat name; what has no value is left out, and a list is written as JSON."""
    values = spec.model_dump(mode="json", exclude={"class_names": True, "dataset": {"id"}})
    return {"num_classes": float(len(spec.class_names))} | dict(_flat(values, prefix=""))


def final_numbers(report: Report) -> dict[str, float]:
    """What came out, by the names under which TensorBoard shows it beside the settings; what is none is left out."""
    found = {
        "final/test_accuracy": report.test_accuracy,
        "final/test_loss": report.test_loss,
        "final/val_accuracy": report.val_accuracy,
        "final/val_loss": report.val_loss,
        "final/seconds": report.seconds,
    }
    return {tag: number for tag, number in found.items() if number is not None}


def session_start(spec: RunSpec, *, run: str, at: float) -> Any:
    """The summary that opens a session."""
    from tensorboardX.proto.plugin_hparams_pb2 import HParamsPluginData, SessionStartInfo

    start = SessionStartInfo(group_name=run, start_time_secs=at)
    for name, value in hyperparameters(spec).items():
        if isinstance(value, bool):
            start.hparams[name].bool_value = value
        elif isinstance(value, str):
            start.hparams[name].string_value = value
        else:
            start.hparams[name].number_value = value
    return _summary(SESSION_START, HParamsPluginData(session_start_info=start))


def session_end(state: State, *, at: float) -> Any | None:
    """The summary that closes a session, or None where it goes on."""
    from tensorboardX.proto.api_pb2 import Status
    from tensorboardX.proto.plugin_hparams_pb2 import HParamsPluginData, SessionEndInfo

    if state not in STATUSES:
        return None
    end = SessionEndInfo(status=Status.Value(STATUSES[state]), end_time_secs=at)
    return _summary(SESSION_END, HParamsPluginData(session_end_info=end))


def _flat(value: Any, *, prefix: str) -> list[tuple[str, float | str | bool]]:
    if isinstance(value, dict):
        inner = f"{prefix}." if prefix else ""
        return [pair for name, each in value.items() for pair in _flat(each, prefix=f"{inner}{name}")]
    if value is None:
        return []
    if isinstance(value, bool | str):
        return [(prefix, value if isinstance(value, bool) else value[:LONGEST_VALUE])]
    if isinstance(value, int | float):
        return [(prefix, float(value))]
    return [(prefix, json.dumps(value, ensure_ascii=False)[:LONGEST_VALUE])]


def _summary(tag: str, content: Any) -> Any:
    from tensorboardX.proto.summary_pb2 import Summary, SummaryMetadata

    data = SummaryMetadata.PluginData(plugin_name=PLUGIN, content=content.SerializeToString())
    return Summary(value=[Summary.Value(tag=tag, metadata=SummaryMetadata(plugin_data=data))])
