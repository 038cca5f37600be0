"""What the performance figures in the docs come from: `make bench`, or `python -m benchmarks NAME`."""
