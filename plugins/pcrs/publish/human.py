"""The human half of every record: `metadata.toml`, checked.

The machine's half is in `facts`. Texts may hold `{words}` that the facts fill in: see `PLACEHOLDERS`.
"""

import string
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from pcrs.errors import InputError
from pcrs.toml import tables_of

PLACEHOLDERS = (
    "territoire",
    "departement",
    "edition",
    "editions",
    "debut",
    "fin",
    "mise_a_jour",
    "dalles",
    "objets",
    "precision",
    "organisme",
    "chantier",
    "natures",
    "taille",
    "disponibilite",
    "droits",
)
"""What `{…}` may name in a title, an abstract, a lineage or a mention."""


def _template(value: str) -> str:
    """The text, when all its `{words}` are known."""
    try:
        words = [word for _, word, _, _ in string.Formatter().parse(value) if word is not None]
    except ValueError as error:
        raise ValueError(f"{error}: write {{{{ and }}}} for braces") from error
    unknown = sorted(set(words) - set(PLACEHOLDERS))
    if unknown:
        raise ValueError(f"unknown placeholder {{{unknown[0]}}}; known: {', '.join(PLACEHOLDERS)}")
    return value


def _keyword(value: str) -> str:
    """The keyword, when it is alone: catalogues keep keywords as a comma-separated field."""
    if "," in value:
        raise ValueError("one keyword per item, without a comma")
    return value


def _siren(value: str) -> str:
    """The nine digits, when the last one is the right key (Luhn)."""
    digits = value.replace(" ", "")
    if not digits:
        return ""
    if len(digits) != 9 or not digits.isdigit():
        raise ValueError("a SIREN number has nine digits")
    doubled = (int(d) * (1 + i % 2) for i, d in enumerate(reversed(digits)))
    if sum(d // 10 + d % 10 for d in doubled) % 10:
        raise ValueError("this is no SIREN number: its key is wrong")
    return digits


type Text = Annotated[str, Field(min_length=1), AfterValidator(_template)]
type Title = Annotated[str, Field(min_length=1, max_length=220), AfterValidator(_template)]
type Keyword = Annotated[str, Field(min_length=1), AfterValidator(_keyword)]
type Frequency = Literal[
    "continual", "daily", "weekly", "monthly", "quarterly", "biannually", "annually", "asNeeded", "irregular"
]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Organisation(_Table):
    """`[organisation]`: who answers for the data."""

    name: Annotated[str, Field(min_length=1)]
    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
    siren: Annotated[str, AfterValidator(_siren)] = ""

    @property
    def provider(self) -> str:
        """The name as the PCRS standard wants it in a record."""
        return f"{self.name} - SIREN {self.siren}" if self.siren else self.name


class LicenceTable(_Table):
    """`[licence]`: of all data; the mention is what users must write."""

    title: Annotated[str, Field(min_length=1)]
    url: Annotated[str, Field(pattern=r"^https?://\S+$")]
    mention: Text


class Territory(_Table):
    """`[territory]`: its name in texts, and the INSPIRE spatial scope."""

    name: Annotated[str, Field(min_length=1)]
    scope: Literal["local", "regional"] = "regional"


class Product(_Table):
    """`[series]`, `[raster]`, `[vector]`: what a person says of data."""

    title: Title
    abstract: Text
    lineage: Text
    keywords: Annotated[tuple[Keyword, ...], Field(min_length=1)]
    frequency: Frequency = "asNeeded"
    thumbnail: Annotated[str, Field(pattern=r"^(https?://\S+|/\S*)?$")] = ""
    formats: tuple[tuple[str, str], ...] = ()
    inspire: bool = False


class RasterProduct(Product):
    """`[raster]`: also the title and abstract of one edition."""

    edition_title: Title
    edition_abstract: Text


class Archives(_Table):
    """`[archives]`: of what is archived of a chantier. A file that was written before may leave it out."""

    title: Title = "Archives du chantier {chantier} – Plan Corps de Rue Simplifié (PCRS) du {territoire}"
    abstract: Text = (
        "Pièces du chantier {chantier} que {organisme} conserve : {natures}. Nombre d'objets : {objets} "
        "({taille}), {disponibilite}. Droits : {droits}. Chaque pièce se cherche dans la collection "
        "« archives » (OGC API Features, STAC), qu'elle soit en ligne ou non ; ce qui n'est pas en ligne "
        "se commande.\n\n"
        "What is kept of the survey {chantier}, on line or to be ordered; each object is found in the "
        "collection “archives” (OGC API Features, STAC)."
    )
    lineage: Text = (
        "Pièces remises par le titulaire du marché, conservées telles quelles par {organisme} : empreinte "
        "sha256 prise à l'entrée, copies relues sur plusieurs supports."
    )
    keywords: Annotated[tuple[Keyword, ...], Field(min_length=1)] = ("archives", "pcrs")
    limitation: Annotated[str, Field(pattern=r"^[a-h]$")] = "e"
    """Point of article 13(1) of the INSPIRE directive by which access to what is not open is limited."""


class Service(_Table):
    """`[services.view]`, `[services.download]`, `[services.atom]`, `[services.discovery]`."""

    title: Title
    abstract: Text
    keywords: tuple[Keyword, ...]


class Services(_Table):
    """`[services]`. A file that was written before the Atom service may leave it out."""

    view: Service
    download: Service
    atom: Service = Service(
        title="Service de téléchargement Atom du Plan Corps de Rue Simplifié (PCRS) du {territoire}",
        abstract=(
            "Fichiers du PCRS du {territoire} : dalles par édition et GML tels que livrés, dans "
            "l'arborescence du service de téléchargement de la Géoplateforme."
        ),
        keywords=("atom", "pcrs"),
    )
    discovery: Service


class Verdict(_Table):
    """`[conformity.…]`: a verdict and its reason."""

    passed: bool
    explanation: Annotated[str, Field(min_length=1)]


class PcrsVerdict(Verdict):
    """`[conformity.pcrs]`: against the CNIG standard, named and dated as it is published."""

    title: str
    url: str
    date: date


class ConformityTable(_Table):
    """`[conformity]`: against Regulations 1089/2010 (data) and 976/2009 (services), and the PCRS standard."""

    pcrs: PcrsVerdict
    interoperability: Verdict
    services: Verdict


class Human(_Table):
    """`metadata.toml`."""

    organisation: Organisation
    territory: Territory
    licence: LicenceTable
    series: Product
    raster: RasterProduct
    vector: Product
    archives: Archives = Archives()
    services: Services
    conformity: ConformityTable


def _overlaid(values: dict[str, Any], defaults: dict[tuple[str, str], str]) -> dict[str, Any]:
    """The file's values; where one of `defaults` is absent or empty there, the default."""
    merged = {key: dict(table) if isinstance(table, dict) else table for key, table in values.items()}
    for (table, key), value in defaults.items():
        inner = merged.setdefault(table, {})
        if isinstance(inner, dict) and not inner.get(key) and value:
            inner[key] = value
    return merged


def load_human(
    file: Path, *, operator: str = "", email: str = "", licence_title: str = "", licence_url: str = ""
) -> Human:
    """The human half in `file`; the keywords stand where the file leaves organisation or licence empty.

    Raises:
        InputError: no such file, no TOML, an unknown key, a value that a record cannot carry.
    """
    defaults = {
        ("organisation", "name"): operator,
        ("organisation", "email"): email,
        ("licence", "title"): licence_title,
        ("licence", "url"): licence_url,
    }
    values = tables_of(file, "copy catalog/metadata.toml there")
    try:
        return Human.model_validate(_overlaid(values, defaults))
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in fault["loc"])
        if fault["type"] == "extra_forbidden":
            raise InputError(f"{file}: unknown key {key}: remove it or correct its name") from None
        raise InputError(f"{file}: {key} = {fault['input']!r}: {fault['msg']}") from None
