"""The script that Streamlit runs for every visit: page settings, logo, menu, then the page itself.

A workspace of a newer cnnlab is refused here. This script never draws anything of a page.
"""

from pathlib import Path

import streamlit as st

from cnnlab.runs.workspace_format import open_workspace
from cnnlab.ui import frame, nav

ASSETS = Path(__file__).resolve().parent / "assets"

# A local icon: with a Material icon as the favicon the browser would ask Google's font server for it.
st.set_page_config(page_title="cnnlab", page_icon=str(ASSETS / "icon.png"), layout="wide")
st.logo(str(ASSETS / "logo.svg"), icon_image=str(ASSETS / "icon.png"), size="large")
page = st.navigation(nav.menu())
with frame.errors_as_text():
    open_workspace()
    page.run()
