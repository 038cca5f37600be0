"""Cloning a run: its settings are filled into the inputs of the Train page, to be changed and started anew.

Nothing is started here, and the run that is cloned stays as it is.
"""

from collections.abc import Collection

import streamlit as st

from cnnlab.errors import RunError
from cnnlab.models.architectures import list_architectures
from cnnlab.models.presets import PRESETS
from cnnlab.runs.folder import RunFolder
from cnnlab.settings import workspace
from cnnlab.specs.base import Spec
from cnnlab.specs.networks import Network
from cnnlab.specs.runs import RunSpec
from cnnlab.ui import forms, frame, text
from cnnlab.ui.train_choice import AUGMENTATION_FORM, FORMS

LIKE = "like"
"""What the address calls the run that is cloned."""
FILLED = "train-filled-like"
DATASET_KEY, FAMILY_KEY = "train-dataset", "train-family"


def draw(datasets: Collection[str]) -> None:
    """Fill in the settings of the run that the address names, once a visit, and say what could not be.

    To be called before any input is drawn.

    Args:
        datasets: Ids of those that are here.
    """
    run_id = st.query_params.get(LIKE)
    if not run_id:
        return
    try:
        spec = RunFolder.find(run_id, runs=workspace().runs).spec()
    except RunError as error:
        frame.warning(error)
        return
    # Inputs forget what they hold when another page is drawn: then they are filled again.
    if st.session_state.get(FILLED) != run_id or DATASET_KEY not in st.session_state:
        st.session_state[FILLED] = run_id
        _fill(spec, run_id, datasets)
    frame.note(
        f"Filled in from run {text.shorten(spec.name, limit=120)!r}. Change what you like, then start."
    )
    if spec.dataset.id not in datasets:
        frame.warning(
            f"Its dataset {text.shorten(spec.dataset.name, limit=80)!r} is not here any more. Choose another below."
        )


def address_of(network: Network, *, run_id: str) -> str:
    """Where the Train page finds this network: by its name where it has one, else in the run itself."""
    if network.kind == "backbone":
        return f"backbone:{network.backbone}"
    for name, preset in PRESETS.items():
        if preset.network == network:
            return f"preset:{name}"
    for saved in list_architectures():
        if saved.network == network:
            return f"architecture:{saved.id}"
    return f"run:{run_id}"


def _fill(spec: RunSpec, run_id: str, datasets: Collection[str]) -> None:
    # What the address says already was chosen after the cloning: a reload keeps it.
    if "dataset" not in st.query_params and spec.dataset.id in datasets:
        st.query_params["dataset"] = st.session_state[DATASET_KEY] = spec.dataset.id
    if "network" not in st.query_params:
        address = address_of(spec.network, run_id=run_id)
        family, _, name = address.partition(":")
        st.query_params["network"] = address
        st.session_state[FAMILY_KEY], st.session_state[f"train-network-{family}"] = family, name
    if spec.network.kind == "backbone":
        _take(f"train-{spec.network.backbone}", spec.network)
        _take("train-head", spec.network.head)
    _take(FORMS[spec.training.kind], spec.training)
    _take(AUGMENTATION_FORM, spec.training.augmentation)
    st.session_state["train-seed"] = spec.seed
    st.session_state["train-name"] = f"{spec.name[:110]} again"


def _take(key: str, spec: Spec) -> None:
    forms.take(
        key, {name: value for name, value in spec if name != "kind" and not isinstance(value, Spec | tuple)}
    )
