"""`cnnlab runs` and `cnnlab datasets`: what is in the workspace.

This module never changes anything.
"""

import argparse
from dataclasses import asdict

from cnnlab.command.printing import print_json, print_table
from cnnlab.data.library import list_datasets
from cnnlab.runs import store


def runs(given: argparse.Namespace) -> int:
    """List the runs, the newest first."""
    rows = store.list_runs()
    if given.json:
        print_json([asdict(row) for row in rows])
        return 0
    print_table(
        [
            {
                "id": row.id,
                "state": row.state,
                "name": row.name,
                "dataset": row.dataset_name,
                "network": row.network_name,
                "epochs": f"{row.epoch}/{row.epochs}",
                "validation": row.val_accuracy,
                "test": row.test_accuracy,
            }
            for row in rows
        ]
    )
    return 0


def datasets(given: argparse.Namespace) -> int:
    """List the datasets, each in its newest version."""
    rows = [
        {
            "id": row.id,
            "version": row.version,
            "name": row.name,
            "classes": row.num_classes,
            "training": row.num_training,
            "validation": row.num_validation,
            "test": row.num_test,
        }
        for row in list_datasets()
    ]
    print_json(rows) if given.json else print_table(rows)
    return 0
