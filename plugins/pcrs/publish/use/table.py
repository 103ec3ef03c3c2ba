"""The use of a site as tables: CSV that a French spreadsheet opens, and a document for programs."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from pcrs.publish.use.result import Statistics
from pcrs.store.use import summed

PARTS = {
    "month": ("Mois", "Month"),
    "service": ("Service", "Service"),
    "client": ("Logiciel", "Software"),
    "role": ("Rôle", "Role"),
    "outcome": ("Issue", "Outcome"),
}
"""What requests are told apart by: in French and in English."""


def as_csv(told: Statistics) -> str:
    """Every figure, one block after the other; `;` between columns, byte order mark."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerows(_rows(told))
    return "\ufeff" + text.getvalue()


def _rows(told: Statistics) -> Iterator[list[str]]:
    yield [told.title, told.first.isoformat(), told.last.isoformat()]
    for part, (french, english) in PARTS.items():
        yield []
        yield [f"{french} / {english}", "Requêtes / Requests", "Octets / Bytes"]
        for name, (requests, octets) in summed(told.rows, part).items():
            yield [name, str(requests), str(octets)]
    yield []
    yield ["INSEE", "Commune", "Requêtes / Requests"]
    for place in told.places:
        yield [place.code, place.name, str(place.requests)]
    yield []
    yield [
        "Jour / Day",
        "Service",
        "Rôle / Role",
        "Logiciel / Software",
        "Issue / Outcome",
        "Requêtes",
        "Octets",
    ]
    for row in told.rows:
        kind = row.kind
        yield [
            row.day,
            kind.service,
            kind.role,
            kind.client,
            kind.outcome,
            str(row.requests),
            str(row.octets),
        ]


def document(told: Statistics) -> dict[str, Any]:
    """The figures, without the days one by one."""
    return {
        "title": told.title,
        "from": told.first.isoformat(),
        "to": told.last.isoformat(),
        "requests": told.requests,
        "bytes": told.octets,
        "availability": told.availability,
        **{
            f"by_{part}": {
                name: {"requests": requests, "bytes": octets}
                for name, (requests, octets) in summed(told.rows, part).items()
            }
            for part in PARTS
        },
        "communes": [
            {"code": place.code, "name": place.name, "requests": place.requests} for place in told.places
        ],
        "editions": {
            name: {"dalles": dalles, "newest": newest} for name, (dalles, newest) in told.editions.items()
        },
    }
