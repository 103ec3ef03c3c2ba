"""What the feeds say, in French and English."""

from typing import Literal

from pcrs.publish.addresses import Kind
from pcrs.serve.atom.feed import CRS_BASE, Term
from pcrs.standard.crs import L93
from pcrs.work.downloads import Part

Lang = Literal["fr", "en"]
LANGS: tuple[Lang, ...] = ("fr", "en")
_CODES: dict[str, Lang] = {"fr": "fr", "fre": "fr", "fra": "fr", "en": "en", "eng": "en"}
_TEXTS: dict[str, dict[Lang, str]] = {
    "service": {
        "fr": "Service de téléchargement : {title}",
        "en": "Download service: {title}",
    },
    "service.about": {
        "fr": "Fichiers du PCRS : dalles de l'orthophotographie par édition, GML tels que livrés, communes",
        "en": "Files of the PCRS: dalles of the orthophotography by edition, GML as delivered, communes",
    },
    "raster": {
        "fr": "{title} : orthophotographie à 5 cm",
        "en": "{title}: orthophotography at 5 cm",
    },
    "vector": {"fr": "{title} : objets vecteur", "en": "{title}: vector objects"},
    "raster.about": {
        "fr": "Dalles GeoTIFF (COG, JPEG) en Lambert-93, par édition et pour la mosaïque courante",
        "en": "GeoTIFF dalles (COG, JPEG) in Lambert-93, by edition and for the current mosaic",
    },
    "vector.about": {
        "fr": "GML au géostandard CNIG PCRS 2.0, tels que livrés, par édition ; objets de chaque commune",
        "en": "GML files of the CNIG PCRS 2.0 standard, as delivered, by edition; objects of each commune",
    },
    "current": {
        "fr": "{whole}, mosaïque courante : {count} fichiers, la dalle la plus récente de chaque emprise",
        "en": "{whole}, current mosaic: {count} files, the newest dalle of each footprint",
    },
    "edition": {
        "fr": "{whole}, édition {edition} : {count} fichiers, chacun une partie du territoire",
        "en": "{whole}, edition {edition}: {count} files, each of one part of the territory",
    },
    "communes": {
        "fr": "{whole}, par commune : {count} fichiers, chacun les objets d'une commune, entiers, à jour",
        "en": "{whole}, by commune: {count} files, each the objects of a commune, whole, up to date",
    },
    "self": {"fr": "Ce document", "en": "This document"},
    "other": {"fr": "This document in English", "en": "Ce document en français"},
    "page": {"fr": "Page HTML", "en": "HTML page"},
    "search": {"fr": "Description OpenSearch du service", "en": "OpenSearch description of the service"},
    "record": {"fr": "Fiche ISO 19139", "en": "ISO 19139 record"},
    "classes": {"fr": "Classes d'objets (OGC API)", "en": "Classes of objects (OGC API)"},
    "zone": {"fr": "Département {departement}", "en": "Département {departement}"},
    "found": {"fr": "Recherche : {text}", "en": "Search: {text}"},
}
_FORMATS = {
    "TIF": "GeoTIFF (COG)",
    "GML": "GML (CNIG PCRS 2.0)",
    "GPKG": "GeoPackage (styles QGIS)",
    "DXF": "DXF (AutoCAD, Covadis)",
}


def language(code: str) -> Lang:
    """The language of a code (`fre`, `eng`, `fr`, `en`); French for any other, as INSPIRE wants."""
    return _CODES.get(code.strip().lower(), "fr")


def say(key: str, lang: Lang, **values: object) -> str:
    """A text of the service."""
    return _TEXTS[key][lang].format(**values)


def described(part: Part, whole: str, lang: Lang) -> str:
    """What a part is, in a sentence: also how its files make up the dataset."""
    key = "communes" if part.by_commune else "current" if part.edition is None else "edition"
    return say(key, lang, whole=whole, edition=part.edition, count=len(part.items))


def zone(term: str, departement: str, lang: Lang) -> Term:
    """The zone of everything."""
    return Term(term, say("zone", lang, departement=departement))


def formats(part: Part) -> Term:
    """The encoding of a part."""
    return Term(part.format, _FORMATS[part.format])


def resolutions(kind: Kind) -> tuple[Term, ...]:
    """Size of the pixel; none for vectors."""
    return (Term("5cm", "5 cm"),) if kind == "raster" else ()


def crs(code: int) -> Term:
    """A CRS by its EPSG code, one of `PCRS_CRS`."""
    name = "RGF93 v1 / Lambert-93" if code == L93 else f"RGF93 v1 / CC{code - 3900}"
    return Term(f"{CRS_BASE}{code}", f"{name} (EPSG:{code})")
