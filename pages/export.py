"""Export: take a finished run away, in a format that was opened and compared before it is offered."""

from cnnlab.ui import export, frame

with frame.page(
    "Export",
    lead="Take a finished run away. Each format is opened in its own runtime and compared before it is offered.",
):
    run = export.choose_run()
    if run is not None:
        export.formats(run)
