"""Runs: every run with its scores; choose some to compare their curves, open one, or delete."""

from cnnlab.ui import frame, run_view, runs_actions, runs_compare, runs_table

with frame.page("Runs", lead="Every run there is. Select some to compare them."):
    run_view.under_way()
    rows = runs_table.load()
    if rows:
        shown, columns = runs_table.choose(rows)
        selected = runs_table.table(shown, columns=columns)
        runs_actions.actions(selected, everything=rows)
        runs_compare.comparison(selected)
