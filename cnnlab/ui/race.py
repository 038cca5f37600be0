"""The race of backbones: which dataset, which backbones, how they learn, and the one button that starts it.

A race is ordinary runs in the queue. This module never measures anything: the workers do.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from cnnlab.data import library
from cnnlab.data.library import Dataset
from cnnlab.models.backbones import BACKBONES
from cnnlab.models.weights import RANDOM_WEIGHTS_WARNING, WeightsStatus
from cnnlab.specs.training import TransferTraining
from cnnlab.training.planning.estimate import estimate_run
from cnnlab.training.race import RACE_TRAINING, is_racing, plan_race, start_race
from cnnlab.ui import forms, frame, text

CHOSEN_AT_FIRST = 3
"""So many backbones are chosen before anybody chooses, the smallest first; none has to wait long."""
RANDOM = "race-random"
"""The switch that lets backbones without their weights take part."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A race as it is chosen now."""

    dataset: Dataset
    weights: dict[str, str]
    """`imagenet` or `random` of each backbone that takes part."""
    training: TransferTraining | None
    """None while something is wrong with the settings."""

    def problem(self) -> str:
        """Why it cannot start, as a sentence; empty when it can."""
        if found := self.dataset.problems():
            return " ".join(found)
        if not self.weights:
            return "No backbone is chosen. Choose one, or better several to compare."
        if self.training is None:
            return "Something is wrong with the settings of the race; the sentence is beside them."
        return ""


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What a race will take, before it starts."""

    words: str = ""
    problems: tuple[str, ...] = ()
    """What does not fit into memory or onto the disk, as sentences."""


def setup(status: Mapping[str, WeightsStatus]) -> Dataset | None:
    """Draw everything up to the start of a race; returns the dataset that is chosen, if there is one.

    `status` says of every backbone where its weights are.
    """
    frame.section(
        "Race on your own pictures",
        lead="A head on frozen features of each backbone, judged on your pictures; time, memory and size as "
        "this machine measures them.",
    )
    # Test sets come last: nothing can be trained on them.
    datasets = sorted(library.list_datasets(), key=lambda dataset: dataset.split.test_only)
    if not datasets:
        frame.empty(
            "There is nothing to race on yet",
            "Published figures are of ImageNet. Bring your own pictures, and measure the backbones on them.",
            page="datasets",
            label="Bring a dataset",
            icon=":material/sports_score:",
        )
        return None
    with st.container(border=True):
        left, right = st.columns([2, 5], gap="medium")
        with left:
            dataset = _choose_dataset(datasets)
        with right:
            weights = _choose_backbones(status)
        _start_line(dataset, weights)
        if "random" in weights.values():
            frame.warning(RANDOM_WEIGHTS_WARNING)
    return dataset


def _choose_dataset(datasets: list[Dataset]) -> Dataset:
    by_id = {dataset.id: dataset for dataset in datasets}
    asked = st.query_params.get("dataset", "")
    if asked and asked not in by_id:
        frame.warning(f"There is no dataset {asked!r} any more. Choose another.")
    ids = list(by_id)
    chosen = st.selectbox(
        "Dataset",
        ids,
        index=ids.index(asked) if asked in by_id else 0,
        format_func=lambda id: text.shorten(by_id[id].name, limit=80),
        key="race-dataset",
    )
    st.query_params["dataset"] = chosen
    dataset = by_id[chosen]
    classes = text.counted(dataset.num_classes, "class", plural="classes")
    st.caption(f"{text.counted(dataset.num_pictures, 'picture')} · {classes}")
    return dataset


def _choose_backbones(status: Mapping[str, WeightsStatus]) -> dict[str, str]:
    """Ask which backbones take part; returns the weights of each."""
    by_size = sorted(BACKBONES, key=lambda name: BACKBONES[name].size_mb)
    here = [name for name in by_size if status[name].here]
    # The switch itself is drawn further down, beside the button.
    others = [name for name in by_size if name not in here] if st.session_state.get(RANDOM) else []
    weights = dict.fromkeys(here, "imagenet") | dict.fromkeys(others, "random")
    chosen = st.multiselect(
        "Backbones",
        weights,
        default=here[:CHOSEN_AT_FIRST],
        format_func=lambda name: label_of(name, weights=weights.get(name, "imagenet")),
        key="race-backbones",
        placeholder="Choose one or more",
    )
    st.caption(
        f"{len(here)} of {len(BACKBONES)} have their ImageNet weights here.",
        help="Training once with another fetches its weights; its details below say from where, and where a file "
        "of them would go on a machine that is offline.",
    )
    return {name: weights[name] for name in chosen if name in weights}


def label_of(name: str, *, weights: str) -> str:
    """What a backbone of the race is called; random weights are never left unsaid."""
    label = BACKBONES[name].label if name in BACKBONES else name
    return f"{label} (random weights)" if weights == "random" else label


def _start_line(dataset: Dataset, weights: dict[str, str]) -> None:
    """Draw the button, what keeps it from being pressed, the settings, and the switch for random weights."""
    with st.container(horizontal=True, vertical_alignment="center"):
        place = st.container(width="content")
        with st.popover("How they learn", icon=":material/tune:", key="race-more"):
            training = _choose_training()
        plan = Plan(dataset=dataset, weights=weights, training=training)
        problem, racing = plan.problem(), is_racing(dataset.id)
        expected = Expected()
        if problem:
            problem = text.escape(problem, limit=frame.ERROR_LIMIT)
            st.markdown(f":red[:material/error: {problem}]", width="content")
        elif racing:
            st.markdown(":gray[A race on these pictures is under way; it is below.]", width="content")
        else:
            with frame.errors_as_text():
                expected = _expect(plan)
                st.markdown(f":gray[{expected.words}]", width="content")
        st.space("stretch")
        st.toggle(
            "Random weights, for a demonstration",
            key=RANDOM,
            width="content",
            help="Lets backbones take part whose ImageNet weights are not on this machine. Their times and sizes are "
            "right; their accuracy says nothing about them.",
        )
        pressed = place.button(
            "Start the race",
            type="primary",
            icon=":material/sports_score:",
            key="race-start",
            disabled=bool(problem) or racing,
        )
    for sentence in expected.problems:
        frame.warning(sentence)
    # Looked at anew: this tab may have been drawn before the race was started, here or in another one.
    if pressed and not problem and not racing:
        _start(plan)


def _expect(plan: Plan) -> Expected:
    specs = plan_race(plan.dataset, list(plan.weights), training=plan.training, weights=plan.weights)
    estimates = [estimate_run(spec, plan.dataset) for spec in specs]
    rough = " (a rough guess)" if any(estimate.basis == "rough" for estimate in estimates) else ""
    seconds = text.about(sum(estimate.seconds for estimate in estimates))
    return Expected(
        words=f"{text.counted(len(specs), 'run')}, {seconds}{rough}",
        problems=tuple(
            f"{BACKBONES[spec.network.backbone].label}: {problem}"
            for spec, estimate in zip(specs, estimates, strict=True)
            for problem in estimate.problems
        ),
    )


def _start(plan: Plan) -> None:
    with frame.errors_as_text():
        start_race(plan.dataset, list(plan.weights), training=plan.training, weights=plan.weights)
        st.rerun()


def _choose_training() -> TransferTraining | None:
    """Ask how the head learns, and whether there is a second phase to be timed."""
    form = forms.Form(TransferTraining, key="race-training", values=RACE_TRAINING)
    st.caption(
        f"Accuracy comes from {RACE_TRAINING.folds} folds: each picture is judged by a head that did not see it. "
        "Fine-tuning is timed, and does not count for it."
    )
    form.draw(["head_epochs", "head_learning_rate"], columns=1)
    form.draw(["unfreeze"], columns=1)
    if form.values["unfreeze"] == "blocks":
        form.draw(["unfreeze_blocks"], columns=1)
    if form.values["unfreeze"] != "nothing":
        form.draw(["fine_tune_epochs", "fine_tune_learning_rate"], columns=1)
    return form.result().spec
