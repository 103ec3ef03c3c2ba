"""The tables of `pcrs.toml`: keys, bounds, defaults. What each means is told in `config/pcrs.toml`."""

import difflib
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from pcrs.errors import InputError
from pcrs.standard.model import CONCRETE
from pcrs.standard.names import PATTERNS, Pattern, pattern
from pcrs.work.access import NOT_CLASSES, Role, Rules, role

_PLACE = r"^(s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9_-][A-Za-z0-9._-]*)*/?)?$"
_ADDRESS = r"^(https?://[^\s?#]*[^\s?#/])?$"
_URL = r"^https?://[^\s?#]+[^\s?#/]$"

_Network = Annotated[str, Field(pattern=r"^[0-9a-fA-F.:/]+$")]


def _listed(value: object) -> object:
    """Texts of a variable of the environment, one after the other; a list stays what it is."""
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


class Table(BaseModel):
    """What all tables have in common: no unknown key, no change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SiteTable(Table):
    """`[site]`: who serves what."""

    departement: Annotated[str, Field(pattern=r"^(\d{2,3}|2[AB])$")] = "46"
    title: Annotated[str, Field(min_length=1, max_length=200)] = "PCRS du Lot"
    operator: Annotated[str, Field(min_length=1)] = "Territoire d'Énergie Lot"
    contact_email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")] = "pcrs@example.fr"
    licence_title: str = "Licence Ouverte / Open Licence version 2.0 (Etalab)"
    licence_url: str = "https://www.etalab.gouv.fr/licence-ouverte-open-licence/"
    identifier_base: Annotated[str, Field(pattern=_ADDRESS)] = ""


class NameTable(Table):
    """`[[raster.names]]`: a producer's own pattern of names."""

    template: str
    size_m: Literal[200, 1000]
    unit_m: Annotated[int, Field(ge=1)]
    digits: Annotated[int, Field(ge=1, le=8)]


class RasterTable(Table):
    """`[raster]`: how dalles are judged and made."""

    jpeg_quality: Annotated[int, Field(ge=75, le=98)] = 90
    max_nodata_share: Annotated[float, Field(ge=0, le=1)] = 0.95
    precision: Literal["002", "005", "010", "040", "150", "999"] = "010"
    names: tuple[NameTable, ...] = ()

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """The standard patterns, then the site's own."""
        own = (pattern(n.template, n.size_m, n.unit_m, n.digits) for n in self.names)
        return (*PATTERNS, *own)


class StoreTable(Table):
    """`[store]`: where objects are kept."""

    features: Annotated[str, Field(pattern=r"^((gpkg|postgres|postgresql)://\S+)?$")] = ""
    records: Annotated[str, Field(pattern=r"^((sqlite|postgres|postgresql)://\S+)?$")] = ""


class ControlTable(Table):
    """`[control]`: the levels of the control report (`pcrs.work.levels.Levels` has the same names)."""

    offset_examine_m: Annotated[float, Field(gt=0, le=1.5)] = 0.10
    offset_refuse_m: Annotated[float, Field(gt=0)] = 0.25
    jump_examine: Annotated[float, Field(gt=0, le=255)] = 10.0
    jump_refuse: Annotated[float, Field(gt=0)] = 40.0
    edge_examine_px: Annotated[float, Field(ge=1)] = 5.0
    edge_refuse_px: Annotated[float, Field(ge=1)] = 7.0
    edge_ratio: Annotated[float, Field(ge=1)] = 1.5
    dark_ratio: Annotated[float, Field(ge=0, le=1)] = 0.6
    dark_examine: Annotated[float, Field(ge=0, le=255)] = 30.0
    dark_refuse: Annotated[float, Field(ge=0, le=255)] = 12.0
    deviations: Annotated[float, Field(gt=0)] = 5.0
    saturated_examine: Annotated[float, Field(gt=0)] = 0.02
    saturated_refuse: Annotated[float, Field(gt=0)] = 0.20
    rectangle_share: Annotated[float, Field(gt=0, le=1)] = 0.75
    points_precision_cm: Annotated[float, Field(gt=0, le=75)] = 2.5
    points_per_km2: Annotated[float, Field(ge=0)] = 1.0


class VectorTable(Table):
    """`[vector]`: how GML is controlled (`pcrs.vector.levels.VectorLevels` has the same names)."""

    xsd: str = ""
    tiny_line_m: Annotated[float, Field(ge=0, le=10)] = 0.01
    height_gap_m: Annotated[float, Field(gt=0)] = 30.0
    outside_m: Annotated[float, Field(ge=0)] = 1.0


class StorageTable(Table):
    """`[storage]`: where the tiers are; keys of S3 come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."""

    intermediate: Annotated[str, Field(pattern=_PLACE)] = ""
    hot: Annotated[str, Field(pattern=_PLACE)] = ""
    endpoint: Annotated[str, Field(pattern=r"^(https?://[^\s/?#]+)?$")] = ""
    region: str = "us-east-1"


class OidcTable(Table):
    """`[access.oidc]`: an identity provider; PCRS_ACCESS__OIDC__CLIENT_SECRET gives the secret."""

    issuer: Annotated[
        str, Field(pattern=r"^(https://[^\s?#]+|http://(127\.0\.0\.1|localhost)(:\d+)?(/[^\s?#]*)?)$")
    ]
    client_id: Annotated[str, Field(min_length=1)]
    client_secret: SecretStr = SecretStr("")
    client_secret_file: str = ""
    scope: Annotated[str, Field(pattern=r"^openid( [\x21-\x7e]+)*$")] = "openid profile"
    role_claim: Annotated[str, Field(min_length=1)] = "roles"
    roles: dict[str, str]
    userinfo: Literal["no", "json", "signed"] = "no"

    @property
    def known_roles(self) -> dict[str, Role]:
        """Our role by what the claim holds.

        Raises:
            InputError: there is no such role.
        """
        return {held: role(name) for held, name in self.roles.items()}


class AccessTable(Table):
    """`[access]`: who reads what is not open."""

    layers: dict[str, str] = {}
    oidc: OidcTable | None = None

    @property
    def rules(self) -> Rules:
        """As the decision takes them.

        Raises:
            InputError: there is no such role or layer.
        """
        return Rules({_layer(layer): role(name) for layer, name in self.layers.items()})


def _layer(text: str) -> str:
    """The layer of that name, in any case. One that does not exist would leave something open, unseen."""
    names = {name.casefold(): name for name in (*NOT_CLASSES, *(each.name for each in CONCRETE))}
    if (found := names.get(text.casefold())) is None:
        near = difflib.get_close_matches(text.casefold(), list(names), n=1, cutoff=0)[0]
        raise InputError(f"[access] layers: there is no layer {text!r} to close. Did you mean {names[near]}?")
    return found


class AcquisitionTable(Table):
    """`[[cost.acquisitions]]`: what was bought, spread over years."""

    title: Annotated[str, Field(min_length=1)]
    euros: Annotated[Decimal, Field(ge=0)]
    day: date
    years: Annotated[int, Field(ge=1, le=50)]


class ContributionTable(Table):
    """`[[cost.contributions]]`: what partners give."""

    partner: Annotated[str, Field(min_length=1)]
    euros: Annotated[Decimal, Field(ge=0)]
    year: Annotated[int, Field(ge=1990, le=2200)]
    yearly: bool = False


class CostTable(Table):
    """`[cost]`: prices, activity, what was bought and what partners give."""

    prices: Annotated[str, Field(min_length=1)] = "ovh-2023"
    current: str = "vm"
    intermediate: str = "standard"
    targets: dict[str, str] = {}
    growth_percent: Annotated[Decimal, Field(ge=-50, le=500)] = Decimal(5)
    years: Annotated[int, Field(ge=1, le=30)] = 5
    reads_per_month: Annotated[int, Field(ge=0)] = 0
    egress_gb_per_month: Annotated[int, Field(ge=0)] = 0
    restored_gb_per_month: Annotated[int, Field(ge=0)] = 0
    acquisitions: tuple[AcquisitionTable, ...] = ()
    contributions: tuple[ContributionTable, ...] = ()


class OrdersTable(Table):
    """`[orders]`: cold objects that are asked for."""

    free_euros: Annotated[Decimal, Field(ge=0)] = Decimal(5)
    free_gb: Annotated[int, Field(ge=0)] = 50
    days: Annotated[int, Field(ge=1, le=365)] = 14


class MailTable(Table):
    """`[mail]`: how people are told; the password comes from PCRS_MAIL__PASSWORD."""

    smtp: str = ""
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    tls: bool = True
    sender: str = ""
    user: str = ""
    password: SecretStr = SecretStr("")


class SignalementsTable(Table):
    """`[signalements]`: what people say has changed."""

    open: bool = True
    an_hour: Annotated[int, Field(ge=1)] = 10
    waiting: Annotated[int, Field(ge=1)] = 1000
    keep_days: Annotated[int, Field(ge=1, le=3650)] = 730


class JobsTable(Table):
    """`[jobs]`: what users run: extracts, controls."""

    runners: Annotated[int, Field(ge=0, le=64)] = 1
    keep_hours: Annotated[int, Field(ge=1, le=8760)] = 48
    max_objects: Annotated[int, Field(ge=1)] = 2_000_000
    max_gb: Annotated[int, Field(ge=1, le=10_000)] = 20
    max_km2: Annotated[int, Field(ge=1, le=10_000)] = 30


class GeoplateformeTable(Table):
    """`[geoplateforme]`: where the site is pushed; the account comes from PCRS_GPF_* variables."""

    datastore: Annotated[str, Field(pattern=r"^[0-9A-Za-z-]*$")] = ""
    api: Annotated[str, Field(pattern=_URL)] = "https://data.geopf.fr/api"
    sso: Annotated[str, Field(pattern=_URL)] = (
        "https://sso.geopf.fr/realms/geoplateforme/protocol/openid-connect/token"
    )
    catalogue: Annotated[str, Field(pattern=_URL)] = "https://data.geopf.fr/csw"
    prefix: Annotated[str, Field(pattern=r"^([A-Za-z_][A-Za-z0-9_.-]*)?$")] = ""
    source: Literal["original", "compressed"] = "original"
    lot_gb: Annotated[float, Field(gt=0)] = 100.0
    poll_s: Annotated[float, Field(gt=0, le=3600)] = 10.0
    open_data: bool = False


class TargetTable(Table):
    """`[[archive.targets]]`: one place for copies."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
    url: Annotated[str, Field(min_length=1)]
    medium: Literal["disque", "bande", "objet", "nas"]
    offsite: bool = False
    takes: Literal["paquets", "miroir"] = "paquets"
    key_file: str = ""
    known_hosts: str = ""
    endpoint: Annotated[str, Field(pattern=r"^(https?://[^\s/?#]+)?$")] = ""
    region: str = "us-east-1"
    storage_class: Annotated[str, Field(pattern=r"^[A-Z_]*$")] = ""
    lock_mode: Literal["", "GOVERNANCE", "COMPLIANCE"] = ""
    lock_days: Annotated[int, Field(ge=0, le=36_500)] = 0


class RuleTable(Table):
    """`[[archive.rules]]`: what may be let go, and when."""

    what: Literal["dalles-remplacees", "restitutions", "paquets"]
    days: Annotated[int, Field(ge=0, le=36_500)] = 30
    target: str = ""
    chantier: str = ""
    keep: Annotated[int, Field(ge=1, le=9)] = 2


class ArchiveTable(Table):
    """`[archive]`: custody of what is kept (`pcrs.store.inventory.Rule` has the names of the 3-2-1 rule)."""

    copies: Annotated[int, Field(ge=1, le=9)] = 3
    media: Annotated[int, Field(ge=1, le=4)] = 2
    offsite: Annotated[int, Field(ge=0, le=9)] = 1
    verify_days: Annotated[int, Field(ge=1, le=36_500)] = 365
    bag_gb: Annotated[float, Field(gt=0, le=100_000)] = 100.0
    tier_medium: Literal["disque", "bande", "objet", "nas"] = "disque"
    tier_offsite: bool = False
    targets: tuple[TargetTable, ...] = ()
    rules: tuple[RuleTable, ...] = ()


class HarvestTable(Table):
    """`[[harvest]]`: a catalogue or a service whose records and layers are shown in ours."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
    kind: Literal["csw", "wmts", "wms"]
    url: Annotated[str, Field(pattern=r"^https?://\S+$")]
    search: str = ""
    bbox: tuple[float, float, float, float] | None = None
    identifiers: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    max_records: Annotated[int, Field(ge=1, le=20_000)] = 500

    @model_validator(mode="after")
    def _named(self) -> "HarvestTable":
        """Layers are named, for a service has thousands."""
        if self.kind != "csw" and not self.layers:
            raise ValueError('name the layers: layers = ["PCRS.LAMB93"]')
        return self


class ServeTable(Table):
    """`[serve]`: where and how much."""

    public_url: Annotated[str, Field(pattern=_ADDRESS)] = ""
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8046
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    max_coverage_mpx: Annotated[int, Field(ge=1, le=400)] = 25
    max_export_objects: Annotated[int, Field(ge=1)] = 200_000
    max_query_s: Annotated[float, Field(ge=0, le=600)] = 10.0
    tile_cache_mb: Annotated[int, Field(ge=0, le=1_000_000)] = 512
    count_use: bool = True
    log: Literal["", "json"] = ""
    connections: Annotated[int, Field(ge=10, le=100_000)] = 2000
    requests_at_once: Annotated[int, Field(ge=1, le=100_000)] = 500
    requests_each: Annotated[int, Field(ge=1, le=100_000)] = 100
    proxies: Annotated[tuple[_Network, ...], BeforeValidator(_listed)] = ()
