"""Every error that a user can meet, as one tree of sentences.

    CnnlabError                 shown as text; anything else is our bug and keeps its traceback
    ├── SpecError               settings that cannot work together, or outside their range
    ├── DatasetError            a dataset that is missing, empty, too small or cannot be imported
    │   └── ArchiveError        an archive that is damaged, hostile or larger than allowed
    ├── PictureError            one picture that cannot be read; the others still are
    ├── WeightsError            pretrained weights that are not here and how to get them
    ├── RunError                a run that is missing, or cannot do what was asked of it
    │   ├── TrainingError       training that cannot go on: diverged, out of memory, disk full
    │   └── BundleError         a bundle of a run that is damaged, hostile, or of a newer cnnlab
    ├── EvaluationError         a run that cannot be judged as asked
    ├── ClaimError              an experiment that cannot be started, or has nothing to run on
    ├── ModelError              a saved model that cannot be read or asked
    └── WorkspaceError          the workspace cannot be read or written, or is of a newer cnnlab

A message says what was found, what was expected and what to do next, and names the thing. It is
plain text: whoever shows it escapes it. This room never imports anything.
"""

from collections.abc import Iterable


class CnnlabError(Exception):
    """Something a user can understand and mend; its text is the whole message."""


class SpecError(CnnlabError):
    """Settings that cannot work together, or lie outside their range."""


class DatasetError(CnnlabError):
    """A dataset that is missing, empty, too small, or cannot be imported."""


class ArchiveError(DatasetError):
    """An archive that is damaged, hostile, or larger than allowed."""


class PictureError(CnnlabError):
    """One picture that cannot be read; it never stops the others."""


class WeightsError(CnnlabError):
    """Pretrained weights that are not here; the message says how to get them."""


class RunError(CnnlabError):
    """A run that is missing, or cannot do what was asked of it."""


class TrainingError(RunError):
    """Training that cannot go on; the message says what to try."""


class BundleError(RunError):
    """A bundle of a run that cannot be written, or is damaged, hostile, or of a newer cnnlab."""


class EvaluationError(CnnlabError):
    """A run that cannot be judged as asked: no such split, too few pictures, or answers that do not fit."""


class ClaimError(CnnlabError):
    """An experiment of a claim that cannot be started, or has nothing to run on."""


class ModelError(CnnlabError):
    """A saved model that cannot be read or asked."""


class WorkspaceError(CnnlabError):
    """The workspace cannot be read or written, or belongs to a newer cnnlab."""


def unknown_name(kind: str, name: str, choices: Iterable[str]) -> str:
    """Say that a name is not in a table, and list what is."""
    return f"There is no {kind} named {name!r}. Choose one of: {', '.join(sorted(choices))}."
