"""The lisez-moi of an extract: what it is, its CRS and what to beware of, its dates; English beside."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pyproj import CRS

from pcrs.standard.codes import CODES
from pcrs.standard.crs import L93, BBox, distortion, is_latlon
from pcrs.standard.french import number
from pcrs.work.selection import Facts


@dataclass(frozen=True, slots=True)
class Credits:
    """Who gives the data, and under which licence."""

    title: str
    operator: str = ""
    licence: str = ""
    address: str = ""


def notice(
    credits_: Credits, area: str, epsg: int, facts: Mapping[str, Facts], day: date, *, clipped: bool
) -> str:
    """The text, lines of French and then of English."""
    system = CRS.from_epsg(epsg)
    boxes = [one.box for one in facts.values() if one.box is not None]
    scale = _scale(boxes[0], epsg) if boxes else None
    surveyed = _span(facts)
    total = sum(one.count for one in facts.values())
    policy_fr = "découpés à la limite" if clipped else "entiers (ils peuvent dépasser l'emprise)"
    policy_en = "cut at the limit" if clipped else "whole (they may reach beyond the area)"
    lines = [
        f"{credits_.title} – extrait du plan de corps de rue simplifié (PCRS, CNIG v2.0)",
        f"Emprise : {area}",
        f"Extrait le {day.isoformat()} ; levés et dates des objets : {surveyed or 'non renseignés'}",
        f"Système de coordonnées : EPSG:{epsg} – {system.name} ; altitudes en mètres, NGF-IGN69",
        *(_warning_fr(epsg, scale)),
        f"Objets {policy_fr} : {total}",
        *(f"Producteur : {one}" for one in [credits_.operator] if one),
        *(f"Licence : {one}" for one in [credits_.licence] if one),
        *(f"Source : {one}" for one in [credits_.address] if one),
        "",
        f"{credits_.title} – extract of the simplified street map (PCRS, CNIG v2.0)",
        f"Extracted on {day.isoformat()}; surveys and dates of objects: {surveyed or 'unknown'}",
        f"Coordinate reference system: EPSG:{epsg} – {system.name}; heights in metres, NGF-IGN69",
        *(_warning_en(epsg, scale)),
        f"Objects {policy_en}: {total}",
        "",
        *(f"{name} : {one.count}" for name, one in facts.items()),
    ]
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Images:
    """What is known of the dalles of an image. `precision`: the coarsest class; `first`, `last`: days."""

    dalles: int
    precision: str
    first: str | None
    last: str | None


def image_notice(credits_: Credits, area: str, epsg: int, box: BBox, day: date, images: Images) -> str:
    """The lisez-moi of an image, lines of French and then of English. `box`: EPSG:2154."""
    system, scale = CRS.from_epsg(epsg), _scale(box, epsg)
    classes = CODES["CategoriePrecisionPCRSType"].values
    precision = classes.get(images.precision, images.precision)
    flown = f"{images.first} / {images.last}" if images.first and images.last else ""
    lines = [
        f"{credits_.title} – orthophotographie PCRS, pixels de 5 cm au sol",
        f"Emprise : {area}, découpée à la limite",
        f"Extrait le {day.isoformat()} ; prises de vues : {flown or 'non renseignées'}",
        f"Précision planimétrique (la moins bonne des {images.dalles} dalles) : {precision}",
        f"Système de coordonnées : EPSG:{epsg} – {system.name}",
        *_warning_fr(epsg, scale),
        *(["Image rééchantillonnée (bilinéaire) depuis le Lambert-93."] if epsg != L93 else []),
        *(f"Producteur : {one}" for one in [credits_.operator] if one),
        *(f"Licence : {one}" for one in [credits_.licence] if one),
        *(f"Source : {one}" for one in [credits_.address] if one),
        "",
        f"{credits_.title} – PCRS orthophoto, pixels of 5 cm on the ground, cut at the limit",
        f"Extracted on {day.isoformat()}; flown: {flown or 'unknown'}; accuracy (class of the worst of "
        f"{images.dalles} tiles): {images.precision}",
        f"Coordinate reference system: EPSG:{epsg} – {system.name}",
        *_warning_en(epsg, scale),
    ]
    return "\n".join(lines)


def _span(facts: Mapping[str, Facts]) -> str:
    firsts = [one.first for one in facts.values() if one.first]
    lasts = [one.last for one in facts.values() if one.last]
    return f"{min(firsts)} / {max(lasts)}" if firsts and lasts else ""


def _scale(box: BBox, epsg: int) -> float | None:
    """Centimetres per kilometre by which the projection lengthens distances there; None for degrees."""
    if is_latlon(epsg):
        return None
    return distortion(epsg, (box.xmin + box.xmax) / 2, (box.ymin + box.ymax) / 2).stretch


def _warning_fr(epsg: int, scale: float | None) -> list[str]:
    if scale is None:
        return ["ATTENTION : coordonnées en degrés, impropres à la mesure et à l'implantation."]
    text = (
        f"ATTENTION : ici le système {'allonge' if scale > 0 else 'raccourcit'} les distances de "
        f"{number(abs(scale), 1)} cm par km ; en tenir compte "
        "avant toute implantation."
    )
    return [
        text,
        *(["Pour implanter, demander une conique conforme (EPSG:3942 à 3950)."] if epsg == L93 else []),
    ]


def _warning_en(epsg: int, scale: float | None) -> list[str]:
    if scale is None:
        return ["WARNING: coordinates are degrees, not fit for measuring or staking out."]
    return [
        f"WARNING: here the system {'lengthens' if scale > 0 else 'shortens'} distances by {abs(scale):.1f} "
        "cm per km; mind it before staking out."
        + (" To stake out, ask for a conic zone (EPSG:3942 to 3950)." if epsg == L93 else "")
    ]
