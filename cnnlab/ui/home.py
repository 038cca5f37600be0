"""The parts of Home: the path from pictures to predictions with where one stands in it, and recent runs.

Everything is read from the workspace; nothing is remembered here.
"""

from dataclasses import dataclass

import streamlit as st

from cnnlab.data.library import Dataset, list_datasets
from cnnlab.models.architectures import list_architectures
from cnnlab.runs import store
from cnnlab.runs.rows import RunRow
from cnnlab.runs.states import State
from cnnlab.ui import frame, nav, run_parts, text

RECENT_RUNS = 6


@dataclass(frozen=True, kw_only=True)
class Stop:
    """One stop of the path."""

    page: str
    title: str
    sentence: str
    done: bool
    have: str
    """What there is already, in numbers; empty when there is nothing."""
    label: str
    """What its button says."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What there is in the workspace."""

    datasets: list[Dataset]
    saved_networks: int
    runs: list[RunRow]

    @property
    def live(self) -> list[RunRow]:
        """Runs in which something happens."""
        return [row for row in self.runs if row.state in run_parts.LIVE]

    @property
    def finished(self) -> list[RunRow]:
        """Runs that came to their end with a model."""
        return [row for row in self.runs if row.state is State.FINISHED]


def standing() -> Standing:
    """Look at the workspace."""
    return Standing(
        datasets=list_datasets(), saved_networks=len(list_architectures()), runs=store.list_runs()
    )


def path(now: Standing) -> tuple[Stop, ...]:
    """The four stops from pictures to predictions, in order."""
    pictures = sum(dataset.num_pictures for dataset in now.datasets)
    chosen = now.saved_networks + len({run_parts.network_name(row) for row in now.runs})
    return (
        Stop(
            page="datasets",
            title="Bring pictures",
            sentence="A ZIP of class folders, a folder of this machine, or a ready-made set.",
            done=bool(now.datasets),
            have=now.datasets
            and f"{text.counted(len(now.datasets), 'dataset')}, {text.counted(pictures, 'picture')}",
            label="Bring a dataset",
        ),
        Stop(
            page="backbones",
            title="Choose a network",
            sentence="Build a CNN from blocks, or start from a pretrained backbone.",
            done=chosen > 0,
            have=chosen and text.counted(chosen, "network"),
            label="Choose a network",
        ),
        Stop(
            page="train",
            title="Train it",
            sentence="Watch the curves move; it goes on when you close the page.",
            done=bool(now.finished),
            have=now.finished and f"{text.counted(len(now.finished), 'run')} finished",
            label="Train a network",
        ),
        Stop(
            page="predict",
            title="Ask it",
            sentence="Upload new pictures and see what the network says, and how sure it is.",
            done=False,
            have=now.finished and f"{text.counted(len(now.finished), 'network')} ready to answer",
            label="Ask about new pictures",
        ),
    )


def next_stop(now: Standing) -> str:
    """The page that comes next: the first thing that is missing, else asking the network."""
    if not now.datasets:
        return "datasets"
    return "predict" if now.finished and not now.live else "train"


def draw_path(now: Standing) -> None:
    """Draw the stops side by side, the next one with the button that stands out."""
    upcoming = next_stop(now)
    grid = st.grid(4, min_column_width=215, border=True)
    for number, stop in enumerate(path(now), start=1):
        with grid.cell():
            tick = ":green-badge[:material/check:]" if stop.done else f":gray-badge[{number}]"
            st.markdown(f"##### {tick}&nbsp; {stop.title}")
            st.markdown(f":gray[{stop.sentence}]")
            if stop.have:
                st.markdown(f"**{stop.have}**")
            if stop.page == upcoming:
                nav.button(stop.page, label=stop.label, key=f"home-{stop.page}", primary=True)
            else:
                nav.link(stop.page, label=stop.label)
            if stop.page == "backbones":
                nav.link("build", label="Build from blocks")


def draw_lesson() -> None:
    """Lead somebody who is new to all this to the Learn page."""
    with run_parts.split_row(border=True, key="home-learn"):
        st.markdown(
            "**New to convolutional networks?** :gray[Every statement of a lesson on them is an experiment of seconds; "
            "it needs no pictures of yours.]",
            width="stretch",
        )
        nav.link("learn", label="Learn by measuring")


def draw_recent_runs(now: Standing) -> None:
    """List the last runs, the live ones first."""
    if not now.runs:
        return
    frame.section("Recent runs")
    rest = [row for row in now.runs if row not in now.live]
    for row in (now.live + rest)[:RECENT_RUNS]:
        _run_card(row)
    nav.link("runs", label=f"All runs ({len(now.runs):,})")


def _run_card(row: RunRow) -> None:
    with run_parts.split_row(border=True, key=f"run-{row.id}"):
        with run_parts.line():
            run_parts.badge(row.state)
            st.markdown(f"**{text.escape(row.name, limit=80)}**", width="content")
            usual = f"{run_parts.network_name(row)} on {row.dataset_name}"
            if usual != row.name:
                st.markdown(f":gray[{text.escape(usual, limit=120)}]", width="content")
        with run_parts.line():
            st.markdown(_score(row), width="content")
            st.markdown(f":gray[{text.ago(run_parts.created(row))}]", width="content")
            label = "Watch" if row.state in run_parts.LIVE else "Open"
            nav.link("train", label=label, icon=":material/show_chart:", run=row.id)


def _score(row: RunRow) -> str:
    """The one number that tells most about a run now."""
    if row.state in run_parts.LIVE and row.epochs:
        return f"epoch **{row.epoch}** of {row.epochs}"
    if row.test_accuracy is not None:
        return f"test accuracy **{text.percent(row.test_accuracy)}**"
    if row.val_accuracy is not None:
        return f"validation accuracy **{text.percent(row.val_accuracy)}**"
    return ""
