"""Faults brought upon a served site, and what must hold then: `python -m tests.bench.faults`."""
