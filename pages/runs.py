"""Runs: every run with its scores; choose some to compare them, open one, mark it, or delete."""

from cnnlab.ui import bundles, frame, queue_panel, runs_actions, runs_compare, runs_seeds, runs_table

with frame.page("Runs", lead="Every run there is. Select some to compare them."):
    queue_panel.under_way()
    bundles.open_button()
    rows = runs_table.load()
    if rows:
        shown = runs_table.choose(rows)
        if shown.over_seeds:
            selected = runs_seeds.table(shown.rows)
        else:
            selected = runs_table.table(shown.rows, columns=shown.columns)
        runs_actions.actions(selected, everything=rows)
        runs_compare.comparison(selected)
