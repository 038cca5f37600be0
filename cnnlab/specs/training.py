"""How a network learns: from scratch, or in two phases on a pretrained backbone.

The defaults are the lesson's recipes. This module never knows how a setting is carried out.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cnnlab.specs.augmentation import Augmentation
from cnnlab.specs.base import Spec

Optimizer = Literal["adam", "adamw", "sgd", "rmsprop"]
Schedule = Literal["constant", "cosine", "warm_up_cosine", "one_cycle", "steps"]
Unfreeze = Literal["nothing", "blocks", "everything"]
AugmentedRoute = Literal["copies", "fresh"]


class _Training(Spec):
    batch_size: int = Field(
        64,
        ge=1,
        le=1024,
        title="Batch size",
        description="Pictures between two corrections of the weights; few correct more often and need less memory, many are steadier.",
    )
    optimizer: Optimizer = Field(
        "adam",
        title="Optimizer",
        description="How a gradient becomes a step. Adam needs the least care; SGD has momentum 0.9.",
    )
    early_stopping_patience: int = Field(
        5,
        ge=0,
        le=100,
        title="Early stopping patience",
        description="Epochs without a better validation loss before a phase ends; 0 never ends it early. The best epoch is kept either way.",
    )
    schedule: Schedule = Field(
        "constant",
        title="Learning rate schedule",
        description="How the learning rate changes over each phase; the rate that is set is its highest.",
    )
    label_smoothing: float = Field(
        0.0,
        ge=0.0,
        le=0.5,
        title="Label smoothing",
        description="Share of certainty that is spread over all classes; helps against overconfidence and wrong labels.",
    )
    balance_classes: bool = Field(
        False,
        title="Balance classes",
        description="Mistakes on rare classes count for more; helps when some classes have many times the pictures of others.",
    )
    augmentation: Augmentation = Field(
        Augmentation(),
        title="Augmentation",
        description="How training pictures are altered at random, so that a network sees more than there are; helps with few pictures.",
    )
    deterministic: bool = Field(
        True,
        title="Deterministic",
        description="The same seed gives the same weights to the last bit, and a resumed run ends as if it had never stopped.",
    )


class ScratchTraining(_Training):
    """Every weight learns, from random values."""

    kind: Literal["scratch"] = "scratch"
    epochs: int = Field(
        20, ge=1, le=1000, title="Epochs", description="How often every training picture is seen, at most."
    )
    learning_rate: float = Field(
        1e-3,
        gt=0.0,
        le=1.0,
        title="Learning rate",
        description="Size of a step; ten times too large diverges, too small crawls.",
    )


class TransferTraining(_Training):
    """Feature extraction first: the head alone. Then fine-tuning: what lies above the boundary too, gently."""

    kind: Literal["transfer"] = "transfer"
    batch_size: int = Field(
        32,
        ge=1,
        le=1024,
        title="Batch size",
        description="Pictures between two corrections of the weights; few correct more often and need less memory, many are steadier.",
    )
    head_epochs: int = Field(
        10,
        ge=1,
        le=500,
        title="Epochs of feature extraction",
        description="The backbone is frozen; only the head learns.",
    )
    head_learning_rate: float = Field(
        1e-3,
        gt=0.0,
        le=1.0,
        title="Learning rate of feature extraction",
        description="The head starts from random values and may take large steps.",
    )
    unfreeze: Unfreeze = Field(
        "blocks",
        title="Unfreeze for fine-tuning",
        description="Which part of the backbone learns in the second phase; what is below the boundary stays frozen.",
    )
    unfreeze_blocks: int = Field(
        1, ge=1, le=200, title="Blocks to unfreeze", description="Counted from the end of the backbone."
    )
    fine_tune_epochs: int = Field(
        10, ge=0, le=500, title="Epochs of fine-tuning", description="0 leaves the second phase out."
    )
    fine_tune_learning_rate: float = Field(
        1e-5,
        gt=0.0,
        le=1.0,
        title="Learning rate of fine-tuning",
        description="Far below the head's: a large step destroys what the backbone knows.",
    )

    block_decay: float = Field(
        1.0,
        ge=0.1,
        le=1.0,
        title="Learning rate, block by block",
        description="Each block of the backbone learns at this share of the rate of the one above it; 1 treats all alike. "
        "Below 1 helps when many blocks are unfrozen: early ones hold what is true of all pictures.",
    )
    head_l2: float = Field(
        0.0,
        ge=0.0,
        le=0.1,
        title="L2 on the head",
        description="Large weights of the head cost this much; helps against overfitting with few pictures a class.",
    )
    augmented_route: AugmentedRoute = Field(
        "copies",
        title="Augmented pictures",
        description="Copies: each training picture is altered a few times, and what the frozen part says of each is kept. "
        "Fresh: altered anew in every epoch, through the whole backbone; more variety, and many times the time.",
    )
    augmented_copies: int = Field(
        4,
        ge=1,
        le=8,
        title="Augmented copies",
        description="Altered copies of each training picture; time of the preparation and disk grow with it.",
    )
    folds: int = Field(
        0,
        ge=0,
        le=10,
        title="Folds of cross-validation",
        description="The head is trained so many times more, each time judged by pictures it did not see: a narrower "
        "interval for the accuracy of frozen features. 0 or 1 leaves it out.",
    )

    @property
    def fine_tunes(self) -> bool:
        """Whether there is a second phase."""
        return self.unfreeze != "nothing" and self.fine_tune_epochs > 0

    @model_validator(mode="after")
    def mixed_pictures_are_fresh(self) -> Self:
        """Refuse to keep copies of pictures that are mixed with others."""
        if self.augmentation.mixes and self.augmented_route == "copies":
            raise ValueError(
                "MixUp and CutMix mix the pictures of each batch anew, so there are no copies to keep. Choose 'fresh' for the "
                "augmented pictures, or set MixUp and CutMix to 0."
            )
        return self

    @model_validator(mode="after")
    def fine_tuning_is_gentler(self) -> Self:
        """Refuse a second phase that takes larger steps than the first."""
        if self.fine_tunes and self.fine_tune_learning_rate > self.head_learning_rate:
            raise ValueError(
                f"The learning rate of fine-tuning ({self.fine_tune_learning_rate:g}) is above that of feature "
                f"extraction ({self.head_learning_rate:g}); it would destroy the pretrained features. "
                f"{self.head_learning_rate / 100:g} is a good start."
            )
        return self


Training = Annotated[ScratchTraining | TransferTraining, Field(discriminator="kind")]
