"""Runs: every run with its scores; choose some to compare their curves, open one, or delete."""

from cnnlab.ui import frame, run_view, runs_table

with frame.page("Runs", lead="Every run, newest first. Select some to lay their curves over each other."):
    run_view.under_way()
    rows = runs_table.load()
    if rows:
        selected = runs_table.table(runs_table.filtered(rows))
        runs_table.actions(selected)
        runs_table.comparison(selected)
