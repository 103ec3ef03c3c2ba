"""The first page: a map of the mosaic, its dalles and its objects, and the addresses of the services."""

from pcrs.serve.portal.pages import routes

__all__ = ["routes"]
