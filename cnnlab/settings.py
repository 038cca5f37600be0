"""Where things are kept and how much is allowed, from `CNNLAB_*` environment variables.

Read afresh at each call of `settings()`, so that a test or a second server may have a workspace of
its own. This room never creates anything on disk but the workspace's own folders.
"""

import os
from functools import lru_cache
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from cnnlab.errors import WorkspaceError

MEGABYTE = 1024 * 1024
PREFIX = "CNNLAB_"


class CnnlabSettings(BaseSettings):
    """Everything an operator may set; the variable is the field's name with `CNNLAB_` before it."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True)

    home: Path = Field(Path.home() / ".cnnlab", description="Folder of the workspace.")
    slots: int | None = Field(
        None,
        ge=1,
        le=64,
        description="How many runs train at the same time. Not set: one a graphics card, or one.",
    )
    cards: str = Field(
        "",
        description="Graphics cards that runs may use, as CUDA names them, separated by ','. Empty: all.",
    )
    retries: int = Field(
        3,
        ge=0,
        le=1000,
        description="How often a run whose worker died is taken up by itself before a person has to.",
    )
    worker_module: str = Field(
        "cnnlab.training.worker",
        pattern=r"^[A-Za-z_][\w.]*$",
        description="Python module that carries a run; tests put a small one in its place.",
    )
    import_roots: str = Field(
        "",
        description="Folders of this machine that may be imported, separated by ':'. Empty: the home folder only.",
    )
    max_archive_files: int = Field(200_000, ge=1, description="Most files that one archive may hold.")
    max_archive_bytes: int = Field(
        8 * 1024 * MEGABYTE, ge=1, description="Most bytes that an archive may unpack to."
    )
    max_archive_ratio: int = Field(200, ge=1, description="Most bytes that one packed byte may unpack to.")
    max_picture_bytes: int = Field(64 * MEGABYTE, ge=1, description="Largest file of one picture.")
    max_picture_pixels: int = Field(50_000_000, ge=1, description="Most pixels of one picture.")
    decode_seconds: float = Field(20.0, gt=0, description="Longest time that decoding one picture may take.")
    decode_bytes: int = Field(
        1536 * MEGABYTE, ge=1, description="Most memory that the decoding process may take."
    )
    cache_bytes: int = Field(
        20_000 * 1000 * 1000,
        ge=0,
        description="Most bytes of what is kept so that nothing is computed twice; the least recently used goes first.",
    )
    keras_home: Path = Field(
        Path.home() / ".keras", description="Where Keras keeps weights and datasets it fetched."
    )


class Workspace:
    """The folders of one workspace; made when first asked for."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def _folder(self, name: str) -> Path:
        folder = self.home / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WorkspaceError(
                f"The workspace {self.home} cannot be written ({error.strerror or error}). "
                f"Set CNNLAB_HOME to a folder that you may write to, and start cnnlab again."
            ) from error
        return folder

    @property
    def datasets(self) -> Path:
        """One folder a dataset."""
        return self._folder("datasets")

    @property
    def imports(self) -> Path:
        """One folder an import that is under way or has just ended."""
        return self._folder("imports")

    @property
    def runs(self) -> Path:
        """One folder a run."""
        return self._folder("runs")

    @property
    def measurements(self) -> Path:
        """One JSON file a measurement of a backbone; it stays when the run is deleted."""
        return self._folder("measurements")

    @property
    def claims(self) -> Path:
        """One folder an experiment of the Learn page: its settings, and what it measured."""
        return self._folder("claims")

    @property
    def races(self) -> Path:
        """One JSON file a race of backbones: which runs belong to it."""
        return self._folder("races")

    @property
    def architectures(self) -> Path:
        """One JSON file a network that was saved under a name."""
        return self._folder("architectures")

    @property
    def cache(self) -> Path:
        """What can be computed again: packed pictures, activations."""
        return self._folder("cache")

    @property
    def weights(self) -> Path:
        """Files of pretrained weights that somebody put there."""
        return self._folder("weights")

    @property
    def index(self) -> Path:
        """The SQLite index of runs; rebuilt from the run folders when it is missing."""
        self._folder(".")
        return self.home / "cnnlab.db"

    @property
    def preferences(self) -> Path:
        """A JSON file with what was chosen about the pages themselves: columns, order."""
        self._folder(".")
        return self.home / "preferences.json"


def settings() -> CnnlabSettings:
    """Read the settings from the environment as it is now."""
    return _read(tuple(sorted(item for item in os.environ.items() if item[0].upper().startswith(PREFIX))))


@lru_cache(maxsize=8)
def _read(_: tuple[tuple[str, str], ...]) -> CnnlabSettings:
    # A page asks a hundred times while it is drawn; the same variables give the same settings.
    return CnnlabSettings()


def workspace() -> Workspace:
    """Return the workspace that the environment names now."""
    return Workspace(settings().home.expanduser().resolve())
