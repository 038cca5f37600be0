"""The process that computes the features of a run: `python -m cnnlab.evaluation.features_worker FOLDER`.

It asks the LiteRT model, one picture after the other; no TensorFlow is needed. This module never judges.
"""

import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

from cnnlab.data.library import find_dataset
from cnnlab.data.packing import PackedPictures, pack_pictures
from cnnlab.data.splits import SPLITS
from cnnlab.evaluation.features import (
    MOST_JUDGED,
    MOST_TRAINING,
    Features,
    FeaturesResult,
    save_features,
    sprite_columns,
    sprite_path,
    vector_of,
)
from cnnlab.evaluation.run_jobs import MOST_SECONDS, NO_MEMORY, TOO_LONG, RunRequest
from cnnlab.files import write_atomically
from cnnlab.jobs.carrying import Reporter, alone, carry
from cnnlab.prediction.predictor import Predictor, load_predictor
from cnnlab.runs.folder import RunFolder
from cnnlab.settings import workspace

SPRITE_PIXELS = 6_000_000
"""Of all small pictures of a split together: more would take long to reach a browser."""
SMALLEST, LARGEST = 24, 64
SPRITE_QUALITY = 70


def main(path: str) -> int:
    """Carry the computation in a folder; return the exit code."""
    folder = Path(path)

    def work(reporter: Reporter) -> FeaturesResult:
        request = RunRequest.model_validate_json((folder / "request.json").read_bytes())
        with alone(workspace().cache / "judging.lock", reporter, noun="judging"):
            return compute(RunFolder.find(request.run, runs=workspace().runs), request, reporter)

    return carry(
        folder, work, noun="computation", most_seconds=MOST_SECONDS, too_long=TOO_LONG, no_memory=NO_MEMORY
    )


def compute(run: RunFolder, request: RunRequest, reporter: Reporter) -> FeaturesResult:
    """Compute and keep the features of a run.

    Raises:
        DatasetError: The dataset is gone, or damaged.
        ModelError: The run has no model that can be asked.
    """
    spec, started = run.spec(), time.perf_counter()
    dataset = find_dataset(spec.dataset.id, version=spec.dataset.version)
    packed = pack_pictures(
        dataset,
        image_size=spec.network.image_size,
        on_progress=lambda done, total: reporter.report("Packing pictures", done, total),
    )
    chosen = {split: choose(packed.positions(split), split=split) for split in SPLITS}
    positions = np.concatenate([chosen[split] for split in SPLITS])
    vectors, has_maps = _ask(load_predictor(run.path), packed, positions, reporter=reporter)
    reporter.report("Looking for the directions in which they differ most")
    plane, explained = principal_plane(vectors)
    features = Features(
        pictures=packed.picture_numbers[positions],
        splits=packed.splits[positions],
        labels=packed.labels[positions],
        vectors=vectors,
        plane=plane,
        explained=explained,
        kind="maps" if has_maps else "answers",
        attempt=request.attempt,
    )
    for split in SPLITS:
        reporter.report(f"Drawing small {split} pictures")
        _write_sprite(packed.pictures, chosen[split], path=sprite_path(run, split))
    save_features(features, run=run)
    return FeaturesResult(
        num_pictures={split: len(chosen[split]) for split in SPLITS},
        num_all={split: len(packed.positions(split)) for split in SPLITS},
        seconds=time.perf_counter() - started,
    )


def choose(positions: np.ndarray, *, split: str) -> np.ndarray:
    """Of too many pictures draw as many as are kept, the same each time; ascending."""
    most = MOST_TRAINING if split == "training" else MOST_JUDGED
    if len(positions) <= most:
        return positions
    return np.sort(np.random.default_rng(0).choice(positions, most, replace=False))


def principal_plane(vectors: np.ndarray) -> tuple[np.ndarray, float]:
    """Lay vectors on the plane of their two largest principal components.

    Args:
        vectors: Float, shape (N, D).

    Returns:
        Float32, shape (N, 2), and the share of the variance that lies in the plane, 0 to 1.
    """
    from sklearn.decomposition import PCA

    spread = float(vectors.var(axis=0, dtype=np.float64).sum())
    if len(vectors) < 3 or vectors.shape[1] < 2 or spread <= 0.0:
        return np.zeros((len(vectors), 2), np.float32), 0.0
    found = PCA(
        n_components=2,
        svd_solver="covariance_eigh" if vectors.shape[1] <= 4096 else "randomized",
        random_state=0,
    )
    plane = found.fit_transform(vectors.astype(np.float64))
    return plane.astype(np.float32), float(found.explained_variance_ratio_.sum())


def _ask(
    predictor: Predictor, packed: PackedPictures, positions: np.ndarray, *, reporter: Reporter
) -> tuple[np.ndarray, bool]:
    vectors, maps = [], None
    for done, position in enumerate(positions):
        reporter.report("Asking the network", done, len(positions))
        probabilities, maps = predictor.explain(packed.pictures[position])
        vectors.append(vector_of(maps, probabilities))
    return np.stack(vectors), maps is not None


def _write_sprite(pictures: np.ndarray, positions: np.ndarray, *, path: Path) -> None:
    """Put pictures side by side, row by row, each as small as it must be to stay within bounds."""
    columns = sprite_columns(len(positions))
    side = int(np.clip(np.sqrt(SPRITE_PIXELS / max(len(positions), 1)), SMALLEST, LARGEST))
    side = min(side, pictures.shape[1])
    rows = -(-len(positions) // columns) or 1
    sprite = Image.new("RGB", (columns * side, rows * side))
    for place, position in enumerate(positions):
        small = Image.fromarray(pictures[position]).resize((side, side), Image.Resampling.BOX)
        sprite.paste(small, (place % columns * side, place // columns * side))
    path.parent.mkdir(exist_ok=True)
    write_atomically(path, lambda temporary: sprite.save(temporary, "JPEG", quality=SPRITE_QUALITY))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
