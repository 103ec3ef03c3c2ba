"""What is asked of the services, counted while it is answered, and told to those who watch over a site."""

from pcrs.serve.use.recorder import NOTE, Note, Recorder

__all__ = ["NOTE", "Note", "Recorder"]
