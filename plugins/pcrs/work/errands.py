"""Long work that a page begins, by name: `pcrs.errand` does it, `pcrs.serve.admin` asks for it."""

from typing import Literal

Kind = Literal["acceptation", "rapport", "commandes", "relecture"]
"""On a delivery (accepted, reported on), or of the site (orders brought back, copies read again)."""
WHOLE_SITE = "site"
"""What the latter are about."""
