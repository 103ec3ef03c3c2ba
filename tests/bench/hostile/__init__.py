"""Hostile requests against a served site, and what must hold: `python -m tests.bench.hostile`."""
