"""The dashboard's entry, for `streamlit run app.py`; everything it says is in `cnnlab.ui.server`.

`app` has to be a literal call of `st.App`: Streamlit looks for it in the source.
"""

import streamlit as st

from cnnlab.ui import server

app = st.App(
    server.SHELL,
    lifespan=server.lifespan,
    routes=server.ROUTES,
    middleware=server.MIDDLEWARE,
)
