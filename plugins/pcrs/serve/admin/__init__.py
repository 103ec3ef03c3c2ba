"""What the page `/admin` asks: deliveries, orders, copies, jobs, tokens, the journal, by role."""

from pcrs.serve.admin.means import Means
from pcrs.serve.admin.routes import routes

__all__ = ["Means", "routes"]
