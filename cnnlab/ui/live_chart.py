"""A chart that grows while one looks at it: Plotly redrawn in place, so that nothing blinks and a zoom stays.

`st.plotly_chart` takes new data for a new chart: a blank frame at each tick, and the zoom is lost. This
module never decides what is drawn: `charts.live` does.
"""

from pathlib import Path
from typing import Any

import streamlit as st

from cnnlab.ui.server import PLOTLY_ADDRESS

ASSETS = Path(__file__).resolve().parent / "assets"
HTML = """
<div class="live-chart">
  <div class="live-chart-title"></div>
  <div class="live-chart-legend"></div>
  <div class="live-chart-plot" role="img"></div>
</div>
"""

_mount = st.components.v2.component(
    "cnnlab_live_chart",
    html=HTML,
    css=(ASSETS / "live_chart.css").read_text(encoding="utf-8"),
    js=(ASSETS / "live_chart.js").read_text(encoding="utf-8"),
    # Plotly puts its style sheet into the document, where a shadow root would not see it.
    isolate_styles=False,
)


def live_chart(payload: dict[str, Any], *, key: str) -> None:
    """Draw a payload of `charts.live`; call it again with the same key to let the chart grow."""
    _mount(data={**payload, "plotly": PLOTLY_ADDRESS}, key=key)
