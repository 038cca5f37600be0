"""The learning rate on the Train page: its schedule drawn before the run, and a test that finds a good one.

The curves come from the table of schedules that training follows too. This module never trains anything:
the test runs in a process of its own.
"""

import functools

import numpy as np
import streamlit as st

from cnnlab.charts import figures
from cnnlab.models.backbones import BACKBONE_BLOCKS, first_unfrozen
from cnnlab.specs.networks import BackboneNetwork
from cnnlab.specs.training import TransferTraining
from cnnlab.training.schedules import SCHEDULES, schedule_curve
from cnnlab.ui import forms, frame, train_finder
from cnnlab.ui.train_choice import Choice, PlannedPhase

NAMES = ("schedule", "block_decay")
SCHEDULE_LABELS = {name: row.label for name, row in SCHEDULES.items()}
NARROWEST_CHART_PIXELS = 260


def settings(form: forms.Form) -> None:
    """Ask for the schedule, and where blocks of a backbone learn, how much less the deeper ones do."""
    left, right = st.columns(2)
    with left:
        form.draw(["schedule"], columns=1, labels=SCHEDULE_LABELS)
        st.caption(SCHEDULES[form.values["schedule"]].helps)
    if form.values.get("unfreeze", "nothing") != "nothing":
        with right:
            form.draw(["block_decay"], columns=1, explain=True)


def draw(choice: Choice) -> None:
    """Draw the learning rate over the steps of each phase, as it will be, and the test that finds a good one."""
    with st.grid(len(choice.phases), min_column_width=NARROWEST_CHART_PIXELS):
        for phase in choice.phases:
            st.plotly_chart(
                _planned(choice, phase),
                key=f"train-rate-{phase.name}",
                config={"displayModeBar": False},
            )
    with frame.errors_as_text():
        train_finder.draw(choice.run())


def _planned(choice: Choice, phase: PlannedPhase):
    return _figure(
        choice.training.schedule,
        phase,
        steps=phase.epochs * choice.steps_per_epoch,
        deepest=_deepest_share(choice) if phase.name == "fine_tuning" else 1.0,
    )


# Drawn anew, the figures would take half of the time that the page takes; nobody changes one.
@functools.lru_cache(maxsize=64)
def _figure(schedule: str, phase: PlannedPhase, *, steps: int, deepest: float):
    places, rates = schedule_curve(schedule, steps=steps, learning_rate=phase.learning_rate)
    return figures.planned_rate(
        places, rates, phase=phase.name, deepest=rates * deepest if deepest < 1.0 else None
    )


def _deepest_share(choice: Choice) -> float:
    """At which share of the learning rate the deepest block learns that learns at all, 0 to 1."""
    network, training = choice.network, choice.training
    if not (isinstance(network, BackboneNetwork) and isinstance(training, TransferTraining)):
        return 1.0
    blocks = BACKBONE_BLOCKS[network.backbone].blocks
    first = first_unfrozen(
        network.backbone,
        [block.name for block in blocks],
        unfreeze=training.unfreeze,
        unfreeze_blocks=training.unfreeze_blocks,
    )
    learning = sum(block.trainable_parameters > 0 for block in blocks[first:])
    return float(np.power(training.block_decay, max(learning - 1, 0)))
