"""What all pages share: the frame with its title, sections, empty states and sentences of error.

Only a `CnnlabError` is shown as text. Anything else is our bug and passes through to Streamlit, which
also steers with exceptions of its own. This module never knows what a page is about.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import streamlit as st

from cnnlab.errors import CnnlabError
from cnnlab.ui import nav
from cnnlab.ui.text import escape, unbroken

ERROR_LIMIT = 2000
"""Most characters of an error on the screen; the longest list of choices is well below."""


@contextmanager
def page(title: str, *, lead: str = "") -> Iterator[None]:
    """Draw a page: its title, one sentence on what it is for, then whatever is drawn inside.

    `title` and `lead` are ours, not a user's: they are Markdown.
    """
    st.title(title, anchor=False)
    if lead:
        st.markdown(f":gray[{lead}]")
    with errors_as_text():
        yield


@contextmanager
def errors_as_text() -> Iterator[None]:
    """Show a `CnnlabError` where it happened, and let the rest of the page be drawn."""
    try:
        yield
    except CnnlabError as error:
        problem(error)


def problem(message: object) -> None:
    """Say what does not work; the text is plain and may hold names from users."""
    st.error(escape(message, limit=ERROR_LIMIT), icon=":material/error:")


def warning(message: object) -> None:
    """Say what to mind; the text is plain and may hold names from users."""
    st.warning(escape(message, limit=ERROR_LIMIT), icon=":material/warning:")


def note(message: object) -> None:
    """Say something that is good to know; the text is plain and may hold names from users."""
    st.info(escape(message, limit=ERROR_LIMIT), icon=":material/info:")


def words(headline: str, details: str = "") -> None:
    """Say what was found, what matters most in bold; the text is plain and may hold names from users."""
    said = f"**{escape(headline, limit=ERROR_LIMIT)}** {escape(details, limit=ERROR_LIMIT)}"
    st.markdown(unbroken(said))


def section(title: str, *, lead: str = "") -> None:
    """Draw a heading inside a page; `title` and `lead` are Markdown: escape user text in them."""
    st.subheader(title, anchor=False)
    if lead:
        st.caption(lead)


def card(label: str, value: str, sentence: str = "") -> None:
    """Draw one figure that matters: what it is, the number with its unit, and a sentence about it.

    Everything is Markdown: escape user text. Several belong into the cells of a grid with borders.
    """
    st.metric(label, value)
    if sentence:
        st.caption(unbroken(sentence))


def figures(columns: Mapping[str, Mapping[str, str]]) -> None:
    """Draw a small table of figures: one column a key, one row a label, numbers aligned to the right.

    Everything is ours or written by `ui.text`: it is Markdown.
    """
    labels = list(dict.fromkeys(label for column in columns.values() for label in column))
    rows = [["", *columns]] + [
        [label, *(column.get(label, "–") for column in columns.values())] for label in labels
    ]
    lines = ["| " + " | ".join(f":small[{cell}]" if cell else " " for cell in row) + " |" for row in rows]
    lines.insert(1, "|:--|" + "--:|" * len(columns))
    st.markdown("\n".join(lines))


def empty(
    title: str, sentence: str, *, page: str = "", label: str = "", icon: str = ":material/inbox:"
) -> None:
    """Say that there is nothing yet, and what to do first.

    Args:
        title: What is missing, in a few words of ours.
        sentence: What to do, in words of ours.
        page: Name of the page where one does it, if it is another one.
        label: What the button says that leads there.
        icon: A Material icon.
    """
    with st.container(border=True, horizontal_alignment="center", gap="small"):
        st.space("small")
        st.markdown(f"### :gray[{icon}]", width="content")
        st.markdown(f"**{title}**", width="content", text_alignment="center")
        st.markdown(f":gray[{sentence}]", width="content", text_alignment="center")
        if page:
            nav.button(page, label=label, key=f"empty-{page}-{title}", primary=True)
        st.space("small")


def keep_or_delete(key: str, *, on_delete: Callable[..., None], args: tuple[object, ...]) -> None:
    """Draw both buttons under the question of a dialog; either closes it.

    Args:
        key: Where the dialog belongs, for the keys of both buttons.
        on_delete: Deletes. It draws nothing: whatever a callback of a dialog draws, even a toast, blanks the page.
        args: What it is called with.
    """
    with st.container(horizontal=True, horizontal_alignment="right"):
        kept = st.button("Keep", key=f"{key}-keep")
        deleted = st.button(
            "Delete",
            type="primary",
            icon=":material/delete:",
            key=f"{key}-delete-now",
            on_click=on_delete,
            args=args,
        )
    if kept or deleted:
        st.rerun()
