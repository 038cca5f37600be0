"""`origin.json`: that a run was trained elsewhere and came here in a bundle, and what came with it.

    origin.json           this record, written by whoever opened the bundle
    dataset.json          what its dataset was called and how it was split
    pictures.parquet      which pictures it saw, by their hashes; the pictures themselves stay at home
    foreign-model.keras   its Keras model, under a name that nothing here loads

A run that was trained here has none of these. This module never opens a bundle.
"""

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cnnlab.runs.folder import RunFolder

FILE = "origin.json"
DATASET, PICTURES = "dataset.json", "pictures.parquet"
FOREIGN_MODEL = "foreign-model.keras"
"""Somebody else's Keras file can take all memory when it is loaded; kept to be passed on, never to be opened."""
TAG = "from a bundle"


class Origin(BaseModel):
    """Where a run came from."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    content: str
    """Fingerprint of what was in the bundle: the same bundle is not opened twice."""
    run: str
    """Id of the run where it was trained."""
    cnnlab: str
    """Version of the cnnlab that wrote the bundle. Text of somebody else's: escape it."""
    opened_at: float = Field(0.0, ge=0.0)
    """Wall clock, seconds since 1970."""


def read_origin(run: RunFolder) -> Origin | None:
    """Where a run came from, or None for one that was trained here."""
    try:
        return Origin.model_validate_json((run.path / FILE).read_bytes())
    except (OSError, ValidationError):
        return None
