"""OGC API Processes of a site: what can be run, jobs, results; each owner sees its own."""

from pcrs.serve.processes.service import extension

__all__ = ["extension"]
