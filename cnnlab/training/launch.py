"""Starting a run: the dataset's version is frozen first, so that the run can always say what it saw.

This module never trains; it only puts a run into the queue.
"""

from cnnlab.data.library import find_dataset, freeze
from cnnlab.errors import DatasetError
from cnnlab.runs import queue
from cnnlab.runs.folder import RunFolder
from cnnlab.specs.runs import RunSpec


def start_run(spec: RunSpec) -> RunFolder:
    """Freeze the dataset and put the run into the queue; it starts at once when a slot is free.

    Raises:
        DatasetError: The dataset is gone, or cannot be trained on as it is split.
        RunError: The run cannot be written.
    """
    dataset = find_dataset(spec.dataset.id, version=spec.dataset.version)
    problems = dataset.problems()
    if problems:
        raise DatasetError(" ".join(problems))
    freeze(dataset)
    return queue.submit(spec)
