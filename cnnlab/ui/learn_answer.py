"""What an experiment found, on the screen: the verdict in words, what follows from it, numbers, charts and pictures.

Every text of an answer may hold names of users. This module never measures anything.
"""

import io
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Literal

import pandas as pd
import streamlit as st
from PIL import Image, UnidentifiedImageError

from cnnlab.charts import figures
from cnnlab.claims.answers import Answer, Chart, LineChart, PictureRow, Verdict
from cnnlab.claims.claim import Claim
from cnnlab.claims.experiments import Experiment, keep_answer
from cnnlab.claims.table import find_claim
from cnnlab.prediction.tables import to_csv
from cnnlab.specs.base import Spec
from cnnlab.ui import frame, learn_settings, run_parts, text

LONG = 1500
"""Most characters of a sentence of an answer."""
PICTURE_PIXELS = 108
"""Small pictures are enlarged to about so much, pixel by pixel."""
KEPT = "learn-kept"
"""Key of the claim whose answer was kept by the last click."""


@dataclass(frozen=True, kw_only=True)
class VerdictRow:
    """How a verdict looks."""

    label: str
    icon: str
    color: Literal["green", "orange", "red", "gray"]
    sentence: str


VERDICTS: MappingProxyType[Verdict, VerdictRow] = MappingProxyType(
    {
        "holds": VerdictRow(
            label="Holds", icon=":material/check_circle:", color="green", sentence="Measured to be so."
        ),
        "partly": VerdictRow(
            label="Holds in part",
            icon=":material/contrast:",
            color="orange",
            sentence="Measured to be so within limits only.",
        ),
        "fails": VerdictRow(
            label="Does not hold", icon=":material/cancel:", color="red", sentence="Measured to be otherwise."
        ),
        "noise": VerdictRow(
            label="Within noise",
            icon=":material/blur_on:",
            color="gray",
            sentence="No more than chance could make; more pictures would tell.",
        ),
    }
)


def badge(verdict: Verdict) -> None:
    """Draw a verdict as a coloured badge with its icon and words."""
    row = VERDICTS[verdict]
    st.badge(row.label, icon=row.icon, color=row.color, help=row.sentence)


def draw(experiment: Experiment) -> None:
    """Draw what an experiment found, or say that it cannot be read."""
    answer = experiment.answer()
    if answer is None:
        frame.problem(
            "What this experiment found cannot be read: its file is damaged. Measure again; the settings are still here."
        )
        return
    with st.container(border=True):
        with run_parts.split_row():
            with run_parts.line():
                badge(answer.verdict)
                st.markdown(f":gray[{VERDICTS[answer.verdict].sentence}]", width="content")
            _downloads(experiment, answer)
        st.markdown(f"**{text.escape(answer.sentence, limit=LONG)}**")
        st.markdown(text.escape(answer.meaning, limit=LONG))
        st.caption(_how(experiment, answer))
    numbers(answer)
    charts(answer.charts)
    for row in answer.pictures:
        _pictures(experiment, row)


def numbers(answer: Answer) -> None:
    """Draw the figures that matter side by side."""
    if not answer.numbers:
        return
    grid = st.grid(min(4, max(len(answer.numbers), 2)), min_column_width=190, border=True)
    for number in answer.numbers:
        with grid.cell():
            frame.card(text.escape(number.label), text.escape(number.value), text.escape(number.sentence))


def charts(charts: tuple[Chart, ...]) -> None:
    """Draw the charts of an answer, side by side where there is room."""
    if not charts:
        return
    grid = st.grid(2 if len(charts) > 1 else 1, min_column_width=320)
    for number, chart in enumerate(charts):
        values = chart.model_dump(exclude={"kind"})
        figure = (
            figures.claim_lines(**values) if isinstance(chart, LineChart) else figures.claim_bars(**values)
        )
        with grid.container(border=True):
            st.plotly_chart(figure, key=f"learn-chart-{number}", alt=text.shorten(chart.title, limit=200))


def keep_button(claim: Claim, settings: Spec, answer: Answer) -> None:
    """Draw the button that keeps what was found on the page itself, with its settings."""
    if st.button("Keep this answer", icon=":material/bookmark:", key=f"learn-keep-{claim.id}"):
        with frame.errors_as_text():
            keep_answer(claim.id, settings, answer)
            learn_settings.remember(claim.id, settings)
            st.toast("Kept; it is in the list below.", icon=":material/check:")


def _how(experiment: Experiment, answer: Answer) -> str:
    """On what it was measured, how long that took, with which settings."""
    parts = []
    if answer.seconds:
        parts.append(f"Measured in {text.duration(round(answer.seconds, 1))}")
    if answer.measured_on:
        parts.append(f"on {text.escape(answer.measured_on)}")
    settings, asked = experiment.settings(), text.ago(asked_at(experiment))
    line = f"{' '.join(parts)}, {asked}" if parts else f"Kept {asked}"
    if settings is None:
        return f"{line}, by an older version of this experiment."
    used = learn_settings.in_words(find_claim(experiment.claim), settings)
    return f"{line}. With {text.escape(used, limit=500)}."


def asked_at(experiment: Experiment) -> datetime:
    """When an experiment was asked for, in this machine's time."""
    return datetime.fromtimestamp(experiment.started_at).astimezone()


def _downloads(experiment: Experiment, answer: Answer) -> None:
    with run_parts.line():
        st.download_button(
            "JSON",
            answer.model_dump_json(indent=2),
            f"{experiment.claim}.json",
            "application/json",
            key="learn-json",
            icon=":material/download:",
            type="tertiary",
            on_click="ignore",
        )
        st.download_button(
            "CSV",
            to_csv(as_table(answer)),
            f"{experiment.claim}.csv",
            "text/csv",
            key="learn-csv",
            icon=":material/download:",
            type="tertiary",
            on_click="ignore",
        )


def as_table(answer: Answer) -> pd.DataFrame:
    """Every number of an answer as a row: where it stands, its name, x where it has one, value, low, high."""
    rows = [{"where": "scores", "name": name, "value": value} for name, value in answer.scores.items()]
    for chart in answer.charts:
        if isinstance(chart, LineChart):
            for line in chart.lines:
                lows, highs = (bounds or (None,) * len(line.y) for bounds in (line.low, line.high))
                rows += [
                    {"where": chart.title, "name": line.label, "x": x, "value": y, "low": low, "high": high}
                    for x, y, low, high in zip(line.x, line.y, lows, highs, strict=False)
                ]
        else:
            rows += [
                {
                    "where": chart.title,
                    "name": " · ".join(filter(None, (bar.label, bar.group))),
                    "value": bar.value,
                    "low": bar.low,
                    "high": bar.high,
                }
                for bar in chart.bars
            ]
    return pd.DataFrame(rows, columns=["where", "name", "x", "value", "low", "high"])


def _pictures(experiment: Experiment, row: PictureRow) -> None:
    frame.section(text.escape(row.title), lead=text.escape(row.sentence, limit=LONG))
    missing = 0
    with st.container(horizontal=True, gap="small"):
        for picture in row.pictures:
            path = experiment.picture(picture.file)
            try:
                pixels = _enlarged(str(path), path.stat().st_mtime_ns)
            except (OSError, UnidentifiedImageError):
                missing += 1
                continue
            with st.container(width=PICTURE_PIXELS, gap="xxsmall"):
                st.image(pixels, width=PICTURE_PIXELS, alt=text.shorten(picture.caption, limit=120))
                st.caption(text.escape(picture.caption, limit=80))
    if missing:
        frame.warning(
            f"{text.counted(missing, 'picture')} of this answer cannot be read any more. Measure again."
        )


@st.cache_data(max_entries=512, show_spinner=False)
def _enlarged(path: str, changed_at: int) -> bytes:
    """A picture with every pixel as a square, so that it can be looked at; our own PNG, written by the worker."""
    with open(path, "rb") as file:
        picture = Image.open(io.BytesIO(file.read()), formats=["PNG"])
        picture.load()
    # Twice what is shown, for screens with fine pixels.
    factor = max(1, 2 * PICTURE_PIXELS // max(picture.size))
    enlarged = io.BytesIO()
    picture.resize((picture.width * factor, picture.height * factor), Image.Resampling.NEAREST).save(
        enlarged, "PNG"
    )
    return enlarged.getvalue()
