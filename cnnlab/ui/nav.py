"""The pages of cnnlab: one table from which the menu, the links between pages and their tests come.

This module never draws anything but links.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import streamlit as st

PAGES_FOLDER = Path(__file__).resolve().parents[2] / "pages"


@dataclass(frozen=True, kw_only=True)
class PageRow:
    """One page: the file `pages/<name>.py`, which is also its address."""

    section: str
    title: str
    icon: str
    summary: str


PAGES: dict[str, PageRow] = {
    "home": PageRow(
        section="", title="Home", icon=":material/home:", summary="Where you are, and what comes next"
    ),
    "datasets": PageRow(
        section="Data",
        title="Datasets",
        icon=":material/photo_library:",
        summary="Bring pictures, look at them, split them",
    ),
    "build": PageRow(
        section="Model",
        title="Build",
        icon=":material/view_agenda:",
        summary="Build a CNN from blocks and see what it costs",
    ),
    "backbones": PageRow(
        section="Model",
        title="Backbones",
        icon=":material/account_tree:",
        summary="Compare pretrained networks and pick one",
    ),
    "train": PageRow(
        section="Train", title="Train", icon=":material/show_chart:", summary="Start a run and watch it learn"
    ),
    "runs": PageRow(
        section="Train", title="Runs", icon=":material/history:", summary="All runs, compared side by side"
    ),
    "evaluate": PageRow(
        section="Use",
        title="Evaluate",
        icon=":material/analytics:",
        summary="See where a finished run is right and wrong, and how sure it is",
    ),
    "predict": PageRow(
        section="Use",
        title="Predict",
        icon=":material/image_search:",
        summary="Ask a finished run about new pictures",
    ),
    "export": PageRow(
        section="Use",
        title="Export",
        icon=":material/deployed_code:",
        summary="Take a finished run away, in the format that its next home understands",
    ),
    "learn": PageRow(
        section="Learn",
        title="Learn",
        icon=":material/school:",
        summary="What a lesson says about CNNs, measured here",
    ),
}


def page(name: str) -> st.Page:
    """The page of this name, as Streamlit's navigation wants it."""
    row = PAGES[name]
    return st.Page(
        PAGES_FOLDER / f"{name}.py",
        title=row.title,
        icon=row.icon,
        url_path=name,
        default=name == "home",
        help=row.summary,
    )


def menu() -> dict[str, list[st.Page]]:
    """All pages under the headings of the sidebar."""
    sections: dict[str, list[st.Page]] = {}
    for name, row in PAGES.items():
        sections.setdefault(row.section, []).append(page(name))
    return sections


def link(name: str, *, label: str | None = None, icon: str | None = None, **query: str) -> None:
    """Draw a link to a page; `query` becomes its address after the question mark.

    `label` is Markdown: escape user text in it.
    """
    row = PAGES[name]
    st.page_link(page(name), label=label or row.title, icon=icon or row.icon, query_params=query or None)


def go(name: str, **query: str) -> NoReturn:
    """Leave for another page at once, with `query` in its address."""
    st.switch_page(page(name), query_params=query or None)


def button(
    name: str,
    *,
    label: str,
    key: str,
    primary: bool = False,
    quiet: bool = False,
    icon: str | None = None,
    **query: str,
) -> None:
    """Draw a button that leaves for a page; `label` is Markdown: escape user text in it."""
    kind = "primary" if primary else "tertiary" if quiet else "secondary"
    if st.button(label, key=key, type=kind, icon=icon or PAGES[name].icon):
        go(name, **query)
