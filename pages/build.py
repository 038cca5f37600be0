"""Build: put a CNN together from blocks, and see at every change what it costs."""

import streamlit as st

from cnnlab.models.anatomy import describe_network
from cnnlab.ui import build, build_figures, build_findings, build_saves, frame

with frame.page(
    "Build a network", lead="Stack blocks from the picture to the output; every change shows what it costs."
):
    draft = build.current_draft()
    bar = st.container()
    dataset = build.network_form(draft)
    figures = st.container()
    left, right = st.columns([3, 2], gap="medium")
    with right, st.container(border=True):
        place = build.block_form(draft)

    num_classes = dataset.num_classes if dataset else build.USUAL_CLASSES
    anatomy = describe_network(draft.network, num_classes=num_classes, batch_size=build_figures.BATCH_SIZE)
    with bar:
        build.toolbar(draft, anatomy=anatomy, dataset=dataset)
    with figures:
        build_figures.totals(anatomy)
    with left, st.container(border=True):
        build_figures.problems(draft, anatomy=anatomy, place=place)
        build.blocks(draft, anatomy=anatomy)
    build_findings.findings(draft, anatomy=anatomy, num_classes=num_classes)
    build_figures.table(anatomy)
    build_findings.code(draft, anatomy=anatomy)
    build_saves.remember(draft)
