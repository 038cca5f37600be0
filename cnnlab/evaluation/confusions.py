"""Which classes are taken for which: the pairs in order, and an order of classes in which confused ones stand together.

This module never reads a run and never draws.
"""

import numpy as np
import pandas as pd

LARGEST_OPTIMAL = 300
"""Classes beyond which the best order of neighbours takes seconds; a good one is found at once."""


def confused_pairs(matrix: np.ndarray) -> pd.DataFrame:
    """Every confusion that happened, the most frequent first.

    Args:
        matrix: Counts, int, shape (num_classes, num_classes): `confusion_matrix[true, predicted]`.

    Returns:
        One row a pair: true, predicted (labels), pictures, share (of the pictures of the true class).
    """
    mistakes = matrix.copy()
    np.fill_diagonal(mistakes, 0)
    true, predicted = np.nonzero(mistakes)
    pictures = mistakes[true, predicted]
    table = pd.DataFrame(
        {
            "true": true,
            "predicted": predicted,
            "pictures": pictures,
            "share": pictures / matrix.sum(axis=1)[true],
        }
    )
    return table.sort_values(["pictures", "share"], ascending=False, kind="stable").reset_index(drop=True)


def confused_together(matrix: np.ndarray) -> np.ndarray:
    """An order of the classes in which those that are taken for each other stand side by side.

    Classes are clustered by how large a share of theirs goes to each other (average linkage), and the leaves of
    the tree turned so that neighbours are alike (Bar-Joseph et al. 2001, https://doi.org/10.1093/bioinformatics/17.suppl_1.S22).

    Returns:
        Labels in that order, int, shape (num_classes,).
    """
    if len(matrix) < 3:
        return np.arange(len(matrix))
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    support = matrix.sum(axis=1, keepdims=True)
    share = np.divide(matrix, support, out=np.zeros(matrix.shape), where=support > 0)
    distance = 1.0 - (share + share.T) / 2.0
    np.fill_diagonal(distance, 0.0)
    tree = linkage(
        squareform(distance, checks=False),
        method="average",
        optimal_ordering=len(matrix) <= LARGEST_OPTIMAL,
    )
    return leaves_list(tree)


def most_confused(matrix: np.ndarray, *, count: int) -> np.ndarray:
    """The classes with the most mistakes, of their own pictures or under their name; labels in ascending order."""
    mistakes = matrix.sum(axis=0) + matrix.sum(axis=1) - 2 * np.diag(matrix)
    return np.sort(np.argsort(-mistakes, kind="stable")[:count])
