"""A stand-in for the model of a run, and a reporter that only listens: works on runs are tried without a process."""

import numpy as np

from cnnlab.data.dataset import Dataset
from cnnlab.jobs.carrying import Cancelled
from cnnlab.runs.folder import RunFolder
from cnnlab.specs.networks import BlockNetwork
from tests.runs.making import make_run, run_spec


class Asked:
    """Says of every picture that it is of the first class if its middle is bright; its maps are the picture's colours."""

    def __init__(self, *, maps: bool = True) -> None:
        self.maps = maps
        self.seen: list[np.ndarray] = []

    def predict(self, picture: np.ndarray) -> np.ndarray:
        self.seen.append(np.array(picture))
        bright = float(picture.mean()) / 255.0
        return np.array([bright, 1.0 - bright], np.float32)

    def explain(self, picture: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        return self.predict(picture), picture.astype(np.float32) / 255.0 if self.maps else None


class Listening:
    """Hears what a work reports, and ends it at an activity if that is wanted."""

    def __init__(self, *, end_at: str = "") -> None:
        self.heard: list[tuple[str, int, int]] = []
        self.end_at = end_at

    def report(self, activity: str, done: int = 0, total: int = 0) -> None:
        self.heard.append((activity, done, total))
        if self.end_at and activity == self.end_at:
            raise Cancelled


def run_on(dataset: Dataset, number: int = 1) -> RunFolder:
    """A run on a dataset, with a network that takes small pictures."""
    network = BlockNetwork(name="Tiny", image_size=16)
    spec = run_spec(
        f"Run {number}", dataset=dataset.reference(), class_names=dataset.class_names, network=network
    )
    return make_run(number, spec=spec)
