"""Pictures of datasets on the Predict page: those of a test split, with their true class, for whoever has none at hand.

The run's own dataset comes first; a test set that was kept from earlier answers is asked about here as
well. This module never reads a picture: that is done when its turn has come.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from cnnlab.data.dataset import Dataset
from cnnlab.data.library import find_dataset, list_datasets
from cnnlab.errors import DatasetError, RunError
from cnnlab.prediction.pictures import Picture
from cnnlab.runs.folder import RunFolder
from cnnlab.settings import workspace
from cnnlab.ui import text
from cnnlab.ui.predict_uploads import MOST_PICTURES

SAMPLES = 6
TURN = "predict-turn"
"""How often test pictures were asked for; it is also what chooses them. 0 or missing shows none."""
EVERY = "predict-every"
"""Whether all pictures of the test split are asked about."""


@dataclass(frozen=True, kw_only=True)
class InDataset:
    """A picture that waits in a dataset."""

    dataset: Dataset
    picture: int

    def read_bytes(self) -> bytes:
        """The file as it was imported."""
        return self.dataset.read_picture(self.picture)


def choose_samples(run_id: str, *, class_names: Sequence[str]) -> list[Picture]:
    """Draw the way to pictures of test splits, and return those that were asked for last."""
    st.markdown("Nothing at hand? Take pictures that the run never learned from, with their true class.")
    datasets = _datasets(run_id, class_names)
    if not datasets:
        st.caption("No dataset here has a test split with classes of this run; upload pictures instead.")
        return []
    dataset = datasets[0]
    if len(datasets) > 1:
        dataset = st.selectbox(
            "Test pictures of",
            datasets,
            format_func=lambda dataset: f"{text.shorten(dataset.name, limit=60)}, {dataset.num_test:,}",
            key=f"predict-dataset-{run_id}",
        )
    with st.container(horizontal=True, gap="xsmall"):
        if st.button(f"Try {SAMPLES} test pictures", key="predict-samples", icon=":material/casino:"):
            st.session_state[TURN] = st.session_state.get(TURN, 0) + 1
            st.session_state[EVERY] = False
        most = min(dataset.num_test, MOST_PICTURES)
        if most > SAMPLES and st.button(f"All {most:,}", key="predict-every-button"):
            st.session_state[TURN] = st.session_state.get(TURN, 0) + 1
            st.session_state[EVERY] = True
        if st.session_state.get(TURN):
            st.button(
                "Clear",
                key="predict-clear",
                type="tertiary",
                on_click=st.session_state.pop,
                args=(TURN, None),
            )
    turn = st.session_state.get(TURN, 0)
    if not turn:
        return []
    return _pictures(dataset, most=most if st.session_state.get(EVERY) else SAMPLES, seed=turn)


def _datasets(run_id: str, class_names: Sequence[str]) -> list[Dataset]:
    """Those with test pictures of classes that the run knows; its own version of its dataset first."""
    own = []
    try:
        reference = RunFolder.find(run_id, runs=workspace().runs).spec().dataset
        own = [find_dataset(reference.id, version=reference.version)]
    except (RunError, DatasetError):
        # Deleted meanwhile, or the run came in a bundle: others may still do.
        reference = None
    others = [dataset for dataset in list_datasets() if reference is None or dataset.id != reference.id]
    return [
        dataset
        for dataset in [*own, *others]
        if dataset.num_test and not set(class_names).isdisjoint(dataset.class_names)
    ]


def _pictures(dataset: Dataset, *, most: int, seed: int) -> list[Picture]:
    table = dataset.table()
    table = table[table["split"] == "test"]
    rows = table.iloc[np.random.default_rng(seed).permutation(len(table))[:most]]
    return [
        Picture(
            name=row.name,
            source=InDataset(dataset=dataset, picture=int(row.picture)),
            truth=row.class_name,
            digest=row.sha256,
        )
        for row in rows.itertuples(index=False)
    ]
