"""What GetFeatureInfo tells of a point: which dalle, when it was flown, how precise it is."""

import json
import math
from collections.abc import Callable
from html import escape
from typing import Any

from pcrs.errors import NotFoundError
from pcrs.publish.addresses import Addresses
from pcrs.serve.context import Served
from pcrs.store.base import Row

_LAYER = "dalles"
_TITLES = {
    "dalle": "Dalle",
    "edition": "Édition",
    "chantier": "Chantier",
    "date_acquisition": "Date d'acquisition",
    "date_recette": "Date de recette",
    "precision": "Classe de précision",
    "precision_libelle": "Précision",
    "resolution_cm": "Pixel (cm)",
    "fichier": "Fichier",
    "lien": "Fiche et téléchargement",
}
_NOTHING = "Aucune dalle à cet endroit."

Facts = dict[str, Any]


def facts_at(served: Served, edition: str | None, x_m: float, y_m: float) -> Facts | None:
    """What is known of the dalle that shows at a point (EPSG:2154, metres) in an edition; None: no dalle."""
    if not (math.isfinite(x_m) and math.isfinite(y_m)):  # a place that Lambert-93 does not have
        return None
    row = served.dalle_at(edition, x_m, y_m)
    return None if row is None else _facts(served, row)


def _facts(served: Served, row: Row) -> Facts:
    field = served.store.layer(_LAYER).field("precision")
    codes = (field.codes if field is not None else None) or {}
    told = {
        **row.values,
        "dalle": row.id,
        "precision_libelle": codes.get(row.values.get("precision") or ""),
        "lien": _address(served, row),
    }
    return {name: told[name] for name in _TITLES if told.get(name) is not None}


def _address(served: Served, row: Row) -> str:
    """The page of a current dalle; the file of one that was flown again since."""
    addresses = Addresses(served.public_url, served.departement)
    try:
        if served.store.get(_LAYER, row.id).values["edition"] == row.values["edition"]:
            return f"{addresses.collection(_LAYER)}/items/{row.id}"
    except NotFoundError:
        pass
    return f"{addresses.listing}{row.values['href']}"


def _json(facts: Facts | None) -> str:
    features = (
        []
        if facts is None
        else [{"type": "Feature", "id": facts["dalle"], "geometry": None, "properties": facts}]
    )
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)


def _text(facts: Facts | None) -> str:
    if facts is None:
        return f"{_NOTHING}\n"
    return "".join(f"{_TITLES[name]} : {value}\n" for name, value in facts.items())


def _html(facts: Facts | None) -> str:
    rows = [] if facts is None else [(_TITLES[name], escape(str(value))) for name, value in facts.items()]
    if facts is not None:
        address = escape(facts["lien"])
        rows[-1] = (_TITLES["lien"], f'<a href="{address}">{address}</a>')
    body = "".join(f'<tr><th scope="row">{title}</th><td>{value}</td></tr>' for title, value in rows)
    return (
        '<!DOCTYPE html><html lang="fr"><head><meta charset="utf-8"><title>Dalle du PCRS</title></head><body>'
        + (f"<table>{body}</table>" if rows else f"<p>{_NOTHING}</p>")
        + "</body></html>"
    )


WRITERS: dict[str, Callable[[Facts | None], str]] = {
    "application/json": _json,
    "text/plain": _text,
    "text/html": _html,
}
"""How facts are written, by media type."""
