"""Making a run happen: activations, phases, checkpoints, and the worker process that carries them.

Training speaks to the run's folder, never to a page or a database. TensorFlow is imported inside
functions only, so that a page may ask for an estimate or a table without it.
"""
