"""What was asked of an export, and what came out: JSON there and back.

This module never opens a file.
"""

from cnnlab.jobs.records import JobRecord


class ExportRequest(JobRecord):
    """What was asked for."""

    format: str
    recipe: int
    """Of the way an export is made and judged; an older one is made again."""
    model_written_at: int
    """When the run's model was written, in nanoseconds: a model that was trained further is another."""


class Comparison(JobRecord):
    """How a format answers, picture by picture, beside the Keras model that it comes from."""

    split: str
    """'test' or 'validation'; '' where the pictures were made up."""
    num_pictures: int
    of_pictures: int
    largest_difference: float
    """Of a probability, over all pictures and classes."""
    agreeing_share: float
    """How often both name the same class, 0 to 1."""
    accuracy: float | None = None
    """Of the format; None for made-up pictures."""
    accuracy_low: float | None = None
    """Lower end of the 95 % Wilson interval."""
    accuracy_high: float | None = None
    change: float | None = None
    """Accuracy of the format minus that of the Keras model, on the same pictures."""
    change_low: float | None = None
    """Lower end of the paired 95 % interval."""
    change_high: float | None = None


class ExportTiming(JobRecord):
    """What one picture costs in the format's own runtime, in a process of its own."""

    p50_ms: float
    p95_ms: float
    peak_bytes: int
    """The most memory that the process held, Python and the runtime included."""
    runtime_version: str


class ExportResult(JobRecord):
    """What came out; the file lies beside it only where it passed."""

    passed: bool
    reason: str
    """Why it passed or not, as a sentence with numbers."""
    num_bytes: int
    sha256: str
    comparison: Comparison
    timing: ExportTiming
    versions: dict[str, str]
    machine: str
    seconds: float
    """What making and comparing took."""
