"""The phases of a run: which network learns on which inputs, for how long, at which learning rate.

A CNN from blocks has one phase. A backbone has two: its head on cached features, then the head and
what lies above the boundary on cached activations. What is trained is what the settings say; the
cache changes the time it takes and nothing else. This module never runs a step.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from cnnlab.runs.records import PhaseName
from cnnlab.specs.runs import RunSpec
from cnnlab.specs.training import TransferTraining
from cnnlab.training.checkpoints import assign
from cnnlab.training.frozen import FrozenInputs
from cnnlab.training.inputs import FreshInputs, Inputs, PlainInputs
from cnnlab.training.learner import kernels_of
from cnnlab.training.optimizers import RateShare

if TYPE_CHECKING:
    import keras

    from cnnlab.data.packing import PackedPictures

OnProgress = Callable[[str, int, int], None]
"""Called with (activity, done, in all); may raise to interrupt."""
Begin = Callable[..., FrozenInputs]
"""Called as `FrozenInputs.at_pictures` is."""


@dataclass(frozen=True, kw_only=True)
class Phase:
    """One phase, ready to run."""

    name: PhaseName
    model: "keras.Model"
    """From one row of `inputs` to probabilities; what learns in it is trainable."""
    inputs: Inputs
    epochs: int
    learning_rate: float
    rates: tuple[RateShare, ...] = ()
    """Variables that learn at a share of the learning rate; all others learn at the whole of it."""
    l2: float = 0.0
    """What the sum of squares of the penalised kernels costs."""
    penalised: "tuple[keras.Variable, ...]" = ()
    drift: Callable[[], dict[str, float]] = dict
    """How far each unfrozen block has moved from its pretrained weights, as a share of their norm."""


class Course(Protocol):
    """All phases of a run, and the whole network that comes out."""

    phases: tuple[Phase, ...]

    def adopt(self, phase: PhaseName, weights: Sequence[np.ndarray]) -> None:
        """Give the whole network the weights that were best in a phase."""

    def whole_model(self) -> "keras.Model":
        """From raw pictures, float32 0..255, to probabilities."""

    def explaining_model(self) -> "keras.Model":
        """The same with the last feature map as a second output, where there is one."""


def plan_course(
    spec: RunSpec,
    pictures: "PackedPictures",
    *,
    cache: Path,
    on_progress: OnProgress,
    begin: Begin = FrozenInputs.at_pictures,
) -> Course:
    """Build the network of a run and everything that its phases learn from.

    Args:
        spec: What was asked for.
        pictures: Every picture of the dataset at the network's image size.
        cache: Folder for activations.
        on_progress: Hears how far long work is.
        begin: Where inputs come from; a trial puts a few pictures in the place of all.

    Raises:
        SpecError: The network cannot be built as it was asked for.
        WeightsError: The pretrained weights are not here.
    """
    if spec.network.kind == "blocks":
        return ScratchCourse(spec, pictures)
    return TransferCourse(spec, pictures, cache=cache, on_progress=on_progress, begin=begin)


class ScratchCourse:
    """Every weight learns, from pictures."""

    def __init__(self, spec: RunSpec, pictures: "PackedPictures") -> None:
        from cnnlab.models.network import build_network

        self._model = build_network(spec.network, num_classes=len(spec.class_names), seed=spec.seed)
        training = spec.training
        self.phases = (
            Phase(
                name="training",
                model=self._model,
                inputs=_of_pictures(pictures.pictures, spec),
                epochs=training.epochs,
                learning_rate=training.learning_rate,
            ),
        )

    def adopt(self, phase: PhaseName, weights: Sequence[np.ndarray]) -> None:
        """Give the network the weights of its best epoch."""
        assign(self._model.variables, weights)

    def whole_model(self) -> "keras.Model":
        """The network itself."""
        return self._model

    def explaining_model(self) -> "keras.Model":
        """The network with its last feature map as a second output."""
        from cnnlab.models.network import explaining_model

        return explaining_model(self._model)


class TransferCourse:
    """The head first, on features computed once; then what lies above the boundary, on activations computed once."""

    def __init__(
        self,
        spec: RunSpec,
        pictures: "PackedPictures",
        *,
        cache: Path,
        on_progress: OnProgress,
        begin: Begin = FrozenInputs.at_pictures,
    ) -> None:
        from cnnlab.models.classifier import build_classifier

        training = spec.training
        on_progress(f"Loading {spec.network.backbone}", 0, 1)
        self._classifier = build_classifier(spec.network, num_classes=len(spec.class_names), seed=spec.seed)
        unfreeze = training.unfreeze if training.fine_tunes else "nothing"
        split = self._classifier.split_at(unfreeze=unfreeze, unfreeze_blocks=training.unfreeze_blocks)
        self._above = split.above
        reached = begin(spec, pictures, cache=cache, on_progress=on_progress)
        at_boundary = reached if split.below is None else reached.through(split.below, boundary=split.name)
        features = (
            at_boundary if split.above is None else at_boundary.through(split.above, boundary="features")
        )
        self._penalised = kernels_of(self._classifier.head) if training.head_l2 else ()
        self.phases = (self._feature_extraction(training, features.inputs()),)
        if split.above is not None:
            self._pretrained = [variable.numpy() for variable in split.above.variables]
            self._unfrozen = {
                block.name: [
                    (variable, variable.numpy())
                    for layer in block.layers
                    for variable in layer.trainable_variables
                ]
                for block in self._classifier.blocks
            }
            self.phases += (self._fine_tuning(training, split.above, at_boundary.inputs()),)

    def _feature_extraction(self, training: TransferTraining, features: Inputs) -> Phase:
        return Phase(
            name="feature_extraction",
            model=self._classifier.head,
            inputs=features,
            epochs=training.head_epochs,
            learning_rate=training.head_learning_rate,
            l2=training.head_l2,
            penalised=self._penalised,
        )

    def _fine_tuning(self, training: TransferTraining, above: "keras.Model", activations: Inputs) -> Phase:
        return Phase(
            name="fine_tuning",
            model=_joined(above, self._classifier.head),
            inputs=activations,
            epochs=training.fine_tune_epochs,
            learning_rate=training.fine_tune_learning_rate,
            rates=self._rates(training.block_decay),
            l2=training.head_l2,
            penalised=self._penalised,
            drift=self._drift,
        )

    def _rates(self, decay: float) -> tuple[RateShare, ...]:
        """Smaller rates for deeper blocks; the highest unfrozen one learns at the whole rate, as the head does."""
        if decay == 1.0:
            return ()
        unfrozen = [pairs for pairs in reversed(self._unfrozen.values()) if pairs]
        return tuple(
            RateShare(share=decay**depth, variables=tuple(variable for variable, _ in pairs))
            for depth, pairs in enumerate(unfrozen)
        )

    def adopt(self, phase: PhaseName, weights: Sequence[np.ndarray]) -> None:
        """Give head and backbone the weights of the best epoch; the backbone is as pretrained if that was in phase 1."""
        if phase == "feature_extraction":
            if self._above is not None:
                assign(self._above.variables, self._pretrained)
            assign(self._classifier.head.variables, weights)
        else:
            assign(self.phases[1].model.variables, weights)

    def _drift(self) -> dict[str, float]:
        return {
            name: _norm([variable.numpy() - start for variable, start in pairs])
            / _norm([start for _, start in pairs])
            for name, pairs in self._unfrozen.items()
            if pairs
        }

    def whole_model(self) -> "keras.Model":
        """Preprocessing, backbone, pooling and head in one."""
        return self._classifier.inference_model()

    def explaining_model(self) -> "keras.Model":
        """The same with the backbone's last feature map as a second output."""
        return self._classifier.explaining_model()


def _norm(arrays: Sequence[np.ndarray]) -> float:
    return float(np.sqrt(sum(np.sum(array.astype(np.float64) ** 2) for array in arrays)))


def _of_pictures(pictures: np.ndarray, spec: RunSpec) -> Inputs:
    augmentation = spec.training.augmentation
    if not augmentation.active:
        return PlainInputs(plain=pictures)
    return FreshInputs(plain=pictures, pictures=pictures, augmentation=augmentation, seed=spec.seed)


def _joined(above: "keras.Model", head: "keras.Model") -> "keras.Model":
    import keras

    return keras.Model(above.inputs[0], head(above.outputs[0]), name="above_and_head")
