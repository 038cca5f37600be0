"""What the imports of a dataset could not take, over all of its versions.

This module never opens a picture.
"""

import contextlib

import pandas as pd
from pydantic import ValidationError

from cnnlab.data.dataset import Dataset
from cnnlab.data.import_records import ImportReport


def refused_files(dataset: Dataset) -> pd.DataFrame:
    """Files that no import could take: columns name and reason, each file once."""
    tables = [pd.DataFrame(columns=["name", "reason"])]
    for path in sorted((dataset.folder / "reports").glob("*.json")):
        # A damaged report costs its rows and nothing else.
        with contextlib.suppress(OSError, ValidationError):
            tables.append(ImportReport.model_validate_json(path.read_bytes()).refused_table())
    return pd.concat(tables, ignore_index=True).drop_duplicates()
