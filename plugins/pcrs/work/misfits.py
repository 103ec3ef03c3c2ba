"""What the seams say: dalles out of place, dalles of another light, and edges that nobody explains."""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pcrs.findings import Finding
from pcrs.publish.control.result import SeamRow
from pcrs.standard.french import centimetres, number
from pcrs.work.attribution import Deviation, Link, attribute
from pcrs.work.levels import Levels, graded

_WEAK = 0.25
"""What counts less: no fault across an edge, for ground left out may go unseen, and lags at a broken edge."""
_LONG_PX = 1000
"""Edges as long as this tell the lag of a blurred dalle too."""
_WHOLE = 0.5
"""Continuity from which a lag is that of the lines that go on beyond the edge."""


@dataclass(frozen=True, slots=True)
class Misfits:
    """Deviations that dalles account for, by name."""

    shifts: Mapping[str, Deviation]
    """East and north, in metres: where the content lies against where it should."""
    light: Mapping[str, Deviation]
    """Levels of red, green and blue by which a dalle is lighter than its neighbours."""

    def step(self, name: str) -> float:
        """Mean of the levels by which a dalle is lighter."""
        return sum(self.light.get(name, (0.0,))) / 3


def misfits(rows: Sequence[SeamRow], blurred: Collection[str], levels: Levels) -> Misfits:
    """What the dalles account for; short edges of blurred ones say less of their place."""
    return Misfits(
        shifts=attribute(_offsets(rows, blurred), 2, levels.offset_examine_m),
        light=attribute(_jumps(rows), 3, levels.jump_examine),
    )


def _offsets(rows: Sequence[SeamRow], blurred: Collection[str]) -> Iterator[Link]:
    """Offsets towards the east (axis 0) and the north (axis 1)."""
    for row in rows:
        along, across = (1, 0) if row.side == "east" else (0, 1)
        values = (row.east_m, row.north_m)
        sharp = row.seam.length_px >= _LONG_PX or not {row.first, row.second} & set(blurred)
        whole = row.seam.continuity is None or row.seam.continuity >= _WHOLE
        twice = (row.seam.across_px or 0) > 0
        for axis, sure in ((along, sharp and whole), (across, sharp and twice)):
            value = values[axis]
            if value is not None:
                yield Link(row.first, row.second, axis, value, 1.0 if sure else _WEAK)


def _jumps(rows: Sequence[SeamRow]) -> Iterator[Link]:
    for row in rows:
        for band, step in enumerate(row.seam.jump):
            yield Link(row.first, row.second, band, step)


def misplaced(found: Misfits, levels: Levels) -> Iterator[tuple[str, Finding]]:
    """The dalles whose content is shifted."""
    for name, (east, north) in found.shifts.items():
        length = math.hypot(east, north)
        level = graded(length, levels.offset_examine_m, levels.offset_refuse_m)
        if level is not None:
            message = (
                f"Le contenu de la dalle est décalé de {centimetres(length, 0)} ({_ways(east, north)}) par "
                "rapport à ses voisines : les lignes sont rompues à ses bords ; refaire la dalle."
            )
            yield (
                name,
                Finding(
                    "raster.shifted",
                    level,
                    message,
                    measured=centimetres(length, 0),
                    expected=f"moins de {centimetres(levels.offset_examine_m, 0)}",
                ),
            )


def _ways(east: float, north: float) -> str:
    """`30 cm vers l'ouest et 12 cm vers le nord`; what is below a pixel is left out."""
    parts = [
        f"{centimetres(abs(length), 0)} vers {ways[length > 0]}"
        for length, ways in ((east, ("l'ouest", "l'est")), (north, ("le sud", "le nord")))
        if abs(length) >= 0.03
    ]
    return " et ".join(parts)


def discoloured(found: Misfits, levels: Levels) -> Iterator[tuple[str, Finding]]:
    """The dalles that are lighter, darker or of another colour than all their neighbours."""
    for name, bands in found.light.items():
        most = max(bands, key=abs)
        level = graded(abs(most), levels.jump_examine, levels.jump_refuse)
        if level is not None:
            yield (
                name,
                Finding(
                    "raster.radiometry",
                    level,
                    "La dalle n'a pas la radiométrie de ses voisines : elle en diffère de "
                    f"{_bands(bands)} niveaux (rouge, vert, bleu) à leurs bords ; reprendre l'égalisation.",
                    measured=_bands(bands),
                    expected=f"moins de {number(levels.jump_examine)} niveaux",
                ),
            )


def _bands(bands: Sequence[float]) -> str:
    return " / ".join(("+" if band > 0 else "") + number(band) for band in bands)


def told(rows: Sequence[SeamRow], codes: Mapping[str, set[str]], levels: Levels) -> list[SeamRow]:
    """The seams, each with what nobody explains of it, or with the dalle that explains it.

    Args:
        rows: the seams.
        codes: the codes of the findings on each dalle.
        levels: the levels.
    """
    return [_told(row, codes, levels) for row in rows]


def _told(row: SeamRow, codes: Mapping[str, set[str]], levels: Levels) -> SeamRow:
    findings: list[Finding] = []
    explained = ""
    for finding, reasons in ((_offset(row, levels), _OUT_OF_PLACE), (_jump(row, levels), _OTHER_LIGHT)):
        if finding is None:
            continue
        guilty = next((name for name in (row.first, row.second) if codes.get(name, set()) & reasons), "")
        explained = explained or guilty
        if not guilty:
            findings.append(finding)
    return replace(row, findings=tuple(findings), explained_by=explained)


_OUT_OF_PLACE = {"raster.shifted", "raster.blurred", "raster.alignment", "raster.georef"}
_OTHER_LIGHT = {"raster.dark", "raster.radiometry", "raster.saturated"}


def _offset(row: SeamRow, levels: Levels) -> Finding | None:
    """What the offset calls for. Ground left out is an estimate: it is worth a look, and refuses nothing."""
    length = row.offset_m or 0.0
    level = graded(length, levels.offset_examine_m, levels.offset_refuse_m)
    between = f"entre {row.first} et {row.second}"
    if level is not None:
        message = f"Les lignes se décalent de {centimetres(length, 0)} {between} : comparer les deux dalles."
        return Finding("seam.offset", level, message, measured=centimetres(length, 0))
    if row.broken:
        message = (
            f"Les lignes s'arrêtent {between}, comme s'il manquait du terrain : comparer les deux dalles."
        )
        return Finding("seam.offset", "warning", message)
    return None


def _jump(row: SeamRow, levels: Levels) -> Finding | None:
    level = graded(row.jump, levels.jump_examine, levels.jump_refuse)
    if level is None:
        return None
    return Finding(
        "seam.radiometry",
        level,
        f"La radiométrie saute de {_bands(row.seam.jump)} niveaux (rouge, vert, bleu) entre {row.first} et "
        f"{row.second} : reprendre l'égalisation.",
        measured=_bands(row.seam.jump),
        expected=f"moins de {number(levels.jump_examine)} niveaux",
    )
