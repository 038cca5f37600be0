"""How like its training pictures a run finds new ones, for the Predict page: what is kept of it, and the words.

This module never asks a model and never computes features: it reads those that a job has kept.
"""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from cnnlab.errors import CnnlabError
from cnnlab.evaluation.features import load_features, vector_of
from cnnlab.evaluation.novelty import FAMILIAR_SHARE, Familiarity, Neighbours
from cnnlab.prediction.answers import Answer
from cnnlab.prediction.predictor import Predictor
from cnnlab.runs.folder import RunFolder
from cnnlab.settings import workspace
from cnnlab.specs.runs import RunSpec
from cnnlab.ui import text
from cnnlab.ui.predict_cards import Asked

TOO_FEW = "This run has too few training or validation pictures to say what is like them."


def familiarity_of(run: RunFolder) -> Familiarity | None:
    """What tells the familiar from the unfamiliar; None where features are not computed or too few."""
    return _familiarity(run.id, run.changed_at() or 0, _features_changed(run))


def too_few(run: RunFolder) -> bool:
    """Whether the features are there, but of too few pictures for a threshold."""
    features = load_features(run)
    return features is not None and not Familiarity.can_be_told(features)


def vector_of_answer(answer: Answer) -> np.ndarray:
    """What the run made of the picture before its head, as features of the run are."""
    return answer.features if answer.features is not None else vector_of(None, answer.probabilities)


def is_trusted(spec: RunSpec) -> bool:
    """Whether what looks unfamiliar to a run is worth a warning.

    Measured: with EfficientNet-Lite0 and its ImageNet weights on flowers, 97 to 100 % of other pictures were
    unfamiliar and 3 % of the test pictures; with the lesson's CNN from scratch hardly any were.
    """
    return spec.network.kind == "backbone" and spec.network.weights == "imagenet"


def words(neighbours: Neighbours, familiarity: Familiarity, *, spec: RunSpec) -> tuple[str, str]:
    """A headline and a sentence on how like its training pictures a picture is."""
    measured = (
        f"Its distance to the training pictures is {text.decimal(neighbours.distance)}; that of "
        f"{text.percent(FAMILIAR_SHARE, digits=0)} of the {text.count(familiarity.num_validation)} validation pictures is at most "
        f"{text.decimal(familiarity.threshold)}."
    )
    if not is_trusted(spec):
        return (
            "These are nearest to it.",
            f"{measured} A network without pretrained weights knows few features, and strange pictures often look familiar to it: "
            f"take this as evidence, not as a test.",
        )
    if neighbours.is_unfamiliar:
        return (
            "I do not know.",
            f"{measured} It is unlike anything the run learned from: do not trust the answer.",
        )
    return "It is like what the run learned from.", measured


def _features_changed(run: RunFolder) -> int:
    try:
        return (run.path / "evaluation").stat().st_mtime_ns
    except OSError:
        return 0


@st.cache_resource(max_entries=2, show_spinner=False)
def _familiarity(run_id: str, changed: int, features_changed: int) -> Familiarity | None:
    # The times are only a part of the key: what was computed again is read again.
    features = load_features(RunFolder(workspace().runs / run_id))
    if features is None or not Familiarity.can_be_told(features):
        return None
    return Familiarity(features)


def unfamiliar(asked: Sequence[Asked], predictor: Predictor, place: int) -> list[bool | None]:
    """Whether each picture is unlike all training pictures; None where that cannot be said."""
    nothing = [None] * len(asked)
    try:
        run = RunFolder.find(predictor.record.run, runs=workspace().runs)
        familiarity = familiarity_of(run)
        if familiarity is None or not is_trusted(run.spec()):
            return nothing
    except CnnlabError:
        # The run was deleted meanwhile, or its features are damaged: its answers are still good.
        return nothing
    return [
        None if each.problem else familiarity.look(vector_of_answer(each.answers[place])).is_unfamiliar
        for each in asked
    ]
