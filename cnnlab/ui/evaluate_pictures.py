"""A gallery of judged pictures: filtered by class, paged, each with its true class and what was said of it.

Pictures are decoded in the child process, as everywhere in the server. This module never chooses or
orders the pictures: whoever calls it does.
"""

from dataclasses import replace

import pandas as pd
import streamlit as st

from cnnlab.data.dataset import Dataset
from cnnlab.ui import evaluate_picture, text
from cnnlab.ui.datasets_gallery import PICTURES_A_PAGE, pager, table_of, thumbnails
from cnnlab.ui.evaluate_album import Album
from cnnlab.ui.gallery import Tile, gallery

ANY = -1
"""Stands for every class in a choice of one."""
RIGHT_COLOR, WRONG_COLOR = "#009e73", "#d55e00"
"""Told apart by colour-blind people too; the words say it as well."""


def draw(album: Album) -> pd.DataFrame:
    """Draw filters, pages and pictures; returns the rows of the page that is shown."""
    album, chosen = _filtered(album)
    if album.rows.empty:
        st.markdown(":gray[There is no such picture. Choose other classes.]")
        return album.rows
    page = pager(len(album.rows), key=f"{album.key}-page-{album.judged.run.id}-{chosen}")
    shown = album.rows.iloc[page * PICTURES_A_PAGE : (page + 1) * PICTURES_A_PAGE]
    small = thumbnails(album.dataset, shown["picture"])
    names = file_names(album.dataset, shown["picture"])
    gallery(
        [
            _tile(album, row, answer, name)
            for row, answer, name in zip(shown.itertuples(), small, names, strict=True)
        ],
        key=album.key,
        tile_pixels=150,
        on_open=evaluate_picture.show_next,
    )
    evaluate_picture.draw_opened(album)
    return shown


def file_names(dataset: Dataset, pictures: pd.Series) -> list[str]:
    """Where some pictures were in the archive or folder, as plain text of users."""
    table = table_of(dataset)
    found = table[table["picture"].isin(pictures)].set_index("picture")["name"]
    return found.loc[pictures].tolist()


def _filtered(album: Album) -> tuple[Album, tuple[int, int]]:
    """Draw the choice of classes; returns what is left, and the labels that were chosen."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        true = _choose(album, "label", album.given)
        said = _choose(album, "said", album.verb.capitalize())
    rows = album.rows
    for column, wanted in (("label", true), ("said", said)):
        if wanted != ANY:
            rows = rows[rows[column] == wanted]
    return replace(album, rows=rows), (true, said)


def _choose(album: Album, column: str, title: str) -> int:
    counts = album.rows[column].value_counts()
    key, options = f"{album.key}-{column}", [ANY, *sorted(counts.index)]
    if st.session_state.get(key, ANY) not in options:
        st.session_state[key] = ANY

    def named(label: int) -> str:
        return "Any class" if label == ANY else f"{album.named(label)} · {counts[label]:,}"

    return st.selectbox(title, options, format_func=named, key=key, width=260)


def _tile(album: Album, row, answer: bytes | str, name: str) -> Tile:
    true, said = album.named(row.label), album.named(row.said)
    readable, picture = isinstance(answer, bytes), int(row.picture)
    sure = text.percent(float(row.sure), digits=0)
    note = f"right, {sure}" if row.correct else f"{album.verb} {said}, {sure}"
    return Tile(
        picture=picture,
        jpeg=answer if readable else None,
        alt=f"{true}; {album.verb} {said}" if readable else str(answer),
        caption=true,
        note=text.shorten(note, limit=80),
        color=RIGHT_COLOR if row.correct else WRONG_COLOR,
        detail=text.shorten(name.rpartition("/")[2], limit=80),
        badge=album.badge(picture),
        title=text.shorten(
            f"{name} · {row.split} · {album.given.lower()} {true} · {album.verb} {said}, {sure} sure",
            limit=300,
        ),
    )
