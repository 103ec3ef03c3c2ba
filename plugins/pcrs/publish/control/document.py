"""The JSON document of a control: the same facts as the report, for machines."""

from dataclasses import asdict
from typing import Any

from shapely.geometry import mapping

from pcrs.publish.control.result import Card, Completeness, ControlResult, Planimetry, SeamRow
from pcrs.standard.precision import GapTest
from pcrs.vector.check import Summary


def document(result: ControlResult) -> dict[str, Any]:
    """Everything that was found; lengths in metres, shares from 0 to 1, boxes in EPSG:2154."""
    return {
        "delivery": result.delivery,
        "verdict": result.verdict,
        "operator": result.signature.operator,
        "date": result.signature.date,
        "pcrs": result.signature.version,
        "counts": dict(result.counts),
        "findings": [finding.to_dict() for finding in result.findings],
        "completeness": _completeness(result.completeness),
        "files": [_file(card) for card in result.cards],
        "seams": [_seam(row) for row in result.seams],
        "planimetry": None if result.planimetry is None else _planimetry(result.planimetry),
        "levels": dict(result.levels),
    }


def _completeness(complete: Completeness) -> dict[str, Any]:
    return {
        "measure": complete.measure,
        "expected": complete.expected,
        "missing": [cell._asdict() for cell in complete.missing],
        "outside": list(complete.outside),
        "overlaps": [
            {"first": first, "second": second, "area_m2": area} for first, second, area in complete.overlaps
        ],
        "extent": None if complete.extent is None else mapping(complete.extent),
    }


def _file(card: Card) -> dict[str, Any]:
    said: dict[str, Any] = {
        "name": card.name,
        "file": card.file,
        "kind": card.kind,
        "verdict": card.verdict,
        "findings": [finding.to_dict() for finding in card.findings],
    }
    if card.box is not None:
        said["bbox"] = list(card.box)
    if card.document is not None:
        said |= _document(card.document)
    if card.inspection is not None:
        said["measures"] = _measures(card)
    return said


def _document(summary: Summary) -> dict[str, Any]:
    """What was seen of a GML; `tally` counts findings that `findings` leaves out, too."""
    return {
        "objects": sum(summary.counts.values()),
        "classes": dict(summary.counts),
        "extent": None if summary.bbox is None else list(summary.bbox),
        "xsd": summary.schema,
        "tally": [
            {"code": code, "level": level, "class": name or None, "count": count}
            for (code, level, name), count in sorted(summary.tally.items())
        ],
    }


def _measures(card: Card) -> dict[str, Any]:
    one = card.inspection
    if one is None:
        return {}
    return {
        "width_px": one.facts.width,
        "height_px": one.facts.height,
        "compression": one.facts.compression,
        "overviews": list(one.facts.overviews),
        "georeferenced_by": one.facts.georeferenced_by,
        "worldfile": None if one.facts.worldfile_path is None else one.facts.worldfile_path.name,
        "acquired": one.facts.acquired,
        "nodata_share": one.nodata_share,
        "white_share": one.share(one.white),
        "black_share": one.share(one.black),
        "saturated_share": one.share(one.saturated),
        "luminance": one.luminance,
        "sharpness": None
        if one.sharpness is None
        else {**asdict(one.sharpness), "width_px": one.sharpness.width_px},
        "histogram": one.histogram.tolist(),
    }


def _seam(row: SeamRow) -> dict[str, Any]:
    return {
        "first": row.first,
        "second": row.second,
        "side": row.side,
        "length_px": row.seam.length_px,
        "east_m": row.east_m,
        "north_m": row.north_m,
        "broken": row.broken,
        "strength": row.seam.strength,
        "continuity": row.seam.continuity,
        "jump": list(row.seam.jump),
        "explained_by": row.explained_by or None,
        "findings": [finding.to_dict() for finding in row.findings],
    }


def _planimetry(found: Planimetry) -> dict[str, Any]:
    return {
        "source": found.source,
        "test": None if found.test is None else _test(found.test),
        "height_test": None if found.height_test is None else _test(found.height_test),
        "bias_m": list(found.bias_m) if found.points else None,
        "points": [{**point._asdict(), "gap_m": point.gap} for point in found.points],
        "findings": [finding.to_dict() for finding in found.findings],
    }


def _test(test: GapTest) -> dict[str, Any]:
    return {**asdict(test), "conforming": test.conforming, "failures": list(test.failures)}
