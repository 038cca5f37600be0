"""What a run will come to, before it starts: parameters that learn in each phase, steps, and what is in the way.

Everything is worked out without TensorFlow. This module never starts anything.
"""

import math
from dataclasses import dataclass

import streamlit as st

from cnnlab.data.library import Dataset
from cnnlab.errors import SpecError
from cnnlab.models.anatomy import describe_network
from cnnlab.models.backbones import count_parameters
from cnnlab.models.weights import weights_status
from cnnlab.specs.networks import BackboneNetwork, BlockNetwork, Network
from cnnlab.specs.training import ScratchTraining, Training, TransferTraining
from cnnlab.ui import frame, text


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What the page holds now; None where something is missing or wrong."""

    dataset: Dataset
    network: Network | None
    training: Training | None
    name: str
    seed: int


def describe(choice: Choice) -> bool:
    """Draw what the choice comes to and what is in the way; return whether it may start."""
    problems = list(choice.dataset.problems())
    match choice.network, choice.training:
        case BlockNetwork() as network, ScratchTraining() as training:
            problems += _describe_scratch(choice.dataset, network, training)
        case BackboneNetwork() as network, TransferTraining() as training:
            problems += _describe_transfer(choice.dataset, network, training)
        case None, _:
            problems.append("There is no network yet. Choose one, or mend its settings.")
        case _:
            problems.append("Something is wrong with the settings; the sentence is beside them.")
    for sentence in problems:
        frame.problem(sentence)
    for sentence in choice.dataset.warnings():
        frame.warning(sentence)
    return not problems


def _describe_scratch(dataset: Dataset, network: BlockNetwork, training: ScratchTraining) -> list[str]:
    anatomy = describe_network(network, num_classes=dataset.num_classes, batch_size=training.batch_size)
    if not anatomy.works:
        return [problem.sentence for problem in anatomy.problems]
    frame.figures(
        {
            "Training": _figures(
                trainable=anatomy.trainable_parameters,
                frozen=anatomy.parameters - anatomy.trainable_parameters,
                epochs=training.epochs,
                steps=_steps(dataset, training),
                learning_rate=training.learning_rate,
            )
        }
    )
    st.caption(
        f"Pictures are brought to {network.image_size} × {network.image_size} pixels; every weight learns, from random values."
    )
    return []


def _describe_transfer(dataset: Dataset, network: BackboneNetwork, training: TransferTraining) -> list[str]:
    try:
        counts = count_parameters(
            network,
            num_classes=dataset.num_classes,
            unfreeze=training.unfreeze,
            unfreeze_blocks=training.unfreeze_blocks,
        )
    except SpecError as error:
        return [str(error)]
    steps = _steps(dataset, training)
    columns = {
        "Feature extraction": _figures(
            trainable=counts.feature_extraction_trainable,
            frozen=counts.feature_extraction_frozen,
            epochs=training.head_epochs,
            steps=steps,
            learning_rate=training.head_learning_rate,
        )
    }
    if training.fine_tunes:
        columns["Fine-tuning"] = _figures(
            trainable=counts.fine_tuning_trainable,
            frozen=counts.fine_tuning_frozen,
            epochs=training.fine_tune_epochs,
            steps=steps,
            learning_rate=training.fine_tune_learning_rate,
        )
    frame.figures(columns)
    st.caption(_boundary_sentence(network, training, counts.boundary))
    if network.weights == "imagenet":
        status = weights_status(network.backbone)
        return [] if status.available else [status.sentence]
    return []


def _boundary_sentence(network: BackboneNetwork, training: TransferTraining, boundary: str) -> str:
    size = f"Pictures are brought to {network.image_size} × {network.image_size} pixels. "
    if not training.fine_tunes:
        return size + "There is no second phase: the backbone stays frozen throughout."
    if training.unfreeze == "everything":
        return size + "Fine-tuning unfreezes the whole backbone; its batch normalization stays still."
    return size + f"Fine-tuning unfreezes from {text.escape(boundary)} on; batch normalization stays still."


def _steps(dataset: Dataset, training: Training) -> int:
    return math.ceil(dataset.num_training / training.batch_size)


def _figures(*, trainable: int, frozen: int, epochs: int, steps: int, learning_rate: float) -> dict[str, str]:
    return {
        "Trainable parameters": text.count(trainable),
        "Frozen parameters": text.count(frozen),
        "Epochs, at most": text.count(epochs),
        "Steps an epoch": text.count(steps),
        "Learning rate": text.small(learning_rate),
    }
