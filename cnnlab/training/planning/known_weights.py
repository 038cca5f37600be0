"""Remembers fingerprints of the frozen weights between the picture and a boundary, by what was asked for.

Only a process with TensorFlow can hash the weights of a network. What it found is kept here, so that
a page can tell without TensorFlow whether activations are in the cache. This module never decides
what is computed: a fingerprint that is out of date makes an estimate wrong, and nothing else.
"""

import contextlib
import hashlib
import json
from pathlib import Path

from cnnlab.files import write_text
from cnnlab.specs.runs import RunSpec


def remember_weights(spec: RunSpec, *, boundary: str, weights: str, cache: Path) -> None:
    """Keep the fingerprint of all weights between the picture and a boundary of a plan.

    Args:
        spec: Of a run with a backbone.
        boundary: Name of the first block above it, or 'features'.
        weights: What `Origin.weights` is made of.
        cache: Folder of the cache.
    """
    if recall_weights(spec, boundary=boundary, cache=cache) == weights:
        return
    path = _path(spec, boundary=boundary, cache=cache)
    # Without it an estimate is too long; no reason to end a run.
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, weights)


def recall_weights(spec: RunSpec, *, boundary: str, cache: Path) -> str | None:
    """Return what was remembered last, or None where nothing was."""
    try:
        return _path(spec, boundary=boundary, cache=cache).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _path(spec: RunSpec, *, boundary: str, cache: Path) -> Path:
    network, training = spec.network, spec.training
    unfreeze = training.unfreeze if training.fine_tunes else "nothing"
    parts = [
        network.backbone,
        network.weights,
        # Random weights follow from the seed; pretrained ones do not.
        spec.seed if network.weights == "random" else None,
        network.image_size,
        # Features are reached in one part or in two, and have a fingerprint for each.
        unfreeze,
        training.unfreeze_blocks if unfreeze == "blocks" else None,
        boundary,
    ]
    name = hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
    return cache / "frozen" / "known" / f"{name}.txt"
