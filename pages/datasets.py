"""Datasets: bring pictures, look at them, split them, and go on to a network."""

from cnnlab.ui import datasets, datasets_imports, datasets_view, frame, text

if dataset := datasets.chosen():
    with frame.page(text.escape(dataset.name), lead=datasets_view.lead(dataset)):
        datasets_imports.outcome()
        datasets_view.draw(dataset)
else:
    with frame.page("Datasets", lead="Pictures in classes, ready to be learned from."):
        datasets.overview()
