"""The parts of the Backbones page: the comparison table, and one backbone in full.

Published figures name their source, and where the lesson says otherwise, both are shown. What a race has
measured here stands in columns of its own. This module never measures anything and never fetches weights.
"""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from cnnlab.charts import figures
from cnnlab.models.backbones import BACKBONE_BLOCKS, BACKBONES, Backbone
from cnnlab.models.recommendation import PURPOSES
from cnnlab.models.weights import WeightsStatus, weights_status
from cnnlab.runs.measurements import Measurement
from cnnlab.ui import frame, nav, race_results, text

FIRST = "efficientnet_lite0"
"""Shown before anything is chosen: it works on a fresh machine."""
TABLES = "backbones-tables"
"""How many tables this session has thrown away; a part of the table's key."""
SHOW = {"all": "All", "lesson": "The lesson's four", "here": "Weights are here"}
SIZES = (20, 50, 100, 250, 600)
WEIGHTS_WORDS = {
    "packaged": "in a package",
    "file": "in the workspace",
    "cached": "in Keras' cache",
    "downloadable": "to be fetched",
    "missing": "missing",
}


def weights() -> dict[str, WeightsStatus]:
    """Where the weights of every backbone are; looked up once for the whole page."""
    return {name: weights_status(name) for name in BACKBONES}


def chosen() -> Backbone:
    """The backbone that the address names, else the one that works without a download."""
    name = st.query_params.get("backbone", FIRST)
    if name not in BACKBONES:
        frame.warning(f"There is no backbone {name!r}. Choose one in the table.")
        name = FIRST
    return BACKBONES[name]


def recommendations(status: Mapping[str, WeightsStatus]) -> None:
    """Draw what to take for which purpose, with the reason in figures."""
    grid = st.grid(len(PURPOSES), min_column_width=210)
    for name, purpose in PURPOSES.items():
        row = BACKBONES[purpose.backbone]
        with grid.container(border=True, height="stretch", gap="xsmall"):
            st.caption(purpose.label)
            st.markdown(f"**{row.label}**")
            st.markdown(purpose.reason(row))
            st.space("stretch")
            with st.container(horizontal=True, vertical_alignment="center"):
                _weights_badge(status[row.name])
                st.space("stretch")
                st.button(
                    "Details",
                    key=f"recommended-{name}",
                    type="tertiary",
                    icon=":material/arrow_downward:",
                    on_click=_recommend,
                    args=(row.name,),
                )


def _recommend(name: str) -> None:
    st.query_params["backbone"] = name
    # A table of another key forgets which row was clicked, and marks the one that was chosen here.
    st.session_state[TABLES] = st.session_state.get(TABLES, 0) + 1


def _weights_badge(status: WeightsStatus) -> None:
    st.badge(
        f"weights {WEIGHTS_WORDS[status.state]}",
        icon=":material/check:" if status.here else ":material/cloud_download:",
        color="green" if status.here else "gray",
    )


def comparison(
    selected: Backbone, *, status: Mapping[str, WeightsStatus], measured: Mapping[str, Measurement]
) -> list[Backbone]:
    """Draw filters and table; clicking a row selects it. Returns the rows that are shown.

    `measured` is what was measured on the chosen dataset, by name of the backbone.
    """
    shown = sorted(_filtered(status), key=lambda row: row.name not in measured)
    if not shown:
        frame.note("No backbone is like that. Ask for less: a larger size, or all of them.")
        return shown
    names = [row.name for row in shown]
    key = f"backbones-{st.session_state.get(TABLES, 0)}-{hash(tuple(names))}"

    def choose() -> None:
        rows = st.session_state[key]["selection"]["rows"]
        if rows and rows[0] < len(names):
            st.query_params["backbone"] = names[rows[0]]

    start = {"selection": {"rows": [names.index(selected.name)]}} if selected.name in names else None
    st.dataframe(
        table(shown, status=status, measured=measured),
        key=key,
        hide_index=True,
        placeholder="–",
        on_select=choose,
        selection_mode="single-row",
        selection_default=start,
        column_config=_columns() | race_results.here_columns(),
        alt="Pretrained backbones with their published figures, and those measured here",
    )
    st.caption(
        f"{len(shown)} of {len(BACKBONES)} shown. Click a heading to sort, a row to read more. Times are those of keras.io: "
        "32 pictures on a 92-core CPU, and on an A100. – : nothing was published."
    )
    return shown


def _filtered(status: Mapping[str, WeightsStatus]) -> list[Backbone]:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        words = st.text_input(
            "Search", key="backbones-search", placeholder="Name, family or purpose", width=240
        )
        show = st.segmented_control(
            "Show", list(SHOW), default="all", required=True, key="backbones-show", format_func=SHOW.get
        )
        largest = st.select_slider(
            "Largest size",
            SIZES,
            value=SIZES[-1],
            key="backbones-size",
            format_func=lambda size: "any" if size == SIZES[-1] else f"{size} MB",
            width=240,
        )
    return [
        row
        for row in sorted(BACKBONES.values(), key=lambda row: row.lesson is None)
        if row.size_mb <= largest
        and (show != "lesson" or row.lesson)
        and (show != "here" or status[row.name].here)
        and all(
            word in f"{row.label} {row.family.label} {row.best_for}".lower() for word in words.lower().split()
        )
    ]


def table(
    rows: list[Backbone], *, status: Mapping[str, WeightsStatus], measured: Mapping[str, Measurement]
) -> pd.DataFrame:
    """The comparison table: one row a backbone, in the order given; measured columns once there are any."""
    return pd.DataFrame(
        [
            {
                "Backbone": row.label,
                "Lesson": "★ yes" if row.lesson else None,
                **(race_results.here(measured[row.name]) if row.name in measured else {}),
                "Best for": row.best_for,
                "Size": row.size_mb,
                "Top-1": row.top1_percent,
                "Top-5": row.top5_percent,
                "Parameters": row.parameters_millions,
                "Input": row.image_size,
                "CPU": row.cpu_ms_per_step,
                "GPU": row.gpu_ms_per_step,
                "Lesson's size": row.lesson.size_mb if row.lesson else None,
                "Lesson's top-1": row.lesson.top1_percent if row.lesson else None,
                "Weights": WEIGHTS_WORDS[status[row.name].state],
                "Source": row.source,
            }
            for row in rows
        ]
    )


def published_chart(shown: list[Backbone], *, selected: Backbone) -> None:
    """Draw the published figures of what the table shows; nothing but a sentence where that is nothing."""
    if not shown:
        st.markdown(
            ":gray[No backbone is shown above, so there is nothing to draw. Change the search or the filters.]"
        )
        return
    st.plotly_chart(
        figures.backbones(shown, selected=selected.label),
        key="backbones-chart",
        alt="Published accuracy against size of each backbone",
    )


def _columns() -> dict[str, object]:
    number, words = st.column_config.NumberColumn, st.column_config.TextColumn
    return {
        "Backbone": words(pinned=True),
        "Lesson": words(help="One of the four that the lesson compares."),
        "Size": number("Size, MB", format="%.0f", help="Of the file with its weights."),
        "Top-1": number(
            "Top-1, %", format="%.1f", help="ImageNet pictures whose most probable class is right."
        ),
        "Top-5": number(
            "Top-5, %", format="%.1f", help="ImageNet pictures whose class is among the five most probable."
        ),
        "Parameters": number(
            "Parameters, M", format="%.1f", help="In millions, with the top of 1000 classes."
        ),
        "Input": number(
            "Input, px", format="%d", help="Height and width of the pictures that it was trained on."
        ),
        "CPU": number("CPU, ms", format="%.1f", help="A step of 32 pictures on a 92-core CPU, published."),
        "GPU": number("GPU, ms", format="%.1f", help="A step of 32 pictures on an A100, published."),
        "Lesson's size": number("Lesson: MB", format="%.0f", help="What the lesson says of its four."),
        "Lesson's top-1": number("Lesson: top-1, %", format="%.1f", help="What the lesson says of its four."),
        "Weights": words(help="Whether the ImageNet weights are on this machine."),
        "Best for": words(width="medium"),
    }


def details(row: Backbone, *, status: WeightsStatus) -> None:
    """Draw everything about one backbone, with the way to train with it."""
    blocks = BACKBONE_BLOCKS[row.name]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(row.label, anchor=False, width="content")
        if row.lesson:
            st.badge("in the lesson", icon=":material/star:", color="violet")
        _weights_badge(status)
        st.space("stretch")
        _train_button(row)
    st.markdown(row.best_for)
    grid = st.grid(4, min_column_width=85)
    for label, value in (
        ("Size", f"{row.size_mb:g} MB"),
        ("Top-1", f"{row.top1_percent:.1f} %"),
        ("Parameters", f"{row.parameters_millions:g} M"),
        ("Input", f"{row.image_size} px"),
    ):
        grid.metric(label, value)
    if row.lesson:
        _lesson(row)
    st.markdown(
        f"- **Weights**: {text.escape(status.sentence, limit=600)}\n"
        f"- **Preprocessing**, done inside the model from raw 0–255 RGB: {row.preprocessing.sentence}\n"
        f"- **Blocks**: {text.counted(len(blocks.blocks), 'block')} that can be unfrozen from the end, "
        f"{blocks.parameters:,} parameters without a head, {blocks.features:,} features out\n"
        f"- **Speed**: {row.speed}; it depends on the device\n"
        f"- **Licence** of the weights: {row.family.licence} · [paper]({row.family.paper})\n"
        f"- **Source** of the figures: {row.source}"
    )


def _lesson(row: Backbone) -> None:
    lesson = row.lesson
    st.table(
        pd.DataFrame(
            {
                row.source: [
                    f"{row.size_mb:g} MB",
                    f"{row.top1_percent:.1f} %",
                    "–"
                    if row.cpu_ms_per_step is None
                    else f"{row.cpu_ms_per_step:g} ms CPU, {row.gpu_ms_per_step:g} ms GPU",
                ],
                "the lesson": [f"{lesson.size_mb:g} MB", f"{lesson.top1_percent:.1f} %", lesson.speed],
            },
            index=["Size", "Top-1", "Speed"],
        ),
        alt="Figures of keras.io beside those of the lesson",
    )
    st.caption(lesson.note)


def _train_button(row: Backbone) -> None:
    dataset = st.query_params.get("dataset")
    nav.button(
        "train",
        label="Train with it",
        key="backbone-train",
        icon=":material/play_arrow:",
        network=f"backbone:{row.name}",
        **({"dataset": dataset} if dataset else {}),
    )
