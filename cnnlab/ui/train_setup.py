"""The first half of the Train page: dataset, network, settings, what they come to, and the start.

What is chosen is kept in the address, so a reload or a link finds it again. This module never trains
anything: it hands a `RunSpec` to the queue.
"""

import time

import streamlit as st

from cnnlab.data import library
from cnnlab.data.library import Dataset
from cnnlab.errors import SpecError
from cnnlab.models.weights import RANDOM_WEIGHTS_WARNING, weights_status
from cnnlab.specs.networks import BackboneNetwork, Head, Network
from cnnlab.training.launch import start_run
from cnnlab.ui import forms, frame, nav, text, train_clone, train_estimate, train_plan, train_settings
from cnnlab.ui.networks import FAMILIES, FIRST, find_network
from cnnlab.ui.train_choice import Choice

SECONDS_OF_ONE_CLICK = 10.0
"""The same settings started again within this time are a double click, not a second run."""


def setup() -> None:
    """Draw everything up to the start of a run."""
    # Test sets come last: nothing can be trained on them.
    datasets = sorted(library.list_datasets(), key=lambda dataset: dataset.split.test_only)
    if not datasets:
        frame.empty(
            "There is no dataset yet",
            "A network learns from labelled pictures. Bring your own, or take one of the ready-made sets: "
            "two of them need no download.",
            page="datasets",
            label="Bring a dataset",
            icon=":material/photo_library:",
        )
        return
    train_clone.draw([dataset.id for dataset in datasets])
    left, right = st.columns([8, 5], gap="medium")
    with left:
        dataset = _choose_dataset(datasets)
        network = _choose_network()
        choice = train_settings.choose(dataset, network)
    with right, st.container(border=True):
        frame.section("What will happen")
        with frame.errors_as_text():
            _what_will_happen(choice)


def _what_will_happen(choice: Choice) -> None:
    """Draw what is in the way, what it takes, the start, and what else could be done."""
    problems = train_plan.problems(choice)
    for sentence in problems:
        frame.problem(sentence)
    for sentence in choice.dataset.warnings():
        frame.warning(sentence)
    if not problems:
        with frame.errors_as_text():
            train_estimate.time_and_room(choice)
    _start_button(choice, ready=not problems)
    if not problems:
        with frame.errors_as_text():
            train_estimate.alternatives(choice)
        st.markdown("**What learns**")
        train_plan.what_learns(choice)


def _choose_dataset(datasets: list[Dataset]) -> Dataset:
    by_id = {dataset.id: dataset for dataset in datasets}
    asked = st.query_params.get("dataset", "")
    if asked and asked not in by_id:
        frame.warning(f"There is no dataset {asked!r} any more. Choose another.")
    ids = list(by_id)
    frame.section("Data")
    chosen = st.selectbox(
        "Dataset",
        ids,
        index=ids.index(asked) if asked in by_id else 0,
        format_func=lambda id: text.shorten(by_id[id].name, limit=80),
        key="train-dataset",
    )
    st.query_params["dataset"] = chosen
    dataset = by_id[chosen]
    st.caption(
        f"{text.counted(dataset.num_classes, 'class', plural='classes')} · "
        f"{dataset.num_training:,} training, {dataset.num_validation:,} validation, {dataset.num_test:,} test pictures"
    )
    return dataset


def _choose_network() -> Network | None:
    asked = st.query_params.get("network", FIRST)
    try:
        find_network(asked)
    except SpecError as error:
        frame.warning(error)
        asked = FIRST
    family, _, name = asked.partition(":")
    frame.section("Network")
    family = st.segmented_control(
        "Kind of network",
        FAMILIES,
        default=family,
        required=True,
        format_func=lambda family: FAMILIES[family].label,
        key="train-family",
        label_visibility="collapsed",
    )
    names = FAMILIES[family].names()
    if not names:
        st.markdown(":gray[No network is saved yet. Build one from blocks and save it under a name.]")
        nav.link("build", label="Open Build")
        return None
    ids = list(names)
    name = st.selectbox(
        FAMILIES[family].label,
        ids,
        index=ids.index(name) if name in names else 0,
        format_func=lambda name: text.shorten(names[name], limit=80),
        key=f"train-network-{family}",
    )
    st.query_params["network"] = f"{family}:{name}"
    network = FAMILIES[family].find(name)
    st.caption(text.escape(FAMILIES[family].sentence(name)))
    return _backbone_settings(network) if network.kind == "backbone" else network


def _backbone_settings(network: BackboneNetwork) -> BackboneNetwork | None:
    """Ask for the head, the weights and the image size of a backbone."""
    place = st.empty()
    with st.expander("Head, weights and image size", icon=":material/tune:", key="train-network-more"):
        form = forms.Form(BackboneNetwork, key=f"train-{network.backbone}", values=network)
        form.draw(["weights", "image_size"], columns=2)
        st.markdown("**Head**: pooled features → dropout → hidden layer → dropout → one probability a class")
        head = forms.edit(Head, key="train-head", columns=2)
        if head.spec is not None:
            form.values["head"] = head.spec
        edited = form.result()
    if form.values["weights"] == "random":
        frame.warning(RANDOM_WEIGHTS_WARNING)
    else:
        # Where they come from matters only to somebody who wants them.
        status = weights_status(network.backbone)
        icon = ":green[:material/check_circle:]" if status.here else ":orange[:material/cloud_download:]"
        place.caption(f"{icon} ImageNet weights. {text.escape(status.sentence, limit=600)}")
    return edited.spec if head.spec is not None else None


def _start_button(choice: Choice, *, ready: bool) -> None:
    if st.button(
        "Start training",
        type="primary",
        icon=":material/play_arrow:",
        width="stretch",
        key="train-start",
        disabled=not ready,
    ):
        nav.go("train", run=_start(choice))


def _start(choice: Choice) -> str:
    """Put a run into the queue and return its id."""
    spec = choice.run()
    before = st.session_state.get("train-started")
    if before and before[0] == spec and time.monotonic() - before[2] < SECONDS_OF_ONE_CLICK:
        return before[1]
    run = start_run(spec)
    st.session_state["train-started"] = (spec, run.id, time.monotonic())
    return run.id
