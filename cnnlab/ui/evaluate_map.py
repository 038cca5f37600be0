"""Map of the pictures of a judged run: those that the network sees alike lie together, and its mistakes stand out.

The features come from a process of its own (`evaluation.features`), so does t-SNE; the plane of the
principal components is there at once. This module never asks a model.
"""

from dataclasses import replace

import numpy as np
import streamlit as st

from cnnlab.data.dataset import Dataset
from cnnlab.evaluation.features import (
    Features,
    features_path,
    find_features,
    load_features,
    sprite_columns,
    sprite_path,
    start_features,
)
from cnnlab.evaluation.judged import JudgedSplit, dataset_of
from cnnlab.evaluation.layouts import FEWEST_POINTS, LAYOUTS, available_layouts
from cnnlab.evaluation.projection import (
    drawn_rows,
    find_projection,
    load_projection,
    start_projection,
)
from cnnlab.ui import evaluate_confusion, evaluate_job, frame, text
from cnnlab.ui.datasets_gallery import LARGE_PIXELS, thumbnails
from cnnlab.ui.picture_map import Points, Sheet, picture_map

KEY, OPENED = "evaluate-map-features", "evaluate-map-opened"
LEAD = (
    "What the network makes of a picture before its last layers is a list of numbers; laid on a plane, pictures lie "
    "together that it sees alike. Colour and shape are the true class, a ring is a mistake, in the colour of what was said."
)
PLANE = "plane"
MOST_POINTS = 10_000


def draw(judged: JudgedSplit) -> None:
    """Draw the features as far as they are; the map once they are there."""
    st.caption(LEAD)
    if evaluate_job.working(find_features(judged.run), key=KEY):
        return
    dataset = dataset_of(judged.run)
    features = _features(judged, _written_at(judged))
    if features is None:
        if dataset is None:
            frame.warning("The dataset of this run is no longer here, so its pictures cannot be laid out.")
        else:
            evaluate_job.starter("Compute the features", lambda: start_features(judged.run), key=KEY)
        return
    if len(features) < FEWEST_POINTS:
        frame.note(f"A map needs {FEWEST_POINTS} pictures; there are {len(features)}.")
        return
    labels = {PLANE: "Principal components"} | {
        name: layout.label for name, layout in available_layouts().items()
    }
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    with left:
        layout = st.segmented_control(
            "Laid out by",
            labels,
            default=PLANE,
            required=True,
            format_func=labels.get,
            key="evaluate-layout",
        )
    with right:
        training = st.toggle(
            "Training pictures too",
            key="evaluate-map-training",
            help="Faint, in the background: it has learned from these, so it tells them apart better.",
        )
    plane = features.plane if layout == PLANE else _laid_out(judged, features, layout)
    if plane is not None:
        st.fragment(_map)(judged, dataset, features, plane, layout, training)


def _laid_out(judged: JudgedSplit, features: Features, layout: str) -> np.ndarray | None:
    """The plane of a computed layout; draws how far it is, or how to get it, where it is not there."""
    key = f"evaluate-{layout}"
    if evaluate_job.working(find_projection(judged.run, layout=layout), key=key):
        return None
    plane = load_projection(judged.run, features, layout=layout)
    if plane is None:
        st.caption(LAYOUTS[layout].sentence)
        evaluate_job.starter("Lay them out", lambda: start_projection(judged.run, layout=layout), key=key)
    return plane


def _map(
    judged: JudgedSplit,
    dataset: Dataset | None,
    features: Features,
    plane: np.ndarray,
    layout: str,
    training: bool,
) -> None:
    points = _points(judged, features, plane, training=training)
    if not len(points.pictures):
        frame.note(f"No {judged.split} picture lies on this map. Lay the pictures out again.")
        return
    splits = (judged.split, "training")
    picture_map(
        points,
        class_names=[text.shorten(name, limit=80) for name in judged.class_names],
        sheets=[_sheet(judged, split, features) for split in splits[: 1 + training]],
        key=f"evaluate-map-{judged.run.id}",
        layout=f"{layout} {judged.key}",
        on_open=lambda picture: st.session_state.update({OPENED: picture}),
    )
    _words(judged, features, points, layout=layout)
    if (opened := st.session_state.pop(OPENED, None)) is None:
        return
    if dataset is None:
        frame.warning("The dataset of this run is no longer here, so its pictures cannot be shown.")
        return
    places = np.flatnonzero(judged.pictures == opened)
    if len(places):
        evaluate_confusion.large(judged, dataset, int(places[0]))
    else:
        _large(judged, dataset, opened, int(points.labels[points.pictures == opened][0]))


@st.dialog("Training picture", width="medium")
def _large(judged: JudgedSplit, dataset: Dataset, picture: int, label: int) -> None:
    answer = thumbnails(dataset, [picture], size=LARGE_PIXELS)[0]
    if isinstance(answer, bytes):
        st.image(answer, width=420, alt=judged.class_names[label])
    else:
        frame.problem(answer)
    st.markdown(f"Class **{text.escape(judged.class_names[label])}**")


def _points(judged: JudgedSplit, features: Features, plane: np.ndarray, *, training: bool) -> Points:
    """The pictures that are on the map: those of the split, and training pictures as far as there is room."""
    wanted = np.isin(features.splits, (judged.split, *(("training",) if training else ())))
    rows = drawn_rows(features) if training else np.arange(len(features))
    rows = rows[wanted[rows] & np.isfinite(plane[rows]).all(axis=1)][:MOST_POINTS]
    # Place of each picture within its split: that is where its thumbnail lies on the sheet.
    places = np.zeros(len(features), int)
    for split in ("training", judged.split):
        chosen = features.splits == split
        places[chosen] = np.arange(chosen.sum())
    where = _find(judged.pictures, features.pictures[rows])
    known = where >= 0
    return Points(
        plane=plane[rows],
        pictures=features.pictures[rows],
        labels=features.labels[rows],
        said=np.where(known, judged.predicted[where], -1),
        sure=np.where(known, judged.confidence[where], 0.0),
        sheets=(features.splits[rows] == "training").astype(int),
        places=places[rows],
    )


def _find(pictures: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Where each wanted picture is among others, -1 where it is not."""
    order = np.argsort(pictures)
    at = np.minimum(np.searchsorted(pictures, wanted, sorter=order), len(pictures) - 1)
    return np.where(pictures[order[at]] == wanted, order[at], -1)


def _words(judged: JudgedSplit, features: Features, points: Points, *, layout: str) -> None:
    wrong = int(((points.said >= 0) & (points.said != points.labels)).sum())
    said = [f"{text.counted(len(points.pictures), 'picture')}, {wrong:,} of them named wrong."]
    if layout == PLANE:
        said.append(
            f"These two directions hold {text.percent(features.explained)} of all differences; what looks mixed here may "
            f"be apart in the others."
        )
    else:
        said.append(
            "Who is next to whom counts; how far groups are apart and how large they look says little."
        )
    if features.kind == "answers":
        said.append("This network has no maps of its own: what is laid out are its answers.")
    st.caption(" ".join(said))


def _sheet(judged: JudgedSplit, split: str, features: Features) -> Sheet:
    path, count = sprite_path(judged.run, split), int((features.splits == split).sum())
    return Sheet(jpeg=path.read_bytes() if path.is_file() else None, columns=sprite_columns(count))


def _features(judged: JudgedSplit, written_at: int) -> Features | None:
    return _loaded(judged, judged.key, written_at) if written_at else None


@st.cache_resource(max_entries=4, show_spinner="Reading the features")
def _loaded(_judged: JudgedSplit, key: tuple[str, str, int], written_at: int) -> Features | None:
    features = load_features(_judged.run)
    # The vectors themselves are many, and nobody looks at them here.
    return None if features is None else replace(features, vectors=features.vectors[:, :0].copy())


def _written_at(judged: JudgedSplit) -> int:
    try:
        return features_path(judged.run).stat().st_mtime_ns
    except OSError:
        return 0
