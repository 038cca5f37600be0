"""Augmentation on the Train page: what may happen to a picture, what that looks like, and which way it is trained.

Pictures are decoded in the child process, as everywhere in the server. This module never alters what a
run sees: it asks the same function that training asks.
"""

import numpy as np
import streamlit as st

from cnnlab.data.augmentation import augment_picture
from cnnlab.data.augmentation_rules import PRESETS, PictureFacts, preset_for, warnings_for
from cnnlab.data.dataset import Dataset
from cnnlab.data.decoding import decoding_child
from cnnlab.data.library import find_dataset
from cnnlab.data.splits import TRAINING
from cnnlab.errors import PictureError
from cnnlab.specs.augmentation import Augmentation
from cnnlab.ui import forms, frame, text
from cnnlab.ui.datasets_gallery import table_of
from cnnlab.ui.train_choice import AUGMENTATION_FORM, Choice

ROUTE_NAMES = ("augmented_route", "augmented_copies")
PICTURES_SHOWN = 4
COPIES_SHOWN = 6
LARGEST_PREVIEW = 160
"""Pixels a side: enough to see what happens, and quick to make."""
PREVIEW_WIDTH = 760
NARROWEST_PICTURE = 40
DRAW_KEY = "train-augmentation-draw"
"""How often another draw was asked for."""
USUAL = (
    "flip",
    "rotation_degrees",
    "shift_share",
    "zoom_share",
    "brightness_share",
    "contrast_share",
)
"""Operations that are always in sight; the others wait in an expander."""


def settings(form: forms.Form, dataset: Dataset) -> None:
    """Ask what may happen to a training picture, and with a backbone, how that is trained."""
    _presets(dataset)
    more = [name for name in Augmentation.model_fields if name not in USUAL]
    edited = forms.edit(Augmentation, key=AUGMENTATION_FORM, more=more, more_label="More operations")
    # What is wrong stays wrong: a run without augmentation in its place would be a silent change.
    form.values["augmentation"] = edited.spec or edited.values
    if edited.spec is None:
        return
    if edited.spec.active and ROUTE_NAMES[0] in form.model.model_fields:
        form.draw(ROUTE_NAMES[:1], columns=1, explain=True)
        if form.values["augmented_route"] == "copies":
            form.draw(ROUTE_NAMES[1:], columns=2, explain=True)


def _presets(dataset: Dataset) -> None:
    """One button for each ready-made augmentation, which fills in the inputs."""
    facts = PictureFacts(class_names=dataset.class_names, image_size=0)
    with st.container(horizontal=True, gap="small"):
        for label in PRESETS:
            st.button(
                label,
                key=f"{AUGMENTATION_FORM}-preset-{label.lower()}",
                on_click=forms.take,
                args=(AUGMENTATION_FORM, dict(preset_for(label, facts))),
            )


def draw(choice: Choice) -> None:
    """Draw what the ways of training would take, and some pictures; nothing where nothing is altered."""
    if not choice.training.augmentation.active:
        return
    with frame.errors_as_text():
        _routes(choice)
    _preview(choice)


def _routes(choice: Choice) -> None:
    ways = [row for row in choice.alternatives if set(row.changes) <= set(ROUTE_NAMES)]
    if ways:
        times = (
            f"{':material/check:' if row.chosen else '&ensp;'} {text.escape(row.label)}: "
            f"{text.about(row.estimate.seconds)}{' · **chosen**' if row.chosen else ''}"
            for row in ways
        )
        st.markdown("  \n".join(times))


def _preview(choice: Choice) -> None:
    """Draw some training pictures as they are, beside each how a network may see it, and above what makes no sense."""
    table = table_of(choice.dataset)
    chosen = table[table["split"] == TRAINING].head(PICTURES_SHOWN)
    rows = _altered(
        choice.dataset.id,
        tuple(int(picture) for picture in chosen["picture"]),
        image_size=min(choice.network.image_size, LARGEST_PREVIEW),
        settings=choice.training.augmentation.to_json(),
        seed=choice.seed,
        first=1 + COPIES_SHOWN * st.session_state.get(DRAW_KEY, 0),
    )
    _warn(choice, grey=_are_grey(rows))
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(f"As it is, and {COPIES_SHOWN} times as the network may see it:", width="content")
        st.button("Another draw", icon=":material/casino:", key=f"{DRAW_KEY}-button", on_click=_draw_again)
    with st.container(width=PREVIEW_WIDTH, key="train-preview"):
        grid = st.grid(1 + COPIES_SHOWN, min_column_width=NARROWEST_PICTURE, gap="xsmall")
        for row, class_name in zip(rows, chosen["class_name"], strict=True):
            for number, pixels in enumerate(row):
                with grid.cell():
                    alt = f"{class_name}, {'as it is' if number == 0 else f'altered, version {number}'}"
                    st.image(pixels, width="stretch", alt=text.shorten(alt, limit=120))


def _draw_again() -> None:
    st.session_state[DRAW_KEY] = st.session_state.get(DRAW_KEY, 0) + 1


def _warn(choice: Choice, *, grey: bool) -> None:
    facts = PictureFacts(
        class_names=choice.dataset.class_names, image_size=choice.network.image_size, grey=grey
    )
    for sentence in warnings_for(choice.training.augmentation, facts):
        frame.warning(sentence)


def _are_grey(rows: list[list[np.ndarray]]) -> bool:
    """Whether none of the pictures, as they are, has a colour."""
    return all(not np.ptp(row[0], axis=-1).any() for row in rows if row)


@st.cache_data(max_entries=64, show_spinner=False)
def _altered(
    dataset_id: str, pictures: tuple[int, ...], *, image_size: int, settings: str, seed: int, first: int
):
    """Each picture as it is and altered, uint8, shape (S, S, 3); those that cannot be read are left out."""
    augmentation = Augmentation.from_json(settings)
    data = find_dataset(dataset_id).read_pictures(pictures)
    answers = decoding_child().fit_many(data, image_size=image_size)
    return [
        []
        if isinstance(answer, PictureError)
        else [
            answer,
            *(
                augment_picture(answer, settings=augmentation, seed=seed, number=number, copy=copy)
                for copy in range(first, first + COPIES_SHOWN)
            ),
        ]
        for number, answer in zip(pictures, answers, strict=True)
    ]
