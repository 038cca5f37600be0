"""The pictures of a dataset on the screen: a gallery by class and split, paged, and one picture large.

A page of the gallery is decoded when it is looked at and kept for a while; nothing else is. This
module never hands a user's own bytes to the browser.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from cnnlab.charts import palette
from cnnlab.data.dataset import Dataset
from cnnlab.data.decoding import decoding_child
from cnnlab.data.library import find_dataset
from cnnlab.data.splits import SPLITS
from cnnlab.errors import PictureError
from cnnlab.ui import frame, text
from cnnlab.ui.gallery import Tile, gallery

PICTURES_A_PAGE = 24
THUMBNAIL_PIXELS = 192
LARGE_PIXELS = 640
TALLEST_PIXELS = 520
SQUARE_PIXELS = 96
OPENED = "datasets-opened"
ALL = -1
"""Stands for every label in the choice of a class."""


def thumbnails(
    dataset: Dataset, pictures: Sequence[int], *, size: int = THUMBNAIL_PIXELS
) -> list[bytes | str]:
    """Small JPEGs of some pictures of a dataset; in place of one that cannot be read, the reason why."""
    return _thumbnails(dataset.id, tuple(int(picture) for picture in pictures), size)


@st.cache_data(max_entries=128, show_spinner=False)
def _thumbnails(dataset_id: str, pictures: tuple[int, ...], size: int) -> list[bytes | str]:
    # Pictures of a dataset never change, whatever its version: their numbers are enough to remember them by.
    data = find_dataset(dataset_id).read_pictures(pictures)
    answers = decoding_child().thumbnails(data, size=size)
    return [str(answer) if isinstance(answer, PictureError) else answer for answer in answers]


def squares(dataset: Dataset, pictures: Sequence[int]) -> list[np.ndarray | None]:
    """The middle of some pictures, uint8, shape (96, 96, 3); None for one that cannot be read."""
    return _squares(dataset.id, tuple(int(picture) for picture in pictures))


@st.cache_data(max_entries=128, show_spinner=False)
def _squares(dataset_id: str, pictures: tuple[int, ...]) -> list[np.ndarray | None]:
    data = find_dataset(dataset_id).read_pictures(pictures)
    answers = decoding_child().fit_many(data, image_size=SQUARE_PIXELS, resize="crop")
    return [None if isinstance(answer, PictureError) else answer for answer in answers]


@st.cache_resource(max_entries=8, show_spinner=False)
def _table(_dataset: Dataset, id: str, version: int, changed_at: float) -> pd.DataFrame:
    table = _dataset.table()
    # One of each class, then the second of each: the first page shows every class.
    table["place"] = table.groupby("label").cumcount()
    return table.sort_values(["place", "label"], kind="stable")


def table_of(dataset: Dataset) -> pd.DataFrame:
    """All pictures of a version, every class in turn; shared by all sessions, so never changed."""
    return _table(dataset, dataset.id, dataset.version, dataset.changed_at)


def draw(dataset: Dataset) -> None:
    """Draw the gallery with its filters and pages."""
    key = f"gallery-{dataset.id}"
    shown = _filtered(dataset, key=key)
    if shown.empty:
        frame.note("No picture is in this class and split. Choose another.")
        return
    page = pager(len(shown), key=f"{key}-page")
    rows = shown.iloc[page * PICTURES_A_PAGE : (page + 1) * PICTURES_A_PAGE]
    small = thumbnails(dataset, rows["picture"])
    gallery(
        [_tile(row, answer) for row, answer in zip(rows.itertuples(), small, strict=True)],
        key=key,
        tile_pixels=140,
        on_open=lambda picture: st.session_state.update({OPENED: picture}),
    )
    if (opened := st.session_state.pop(OPENED, None)) is not None:
        _large(dataset, rows[rows["picture"] == opened].iloc[0])


def _filtered(dataset: Dataset, *, key: str) -> pd.DataFrame:
    table = table_of(dataset)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        label = st.selectbox(
            "Class",
            [ALL, *range(dataset.num_classes)],
            key=f"{key}-class",
            format_func=lambda label: "All classes" if label == ALL else dataset.class_names[label],
            width=260,
        )
        splits = [split for split in SPLITS if (table["split"] == split).any()]
        split = st.segmented_control(
            "Split",
            ["all", *splits],
            default="all",
            required=True,
            key=f"{key}-split",
            format_func=str.capitalize,
        )
    if label != ALL:
        table = table[table["label"] == label]
    return table if split == "all" else table[table["split"] == split]


def pager(total: int, *, key: str) -> int:
    """Draw where one is and the ways on and back; returns the page, from 0."""
    last = (total - 1) // PICTURES_A_PAGE
    page = st.session_state[key] = min(st.session_state.get(key, 0), last)

    def turn(by: int) -> None:
        st.session_state[key] = max(0, page + by)

    first = page * PICTURES_A_PAGE
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        back, on = st.empty(), st.empty()
        st.markdown(
            f":gray[{first + 1:,}–{min(first + PICTURES_A_PAGE, total):,} of {text.counted(total, 'picture')}]",
            width="content",
        )
    back.button(
        "Back",
        key=f"{key}-back",
        icon=":material/chevron_left:",
        disabled=page == 0,
        on_click=turn,
        args=(-1,),
    )
    on.button(
        "Next",
        key=f"{key}-on",
        icon=":material/chevron_right:",
        disabled=page == last,
        on_click=turn,
        args=(1,),
    )
    return page


def _tile(row, answer: bytes | str) -> Tile:
    readable = isinstance(answer, bytes)
    return Tile(
        picture=int(row.picture),
        jpeg=answer if readable else None,
        alt=f"{row.class_name}, {row.split}" if readable else str(answer),
        caption=text.shorten(row.class_name, limit=80),
        note=row.split,
        color=palette.SPLITS[row.split].color,
        title=text.shorten(row.name, limit=200),
    )


@st.dialog("Picture", width="medium")
def _large(dataset: Dataset, row: pd.Series) -> None:
    answer = thumbnails(dataset, [row["picture"]], size=LARGE_PIXELS)[0]
    if isinstance(answer, bytes):
        # Small pictures are enlarged so that one can see them, tall ones still fit on the screen.
        width = round(min(LARGE_PIXELS, TALLEST_PIXELS * row["width"] / row["height"]))
        st.image(answer, width=max(width, 1), alt=f"{row['class_name']}, {row['split']}")
    else:
        frame.problem(answer)
    st.markdown(f"**{text.escape(row['class_name'])}**&ensp;:gray[in {row['split']}]")
    st.caption(
        f"{text.escape(row['name'])} · {row['width']:,} × {row['height']:,} pixels · "
        f"{row['format']} · {text.file_size(row['num_bytes'])}"
    )
