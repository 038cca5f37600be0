"""The table of all answers on the Predict page, with a small picture in each row, and the same as CSV.

This module never asks a model.
"""

import io
from collections.abc import Sequence

import pandas as pd
import streamlit as st
from PIL import Image

from cnnlab.data.images import encode_thumbnail
from cnnlab.errors import CnnlabError
from cnnlab.evaluation.calibration import apply_temperature, load_calibration
from cnnlab.prediction.answers import Answer
from cnnlab.prediction.predictor import Predictor
from cnnlab.prediction.tables import answers_table, to_csv
from cnnlab.runs.folder import RunFolder
from cnnlab.settings import workspace
from cnnlab.ui import frame, predict_familiarity
from cnnlab.ui.gallery import data_uri
from cnnlab.ui.predict_cards import Asked

PERCENT = "%.1f %%"
SMALL_PIXELS = 48


def table(asked: Sequence[Asked], predictors: Sequence[Predictor]) -> None:
    """Draw every answer of every run."""
    frame.section("All answers")
    shown, exported = [], []
    for place, predictor in enumerate(predictors):
        given = [each.answers[place] for each in asked]
        table = answers_table(given, class_names=predictor.record.class_names)
        table.insert(1, "true_class", [each.truth or None for each in asked])
        table.insert(1, "run", predictor.record.name)
        table["calibrated"] = _calibrated(given, predictor)
        table["unfamiliar"] = predict_familiarity.unfamiliar(asked, predictor, place)
        shown.append(table)
        exported.append(table.join(_probabilities(given, predictor)))
    hidden = [
        *(["run"] if len(predictors) == 1 else []),
        *(name for name in ("calibrated", "unfamiliar") if all(table[name].isna().all() for table in shown)),
        *([] if any(each.problem for each in asked) else ["problem"]),
    ]
    small = [_small(each) for each in asked]
    for each in shown:
        each.insert(0, "picture", small)
    st.dataframe(
        _in_percent(_by_file(shown).drop(columns=hidden)),
        hide_index=True,
        placeholder="–",
        column_config=_columns(),
        alt="Every picture with the classes that were found",
    )
    st.download_button(
        "Download as CSV",
        lambda: to_csv(_by_file(exported)).encode("utf-8-sig"),
        file_name=f"predictions-{'-'.join(predictor.record.run for predictor in predictors)}.csv",
        mime="text/csv",
        icon=":material/download:",
        key="predict-csv",
        on_click="ignore",
    )
    st.caption(
        "The file has the probability of every class too. Times are of the model alone, without decoding the picture."
    )


@st.cache_data(max_entries=4000, show_spinner=False)
def _smaller(jpeg: bytes) -> str:
    # A thumbnail that cnnlab encoded itself, so it may be decoded here.
    with Image.open(io.BytesIO(jpeg)) as image:
        return data_uri(encode_thumbnail(image.convert("RGB"), size=SMALL_PIXELS))


def _small(asked: Asked) -> str | None:
    return _smaller(asked.jpeg) if asked.jpeg else None


def _calibrated(given: Sequence[Answer], predictor: Predictor) -> list[float | None]:
    """The confidence of each answer at the temperature that the Evaluate page has fitted, where it has."""
    try:
        calibration = load_calibration(RunFolder.find(predictor.record.run, runs=workspace().runs))
    except CnnlabError:
        calibration = None
    if calibration is None:
        return [None] * len(given)
    return [
        None
        if answer.probabilities is None
        else float(apply_temperature(answer.probabilities, calibration.temperature).max())
        for answer in given
    ]


def _in_percent(table: pd.DataFrame) -> pd.DataFrame:
    """Shares as the screen shows them, 0 to 100; the CSV keeps them from 0 to 1."""
    shares = [name for name in table.columns if name.startswith("confidence") or name == "calibrated"]
    return table.assign(**{name: pd.to_numeric(table[name]) * 100 for name in shares})


def _by_file(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put tables of the same files together, the answers to one file below each other."""
    return pd.concat(tables).sort_index(kind="stable")


def _probabilities(given: Sequence[Answer], predictor: Predictor) -> pd.DataFrame:
    """One column a class: its probability, 0 to 1, one row an answer."""
    names = [f"probability of {name}" for name in predictor.record.class_names]
    empty = [None] * len(names)
    return pd.DataFrame(
        [empty if answer.probabilities is None else answer.probabilities.tolist() for answer in given],
        columns=names,
    )


def _columns() -> dict[str, object]:
    words, number = st.column_config.TextColumn, st.column_config.NumberColumn
    return {
        "picture": st.column_config.ImageColumn("", width="small"),
        "run": words("Run"),
        "file": words("File", width="medium"),
        "true_class": words("True class"),
        "predicted": words("Answer"),
        "confidence": st.column_config.ProgressColumn(
            "Confidence", format=PERCENT, min_value=0, max_value=100
        ),
        "class_2": words("Second"),
        "confidence_2": number("", format=PERCENT),
        "class_3": words("Third"),
        "confidence_3": number("", format=PERCENT),
        "calibrated": number(
            "Calibrated",
            format=PERCENT,
            help="The confidence at the temperature fitted on the Evaluate page.",
        ),
        "unfamiliar": st.column_config.CheckboxColumn(
            "Unfamiliar", help="Farther from all training pictures than 99 % of the validation pictures."
        ),
        "milliseconds": number("Time, ms", format="%.1f"),
        "problem": words("Problem", width="large"),
    }
