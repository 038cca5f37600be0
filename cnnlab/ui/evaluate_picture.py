"""One judged picture large: what was said of it and why, and the decision about its label.

A decision waits in the run's folder until a new version is made of it; then the next picture comes.
This module never changes a dataset.
"""

import pandas as pd
import streamlit as st

from cnnlab.charts import figures
from cnnlab.evaluation.decisions import Decision, Kind, decide
from cnnlab.ui import evaluate_heat, frame, text
from cnnlab.ui.datasets_gallery import LARGE_PIXELS, table_of, thumbnails
from cnnlab.ui.evaluate_album import Album

OPENED = "mistakes-opened"
SENTENCES: dict[Kind, str] = {
    "correct": "Waits to be corrected.",
    "leave_out": "Waits to be left out.",
    "right": "You said that its label is right.",
}


def show_next(picture: int | None) -> None:
    """Have a picture opened when the page is drawn next, or none."""
    st.session_state[OPENED] = picture


def draw_opened(album: Album) -> None:
    """Draw the picture that was asked for, if it is among those of an album."""
    picture = st.session_state.pop(OPENED, None)
    if picture is not None and (row := album.row(picture)) is not None:
        _large(album, row)


@st.dialog("Picture", width="large")
def _large(album: Album, row: pd.Series) -> None:
    left, right = st.columns([5, 4], gap="medium")
    with left:
        _picture(album, row)
    with right:
        _answer(album, row)
        if album.judged.is_elsewhere:
            _next(album, int(row["picture"]))
        else:
            _decide(album, row)


def _picture(album: Album, row: pd.Series) -> None:
    picture, alt = int(row["picture"]), album.named(row["label"])
    answer = thumbnails(album.dataset, [picture], size=LARGE_PIXELS)[0]
    facts = table_of(album.dataset)
    facts = facts[facts["picture"] == picture].iloc[0]
    place = st.empty()
    st.caption(
        f"{text.escape(facts['name'])} · {facts['width']:,} × {facts['height']:,} pixels · {facts['split']}"
    )
    if not isinstance(answer, bytes):
        with place:
            frame.problem(answer)
        return
    place.image(answer, width="stretch", alt=alt)
    wanted = evaluate_heat.controls(album.judged, said=int(row["said"]), true=int(row["label"]))
    if wanted is not None:
        label, opacity = wanted
        seen = evaluate_heat.heated(
            album.judged, album.dataset, answer, picture=picture, label=label, opacity=opacity
        )
        if seen is not None:
            place.image(seen, width="stretch", alt=f"{alt}, with what speaks for {album.named(label)}")


def _answer(album: Album, row: pd.Series) -> None:
    true, said = (text.escape(album.judged.class_names[row[column]]) for column in ("label", "said"))
    sure = text.percent(float(row["sure"]), digits=0)
    st.markdown(f"{album.given} **{true}**, {album.verb} **{said}** ({sure})")
    if row["place"] >= 0:
        if album.verb != "said":
            # The heads of a search judge by other means than the run: the bars are the run's own answer.
            st.caption("What the run itself says of it:")
        probabilities = album.judged.probabilities[row["place"]]
        st.plotly_chart(
            figures.probability_bars(probabilities, class_names=album.judged.class_names),
            key="mistakes-bars",
        )


def _decide(album: Album, row: pd.Series) -> None:
    """Draw the ways to decide; each shows the next picture."""
    picture, names = int(row["picture"]), album.judged.class_names
    if (fate := album.fates.get(picture)) is not None:
        done = "leaves it out" if fate.class_name is None else f"has it under {fate.class_name!r}"
        frame.note(f"Version {album.dataset.newest_version} {done}.")
    decided = album.decisions.get(picture)
    suggestion = decided.label if decided is not None and decided.kind == "correct" else int(row["said"])
    label = st.selectbox(
        "Right class",
        range(len(names)),
        index=suggestion,
        format_func=album.named,
        key=f"mistakes-class-{picture}",
    )
    if decided is not None:
        st.markdown(f":gray[{SENTENCES[decided.kind]}]")
    buttons: tuple[tuple[str, str, Decision | None], ...] = (
        ("Correct the label", ":material/edit:", Decision(kind="correct", label=label)),
        ("Leave it out", ":material/block:", Decision(kind="leave_out")),
        ("The label is right", ":material/check:", Decision(kind="right")),
    )
    if decided is not None:
        buttons += (("Undecided", ":material/undo:", None),)
    with frame.errors_as_text(), st.container(horizontal=True):
        for words, icon, decision in buttons:
            first = decision is not None and decision.kind == "correct"
            if st.button(
                words,
                icon=icon,
                key=f"mistakes-{decision.kind if decision else 'undecided'}",
                type="primary" if first else "secondary",
                disabled=first and label == row["label"],
            ):
                decide(album.judged.run, {picture: decision})
                show_next(album.after(picture) if decision else picture)
                st.rerun()
        _next(album, picture)


def _next(album: Album, picture: int) -> None:
    if (following := album.after(picture)) is not None and st.button(
        "Next", icon=":material/chevron_right:", key="mistakes-next", type="tertiary"
    ):
        show_next(following)
        st.rerun()
