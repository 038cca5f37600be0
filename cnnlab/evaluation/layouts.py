"""Ways to lay vectors on a plane so that those that are alike lie together; each is a row of a table.

UMAP is offered where its library is installed, which nothing requires. This module never opens a file.
"""

import contextlib
import importlib.util
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from cnnlab.errors import EvaluationError
from cnnlab.jobs.carrying import Reporter

COMPONENTS = 50
"""Principal components that every way begins from: fewer are quicker, and leave out noise."""
FEWEST_POINTS = 10
TSNE_ITERATIONS, UMAP_EPOCHS = 500, 300
_STEP = re.compile(r"Iteration (\d+)|completed\s+(\d+)\s+/")
"""What t-SNE and UMAP print about every fifty steps."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """One way to lay vectors on a plane."""

    label: str
    sentence: str
    """What it does and how long it takes, for somebody who has not met it."""
    package: str
    """What has to be importable."""
    steps: int
    """How many it takes, to say how far it is."""
    neighbors: Callable[[int], int]
    """About how many neighbours each of so many vectors minds."""
    fit: Callable[[np.ndarray, int], np.ndarray]
    """From vectors and the number of neighbours to places, float, shape (N, 2); prints how far it is."""

    @property
    def is_available(self) -> bool:
        """Whether its library is installed."""
        return importlib.util.find_spec(self.package) is not None


def _tsne(vectors: np.ndarray, neighbors: int) -> np.ndarray:
    from sklearn.manifold import TSNE

    layout = TSNE(
        perplexity=neighbors, max_iter=TSNE_ITERATIONS, init="pca", random_state=0, n_jobs=2, verbose=2
    )
    return layout.fit_transform(vectors)


def _umap(vectors: np.ndarray, neighbors: int) -> np.ndarray:
    import umap

    # A fixed seed takes one thread: more of them add up in an order of their own.
    layout = umap.UMAP(n_neighbors=neighbors, n_epochs=UMAP_EPOCHS, random_state=0, n_jobs=1, verbose=True)
    return layout.fit_transform(vectors)


LAYOUTS: MappingProxyType[str, Layout] = MappingProxyType(
    {
        "tsne": Layout(
            label="t-SNE",
            sentence=(
                "t-SNE moves every picture until its neighbours are next to it; what lies far apart says little. "
                "Seconds for a thousand pictures, less than a minute for ten thousand."
            ),
            package="sklearn",
            steps=TSNE_ITERATIONS,
            neighbors=lambda count: max(min(30, (count - 1) // 3), 1),
            fit=_tsne,
        ),
        "umap": Layout(
            label="UMAP",
            sentence=(
                "UMAP keeps neighbours together like t-SNE, and minds more how groups lie to each other. "
                "Half a minute at first, about a minute for ten thousand pictures."
            ),
            package="umap",
            steps=UMAP_EPOCHS,
            neighbors=lambda count: max(min(15, count - 1), 2),
            fit=_umap,
        ),
    }
)
"""In the order of the screen. t-SNE: https://jmlr.org/papers/v9/vandermaaten08a.html, UMAP: https://arxiv.org/abs/1802.03426."""


def available_layouts() -> dict[str, Layout]:
    """The ways whose library is installed, by name."""
    return {name: layout for name, layout in LAYOUTS.items() if layout.is_available}


def lay_out(vectors: np.ndarray, *, layout: str, reporter: Reporter) -> tuple[np.ndarray, int]:
    """Lay vectors on a plane, the same each time.

    Args:
        vectors: Float, shape (N, D), N at least `FEWEST_POINTS`.
        layout: Name in the table.
        reporter: Hears how far it is.

    Returns:
        Float32, shape (N, 2), and about how many neighbours each one minds.

    Raises:
        EvaluationError: There is no such way, or its library is not installed.
    """
    way = available_layouts().get(layout)
    if way is None:
        raise EvaluationError(
            f"Pictures cannot be laid out by {layout!r} here; there are {', '.join(available_layouts())}. "
            f"Choose one of these, or install its library."
        )
    from sklearn.decomposition import PCA

    reporter.report("Leaving out noise")
    reached = np.asarray(vectors, np.float64)
    if min(reached.shape) > COMPONENTS:
        reached = PCA(n_components=COMPONENTS, random_state=0).fit_transform(reached)
    neighbors = way.neighbors(len(vectors))
    reporter.report("Finding neighbours")
    # What it prints is the only word that it says on the way; a raised error ends it.
    with contextlib.redirect_stdout(_Listening(reporter, steps=way.steps)):
        places = way.fit(reached, neighbors)
    return places.astype(np.float32), neighbors


class _Listening(io.TextIOBase):
    """Hears from what is printed how far it is."""

    def __init__(self, reporter: Reporter, *, steps: int) -> None:
        self._reporter, self._steps, self._line = reporter, steps, ""

    def write(self, text: str) -> int:
        # A line may come in pieces: `print` writes its arguments one by one.
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            if found := _STEP.search(line):
                self._reporter.report("Laying out the pictures", int(found[1] or found[2]), self._steps)
        return len(text)
