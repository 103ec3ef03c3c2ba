"""Whether name, georeference and size of a dalle say the same place."""

import math
from collections.abc import Iterator

from pcrs.findings import Finding
from pcrs.raster.open import DalleFacts
from pcrs.raster.reference import Affine6, corner_gap_m
from pcrs.standard.crs import L93
from pcrs.standard.grid import DALLE_RES_M
from pcrs.standard.names import DalleName

_LAMBERT = "RGF93 / Lambert-93 (EPSG:2154)"
_NEAR_M = 1.0
"""Nearer than this to its place a dalle is shifted; farther, it is another place."""


def position_findings(name: DalleName | None, facts: DalleFacts, tolerance_m: float) -> Iterator[Finding]:
    """The first fault of the dalle's place, alone: what follows from it is not said.

    An absent CRS is only a warning, and the checks go on in Lambert-93.
    """
    blocking = _no_place(facts) or _foreign_crs(facts)
    if blocking is not None:
        yield blocking
        return
    if not facts.crs_name:
        yield Finding(
            "raster.crs",
            "warning",
            f"Le fichier ne porte aucun système de coordonnées : {_LAMBERT} est supposé d'après le nom.",
            expected=_LAMBERT,
        )
    fault = _wrong_pixel(facts, tolerance_m)
    if fault is None:
        fault = _off_grid(facts, tolerance_m) if name is None else _elsewhere(name, facts, tolerance_m)
    fault = fault or _worldfile(facts, tolerance_m)
    if fault is not None:
        yield fault


def _no_place(facts: DalleFacts) -> Finding | None:
    """No georeference that can be used."""
    if facts.transform is None and facts.worldfile_path is not None:
        return _unreadable(facts.worldfile_path.name)
    if facts.transform is None:
        return Finding(
            "raster.georef",
            "error",
            "Le fichier n'a aucun géoréférencement, ni dans ses balises ni dans un fichier de calage "
            "(.tfw, .j2w) : le livrer géoréférencé en Lambert-93.",
        )
    if facts.rotated:
        a, b, _, d, e, _ = facts.transform
        return Finding(
            "raster.rotation",
            "error",
            "L'image est tournée ou retournée : ses lignes doivent aller vers l'est et ses colonnes vers "
            "le sud ; la rééchantillonner sur la grille Lambert-93 de 5 cm.",
            measured=f"{a:g} {d:g} {b:g} {e:g}",
            expected="0.05 0 0 -0.05",
        )
    return None


def _unreadable(name: str) -> Finding:
    return Finding(
        "raster.worldfile",
        "error",
        f"Le fichier de calage {name} est illisible : il doit donner six nombres, un par ligne ; "
        "le corriger ou le retirer de la livraison.",
    )


def _foreign_crs(facts: DalleFacts) -> Finding | None:
    if not facts.crs_name or facts.epsg == L93:
        return None
    read = facts.crs_name + (f" (EPSG:{facts.epsg})" if facts.epsg else "")
    return Finding(
        "raster.crs",
        "error",
        f"Le système de coordonnées est {read} ; les dalles se livrent en {_LAMBERT}, sans rééchantillonnage "
        "de notre part : demander la livraison en Lambert-93.",
        measured=read,
        expected=_LAMBERT,
    )


def _wrong_pixel(facts: DalleFacts, tolerance_m: float) -> Finding | None:
    """A pixel that is not 5 cm, to the tolerance over the whole image."""
    width_m, height_m = facts.pixel_m or (0.0, 0.0)
    drift = max(abs(width_m - DALLE_RES_M) * facts.width, abs(height_m - DALLE_RES_M) * facts.height)
    if drift <= tolerance_m:
        return None
    return Finding(
        "raster.pixel",
        "error",
        "Le pixel n'est pas de 5 cm : livrer l'image à 5 cm, sans changement de résolution après coup.",
        measured=f"{width_m * 100:.6g} × {height_m * 100:.6g} cm",
        expected="5 × 5 cm",
    )


def _off_grid(facts: DalleFacts, tolerance_m: float) -> Finding | None:
    """Corner of an image without a known name, against the grid of 5 cm pixels."""
    x, y = _corner(facts)
    east, south = (value - round(value / DALLE_RES_M) * DALLE_RES_M for value in (x, y))
    if math.hypot(east, south) <= tolerance_m:
        return None
    return _shifted(east, south)


def _corner(facts: DalleFacts) -> tuple[float, float]:
    """North-west corner."""
    return (facts.bbox.xmin, facts.bbox.ymax) if facts.bbox else (math.nan, math.nan)


def _elsewhere(name: DalleName, facts: DalleFacts, tolerance_m: float) -> Finding | None:
    """Size and corner against the name: the three are shown when one disagrees."""
    x, y = _corner(facts)
    east, north = x - name.x_m, y - name.y_m
    same_size = facts.width == facts.height == name.size_px
    if same_size and math.hypot(east, north) <= tolerance_m:
        return None
    if same_size and math.hypot(east, north) < _NEAR_M:
        return _shifted(east, north)
    message = f"Nom, géoréférencement et taille ne s'accordent pas. {_three_values(name, facts)}"
    if same_size and math.hypot(east, north - name.size_m) <= tolerance_m:
        message += " Le nom porte le coin sud-ouest : le coin nord-ouest est attendu."
    return Finding(
        "raster.georef" if same_size else "raster.size",
        "error",
        message + " Corriger celui des trois qui est faux.",
        measured=f"{x:.3f} {y:.3f}, {facts.width} × {facts.height} px",
        expected=f"{name.x_m}.000 {name.y_m}.000, {name.size_px} × {name.size_px} px",
    )


def _three_values(name: DalleName, facts: DalleFacts) -> str:
    """What each of the three says, in one sentence each."""
    x, y = _corner(facts)
    return (
        f"Nom : coin nord-ouest {name.x_m}, {name.y_m}, côté {name.size_m} m. "
        f"Géoréférencement ({'balises' if facts.georeferenced_by == 'tags' else 'fichier de calage'}) : "
        f"coin nord-ouest {x:.3f}, {y:.3f}. "
        f"Taille : {facts.width} × {facts.height} px, soit {facts.width * DALLE_RES_M:g} × "
        f"{facts.height * DALLE_RES_M:g} m ({name.size_px} × {name.size_px} px attendus)."
    )


def _shifted(east: float, north: float) -> Finding:
    """A small shift, in centimetres."""
    words = [
        f"{_cm(shift)} vers {"l'" if way in ('est', 'ouest') else 'le '}{way}"
        for shift, way in ((east, "est" if east > 0 else "ouest"), (north, "nord" if north > 0 else "sud"))
        if abs(shift) >= 0.0005
    ]
    half = all(abs(abs(shift) - DALLE_RES_M / 2) < 0.001 for shift in (east, north))
    reason = (
        " C'est un demi-pixel : le calage donne sans doute le centre du premier pixel au lieu de son coin."
        if half
        else ""
    )
    return Finding(
        "raster.alignment",
        "error",
        f"L'image est décalée de {' et '.join(words)} par rapport à sa place sur la grille de 5 cm.{reason} "
        "Corriger le géoréférencement, sans rééchantillonner l'image.",
        measured=f"{east * 100:+.2f} cm, {north * 100:+.2f} cm",
        expected="0 cm, à 1 mm près",
    )


def _cm(length_m: float) -> str:
    """A length in French: 2,5 cm."""
    return f"{abs(length_m) * 100:.4g} cm".replace(".", ",")


def _worldfile(facts: DalleFacts, tolerance_m: float) -> Finding | None:
    """The world file against the tags."""
    if facts.georeferenced_by != "tags" or facts.worldfile_path is None or facts.transform is None:
        return None
    name = facts.worldfile_path.name
    if facts.worldfile is None:
        return _unreadable(name)
    gap = corner_gap_m(facts.worldfile, facts.transform, (facts.width, facts.height))
    if gap <= tolerance_m:
        return None
    return Finding(
        "raster.worldfile",
        "error",
        f"Le fichier de calage {name} et les balises du fichier diffèrent de {_cm(gap)} : "
        + "un logiciel qui lit l'un place l'image ailleurs que l'autre ; corriger ou retirer ce fichier.",
        measured=_line(facts.worldfile),
        expected=_line(facts.transform),
    )


def _line(transform: Affine6) -> str:
    """Pixel and corner of a transform, on one line."""
    return f"pixel {transform[0]:.6g} {transform[4]:.6g}, coin {transform[2]:.3f} {transform[5]:.3f}"
