"""The control of one delivered dalle: what it says of itself, where it lies, and every pixel of it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from pcrs.errors import InputError, RasterError
from pcrs.findings import Finding, has_errors
from pcrs.raster.announced import announced_bytes
from pcrs.raster.content import Content, Fault, survey
from pcrs.raster.open import MAX_BLOCK_PX, DalleFacts, facts, open_raster
from pcrs.raster.position import position_findings
from pcrs.standard.names import PATTERNS, DalleName, Pattern, parse

_MAX_PIXELS = 2**30
"""Beyond this nothing is decoded: a 1 km dalle has 4·10⁸ pixels."""
_WORTH_SAYING = 0.001
"""Share of pure white or black that is mentioned: saturated paint and deep shadows are below."""


@dataclass(frozen=True, slots=True)
class Control:
    """The levels of the control."""

    patterns: tuple[Pattern, ...] = PATTERNS
    max_nodata_share: float = 0.5
    """A dalle with more no-data than this is refused; 1.0 lets all pass but the empty ones."""
    plain_share: float = 0.05
    """More pure white or pure black than this, not declared as no-data, is worth a warning."""
    tolerance_m: float = 0.001


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the control of one file found."""

    name: DalleName | None
    """None: no pattern reads the file's name."""
    facts: DalleFacts | None
    """None: the file cannot be opened."""
    findings: tuple[Finding, ...]
    nodata_share: float | None
    """From 0 to 1; None: the pixels were not all read."""

    @property
    def conforming(self) -> bool:
        """True when nothing refuses the dalle."""
        return not has_errors(self.findings)


def check_dalle(path: Path, control: Control, *, shown_as: str = "") -> Verdict:
    """The verdict on one file; nothing is changed, nothing is raised for what is in the file.

    One fault gives one finding where it can. Every block is decoded, in bounded memory.

    Args:
        path: the file; its name is judged too.
        control: the levels.
        shown_as: what findings call the file: its path in the delivery.
    """
    shown = shown_as or path.name
    name, found = _name(path, control)
    try:
        read = facts(path)
    except RasterError as error:
        cut = path.is_file() and announced_bytes(path) > path.stat().st_size > 0
        code = "raster.truncated" if cut else "raster.open"
        return Verdict(name, None, (Finding(code, "error", f"{error}.", file=shown),), None)
    form = list(_form(read))
    found += [*form, *position_findings(name, read, control.tolerance_m)]
    content = None
    if not has_errors(form) and read.width * read.height <= _MAX_PIXELS:
        with open_raster(path) as dataset:
            content = survey(dataset)
        found += _content(content, path, control)
    share = content.nodata_share if content is not None and content.fault is None else None
    return Verdict(name, read, tuple(replace(one, file=shown) for one in found), share)


def _name(path: Path, control: Control) -> tuple[DalleName | None, list[Finding]]:
    try:
        return parse(path.name, control.patterns), []
    except InputError as error:
        return None, [Finding("raster.name", "error", f"{error} ; renommer le fichier.", measured=path.stem)]


def _form(read: DalleFacts) -> Iterator[Finding]:
    """Bands, depth, colours, blocks: whether this can be an RGB image of 8 bits at all."""
    if read.bands != 3:
        yield Finding("raster.bands", "error", _bands_message(read), measured=str(read.bands), expected="3")
    elif set(read.photometric.split("-")) == {"red", "green", "blue"}:
        yield Finding(
            "raster.photometric",
            "error",
            "Les bandes ne sont pas dans l'ordre rouge, vert, bleu : les réordonner (gdal_translate -b).",
            measured=read.photometric,
            expected="red-green-blue",
        )
    elif read.photometric not in ("rgb", "ycbcr") and read.dtype == "uint8":
        yield Finding(
            "raster.photometric",
            "warning",
            "Les bandes ne sont pas déclarées rouge, vert, bleu : elles sont lues dans cet ordre.",
            measured=read.photometric,
            expected="red-green-blue",
        )
    if read.dtype != "uint8":
        yield Finding(
            "raster.depth",
            "error",
            "Les pixels ne sont pas codés sur 8 bits par bande : livrer une image de 8 bits, dont le "
            "producteur a réglé lui-même la dynamique.",
            measured=read.dtype,
            expected="uint8",
        )
    if read.block[0] * read.block[1] > MAX_BLOCK_PX:
        yield Finding(
            "raster.block",
            "error",
            "L'image est comprimée d'un seul bloc, qu'aucun logiciel ne peut lire par parties : la réécrire "
            "par blocs (gdal_translate -co TILED=YES).",
            measured=f"{read.block[1]} × {read.block[0]} px",
        )
    if read.path.with_name(read.path.name + ".msk").is_file():
        yield Finding(
            "raster.mask",
            "warning",
            f"Le masque {read.path.name}.msk, à côté de l'image, n'est pas repris : livrer un masque interne "
            "ou une valeur nodata.",
        )


def _bands_message(read: DalleFacts) -> str:
    """What to do with a number of bands that is not three."""
    if read.bands == 4:
        kind, option = (
            ("la transparence", " -mask 4") if "alpha" in read.photometric else ("le proche infrarouge", "")
        )
        return (
            f"L'image a 4 bandes, dont sans doute {kind} ; une dalle RVB en a 3 : "
            f"gdal_translate -b 1 -b 2 -b 3{option} en retire la quatrième sans toucher aux pixels."
        )
    kind = "à palette" if "palette" in read.photometric else "en niveaux de gris" if read.bands == 1 else ""
    return (
        f"L'image a {read.bands} bande(s) {kind}".rstrip()
        + " : livrer une image en couleurs, rouge, vert, bleu."
    )


def _content(content: Content, path: Path, control: Control) -> Iterator[Finding]:
    """What the pixels are."""
    if content.fault is not None:
        yield _fault(content.fault, path)
        return
    share = content.nodata_share
    if content.constant:
        yield Finding(
            "raster.blank",
            "error",
            "L'image est vide : "
            + ("aucun pixel n'est valide" if share == 1 else f"tous ses pixels sont {_plain(content)}")
            + " ; livrer l'image réelle ou retirer la dalle.",
        )
        return
    if share:
        refused = share > control.max_nodata_share
        limit = (
            f", plus que les {_percent(control.max_nodata_share)} admis : compléter la dalle"
            if refused
            else ""
        )
        yield Finding(
            "raster.nodata",
            "error" if refused else "info",
            f"{_percent(share)} de la dalle sont sans donnée{limit}.",
            measured=_percent(share),
            expected=f"{_percent(control.max_nodata_share)} au plus",
        )
    for code, colour, count in (("white", "blanc", content.white), ("black", "noir", content.black)):
        plain = count / content.pixels
        if plain >= control.plain_share:
            yield Finding(
                f"raster.{code}",
                "warning",
                f"{_percent(plain)} de la dalle sont d'un {colour} pur sans être déclarés sans donnée : s'il "
                "s'agit de vide, le déclarer (masque interne ou valeur nodata).",
                measured=_percent(plain),
            )
        elif count:
            yield Finding(
                f"raster.{code}", "info", f"{count} pixels sont d'un {colour} pur.", measured=str(count)
            )


def _fault(fault: Fault, path: Path) -> Finding:
    """A block that cannot be read: cut away or damaged."""
    size, announced = path.stat().st_size, announced_bytes(path)
    if announced > size:
        return Finding(
            "raster.truncated",
            "error",
            f"Le fichier est tronqué : l'image n'est lisible que jusqu'à la ligne {fault.row} ; "
            "refaire le transfert.",
            pixel=(fault.row, fault.col),
            measured=f"{size} octets",
            expected=f"{announced} octets",
        )
    return Finding(
        "raster.damaged",
        "error",
        f"Le fichier est endommagé : un bloc de pixels ne se décode pas à partir de la ligne {fault.row} ; "
        "refaire le transfert, ou le faire réécrire par son producteur.",
        pixel=(fault.row, fault.col),
        measured=fault.reason,
    )


def _plain(content: Content) -> str:
    return "blancs" if content.white else "noirs" if content.black else "d'une seule couleur"


def _percent(share: float) -> str:
    """A share in French: 12,5 %."""
    return f"{share * 100:.3g} %".replace(".", ",")
