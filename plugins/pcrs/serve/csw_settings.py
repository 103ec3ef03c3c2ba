"""pycsw's configuration: what `catalog/pycsw.yml` fixes, and what the site gives."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pcrs.errors import SettingsError


@dataclass(frozen=True, slots=True)
class CatalogueSite:
    """What the catalogue service says of itself, and where its records are."""

    public_url: str
    """Without a slash at the end."""
    records: str
    """The address of the record store, as `RecordStore` takes it."""
    title: str
    operator: str
    contact_email: str
    licence_title: str
    licence_url: str

    @property
    def url(self) -> str:
        """The address of the service."""
        return f"{self.public_url}/csw"


def configuration(file: Path, site: CatalogueSite) -> dict[str, Any]:
    """The dictionary that pycsw takes; it changes what it is given, so each call needs its own copy.

    Raises:
        SettingsError: the file is missing, is no YAML, or lacks a part.
    """
    try:
        config: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
        identification = config["metadata"]["identification"]
        inspire = config["metadata"]["inspire"]
        config["server"]["url"] = site.url
        config["repository"]["database"] = site.records
    except OSError as error:
        raise SettingsError(f"{file} cannot be read ({error}): install pcrs again") from error
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise SettingsError(f"{file} is no pycsw configuration: {error}") from error
    identification |= {
        "title": f"Catalogue : {site.title}",
        "description": f"Fiches de métadonnées ISO 19139 de {site.title} (CSW 2.0.2 et 3.0.0)",
        "accessconstraints": f"{site.licence_title} ({site.licence_url})",
    }
    config["metadata"]["provider"] = {"name": site.operator, "url": site.public_url}
    config["metadata"]["contact"] = _contact(site)
    inspire |= {"contact_name": site.operator, "contact_email": site.contact_email}
    return config


def _contact(site: CatalogueSite) -> dict[str, str]:
    """The contact; pycsw writes `missing` where a field is not given, so all are."""
    unknown = ("position", "phone", "fax", "address", "city", "stateorprovince", "postalcode", "hours")
    return dict.fromkeys(unknown, "") | {
        "name": site.operator,
        "country": "France",
        "email": site.contact_email,
        "url": site.public_url,
        "instructions": "courriel",
        "role": "pointOfContact",
    }
