"""The cost report as tables: CSV that a French spreadsheet opens, and a document for programs."""

import csv
import io
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from pcrs.publish.cost.result import CostReport

_BOM = "﻿"
_GIGA = Decimal(10**9)


def as_csv(report: CostReport) -> str:
    """Every figure, one block after the other; `;` between columns, decimal commas, byte order mark."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerows(_rows(report))
    return _BOM + text.getvalue()


def _rows(report: CostReport) -> Iterator[list[str]]:
    yield [report.title]
    yield ["Établi le / Made on", report.day.isoformat()]
    yield ["Prix / Prices", report.prices.title, report.prices.source, report.prices.day.isoformat()]
    yield []
    yield [
        "Niveau / Tier",
        "Lieu / Place",
        "Édition",
        "Chantier",
        "Fichiers / Files",
        "Go / GB",
        "€/mois / month",
    ]
    for line in report.lines:
        held = line.held
        sizes = [str(held.files), _text(held.octets / _GIGA, 3), _text(line.euros)]
        yield [held.tier, held.place, held.edition, held.chantier, *sizes]
    yield ["Requêtes / Requests", "", "", "", str(report.activity.reads), "", _text(report.reads)]
    egress, restored = report.activity.egress, report.activity.restored
    yield ["Sortie / Egress", "", "", "", "", _text(egress / _GIGA, 3), _text(report.egress)]
    yield ["Restitutions / Restores", "", "", "", "", _text(restored / _GIGA, 3), _text(report.restored)]
    yield ["Total", "", "", "", "", _text(report.octets / _GIGA, 3), _text(report.month)]
    yield []
    yield [
        *("Année / Year", "Go / GB", "Stockage / Storage", "Activité / Activity", "Acquisition", "Total"),
        *("Participations / Contributions", "Reste / Rest"),
    ]
    for year in report.years:
        amounts = (year.storage, year.activity, year.acquisition, year.total, year.contributions, year.rest)
        yield [str(year.year), _text(year.octets / _GIGA, 3), *map(_text, amounts)]
    yield []
    yield ["INSEE", "Commune", "km²", "€/an / year"]
    for share in report.communes:
        yield [share.code, share.name, _text(Decimal(str(share.km2)), 3), _text(share.euros)]


def document(report: CostReport) -> dict[str, Any]:
    """The figures, in euros to the hundredth of a cent."""
    return {
        "title": report.title,
        "date": report.day.isoformat(),
        "prices": {
            "name": report.prices.name,
            "source": report.prices.source,
            "date": report.prices.day.isoformat(),
        },
        "bytes": report.octets,
        "euros_per_month": _amount(report.month),
        "euros_per_km2": None if report.per_km2 is None else _amount(report.per_km2),
        "km2": round(report.km2, 4),
        "lines": [
            {
                "tier": line.held.tier,
                "place": line.held.place,
                "edition": line.held.edition,
                "chantier": line.held.chantier,
                "bytes": line.held.octets,
                "files": line.held.files,
                "class": line.price.name,
                "euros_per_month": _amount(line.euros),
            }
            for line in report.lines
        ],
        "years": [
            {
                "year": year.year,
                "bytes": year.octets,
                "storage": _amount(year.storage),
                "activity": _amount(year.activity),
                "acquisition": _amount(year.acquisition),
                "total": _amount(year.total),
                "contributions": _amount(year.contributions),
                "rest": _amount(year.rest),
            }
            for year in report.years
        ],
        "communes": [
            {
                "code": one.code,
                "name": one.name,
                "km2": round(one.km2, 4),
                "euros_per_year": _amount(one.euros),
            }
            for one in report.communes
        ],
    }


def _text(value: Decimal, digits: int = 2) -> str:
    return f"{value:.{digits}f}".replace(".", ",")


def _amount(value: Decimal) -> float:
    return float(round(value, 4))
