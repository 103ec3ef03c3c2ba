"""The download service at `/telechargement/`: the Géoplateforme's tree, with what INSPIRE asks on top.

A request becomes a selection, the shelf and the selection a feed, the feed an Atom, JSON or HTML document.
Exports by commune will be one more resource of the shelf.
"""

from pcrs.serve.atom.service import AtomService

__all__ = ["AtomService"]
