"""What the Train page holds at this moment, and the run that it would be.

This module never draws anything.
"""

import functools
import math
from dataclasses import dataclass

from cnnlab.data.library import Dataset
from cnnlab.specs.networks import Network
from cnnlab.specs.runs import RunSpec
from cnnlab.specs.training import Training, TransferTraining
from cnnlab.training.planning.estimate import Alternative, list_alternatives

FORMS = {"scratch": "train-scratch", "transfer": "train-transfer"}
"""Key of the form of each kind of training: a button that changes a setting writes there."""
AUGMENTATION_FORM = "train-augmentation"
RATE_FIELDS = {
    "training": "learning_rate",
    "feature_extraction": "head_learning_rate",
    "fine_tuning": "fine_tune_learning_rate",
}
"""Which setting is the learning rate of a phase."""


@dataclass(frozen=True, kw_only=True)
class PlannedPhase:
    """How long a phase may last, and how fast it learns."""

    name: str
    epochs: int
    learning_rate: float


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What the page holds now; None where something is missing or wrong."""

    dataset: Dataset
    network: Network | None
    training: Training | None
    name: str
    seed: int

    @functools.cached_property
    def alternatives(self) -> tuple[Alternative, ...]:
        """What else could be run with this network, and what it would take.

        Raises:
            CnnlabError: There is no telling; the sentence says why.
        """
        return list_alternatives(self.run(), self.dataset)

    def run(self) -> RunSpec:
        """The run that this would be.

        Raises:
            SpecError: Something is missing, or the network and the training do not go together.
        """
        return RunSpec.create(
            {
                "name": self.name,
                "dataset": self.dataset.reference(),
                "class_names": self.dataset.class_names,
                "network": self.network,
                "training": self.training,
                "seed": self.seed,
            }
        )

    @property
    def steps_per_epoch(self) -> int:
        """How often the weights are corrected in an epoch."""
        return math.ceil(self.dataset.num_training / self.training.batch_size) if self.training else 0

    @property
    def phases(self) -> tuple[PlannedPhase, ...]:
        """The phases of the run in their order; none while something is wrong."""
        match self.training:
            case None:
                return ()
            case TransferTraining() as training:
                names = (
                    ("feature_extraction", "fine_tuning") if training.fine_tunes else ("feature_extraction",)
                )
                epochs = (training.head_epochs, training.fine_tune_epochs)
            case training:
                names, epochs = ("training",), (training.epochs,)
        return tuple(
            PlannedPhase(name=name, epochs=count, learning_rate=getattr(training, RATE_FIELDS[name]))
            for name, count in zip(names, epochs, strict=False)
        )
