"""Who may do what, in front of every service: tokens are read, one decision is asked, refusals are told."""

from pcrs.serve.access.gate import Gate
from pcrs.serve.access.holders import Holders
from pcrs.serve.access.sessions import Sessions

__all__ = ["Gate", "Holders", "Sessions"]
