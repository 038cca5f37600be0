"""Evaluate: see where a finished run is right and wrong, how sure it is, and what it looks at."""

from cnnlab.ui import evaluate, frame

with frame.page("Evaluate", lead="Where a finished run is right, where it is wrong, and how sure it is."):
    judged = evaluate.choose()
    if judged is not None:
        evaluate.draw(judged)
