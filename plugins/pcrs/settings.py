"""The settings of a site: the only place that reads `pcrs.toml` and the environment."""

import difflib
import os
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from pcrs.errors import InputError, SettingsError
from pcrs.tables import (
    AccessTable,
    ArchiveTable,
    ControlTable,
    CostTable,
    GeoplateformeTable,
    HarvestTable,
    JobsTable,
    MailTable,
    OrdersTable,
    RasterTable,
    ServeTable,
    SignalementsTable,
    SiteTable,
    StorageTable,
    StoreTable,
    Table,
    VectorTable,
)
from pcrs.toml import tables_of

_PREFIX = "PCRS_"
_NOT_SETTINGS = {"PCRS_SITE"}


class Settings(Table):
    """Every setting of a site, checked. The keys, their units and defaults are told in `config/pcrs.toml`."""

    site: SiteTable = SiteTable()
    raster: RasterTable = RasterTable()
    store: StoreTable = StoreTable()
    control: ControlTable = ControlTable()
    vector: VectorTable = VectorTable()
    storage: StorageTable = StorageTable()
    access: AccessTable = AccessTable()
    cost: CostTable = CostTable()
    orders: OrdersTable = OrdersTable()
    mail: MailTable = MailTable()
    signalements: SignalementsTable = SignalementsTable()
    jobs: JobsTable = JobsTable()
    archive: ArchiveTable = ArchiveTable()
    serve: ServeTable = ServeTable()
    geoplateforme: GeoplateformeTable = GeoplateformeTable()
    harvest: tuple[HarvestTable, ...] = ()

    @property
    def layer(self) -> str:
        """Name of the WMTS layer of the current mosaic."""
        return f"PCRS_D{self.site.departement.zfill(3)}_RVB"


def shipped(name: str) -> Path:
    """A file that comes with pcrs (`config/pcrs.toml`), in a checkout as in an installed package."""
    here = Path(__file__).resolve().parent
    for root in (here / "_shipped", here.parents[1]):
        if (root / name).is_file():
            return root / name
    raise SettingsError(f"{name} is not where pcrs is installed ({here}): install pcrs again")


def _known(model: type[BaseModel], path: tuple[str, ...]) -> list[str]:
    """The keys that the table at `path` may have."""
    for key in (part for part in path if not part.isdigit()):
        field = model.model_fields.get(key)
        if field is None:
            return []
        inner = field.annotation
        for part in get_args(inner):
            inner = part if isinstance(part, type) and issubclass(part, BaseModel) else inner
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return []
        model = inner
    return list(model.model_fields)


def _explain(error: ValidationError, source: str) -> SettingsError:
    """The first fault, with the nearest known key when a key is unknown."""
    fault = error.errors(include_url=False)[0]
    place = tuple(str(part) for part in fault["loc"])
    key = ".".join(place)
    if fault["type"] == "extra_forbidden":
        near = difflib.get_close_matches(place[-1], _known(Settings, place[:-1]), n=1, cutoff=0)
        hint = f" Did you mean {'.'.join((*place[:-1], near[0]))}?" if near else ""
        return SettingsError(f"{source}: unknown setting {key}.{hint}")
    return SettingsError(f"{source}: setting {key} = {fault['input']!r}: {fault['msg']}")


def _overlay(values: dict[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """The file's values with those of the environment over them."""
    merged = deepcopy(values)
    for variable, text in environ.items():
        if not variable.startswith(_PREFIX) or variable in _NOT_SETTINGS or "__" not in variable:
            continue
        table, *inner, key = variable.removeprefix(_PREFIX).lower().split("__")
        if table not in Settings.model_fields:
            near = difflib.get_close_matches(table, list(Settings.model_fields), n=1, cutoff=0)[0]
            raise SettingsError(f"environment: {variable} names no table. Did you mean {near}?")
        place = merged.setdefault(table, {})
        for name in inner:
            place = place.setdefault(name, {})
        place[key] = text
    return merged


def load(file: Path, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of `file`, with `PCRS_<TABLE>__<KEY>` variables over them.

    Raises:
        SettingsError: no such file, no TOML, an unknown key, a value out of bounds.
    """
    try:
        values = tables_of(file, "is this a site? `pcrs init --site DIR` makes one")
    except InputError as error:
        raise SettingsError(str(error)) from error
    try:
        settings = Settings.model_validate(_overlay(values, os.environ if environ is None else environ))
        _ = settings.raster.patterns, settings.access.rules
        _ = settings.access.oidc and settings.access.oidc.known_roles
    except ValidationError as error:
        raise _explain(error, str(file)) from None
    except InputError as error:
        raise SettingsError(f"{file}: {error}") from error
    return settings


def public_url(settings: Settings, host: str | None = None, port: int | None = None) -> str:
    """The address under which the site is seen, without a slash at the end."""
    chosen = settings.serve
    return chosen.public_url or f"http://{host or chosen.host}:{port or chosen.port}"
