"""Augmentation on the Train page: what may happen to a picture, what that looks like, and which way it is trained.

Pictures are decoded in the child process, as everywhere in the server. This module never alters what a
run sees: it asks the same function that training asks.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from cnnlab.data.augmentation_preview import Seen, see_as_training
from cnnlab.data.augmentation_rules import PRESETS, PictureFacts, preset_for, warnings_for
from cnnlab.data.dataset import Dataset
from cnnlab.data.decoding import decoding_child
from cnnlab.data.images import fit_picture
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
        if edited.spec.mixes:
            # Mixed pictures cannot be kept as copies, so there is nothing to choose.
            form.values[ROUTE_NAMES[0]] = "fresh"
            st.caption("Pictures that are mixed go through the backbone anew in every epoch.")
            return
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
    learned = table[table["split"] == TRAINING]
    # Of several classes, so that mixing shows what it does.
    chosen = learned.groupby("label", sort=False).head(1).head(PICTURES_SHOWN)
    chosen = pd.concat([chosen, learned.drop(chosen.index)]).head(PICTURES_SHOWN)
    rows = _altered(
        choice.dataset.id,
        tuple(int(picture) for picture in chosen["picture"]),
        image_size=choice.network.image_size,
        settings=choice.training.augmentation.to_json(),
        seed=choice.seed,
        first=_first_copy(choice) + COPIES_SHOWN * st.session_state.get(DRAW_KEY, 0),
    )
    names = [text.shorten(name, limit=24) for name in chosen["class_name"]]
    _warn(choice, grey=_are_grey(rows))
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(f"As it is, and {COPIES_SHOWN} times as the network may see it:", width="content")
        st.button("Another draw", icon=":material/casino:", key=f"{DRAW_KEY}-button", on_click=_draw_again)
    with st.container(width=PREVIEW_WIDTH, key="train-preview"):
        grid = st.grid(1 + COPIES_SHOWN, min_column_width=NARROWEST_PICTURE, gap="xsmall")
        for row, class_name in zip(rows, chosen["class_name"], strict=True):
            for number, seen in enumerate(row):
                with grid.cell():
                    alt = f"{class_name}, {'as it is' if number == 0 else f'altered, version {number}'}"
                    st.image(
                        _small(seen.pixels),
                        caption=_mixed_caption(seen, class_name, names),
                        width="stretch",
                        alt=text.shorten(alt, limit=120),
                    )


def _first_copy(choice: Choice) -> int:
    """The first copy that training makes: copies count from 0, epochs from 1."""
    return 0 if getattr(choice.training, ROUTE_NAMES[0], "fresh") == "copies" else 1


def _small(pixels: np.ndarray) -> np.ndarray:
    """As much as the screen shows; what training sees is altered at the network's own size."""
    if len(pixels) <= LARGEST_PREVIEW:
        return pixels
    return fit_picture(Image.fromarray(pixels), image_size=LARGEST_PREVIEW)


def _mixed_caption(seen: Seen, class_name: str, names: list[str]) -> str | None:
    """How much is left of a picture where another is mixed in: of whichever there is more."""
    if seen.partner is None:
        return None
    share, name = max((seen.share, class_name), (1.0 - seen.share, names[seen.partner]))
    return text.escape(f"{100 * share:.0f}\u00a0% {text.shorten(name, limit=24)}")


def _draw_again() -> None:
    st.session_state[DRAW_KEY] = st.session_state.get(DRAW_KEY, 0) + 1


def _warn(choice: Choice, *, grey: bool) -> None:
    facts = PictureFacts(
        class_names=choice.dataset.class_names, image_size=choice.network.image_size, grey=grey
    )
    for sentence in warnings_for(choice.training.augmentation, facts):
        frame.warning(sentence)


def _are_grey(rows: list[list[Seen]]) -> bool:
    """Whether none of the pictures, as they are, has a colour."""
    return all(not np.ptp(row[0].pixels, axis=-1).any() for row in rows if row)


@st.cache_data(max_entries=32, show_spinner=False)
def _altered(
    dataset_id: str, pictures: tuple[int, ...], *, image_size: int, settings: str, seed: int, first: int
) -> list[list[Seen]]:
    """Each picture as it is and altered; nothing for those that cannot be read."""
    data = find_dataset(dataset_id).read_pictures(pictures)
    answers = decoding_child().fit_many(data, image_size=image_size)
    good = [place for place, answer in enumerate(answers) if not isinstance(answer, PictureError)]
    rows: list[list[Seen]] = [
        [Seen(pixels=answers[place])] if place in good else [] for place in range(len(answers))
    ]
    if good:
        versions = see_as_training(
            np.stack([answers[place] for place in good]),
            np.array([pictures[place] for place in good]),
            settings=Augmentation.from_json(settings),
            seed=seed,
            copies=range(first, first + COPIES_SHOWN),
        )
        for version in versions:
            for place, seen in zip(good, version, strict=True):
                partner = None if seen.partner is None else good[seen.partner]
                rows[place].append(replace(seen, partner=partner))
    return rows
