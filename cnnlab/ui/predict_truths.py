"""True classes that somebody tells on the Predict page, card by card, and keeping these pictures as a test set.

What was told lasts as long as the session, by the bytes of a picture, so it is still there when the
picture is asked about again. This module never changes a dataset: the import makes a new one.
"""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from cnnlab.data.intake import start_import
from cnnlab.data.test_sets import stage_test_set
from cnnlab.prediction.pictures import Picture
from cnnlab.prediction.predictor import Predictor
from cnnlab.ui import frame, nav, text
from cnnlab.ui.predict_cards import Asked
from cnnlab.ui.predict_samples import InDataset

TOLD = "predict-told"
KEPT = "predict-kept"
"""The import that keeps what was told."""


def with_truths(pictures: Sequence[Picture]) -> list[Picture]:
    """Give pictures the class that somebody told."""
    told = _told()
    return [
        replace(picture, truth=told[picture.digest]) if picture.digest in told else picture
        for picture in pictures
    ]


def classes_of(predictors: Sequence[Predictor]) -> list[str]:
    """What may be told: the classes of all runs, those of the first one first."""
    return list(dict.fromkeys(name for predictor in predictors for name in predictor.record.class_names))


def tell(digest: str, class_name: str) -> None:
    """Remember the true class of a picture; an empty one forgets it."""
    if class_name:
        _told()[digest] = class_name
    else:
        _told().pop(digest, None)


def keep(asked: Sequence[Asked]) -> None:
    """Draw the way to keep all pictures whose class is known as a test set; nothing where there are none."""
    told, known = _told(), [each for each in asked if each.truth and not each.problem]
    if known and all(isinstance(each.source, InDataset) and each.digest not in told for each in known):
        # They are kept already: they come from a dataset.
        return
    if not known:
        st.caption("Tell the true class of pictures on their cards: then they are counted, and can be kept.")
        return
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        # Drawn as a form: what is typed is not lost by clicking right away.
        with (
            st.popover("Keep these as a test set", icon=":material/inventory_2:"),
            st.form("predict-keep", border=False),
        ):
            st.markdown(
                f"The {text.counted(len(known), 'picture')} whose class is known become a dataset of their own. All of them "
                f"are test pictures: nothing is ever trained on them. Any run can be asked about them here, and judged by them on "
                f"the Evaluate page."
            )
            name = st.text_input("Name", "Test set", max_chars=120, key="predict-keep-name")
            if st.form_submit_button("Keep", type="primary"):
                with frame.errors_as_text():
                    st.session_state[KEPT] = start_import(stage_test_set(known, name=name)).id
        if any(each.digest in told for each in asked):
            st.button(
                "Forget what I told",
                key="predict-forget",
                type="tertiary",
                icon=":material/undo:",
                on_click=_forget,
                args=([each.digest for each in asked],),
            )
    if kept := st.session_state.get(KEPT):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown("They are being kept as a dataset.")
            nav.button("datasets", label="Watch", key="predict-kept-link", quiet=True, **{"import": kept})


def _told() -> dict[str, str]:
    return st.session_state.setdefault(TOLD, {})


def _forget(digests: Sequence[str]) -> None:
    for digest in digests:
        _told().pop(digest, None)
