"""`model.json`: what one has to know to ask the model of a run, and nothing else is needed.

The worker writes it beside the model; prediction and export read it. This module never opens a model.
"""

from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from cnnlab.errors import ModelError
from cnnlab.files import write_text

FILE = "model.json"


class ModelRecord(BaseModel):
    """Classes, image size and origin of a finished model. Its input is raw RGB, 0..255."""

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())

    class_names: tuple[str, ...]
    """Sorted; their order is that of the probabilities."""
    image_size: int
    """Height and width of its input, in pixels."""
    resize: str = "squash"
    """How a picture is brought to that size, as in `data.images.fit_picture`."""
    run: str
    """Id of the run that it comes from."""
    name: str
    """What the run is called."""
    network_name: str

    def save(self, folder: Path) -> None:
        """Write it into a run's folder."""
        write_text(folder / FILE, self.model_dump_json(indent=2))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read the record of a run.

        Raises:
            ModelError: The run has no model, or its record is damaged.
        """
        try:
            return cls.model_validate_json((folder / FILE).read_bytes())
        except FileNotFoundError:
            raise ModelError(f"Run {folder.name} has no model yet. Choose one that is finished.") from None
        except (ValidationError, OSError) as error:
            raise ModelError(
                f"The file {FILE} of run {folder.name} is damaged. Choose another run."
            ) from error
