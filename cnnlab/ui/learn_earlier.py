"""Earlier answers of a claim: each with its settings; open one again, lay one beside the one shown, or delete it.

This module never measures anything.
"""

import streamlit as st

from cnnlab.claims.answers import Answer
from cnnlab.claims.claim import Claim
from cnnlab.claims.experiments import Experiment, delete_experiment, list_experiments
from cnnlab.errors import ClaimError
from cnnlab.ui import forms, frame, learn_answer, learn_settings, nav, run_parts, text

REFUSED = "learn-refused"
"""Why the last click could not be obeyed, to be told when the list is drawn next."""
COMPARED = "learn-compared"
MOST_SHOWN = 30


def earlier(claim: Claim, *, shown: Experiment | None) -> None:
    """List what was found before; the one that is shown above is among it, and marked.

    Args:
        claim: Whose answers.
        shown: The one whose answer is drawn above, if there is one.
    """
    if refused := st.session_state.pop(REFUSED, None):
        frame.warning(refused)
    ended = [one for one in list_experiments(claim.id) if one.state != "running"]
    if not ended or (shown is not None and [one.key for one in ended] == [shown.key]):
        return
    frame.section("What was measured before", lead="Kept with its settings until you delete it.")
    for one in ended[:MOST_SHOWN]:
        _row(claim, one, is_shown=shown is not None and one.key == shown.key)
    if len(ended) > MOST_SHOWN:
        st.caption(f"The newest {MOST_SHOWN} of {len(ended):,} are shown.")
    answer = shown.answer() if shown is not None else None
    if answer is not None:
        _comparison(claim, shown, answer, [one for one in ended[:MOST_SHOWN] if one.key != shown.key])


def _row(claim: Claim, one: Experiment, *, is_shown: bool) -> None:
    settings, answer = one.settings(), one.answer()
    used = "An older version of this experiment"
    if settings is not None:
        used = learn_settings.in_words(claim, settings, changed_only=True)
        used = f"{used[0].upper()}{used[1:]}"
    with st.container(border=True, key=f"learn-row-{one.key}"):
        with run_parts.split_row():
            with run_parts.line():
                if answer is not None:
                    learn_answer.badge(answer.verdict)
                st.markdown(f"**{text.escape(used, limit=200)}**", width="content")
                st.markdown(f":gray[{text.ago(learn_answer.asked_at(one))}]", width="content")
            with run_parts.line():
                if is_shown:
                    st.markdown(":gray[shown above]", width="content")
                elif settings is not None:
                    nav.button(
                        "learn",
                        label="Open",
                        key=f"learn-open-{one.key}",
                        quiet=True,
                        icon=":material/visibility:",
                        **learn_settings.address(claim.id, settings),
                    )
                if st.button(
                    "Delete", icon=":material/delete:", type="tertiary", key=f"learn-delete-{one.key}"
                ):
                    _ask(one)
        st.markdown(f":gray[{_said(one, answer)}]")


def _said(one: Experiment, answer: Answer | None) -> str:
    if answer is not None:
        return text.escape(answer.sentence, limit=learn_answer.LONG)
    match one.state:
        case "failed":
            return f"It failed. {text.escape(one.message, limit=frame.ERROR_LIMIT)}"
        case "cancelled":
            return "It was cancelled."
        case _:
            return "What it found cannot be read: its file is damaged."


def _comparison(claim: Claim, shown: Experiment, answer: Answer, others: list[Experiment]) -> None:
    """Lay another answer beside the one that is shown: sentences, then settings and scores that differ."""
    readable = {one.key: one for one in others if one.settings() is not None and one.answer() is not None}
    if not readable:
        return
    key = st.selectbox(
        "Compare the answer above with",
        list(readable),
        index=None,
        format_func=lambda key: text.shorten(
            learn_settings.in_words(claim, readable[key].settings(), changed_only=True), limit=120
        ),
        placeholder="Choose one of before",
        key=COMPARED,
    )
    if key is None:
        return
    other = readable[key]
    columns = {"Shown above": (shown, answer), "The other": (other, other.answer())}
    for place, (label, (_, found)) in zip(st.columns(2), columns.items(), strict=True):
        with place.container(border=True, height="stretch"):
            with run_parts.line():
                st.markdown(f"**{label}**", width="content")
                learn_answer.badge(found.verdict)
            st.markdown(text.escape(found.sentence, limit=learn_answer.LONG))
    frame.figures({label: _figures(claim, *pair) for label, pair in columns.items()})


def _figures(claim: Claim, one: Experiment, answer: Answer) -> dict[str, str]:
    """Settings, then scores, by name."""
    values = one.settings().model_dump()
    rows = {
        text.escape(forms.label_of(claim.settings, name)): text.escape(
            learn_settings.value_in_words(name, value), limit=60
        )
        for name, value in values.items()
        if isinstance(value, str | int | float)
    }
    return rows | {text.escape(name): _score(value) for name, value in answer.scores.items()}


def _score(value: float) -> str:
    return text.count(value) if abs(value) >= 1000 else text.small(value)


@st.dialog("Delete this answer?", icon=":material/delete:")
def _ask(one: Experiment) -> None:
    st.markdown("What was measured with these settings is forgotten. It can be measured again.")
    frame.keep_or_delete("learn", on_delete=_delete, args=(one,))


def _delete(one: Experiment) -> None:
    """Delete; it draws nothing: whatever a callback of a dialog draws blanks the page."""
    try:
        delete_experiment(one)
    except ClaimError as error:
        st.session_state[REFUSED] = str(error)
