"""Augmentation on the Train page: what may happen to a picture, what that looks like, and which way it is trained.

Pictures are decoded in the child process, as everywhere in the server. This module never alters what a
run sees: it asks the same function that training asks.
"""

import streamlit as st

from cnnlab.data.augmentation import augment_picture
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
PICTURES_SHOWN = 3
COPIES_SHOWN = 3
LARGEST_PREVIEW = 160
"""Pixels a side: enough to see what happens, and quick to make."""
PREVIEW_WIDTH = 560
NARROWEST_PICTURE = 64
SIGN_MOST_LETTERS = 1
"""A class named by so many letters is a sign: '7', 'A'."""


def settings(form: forms.Form, dataset: Dataset) -> None:
    """Ask what may happen to a training picture, and with a backbone, how that is trained."""
    edited = forms.edit(Augmentation, key=AUGMENTATION_FORM)
    # What is wrong stays wrong: a run without augmentation in its place would be a silent change.
    form.values["augmentation"] = edited.spec or edited.values
    if edited.spec is None:
        return
    if edited.spec.flip and shows_signs(dataset):
        frame.warning(
            "The classes of this dataset are letters or digits. Mirrored, a sign means another one or nothing: "
            "leave Flip off."
        )
    if edited.spec.active and ROUTE_NAMES[0] in form.model.model_fields:
        form.draw(ROUTE_NAMES[:1], columns=1, explain=True)
        if form.values["augmented_route"] == "copies":
            form.draw(ROUTE_NAMES[1:], columns=2, explain=True)


def shows_signs(dataset: Dataset) -> bool:
    """Whether the classes are letters or digits, as far as their names tell."""
    return all(len(name) <= SIGN_MOST_LETTERS and name.isalnum() for name in dataset.class_names)


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
    """Draw some training pictures as they are, and beside each how a network may see it instead."""
    table = table_of(choice.dataset)
    chosen = table[table["split"] == TRAINING].head(PICTURES_SHOWN)
    rows = _altered(
        choice.dataset.id,
        tuple(int(picture) for picture in chosen["picture"]),
        image_size=min(choice.network.image_size, LARGEST_PREVIEW),
        settings=choice.training.augmentation.to_json(),
        seed=choice.seed,
    )
    st.caption("As it is, and three times as the network may see it:")
    with st.container(width=PREVIEW_WIDTH, key="train-preview"):
        grid = st.grid(1 + COPIES_SHOWN, min_column_width=NARROWEST_PICTURE, gap="xsmall")
        for row, class_name in zip(rows, chosen["class_name"], strict=True):
            for number, pixels in enumerate(row):
                with grid.cell():
                    alt = f"{class_name}, {'as it is' if number == 0 else f'altered, version {number}'}"
                    st.image(pixels, width="stretch", alt=text.shorten(alt, limit=120))


@st.cache_data(max_entries=64, show_spinner=False)
def _altered(dataset_id: str, pictures: tuple[int, ...], *, image_size: int, settings: str, seed: int):
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
                for copy in range(1, COPIES_SHOWN + 1)
            ),
        ]
        for number, answer in zip(pictures, answers, strict=True)
    ]
