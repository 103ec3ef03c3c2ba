"""What is said of a delivery as a whole: what it lacks, what it has twice, the form of its files."""

from collections import Counter
from collections.abc import Iterator, Mapping

from pcrs.findings import Finding, Level
from pcrs.publish.control.result import Cell, Completeness
from pcrs.raster.inspect import Inspection
from pcrs.standard.french import count, number, packing

_MEASURES = {
    "grid": "du dallage donné",
    "extent": "de l'étendue donnée",
    "rectangle": "du rectangle que la livraison remplit presque",
    "inside": "de l'intérieur de la livraison",
}


def of_the_area(complete: Completeness) -> Iterator[Finding]:
    """Missing dalles, each by its corner; dalles that nothing asked for; ground that is covered twice.

    A dalle that a grid or an extent asks for is missing for sure; where the delivery is its own measure it
    may have been left out on purpose.
    """
    given = complete.measure in ("grid", "extent")
    level: Level = "error" if given else "warning"
    for cell in complete.missing:
        yield Finding(
            "delivery.missing",
            level,
            f"Il manque la dalle {label(cell)} {_MEASURES[complete.measure]} : la livrer"
            + ("." if given else ", ou donner l'étendue attendue (--extent)."),
            object_id=label(cell),
            expected=f"{cell.x_m} {cell.y_m}, {cell.size_m} m",
        )
    for name in complete.outside:
        message = f"La dalle {name} est hors {_MEASURES[complete.measure]}."
        yield Finding("delivery.outside", "info", message, object_id=name)
    for first, second, area in complete.overlaps:
        yield Finding(
            "delivery.overlap",
            "warning",
            f"Les dalles {first} et {second} couvrent le même terrain sur {number(area)} m² : "
            "dire laquelle fait foi.",
            object_id=first,
            measured=f"{number(area)} m²",
            expected="0 m²",
        )


def label(cell: Cell) -> str:
    """A place as dalles are named by it: kilometres for 1 km, hectometres for 200 m, else metres."""
    if cell.size_m == 1000:
        return f"{cell.x_m // 1000:04d}-{cell.y_m // 1000:04d}"
    if cell.size_m == 200:
        return f"{cell.x_m // 100:05d}-{cell.y_m // 100:05d}"
    return f"{cell.x_m}-{cell.y_m}"


def of_the_form(inspections: Mapping[str, Inspection]) -> Iterator[Finding]:
    """Compressions that differ within a delivery: each is served alike, but a contract names one."""
    packings = Counter(one.facts.compression for one in inspections.values())
    if len(packings) > 1:
        listed = ", ".join(
            f"{packing(name)} ({count(amount, 'dalle')})" for name, amount in packings.most_common()
        )
        message = f"Les dalles n'ont pas toutes la même compression : {listed}."
        yield Finding("delivery.compression", "info", message, measured=listed)
    with_overviews = sum(bool(one.facts.overviews) for one in inspections.values())
    if 0 < with_overviews < len(inspections):
        message = (
            f"{count(with_overviews, 'dalle')} sur {number(len(inspections))} ont des aperçus (overviews)."
        )
        yield Finding("delivery.overviews", "info", message, measured=str(with_overviews))
