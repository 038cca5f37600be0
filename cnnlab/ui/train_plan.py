"""What a run will come to, before it starts: parameters that learn in each phase, steps, and what is in the way.

Everything is worked out without TensorFlow. This module never starts anything.
"""

import streamlit as st

from cnnlab.errors import SpecError
from cnnlab.models.anatomy import Anatomy, describe_network
from cnnlab.models.backbones import Counts, count_parameters
from cnnlab.models.weights import weights_status
from cnnlab.runs.records import PHASE_LABELS
from cnnlab.specs.networks import BackboneNetwork, BlockNetwork
from cnnlab.specs.training import ScratchTraining, TransferTraining
from cnnlab.ui import frame, text
from cnnlab.ui.train_choice import Choice


def problems(choice: Choice) -> list[str]:
    """Sentences on what keeps the choice from being started; none when all is well."""
    found = list(choice.dataset.problems())
    match choice.network, choice.training:
        case BlockNetwork() as network, ScratchTraining() as training:
            anatomy = _anatomy(choice, network, training)
            found += [] if anatomy.works else [problem.sentence for problem in anatomy.problems]
        case BackboneNetwork() as network, TransferTraining() as training:
            found += _problems_of_backbone(choice, network, training)
        case None, _:
            found.append("There is no network yet. Choose one, or mend its settings.")
        case _:
            found.append("Something is wrong with the settings; the sentence is beside them.")
    return found


def what_learns(choice: Choice) -> None:
    """Draw which parameters learn in each phase of a choice without problems, for how long and how fast."""
    network, training = choice.network, choice.training
    if isinstance(network, BlockNetwork):
        anatomy = _anatomy(choice, network, training)
        counts = [(anatomy.trainable_parameters, anatomy.parameters - anatomy.trainable_parameters)]
        sentence = (
            f"Pictures are brought to {network.image_size} × {network.image_size} pixels; every weight learns, "
            "from random values."
        )
    else:
        found = _counts(choice, network, training)
        counts = [
            (found.feature_extraction_trainable, found.feature_extraction_frozen),
            (found.fine_tuning_trainable, found.fine_tuning_frozen),
        ]
        sentence = _boundary_sentence(network, training, found.boundary)
    frame.figures(
        {
            PHASE_LABELS[phase.name]: {
                "Trainable parameters": text.count(trainable),
                "Frozen parameters": text.count(frozen),
                "Epochs, at most": text.count(phase.epochs),
                "Steps an epoch": text.count(choice.steps_per_epoch),
                "Learning rate": text.small(phase.learning_rate),
            }
            for phase, (trainable, frozen) in zip(choice.phases, counts, strict=False)
        }
    )
    st.caption(sentence)


def _anatomy(choice: Choice, network: BlockNetwork, training: ScratchTraining) -> Anatomy:
    return describe_network(network, num_classes=choice.dataset.num_classes, batch_size=training.batch_size)


def _counts(choice: Choice, network: BackboneNetwork, training: TransferTraining) -> Counts:
    return count_parameters(
        network,
        num_classes=choice.dataset.num_classes,
        unfreeze=training.unfreeze,
        unfreeze_blocks=training.unfreeze_blocks,
    )


def _problems_of_backbone(choice: Choice, network: BackboneNetwork, training: TransferTraining) -> list[str]:
    try:
        _counts(choice, network, training)
    except SpecError as error:
        return [str(error)]
    if network.weights == "random":
        return []
    status = weights_status(network.backbone)
    return [] if status.available else [status.sentence]


def _boundary_sentence(network: BackboneNetwork, training: TransferTraining, boundary: str) -> str:
    size = f"Pictures are brought to {network.image_size} × {network.image_size} pixels. "
    if not training.fine_tunes:
        return size + "There is no second phase: the backbone stays frozen throughout."
    if training.unfreeze == "everything":
        return size + "Fine-tuning unfreezes the whole backbone; its batch normalization stays still."
    return size + f"Fine-tuning unfreezes from {text.escape(boundary)} on; batch normalization stays still."
