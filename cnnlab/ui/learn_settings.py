"""The settings of an experiment: a form, and the address that holds them, so that a reload or a step back finds them.

An address without settings means what was measured last, else the usual settings. This module never
measures anything.
"""

import json

import streamlit as st

from cnnlab.claims.claim import Claim
from cnnlab.claims.experiments import Experiment, find_experiment, list_experiments
from cnnlab.claims.pictures import READY_MADE
from cnnlab.data.library import find_dataset, list_datasets
from cnnlab.errors import DatasetError, RunError, SpecError
from cnnlab.runs import store
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.rows import RunRow
from cnnlab.settings import workspace
from cnnlab.specs.base import Spec
from cnnlab.ui import forms, frame, nav, run_parts, text
from cnnlab.ui.forms import Edited
from cnnlab.ui.learn_address import read_address

SEEN = "learn-address"
"""Key of the address as the form last knew it: any other one was opened by a link, or by a step back."""
CHOSEN_HERE = ("dataset", "run")
"""Settings that are chosen among what is in the workspace."""


def address(claim: str, settings: Spec | None = None) -> dict[str, str]:
    """What stands behind the question mark for a claim, with these settings."""
    values = settings.model_dump(mode="json") if settings is not None else {}
    return {"claim": claim} | {
        name: value if isinstance(value, str) else json.dumps(value) for name, value in values.items()
    }


def remember(claim: str, settings: Spec) -> None:
    """Put settings into the address; the form keeps what it holds."""
    now = address(claim, settings)
    if st.query_params.to_dict() != now:
        st.query_params.from_dict(now)
    st.session_state[SEEN] = now


def edit(claim: Claim, *, columns: int = 2) -> Edited[Spec]:
    """Draw the settings of a claim, as the address has them, and keep what is changed in the address."""
    start, key = _start(claim), f"learn-{claim.id}"
    if st.session_state.get(SEEN) != st.query_params.to_dict():
        forms.take(key, start.model_dump())
        st.session_state[SEEN] = st.query_params.to_dict()
    form = forms.Form(claim.settings, key=key, values=start)
    for name in CHOSEN_HERE:
        if name in form.values:
            form.values[name] = _choose(claim, name, form.values[name], key=f"{key}-{name}")
    form.draw(but=CHOSEN_HERE, columns=columns)
    edited = form.result()
    if edited.spec is not None and edited.spec != start:
        remember(claim.id, edited.spec)
    return edited


def latest(experiments: list[Experiment]) -> Experiment | None:
    """The experiment that matters most now: one under way, else the newest that found something.

    Args:
        experiments: The newest first.
    """
    ours = [experiment for experiment in experiments if experiment.settings() is not None]
    for state in ("running", "finished"):
        for experiment in ours:
            if experiment.state == state:
                return experiment
    return None


def has_what_it_needs(claim: Claim, settings: Spec) -> bool:
    """Whether a run is chosen where the claim needs one."""
    return getattr(settings, "run", None) != "" or _without_run(claim) is not None


def in_words(claim: Claim, settings: Spec, *, changed_only: bool = False) -> str:
    """Write settings on one line, as plain text that may hold names of users: 'Pictures: Digits · Epochs: 8'.

    Args:
        claim: Whose settings they are.
        settings: What is written; lists are left out.
        changed_only: Leave out what is as usual.
    """
    usual = claim.settings().model_dump()
    parts = [
        f"{forms.label_of(claim.settings, name)}: {value_in_words(name, value)}"
        for name, value in settings.model_dump().items()
        if isinstance(value, str | int | float) and not (changed_only and value == usual[name])
    ]
    return " · ".join(parts) or "the usual settings"


def value_in_words(name: str, value: str | float) -> str:
    """Write the value of a setting as plain text that may hold names of users."""
    if name == "dataset":
        return _dataset_name(value)
    if name == "run":
        return _run_name(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return text.small(value)
    return forms.choice_label(value) if isinstance(value, str) else str(value)


def _start(claim: Claim) -> Spec:
    """The settings that the address means."""
    given, usual = read_address(claim.settings), _usual(claim)
    if given:
        try:
            return claim.settings.create(given)
        except SpecError as error:
            frame.warning(f"The address holds settings that cannot work. {error} The usual ones are shown.")
            return usual
    if find_experiment(claim.id, usual) is not None:
        return usual
    newest = latest(list_experiments(claim.id))
    return (newest and newest.settings()) or usual


def _usual(claim: Claim) -> Spec:
    """The settings to start from; where a run is to be chosen, the newest one."""
    usual = claim.settings()
    if getattr(usual, "run", None) == "" and _without_run(claim) is None:
        return usual.with_changes(run=next(iter(_runs()), ""))
    return usual


def _choose(claim: Claim, name: str, value: str, *, key: str) -> str:
    """Draw a select box of what is in the workspace, and return what is chosen; '' where there is nothing."""
    field = claim.settings.model_fields[name]
    options = _datasets() if name == "dataset" else _runs()
    if name == "run" and (without := _without_run(claim)) is not None:
        options = {"": without} | options
    if value not in options:
        if value:
            frame.warning(f"There is no {name} {value!r} any more. Choose another.")
        st.session_state.pop(key, None)
    if not options:
        st.markdown(":gray[:material/info: This needs a finished run, and there is none yet.]")
        nav.link("train", label="Train a network")
        return ""
    return st.selectbox(
        field.title or name.capitalize(),
        list(options),
        index=list(options).index(value) if value in options else 0,
        format_func=options.get,
        help=field.description,
        key=key,
    )


def _without_run(claim: Claim) -> str | None:
    """What a claim takes in the place of a run, in words; None where it needs one."""
    return (claim.settings.model_fields["run"].json_schema_extra or {}).get("without")


def _datasets() -> dict[str, str]:
    own = {dataset.id: dataset.name for dataset in list_datasets() if not dataset.problems()}
    return dict(READY_MADE) | {id: text.shorten(name, limit=80) for id, name in own.items()}


def _runs() -> dict[str, str]:
    return {row.id: _run_label(row) for row in store.list_runs(states=run_parts.CAN_PREDICT)}


def _run_label(row: RunRow) -> str:
    return text.shorten(f"{row.name} · {run_parts.network_name(row)} on {row.dataset_name}", limit=100)


def _dataset_name(id: str) -> str:
    if id in READY_MADE:
        return READY_MADE[id]
    try:
        return find_dataset(id).name
    except DatasetError:
        return f"{id} (deleted)"


def _run_name(id: str) -> str:
    if not id:
        return "no run"
    try:
        return RunFolder.find(id, runs=workspace().runs).spec().name
    except RunError:
        return f"{id} (deleted)"
