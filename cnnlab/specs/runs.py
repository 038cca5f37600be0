"""One run: a dataset, a network and the way it learns, with the seed that everything random comes from."""

from typing import Self

from pydantic import Field, model_validator

from cnnlab.specs.base import Spec
from cnnlab.specs.networks import Network
from cnnlab.specs.training import Training


class DatasetReference(Spec):
    """Which pictures a run saw: the dataset and its frozen version."""

    id: str = Field(
        pattern=r"^[a-z0-9-]{1,64}$", title="Dataset", description="Folder name in the workspace."
    )
    version: int = Field(ge=1, title="Version", description="A change of the dataset makes a new one.")
    name: str = Field(title="Name of the dataset", description="As the user called it then.")


class RunSpec(Spec):
    """Everything that is needed to repeat a run."""

    name: str = Field(min_length=1, max_length=120, title="Name", description="How this run is called.")
    dataset: DatasetReference
    class_names: tuple[str, ...] = Field(
        min_length=2, title="Classes", description="Sorted; their order is the labels'."
    )
    network: Network
    training: Training
    seed: int = Field(
        0, ge=0, le=2**31 - 1, title="Seed", description="Where everything random in a run comes from."
    )

    @model_validator(mode="after")
    def training_suits_the_network(self) -> Self:
        """A backbone learns in two phases, a CNN from blocks from scratch."""
        wanted = "transfer" if self.network.kind == "backbone" else "scratch"
        if self.training.kind != wanted:
            raise ValueError(
                f"The network is {'a backbone' if wanted == 'transfer' else 'built from blocks'}, which trains with "
                f"{wanted!r} settings; {self.training.kind!r} settings were given. Choose the settings for {wanted!r}."
            )
        return self
