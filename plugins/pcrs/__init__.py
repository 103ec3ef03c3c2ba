"""Run a département's PCRS: receive, check, store, serve."""

__version__ = "0.1.0"
