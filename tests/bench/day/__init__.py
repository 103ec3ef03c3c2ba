"""The load of a real day: `python -m tests.bench.day`."""
