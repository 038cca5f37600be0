"""What the lint says about the network on the Build page, each with its one-click change.

This module never judges a network: `models.lint` does.
"""

import streamlit as st

from cnnlab.models.anatomy import Anatomy
from cnnlab.models.lint import Finding, lint
from cnnlab.ui import frame, text
from cnnlab.ui.build_draft import Draft

ICONS = {
    "error": ":red[:material/error:] **Cannot work**",
    "warning": ":orange[:material/warning:] **Could be better**",
    "hint": ":blue[:material/lightbulb:] **Worth knowing**",
}
"""How each severity is shown: never by colour alone."""


def findings(draft: Draft, *, anatomy: Anatomy, num_classes: int) -> tuple[Finding, ...]:
    """Draw what could be better in the network, nothing where all is well; returns what was found."""
    found = lint(draft.network, num_classes=num_classes, anatomy=anatomy)
    if not found:
        return found
    frame.section("What could be better")
    for number, finding in enumerate(found):
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            where = "" if finding.block is None else f" · block {finding.block + 1}"
            sentence = text.escape(finding.sentence, limit=1000)
            st.markdown(f"{ICONS[finding.severity]}{where}  \n{sentence}", width="stretch")
            if finding.fix:
                st.button(
                    finding.fix.label,
                    # Another network, other findings: a click under way never meets another one's change.
                    key=f"build-fix-{number}-{finding.rule}-{draft.generation}",
                    icon=":material/auto_fix_high:",
                    on_click=_mend,
                    args=(draft, finding),
                )
    return found


def _mend(draft: Draft, finding: Finding) -> None:
    draft.start_from(finding.fix.network, origin=draft.origin)
    if draft.numbers and finding.block is not None:
        nearest = draft.numbers[min(finding.block, len(draft.numbers) - 1)]
        draft.arrange(draft.numbers, selected=nearest)
