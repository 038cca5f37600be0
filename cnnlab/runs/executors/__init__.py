"""Where a worker runs. An executor knows commands and durable handles, never what a run is about."""
