"""What the pictures of a dataset are like: how large, how each class looks on the average, and who learned from them.

Only a few pictures of each class are looked at, in the child process, and once a version. This module
never judges a picture: the checks do.
"""

import numpy as np
import streamlit as st

from cnnlab.charts import figures
from cnnlab.data.dataset import Dataset
from cnnlab.data.decoding import decoding_child
from cnnlab.errors import PictureError
from cnnlab.runs import store
from cnnlab.ui import frame, nav, run_parts, text
from cnnlab.ui.datasets_gallery import table_of

LOOKED_AT = 8
"""Pictures of each class: enough to see its light and colours."""
MOST_CLASSES = 20
SIDE, SHOWN_PIXELS = 32, 96
MOST_RUNS = 8


def draw(dataset: Dataset) -> None:
    """Draw sizes, mean pictures and runs."""
    left, right = st.columns(2, gap="medium")
    with left:
        _sizes(dataset)
    with right:
        _means(dataset)
    _runs(dataset)


def _sizes(dataset: Dataset) -> None:
    table = table_of(dataset)
    shorter = table[["width", "height"]].min(axis=1).to_numpy(dtype=int)
    # By area: a strip of 1 × 5,000 is no smallest picture where there is one of a single pixel.
    area = table["width"].to_numpy(np.int64) * table["height"].to_numpy(np.int64)
    places = {"smallest": area.argmin(), "largest": area.argmax()}
    middle = table[["width", "height"]].median()
    with st.container(border=True, height="stretch"):
        st.plotly_chart(
            figures.picture_sizes(shorter), key="picture-sizes", alt="Shorter side of the pictures"
        )
        words = [
            f"{name} {table['width'].iloc[place]:,} × {table['height'].iloc[place]:,}"
            for name, place in places.items()
        ]
        words.insert(1, f"median {middle['width']:,.0f} × {middle['height']:,.0f}")
        formats = table["format"].value_counts()
        st.caption(
            f"{', '.join(words).capitalize()} pixels. {', '.join(f'{name}: {count:,}' for name, count in formats.items())}."
        )


def _means(dataset: Dataset) -> None:
    means = _mean_pictures(dataset, dataset.id, dataset.version, dataset.changed_at)
    with st.container(border=True, height="stretch"):
        st.markdown("**Each class on the average**")
        with st.container(horizontal=True, gap="small"):
            for name, mean in means:
                with st.container(width=SHOWN_PIXELS, gap=None):
                    red, green, blue = mean.reshape(-1, 3).mean(axis=0).round().astype(int)
                    called = text.shorten(name, limit=40)
                    st.image(
                        mean,
                        width=SHOWN_PIXELS,
                        alt=f"{called}: mean colour {red}, {green}, {blue}",
                    )
                    st.caption(f"{text.escape(called)}  \n:small[{red} · {green} · {blue}]")
        which = (
            f"each of the first {MOST_CLASSES} classes"
            if dataset.num_classes > MOST_CLASSES
            else "each class"
        )
        st.caption(
            f"The mean of up to {LOOKED_AT} pictures of {which}, and their mean red, green and blue, 0 to 255. A class that "
            f"stands out by its colour alone may be learned by its background."
        )


def _runs(dataset: Dataset) -> None:
    runs = store.list_runs(dataset_id=dataset.id)
    frame.section("Runs that learned from it")
    if not runs:
        st.caption("None yet.")
        return
    for row in runs[:MOST_RUNS]:
        with run_parts.split_row(key=f"about-run-{row.id}"):
            accuracy = (
                "" if row.test_accuracy is None else f" · test accuracy {text.percent(row.test_accuracy)}"
            )
            st.markdown(
                f"**{text.escape(row.name, limit=80)}** · version {row.dataset_version}{accuracy}  \n"
                f":gray[{text.escape(run_parts.network_name(row), limit=60)} · {text.ago(run_parts.created(row))}]"
            )
            with run_parts.line():
                run_parts.badge(row.state)
                nav.button("train", label="Open", key=f"about-open-{row.id}", quiet=True, run=row.id)
    if len(runs) > MOST_RUNS:
        nav.button("runs", label=f"All {len(runs):,} runs", key="about-all-runs", quiet=True)


@st.cache_data(max_entries=32, show_spinner=False)
def _mean_pictures(
    _dataset: Dataset, dataset_id: str, version: int, changed_at: float
) -> list[tuple[str, np.ndarray]]:
    """The mean of some pictures of each of the first classes, uint8, shape (SIDE, SIDE, 3)."""
    table = table_of(_dataset)
    found = []
    for label, rows in table.groupby("label").head(LOOKED_AT).groupby("label"):
        if len(found) == MOST_CLASSES:
            break
        answers = decoding_child().fit_many(_dataset.read_pictures(rows["picture"]), image_size=SIDE)
        good = [answer for answer in answers if not isinstance(answer, PictureError)]
        if good:
            found.append((_dataset.class_names[label], np.mean(good, axis=0).round().astype(np.uint8)))
    return found
