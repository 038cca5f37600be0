"""A judged run as one HTML file that opens without a network: the figures stay alive, every name is plain text.

Nothing in it asks another host, which its own policy makes sure of. This module never computes a score.
"""

import html
import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from cnnlab.charts import figures, offline
from cnnlab.evaluation.confusions import confused_together, most_confused
from cnnlab.evaluation.detection import detection_curves
from cnnlab.evaluation.judged import JudgedSplit, dataset_judged
from cnnlab.evaluation.judging_words import (
    Words,
    accuracy_words,
    certainty_words,
    temperature_words,
    threshold_words,
)
from cnnlab.evaluation.report import WANTED, Findings, find_out, surest_mistakes
from cnnlab.ui import text
from cnnlab.ui.datasets_gallery import thumbnails
from cnnlab.ui.gallery import data_uri
from cnnlab.ui.networks import network_label

ASSETS = Path(__file__).resolve().parent / "assets"
POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"
MISTAKES = 24
PAIRS = 20
MOST_DRAWN = 60
"""Of more classes only the most confused are drawn in the heat map."""
PICTURE_PIXELS = 192


def report_html(judged: JudgedSplit) -> str:
    """Write the report of a judged split.

    Raises:
        RunError: A file of the run is damaged.
    """
    found = find_out(judged)
    parts = [_head(judged), _scores(found), _classes(found), _confusions(found), _certainty(found)]
    parts += [_detection(found), _mistakes(judged), _settings(judged)]
    script, style = (
        (ASSETS / f"evaluate_report.{kind}").read_text(encoding="utf-8") for kind in ("js", "css")
    )
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_safe(judged.spec.name)} · cnnlab</title>\n<style>{style}</style>\n"
        f"<script>{offline.library()}</script>\n</head>\n<body>\n"
        + "\n".join(parts)
        + f"\n<script>{script}</script>\n</body>\n</html>\n"
    )


def _head(judged: JudgedSplit) -> str:
    spec = judged.spec
    where = f" of {judged.dataset.name} (version {judged.dataset.version})" if judged.is_elsewhere else ""
    facts = (
        f"{network_label(spec.network)} on {spec.dataset.name} (version {spec.dataset.version}) · "
        f"{len(judged.class_names)} classes · judged on {len(judged):,} {judged.split} pictures{where} · run {judged.run.id}"
    )
    return f'<h1>{_safe(spec.name)}</h1>\n<p class="quiet">{_safe(facts)}</p>'


def _scores(found: Findings) -> str:
    scores, last = found.scores, max(1, min(max(found.top_k), len(found.classes) // 2))
    cards = [
        (
            "Accuracy",
            text.percent(scores.accuracy),
            f"{text.percent(scores.accuracy_low)} to {text.percent(scores.accuracy_high)}",
        ),
        (f"Top-{last} accuracy", text.percent(found.top_k[last]), "the true class among the first"),
        ("Macro F1", text.percent(scores.macro.f1), _averages(scores.macro)),
        ("Weighted F1", text.percent(scores.weighted.f1), _averages(scores.weighted)),
        (
            "Log loss",
            text.decimal(scores.log_loss),
            f"calibration error {text.percent(scores.calibration_error)}",
        ),
    ]
    drawn = "".join(
        f"<div><dt>{label}</dt><dd><b>{value}</b><small>{sentence}</small></dd></div>"
        for label, value, sentence in cards
    )
    return f'{_words(accuracy_words(scores, split=found.judged.split))}\n<dl class="cards">{drawn}</dl>'


def _classes(found: Findings) -> str:
    columns: dict[str, Callable[[pd.Series], object]] = {
        "Class": lambda row: row["class_name"],
        "Pictures": lambda row: int(row["support"]),
        "Said": lambda row: int(row["predicted"]),
        **{
            title: lambda row, name=name: float(row[name])
            for title, name in (("Precision", "precision"), ("Recall", "recall"), ("F1", "f1"))
        },
        "Recall, 95 %": lambda row: _span(row["recall_low"], row["recall_high"]),
        "ROC area": lambda row: float(row["roc_area"]),
        "Average precision": lambda row: float(row["average_precision"]),
    }
    rows = [[read(row) for read in columns.values()] for _, row in found.classes.iterrows()]
    figure = figures.class_recall(found.classes, split=found.judged.split, accuracy=found.scores.accuracy)
    return (
        f"<h2>Class by class</h2>\n{_table(list(columns), rows)}\n"
        f"{offline.figure_html(figure, label='Recall of each class with its interval')}"
    )


def _confusions(found: Findings) -> str:
    names = found.judged.class_names
    labels = confused_together(found.matrix)
    lead = "Classes that are taken for each other stand side by side."
    if len(labels) > MOST_DRAWN:
        labels = labels[np.isin(labels, most_confused(found.matrix, count=MOST_DRAWN))]
        lead = f"The {MOST_DRAWN} classes with the most mistakes. {lead}"
    figure = figures.confusion_matrix(found.matrix, class_names=names, labels=labels)
    rows = [
        [names[row.true], names[row.predicted], int(row.pictures), float(row.share)]
        for row in found.pairs.head(PAIRS).itertuples()
    ]
    pairs = _table(["True class", "Said", "Pictures", "Share of the true class"], rows) if rows else ""
    return (
        f'<h2>What is taken for what</h2>\n<p class="quiet">{lead}</p>\n'
        f"{offline.figure_html(figure, label='Confusion matrix')}\n{pairs}"
    )


def _certainty(found: Findings) -> str:
    judged = found.judged
    words = [
        certainty_words(
            found.before, found.after, found.calibration, split=judged.split, pictures=len(judged)
        )
    ]
    if found.calibration:
        words.append(temperature_words(found.calibration))
    words.append(threshold_words(found.recommended, found.checked, wanted=WANTED, split=found.checked_on))
    reliability = figures.reliability_diagram(
        found.before.groups, split=judged.split, calibrated=found.after.groups if found.after else None
    )
    threshold = found.recommended.threshold if found.recommended else 0.0
    coverage = figures.coverage_curves(found.coverage, threshold=threshold, wanted=WANTED)
    return (
        "<h2>How sure it is</h2>\n"
        + "\n".join(_words(each) for each in words)
        + '\n<div class="beside">'
        + offline.figure_html(reliability, label="How often it is right against how sure it is")
        + offline.figure_html(coverage, label="Right answers against answers given")
        + "</div>"
    )


def _detection(found: Findings) -> str:
    """Draw the curves of one class: of two the second, of more the one that is told from the rest worst."""
    judged, areas = found.judged, found.classes["roc_area"].fillna(2.0)
    label = 1 if len(areas) == 2 else int(areas.argmin())
    curves = detection_curves(judged.probabilities, judged.labels, label=label)
    if curves is None:
        return ""
    look = {"class_name": judged.class_names[label], "split": judged.split}
    roc = figures.roc_curve(
        curves.false_positive_rate, curves.true_positive_rate, curves.roc_thresholds, area=curves.area, **look
    )
    precision = figures.precision_recall_curve(
        curves.recall,
        curves.precision,
        curves.precision_thresholds,
        average_precision=curves.average_precision,
        share=curves.share,
        **look,
    )
    why = "" if len(areas) == 2 else ", the class that is told from the rest worst"
    return (
        f"<h2>{_safe(judged.class_names[label])} against the rest</h2>\n"
        f'<p class="quiet">Every threshold on the probability of this class{why}.</p>\n<div class="beside">'
        f"{offline.figure_html(roc, label='ROC curve')}"
        f"{offline.figure_html(precision, label='Precision and recall')}</div>"
    )


def _mistakes(judged: JudgedSplit) -> str:
    places, dataset = surest_mistakes(judged, count=MISTAKES), dataset_judged(judged)
    if not len(places):
        return ""
    if dataset is None:
        small: Sequence[bytes | str] = ["Its dataset is no longer here."] * len(places)
    else:
        small = thumbnails(dataset, judged.pictures[places], size=PICTURE_PIXELS)
    tiles = "".join(
        f"<figure>{_picture(answer, judged.class_names[judged.labels[place]])}<figcaption>"
        f"<b>{_safe(judged.class_names[judged.labels[place]])}</b>"
        f"<i>said {_safe(judged.class_names[judged.predicted[place]])}</i>, "
        f"{text.percent(float(judged.confidence[place]), digits=0)} sure</figcaption></figure>"
        for place, answer in zip(places, small, strict=True)
    )
    return (
        f'<h2>The mistakes it was surest of</h2>\n<p class="quiet">{len(places)} of '
        f'{int((~judged.correct).sum()):,} wrong answers.</p>\n<div class="pictures">{tiles}</div>'
    )


def _picture(answer: bytes | str, name: str) -> str:
    if isinstance(answer, bytes):
        return f'<img src="{data_uri(answer)}" alt="{_safe(name)}">'
    return f"<p>{_safe(answer)}</p>"


def _settings(judged: JudgedSplit) -> str:
    written = json.dumps(json.loads(judged.spec.to_json()), indent=2, ensure_ascii=False)
    return f"<h2>Settings of the run</h2>\n<details><summary>As JSON</summary><pre>{html.escape(written)}</pre></details>"


def _table(titles: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table that sorts when a title is clicked; shares become percent, and keep their number to sort by."""
    head = "".join(f'<th scope="col"><button type="button">{_safe(title)}</button></th>' for title in titles)
    body = "".join(f"<tr>{''.join(_cell(value) for value in row)}</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _cell(value: object) -> str:
    if isinstance(value, float):
        shown = "–" if math.isnan(value) else text.percent(value)
        return f'<td data-value="{0.0 if math.isnan(value) else value:.6f}">{shown}</td>'
    if isinstance(value, int):
        return f'<td data-value="{value}">{value:,}</td>'
    return f'<td class="text">{_safe(value)}</td>'


def _words(words: Words) -> str:
    return f"<p><strong>{_safe(words.headline)}</strong> {_safe(words.details)}</p>"


def _averages(averages) -> str:
    return f"precision {text.percent(averages.precision)}, recall {text.percent(averages.recall)}"


def _span(low: float, high: float) -> str:
    return "–" if math.isnan(low) else f"{text.percent(low)} to {text.percent(high)}"


def _safe(value: object) -> str:
    """Text of ours or of a user as HTML: letter by letter, on one line."""
    return html.escape(text.shorten(str(value), limit=1000))
