"""Learn: every statement of the lesson as an experiment that one can run, and what came out."""

from cnnlab.ui import frame, learn

if claim := learn.chosen():
    with frame.page(claim.title):
        learn.draw(claim)
else:
    with frame.page("Learn", lead=learn.INTRO):
        learn.overview()
