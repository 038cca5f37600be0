"""Faults made on purpose, on small real runs: `make chaos` tries all of them, `make test` a short form."""
