"""What can be downloaded of a judged run: one HTML report, everything as JSON, and its tables as CSV.

Each file is made when somebody clicks. This module never computes a score.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

import streamlit as st

from cnnlab.evaluation.judged import JudgedSplit, dataset_judged
from cnnlab.evaluation.metrics import confusion_matrix
from cnnlab.evaluation.report import as_json, confusion_table, find_out, named_predictions
from cnnlab.evaluation.scores import class_scores
from cnnlab.prediction.tables import to_csv
from cnnlab.ui.datasets_gallery import table_of
from cnnlab.ui.evaluate_report import report_html


@dataclass(frozen=True, kw_only=True)
class Download:
    """One file that can be had."""

    label: str
    help: str
    ending: str
    mime: str
    make: Callable[[JudgedSplit], str]


def draw(judged: JudgedSplit) -> None:
    """Draw the files that can be had of a judged run."""
    with st.popover("Download", icon=":material/download:"):
        for name, row in DOWNLOADS.items():
            st.download_button(
                row.label,
                lambda row=row: row.make(judged).encode("utf-8-sig" if row.ending == "csv" else "utf-8"),
                file_name=f"{name}-{judged.run.id}-{judged.split}.{row.ending}",
                mime=row.mime,
                help=row.help,
                icon=":material/download:",
                key=f"evaluate-download-{name}",
                on_click="ignore",
                width="stretch",
            )


def _everything(judged: JudgedSplit) -> str:
    return json.dumps(as_json(find_out(judged)), indent=2, ensure_ascii=False)


def _classes(judged: JudgedSplit) -> str:
    return to_csv(class_scores(judged.labels, judged.predicted, class_names=judged.class_names))


def _confusions(judged: JudgedSplit) -> str:
    matrix = confusion_matrix(judged.labels, judged.predicted, num_classes=len(judged.class_names))
    return to_csv(confusion_table(matrix, class_names=judged.class_names))


def _predictions(judged: JudgedSplit) -> str:
    dataset = dataset_judged(judged)
    names = None
    if dataset is not None:
        table = table_of(dataset).set_index("picture")["name"]
        names = table.reindex(judged.pictures).tolist()
    return to_csv(named_predictions(judged, file_names=names))


DOWNLOADS: MappingProxyType[str, Download] = MappingProxyType(
    {
        "evaluation": Download(
            label="Report (HTML)",
            help="One file with live charts that opens in any browser, without a network.",
            ending="html",
            mime="text/html",
            make=report_html,
        ),
        "everything": Download(
            label="Everything (JSON)",
            help="Scores, classes, confusion matrix, calibration and threshold.",
            ending="json",
            mime="application/json",
            make=_everything,
        ),
        "classes": Download(
            label="Classes (CSV)",
            help="Precision, recall, F1 and interval of every class.",
            ending="csv",
            mime="text/csv",
            make=_classes,
        ),
        "confusion-matrix": Download(
            label="Confusion matrix (CSV)",
            help="A row a true class, a column a predicted one.",
            ending="csv",
            mime="text/csv",
            make=_confusions,
        ),
        "predictions": Download(
            label="Predictions (CSV)",
            help="Every picture with its file, true and predicted class, and all probabilities.",
            ending="csv",
            mime="text/csv",
            make=_predictions,
        ),
    }
)
"""The name is the beginning of the file's."""
