"""Taking a network along from the Build page, and bringing one in: as a JSON file, or as a link that holds all of it.

Whatever is brought in is shown before it is opened, and opening it is one step that Undo takes back.
This module never reads a network itself: `models.exchange` does.
"""

from urllib.parse import parse_qs, urlsplit

import streamlit as st

from cnnlab.errors import SpecError
from cnnlab.models.exchange import pack_network, read_network, unpack_network, write_network
from cnnlab.specs.networks import BlockNetwork
from cnnlab.ui import frame, text
from cnnlab.ui.build_draft import Draft

LARGEST_UPLOAD_MB = 1


def bring(draft: Draft) -> None:
    """Draw the way in: a file or pasted text, what is in it, and the button that opens it."""
    # Of another generation is another popover, so this one closes once something was opened.
    with st.popover("Open", icon=":material/file_open:", key=f"build-bring-{draft.generation}"):
        file = st.file_uploader(
            "A network as JSON",
            type=["json", "txt"],
            max_upload_size=LARGEST_UPLOAD_MB,
            key=f"build-file-{draft.generation}",
            help="What 'Share' gives away, here or on another machine.",
        )
        pasted = st.text_area(
            "or its text, or a link to it",
            key=f"build-pasted-{draft.generation}",
            height=100,
            placeholder='{"cnnlab_network": 1, ...',
        )
        content = file.getvalue() if file else pasted.strip()
        if not content:
            return
        try:
            network = _read(content)
        except SpecError as error:
            frame.problem(f"{error} What you are building stays as it is.")
            return
        blocks = text.counted(len(network.blocks), "block")
        size = f"{network.image_size} × {network.image_size} pixels"
        st.markdown(f"**{text.escape(network.name)}**  \n{blocks} · {size}")
        st.button(
            "Open it",
            key="build-bring-in",
            type="primary",
            on_click=draft.start_from,
            args=(network,),
            kwargs={"origin": ""},
            help="It takes the place of what you see; Undo brings that back.",
        )


def share(draft: Draft) -> None:
    """Draw the ways out: a link that holds the whole network, and a JSON file."""
    with st.popover("Share", icon=":material/share:", key="build-share"):
        st.markdown("**A link that holds the whole network**")
        st.code(_link(draft.network), language=None, wrap_lines=True, height=110)
        st.caption("Whoever opens it sees this network; nothing else of this machine is in it.")
        st.download_button(
            "Download JSON",
            # Written when somebody asks for it, not at every edit.
            lambda: write_network(draft.network),
            "network.json",
            "application/json",
            key="build-json",
            icon=":material/download:",
            on_click="ignore",
        )
        st.caption("'Open' reads the file again, here and in any other cnnlab.")


def _read(content: bytes | str) -> BlockNetwork:
    if isinstance(content, str) and content.startswith(("http://", "https://")):
        try:
            (letters,) = parse_qs(urlsplit(content).query)["design"]
        except (KeyError, ValueError):
            raise SpecError(
                "This link holds no network. Expected is one that 'Share' shows, with 'design=' in it."
            ) from None
        return unpack_network(letters)
    return read_network(content)


def _link(network: BlockNetwork) -> str:
    here = urlsplit(st.context.url or "")
    return here._replace(query=f"design={pack_network(network)}", fragment="").geturl()
