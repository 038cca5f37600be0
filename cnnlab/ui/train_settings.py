"""How a network learns, as settings by idea: what they are for comes first, and each says when it helps.

Values, limits and sentences come from the specs; only where a setting is found is decided here. This
module never starts anything.
"""

from dataclasses import dataclass

import streamlit as st

from cnnlab.data.dataset import Dataset
from cnnlab.specs.networks import BackboneNetwork, Network
from cnnlab.specs.runs import RunSpec
from cnnlab.specs.training import ScratchTraining, TransferTraining
from cnnlab.ui import forms, frame, text, train_augmentation, train_plan, train_rates
from cnnlab.ui.networks import network_label
from cnnlab.ui.train_choice import FORMS, Choice

SECOND_PHASE = ("unfreeze_blocks", "fine_tune_epochs", "fine_tune_learning_rate")
"""Settings of fine-tuning that are shown only where there is any."""
UNBALANCED_FROM = 1.5
"""The largest class has so many times the pictures of the smallest: worth a sentence."""


@dataclass(frozen=True, kw_only=True)
class Idea:
    """What some settings are for: a tab."""

    label: str
    icon: str
    lead: str = ""
    names: tuple[str, ...] = ()
    """Fields of the training specs that are drawn here as they are, where a kind of training has them."""


IDEAS = {
    "rate": Idea(label="Learning rate", icon=":material/show_chart:"),
    "augmentation": Idea(
        label="Augmentation",
        icon=":material/auto_awesome_motion:",
        lead="Training pictures are altered at random, so that the network sees more than there are. Validation and "
        "test pictures stay as they are.",
    ),
    "overfitting": Idea(
        label="Overfitting",
        icon=":material/school:",
        lead="For when training pictures are learned by heart: the training curve gets better, the validation curve worse.",
        names=("early_stopping_patience", "label_smoothing", "head_l2"),
    ),
    "classes": Idea(label="Class balance", icon=":material/balance:", names=("balance_classes",)),
    "steps": Idea(
        label="Steps",
        icon=":material/footprint:",
        lead="After how many pictures the weights are corrected, and how the correction is made.",
        names=("batch_size", "optimizer"),
    ),
    "certainty": Idea(
        label="Certainty",
        icon=":material/verified:",
        lead="What makes the next run with the same settings the same, and tells how sure its accuracy is.",
    ),
}
"""The tabs, in their order. The last holds whatever has no place in another, so that no setting is lost."""


def choose(dataset: Dataset, network: Network | None) -> Choice:
    """Ask how the network learns; which settings there are follows from its kind."""
    frame.section("Learning")
    transfer = network is None or isinstance(network, BackboneNetwork)
    form = _two_phases() if transfer else _one_phase()
    tabs = st.tabs([f"{idea.icon} {idea.label}" for idea in IDEAS.values()], key="train-ideas")
    places = dict(zip(IDEAS, tabs, strict=True))
    with places["rate"]:
        train_rates.settings(form)
    with places["augmentation"]:
        st.caption(IDEAS["augmentation"].lead)
        train_augmentation.settings(form, dataset)
    for name in ("overfitting", "classes", "steps"):
        with places[name]:
            _idea(form, IDEAS[name])
    with places["classes"]:
        _balance(dataset, balanced=form.values["balance_classes"])
    with places["certainty"]:
        seed = _certainty(form)
    training = form.result().spec
    choice = Choice(
        dataset=dataset,
        network=network,
        training=training,
        name=_name_of_the_run(dataset, network),
        seed=seed,
    )
    if not train_plan.problems(choice):
        with places["rate"]:
            train_rates.draw(choice)
        with places["augmentation"]:
            train_augmentation.draw(choice)
    return choice


def _one_phase() -> forms.Form[ScratchTraining]:
    form = forms.Form(ScratchTraining, key=FORMS["scratch"])
    form.draw(["epochs", "learning_rate"], columns=2)
    return form


def _two_phases() -> forms.Form[TransferTraining]:
    """Both phases side by side; the second shows only what applies to it."""
    form = forms.Form(TransferTraining, key=FORMS["transfer"])
    first, second = st.columns(2)
    with first, st.container(border=True, height="stretch"):
        st.markdown("**1 · Feature extraction**  \n:gray[Only the head learns; the backbone stays frozen.]")
        form.draw(["head_epochs", "head_learning_rate"], columns=1)
    with second, st.container(border=True, height="stretch"):
        st.markdown("**2 · Fine-tuning**  \n:gray[The top of the backbone learns too, gently.]")
        form.draw(["unfreeze"], columns=1)
        if form.values["unfreeze"] == "blocks":
            form.draw(SECOND_PHASE[:1], columns=1)
        if form.values["unfreeze"] != "nothing":
            form.draw(SECOND_PHASE[1:], columns=2)
    return form


def _idea(form: forms.Form, idea: Idea) -> None:
    if idea.lead:
        st.caption(idea.lead)
    form.draw([name for name in idea.names if name in form.model.model_fields], columns=2, explain=True)


def _balance(dataset: Dataset, *, balanced: bool) -> None:
    """Say how unequal the classes of this dataset are, and what that means."""
    counts = dataset.counts()[["class_name", "training"]]
    counts = counts[counts["training"] > 0].sort_values("training")
    if len(counts) < 2:
        return
    least, most = counts.iloc[0], counts.iloc[-1]
    times = most["training"] / least["training"]
    if times < UNBALANCED_FROM:
        numbers = dict.fromkeys(f"{row['training']:,}" for row in (least, most))
        st.caption(
            f"In this dataset every class has {' to '.join(numbers)} training pictures: "
            "balancing changes next to nothing."
        )
        return
    advice = "Each class counts alike." if balanced else "Balancing helps if the rare class matters as much."
    frame.note(
        f"{text.shorten(most['class_name'], limit=60)!r} has {times:.1f} times the training pictures of "
        f"{text.shorten(least['class_name'], limit=60)!r} ({most['training']:,} against {least['training']:,}). {advice}"
    )


def _certainty(form: forms.Form) -> int:
    """Ask for the seed, and for whatever has had no place so far."""
    st.caption(IDEAS["certainty"].lead)
    left, _ = st.columns(2)
    with left:
        seed = forms.single(RunSpec, "seed", value=0, key="train-seed")
    hidden = (*train_rates.NAMES, *train_augmentation.ROUTE_NAMES, *SECOND_PHASE)
    form.draw(but=hidden, columns=2, explain=True)
    return seed


def _name_of_the_run(dataset: Dataset, network: Network | None) -> str:
    label = network_label(network) if network is not None else ""
    suggestion = text.shorten(f"{label} on {dataset.name}", limit=120)
    name = st.text_input(
        "Name of the run",
        placeholder=suggestion,
        max_chars=120,
        key="train-name",
        help="How it is listed on the Runs page.",
    )
    return text.shorten(name or "", limit=120) or suggestion
