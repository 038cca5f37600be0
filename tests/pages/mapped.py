"""Features of a run as the worker keeps them, for pages that show a map."""

import numpy as np
from PIL import Image

from cnnlab.data.dataset import Dataset
from cnnlab.evaluation.features import Features, save_features, sprite_path
from cnnlab.runs.folder import RunFolder


def keep_features(run: RunFolder, dataset: Dataset) -> None:
    """Keep features of the pictures of every split, which lie on a circle."""
    table = dataset.table().sort_values(["split", "picture"])
    angle = np.linspace(0, 6, len(table))
    plane = np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)
    features = Features(
        pictures=table["picture"].to_numpy(),
        splits=table["split"].to_numpy(dtype=str),
        labels=table["label"].to_numpy(np.int32),
        vectors=plane,
        plane=plane,
        explained=0.42,
        kind="maps",
        attempt=1,
    )
    save_features(features, run=run)
    for split in ("training", "validation", "test"):
        Image.new("RGB", (60, 60)).save(sprite_path(run, split))
