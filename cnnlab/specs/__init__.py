"""What was asked for: networks, training and runs, as frozen pydantic models with JSON there and back.

A setting is a field with its range and a sentence; the form on the page, its help, its limits, the
JSON of a run and the error message all come from that field. This room never computes anything
about a network and never touches a disk.
"""
