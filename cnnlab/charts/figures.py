"""Every figure that a page can draw, under one roof: `figures.class_counts(...)`.

The live chart is no figure but a payload (`charts.live`). This module never draws.
"""

from cnnlab.charts.backbones import accuracy_against_size as backbones
from cnnlab.charts.claims import claim_bars, claim_lines
from cnnlab.charts.datasets import class_counts, picture_sizes
from cnnlab.charts.drift import weight_drift
from cnnlab.charts.evaluation import confusion_matrix
from cnnlab.charts.evaluation_classes import class_recall
from cnnlab.charts.evaluation_confidence import coverage_curves, reliability_diagram
from cnnlab.charts.evaluation_curves import precision_recall_curve, roc_curve
from cnnlab.charts.learning import learning_curves, learning_rate
from cnnlab.charts.planning import planned_rate, range_test
from cnnlab.charts.predictions import probability_bars
from cnnlab.charts.race import accuracy_against_latency as race
from cnnlab.charts.robustness import robustness_curve

__all__ = [
    "backbones",
    "claim_bars",
    "claim_lines",
    "class_counts",
    "class_recall",
    "confusion_matrix",
    "coverage_curves",
    "learning_curves",
    "learning_rate",
    "picture_sizes",
    "planned_rate",
    "precision_recall_curve",
    "probability_bars",
    "race",
    "range_test",
    "reliability_diagram",
    "robustness_curve",
    "roc_curve",
    "weight_drift",
]
