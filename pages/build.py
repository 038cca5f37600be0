"""Build: put a CNN together from blocks, and see at every change what it costs."""

import streamlit as st

from cnnlab.models.anatomy import describe_network
from cnnlab.ui import (
    build,
    build_activations,
    build_code,
    build_compare,
    build_drawing,
    build_figures,
    build_findings,
    build_saves,
    frame,
)

with frame.page(
    "Build a network", lead="Stack blocks from the picture to the output; every change shows what it costs."
):
    draft = build.current_draft()
    bar = st.container()
    basis = build.network_form(draft)
    figures = st.container()
    left, right = st.columns([2, 1], gap="medium")
    with right, st.container(border=True):
        place = build.block_form(draft)

    anatomy = describe_network(draft.network, num_classes=basis.num_classes, batch_size=basis.batch_size)
    with bar:
        build.toolbar(draft, anatomy=anatomy, dataset=basis.dataset)
    with figures:
        build_figures.totals(anatomy, batch_size=basis.batch_size)
    with left, st.container(border=True):
        build_figures.problems(draft, anatomy=anatomy, place=place)
        build.blocks(draft, anatomy=anatomy)
    found = build_findings.findings(draft, anatomy=anatomy, num_classes=basis.num_classes)
    with figures:
        build_drawing.drawing(draft, anatomy=anatomy, findings=found)
    build_figures.table(anatomy, batch_size=basis.batch_size)
    build_compare.comparison(draft, num_classes=basis.num_classes, batch_size=basis.batch_size)
    build_activations.explanation()
    build_code.code(draft, anatomy=anatomy, batch_size=basis.batch_size)
    build_saves.remember(draft)
