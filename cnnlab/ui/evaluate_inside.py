"""One picture on its way through a network: where it looked (Grad-CAM), and what every block makes of it.

Where it looked at the end is said at once, without TensorFlow; the blocks before are asked of Keras in a
process of its own. This module never computes a map itself.
"""

import numpy as np
import streamlit as st

from cnnlab.data.decoding import decoding_child
from cnnlab.evaluation.explanations import colour_bar, explain
from cnnlab.evaluation.heads import Head, load_head
from cnnlab.evaluation.inside import (
    Inside,
    InsideRequest,
    find_inside,
    load_inside,
    picture_request,
    start_inside,
)
from cnnlab.evaluation.judged import JudgedSplit, dataset_judged
from cnnlab.evaluation.run_jobs import RunJob
from cnnlab.prediction.predictor import FILE, Predictor, load_predictor
from cnnlab.settings import workspace
from cnnlab.ui import evaluate_blocks, evaluate_job, frame, text
from cnnlab.ui.datasets_add import PICTURE_ENDINGS
from cnnlab.ui.datasets_gallery import thumbnails
from cnnlab.ui.gallery import Tile, gallery

SOURCES = {"split": "From the split", "upload": "Upload one"}
CHOSEN = "evaluate-inside-place"
ANY = -1
TILES = 12
OPACITY = 0.6


def draw(judged: JudgedSplit) -> None:
    """Draw the choice of a picture, where the network looked, and what its blocks made of it."""
    if not (judged.run.path / "model.keras").is_file():
        frame.note("This run has kept no Keras model, so nobody can look inside. Choose one that has.")
        return
    source = st.segmented_control(
        "Picture",
        SOURCES,
        default="split",
        required=True,
        format_func=SOURCES.get,
        key="evaluate-inside-source",
        label_visibility="collapsed",
    )
    picture, label = _from_split(judged) if source == "split" else (_uploaded(judged), -1)
    if picture is None:
        return
    request = picture_request(judged.run, picture, label=label)
    job = find_inside(judged.run, request)
    inside = load_inside(job) if job is not None else None
    if (judged.run.path / FILE).is_file():
        _looked(judged, picture, label, inside)
    else:
        frame.note("This run has no LiteRT model, so only its blocks can be looked at; its report says why.")
    _blocks(judged, request, job, inside)


def _from_split(judged: JudgedSplit) -> tuple[np.ndarray | None, int]:
    """Draw a few pictures of the split to choose from; returns the chosen one as the network sees it, and its class."""
    dataset = dataset_judged(judged)
    if dataset is None:
        frame.warning(
            "The dataset of this run is no longer here, so its pictures cannot be shown. Upload one."
        )
        return None, ANY
    with st.container(horizontal=True, vertical_alignment="bottom"):
        options = [ANY, *range(len(judged.class_names))]
        if st.session_state.get("evaluate-inside-class", ANY) not in options:
            st.session_state["evaluate-inside-class"] = ANY
        label = st.selectbox(
            "True class",
            options,
            format_func=lambda each: (
                "Any class" if each == ANY else text.shorten(judged.class_names[each], limit=80)
            ),
            key="evaluate-inside-class",
            width=260,
        )
        wrong = st.toggle("Mistakes only", key="evaluate-inside-wrong")
        st.button("Others", icon=":material/shuffle:", key="evaluate-inside-others", on_click=_shuffle)
    places = _some(judged, label=label, wrong=wrong)
    if not len(places):
        st.markdown(":gray[There is no such picture. Choose another class.]")
        return None, ANY
    small = thumbnails(dataset, judged.pictures[places])
    st.session_state[CHOSEN] = _chosen(places)
    gallery(
        [_tile(judged, place, answer) for place, answer in zip(places, small, strict=True)],
        key="evaluate-inside-gallery",
        tile_pixels=104,
        on_open=lambda place: st.session_state.update({CHOSEN: place}),
    )
    place = _chosen(places)
    pixels = _fitted(dataset.read_picture(int(judged.pictures[place])), judged.spec.network.image_size)
    return pixels, int(judged.labels[place])


def _some(judged: JudgedSplit, *, label: int, wrong: bool) -> np.ndarray:
    """Places of a few pictures, drawn by a number that a button counts up."""
    wanted = np.ones(len(judged), bool) if label == ANY else judged.labels == label
    places = np.flatnonzero(wanted & ~judged.correct if wrong else wanted)
    drawn = np.random.default_rng(st.session_state.get("evaluate-inside-draw", 0)).permutation(places)
    return np.sort(drawn[:TILES])


def _chosen(places: np.ndarray) -> int:
    """The place that was clicked, if it is still on the screen, else the first."""
    chosen = st.session_state.get(CHOSEN)
    return chosen if chosen in places else int(places[0])


def _shuffle() -> None:
    st.session_state["evaluate-inside-draw"] = st.session_state.get("evaluate-inside-draw", 0) + 1
    st.session_state.pop(CHOSEN, None)


def _tile(judged: JudgedSplit, place: int, answer: bytes | str) -> Tile:
    true, said = (judged.class_names[label] for label in (judged.labels[place], judged.predicted[place]))
    readable = isinstance(answer, bytes)
    return Tile(
        picture=int(place),
        jpeg=answer if readable else None,
        alt=f"{true}; said {said}" if readable else str(answer),
        caption=text.shorten(true, limit=60),
        note="right" if judged.correct[place] else text.shorten(f"said {said}", limit=60),
        badge="shown below" if st.session_state.get(CHOSEN) == int(place) else "",
    )


def _uploaded(judged: JudgedSplit) -> np.ndarray | None:
    file = st.file_uploader("A picture", type=list(PICTURE_ENDINGS), key="evaluate-inside-file")
    return None if file is None else _fitted(file.getvalue(), judged.spec.network.image_size)


@st.cache_data(max_entries=32, show_spinner=False)
def _fitted(data: bytes, image_size: int) -> np.ndarray:
    return decoding_child().fit(data, image_size=image_size)


def _looked(judged: JudgedSplit, picture: np.ndarray, label: int, inside: Inside | None) -> None:
    """Draw what the network says of a picture, and where it saw what speaks for a class."""
    frame.section("Where it looked")
    predictor = _predictor(judged.run.id, (judged.run.path / FILE).stat().st_mtime_ns)
    probabilities, maps = predictor.explain(picture)
    if maps is None:
        frame.note("This network has no maps of its own: it weighs every pixel by itself and looks nowhere.")
        return
    order = np.argsort(-probabilities, kind="stable")
    left, right = st.columns([2, 1], gap="medium", vertical_alignment="bottom")
    with left:
        asked = st.selectbox(
            "Speaks for",
            order.tolist(),
            format_func=lambda each: (
                f"{text.shorten(judged.class_names[each], limit=60)}, {text.percent(float(probabilities[each]))}"
                f"{' · true class' if each == label else ''}"
            ),
            # Of another picture it is another choice: a browser goes on showing the words of the one before.
            key=f"evaluate-inside-asked-{evaluate_blocks.number_of(picture)}",
        )
    with right:
        opacity = st.slider("Opacity", 0.0, 1.0, OPACITY, 0.05, key="evaluate-inside-opacity")
    heat = _heat(judged, predictor, picture, asked)
    if heat is None and inside is not None and asked in inside.result.labels:
        heat = inside.heats[-1][inside.result.labels.index(asked)]
    said = text.escape(judged.class_names[int(order[0])], limit=60)
    with st.container(horizontal=True):
        evaluate_blocks.large(picture, "as the network sees it")
        if heat is not None:
            named = text.escape(judged.class_names[asked], limit=60)
            evaluate_blocks.large(picture, f"what speaks for {named}", heat=heat, opacity=opacity)
            with st.container(width=200):
                st.image(colour_bar(), width=128, caption="little … much", alt="Scale of the heat map")
                if not heat.any():
                    st.caption("Nothing in the last maps speaks for this class.")
    st.caption(
        f"It says **{said}**. [Grad-CAM](https://arxiv.org/abs/1610.02391): the last maps, each weighed by how much it "
        f"raises the score of the class. It shows where, not why; it is as coarse as the last maps are."
    )
    if heat is None:
        frame.note(
            "This network was trained before its head was kept. Look at every block once: that keeps it."
        )


def _heat(judged: JudgedSplit, predictor: Predictor, picture: np.ndarray, label: int) -> np.ndarray | None:
    head: Head | None = load_head(judged.run.path)
    return None if head is None else explain(predictor, head=head, picture=picture, label=label)


@st.cache_resource(max_entries=4, show_spinner="Opening the model")
def _predictor(run_id: str, changed: int) -> Predictor:
    # `changed` is only a part of the key: a model that was written again is opened again.
    return load_predictor(workspace().runs / run_id)


def _blocks(judged: JudgedSplit, request: InsideRequest, job: RunJob | None, inside: Inside | None) -> None:
    frame.section("Every block")
    if evaluate_job.working(job, key="evaluate-inside"):
        return
    if inside is None:
        st.caption(
            "What each block makes of this picture, and where each sees what speaks for a class. Keras is asked, in a process "
            "of its own; it takes some seconds."
        )
        evaluate_job.starter(
            "Look at every block", lambda: start_inside(judged.run, request), key="evaluate-inside"
        )
        return
    st.fragment(evaluate_blocks.draw)(judged, inside)
