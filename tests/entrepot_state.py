"""What an Entrepôt of the Géoplateforme for tests holds, what it is to do wrong, and how slow it is."""

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

DATASTORE = "87654321-0000-4000-8000-000000000046"
PROCESSINGS = {
    "Calcul de pyramide raster": ("RASTER", "ROK4-PYRAMID-RASTER", "PYRAMIDE"),
    "Calcul ou mise à jour de pyramide raster": ("RASTER", "ROK4-PYRAMID-RASTER", "PYRAMIDE"),
    "Recopie d’une archive livrée": ("ARCHIVE", "ARCHIVE", "ARCHIVE"),
    "Recopie d'une archive livrée": ("ARCHIVE", "ARCHIVE", "ARCHIVE"),
    "Intégration de données vecteur livrées en base": ("VECTOR", "VECTOR-DB", "VECTEUR"),
}
TO_DATABASE = "Intégration de données vecteur livrées en base"
ENDPOINTS = {
    "gpf-rok4-server-wmts-tms": "WMTS-TMS",
    "gpf-rok4-server-wms-r": "WMS-RASTER",
    "gpf-geoserver-wfs": "WFS",
    "gpf-download": "DOWNLOAD",
    "gpf-geonetwork": "METADATA",
}


class Refusal(Exception):
    """An answer that is no success."""

    def __init__(self, code: int, *said: str) -> None:
        super().__init__(said)
        self.code, self.said = code, said


def new_id() -> str:
    """An identifier that nothing has."""
    return str(uuid.uuid4())


@dataclass
class State:
    """The state of the platform, and what tests want of it."""

    quota: dict[str, int] = field(default_factory=dict)
    """Bytes by label (`uploads`, `PYRAMIDE`…), offerings by endpoint; 10 GB and 20 else."""
    taken: set[tuple[str, str]] = field(default_factory=set)
    """(type, layer name) that others have; ("METADATA", identifier) likewise."""
    prefix: str = ""
    names: str = "documents"
    """Processings are called as the `documents` say, or as the `sdk` does: both are seen."""
    polls: int = 1
    """How often a slow thing is looked at before it is done."""
    token_life: int = 10**9
    """Requests that one token is good for."""
    hiccup: Callable[[str, str], str] = lambda method, path: ""
    """`before` or `after`: this request is answered 502, without or with what it asks being done."""
    spoil: Callable[[str, bytes], bytes] = lambda name, data: data
    """What arrives of a file."""
    fail: set[str] = field(default_factory=set)
    """Processings that end in FAILURE, once, by type of stored data."""
    watch: Callable[[str, str], None] = lambda method, path: None
    """Is told of every request that changed something, after it did."""

    things: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    """What a reader would have suffered."""
    tokens: dict[str, int] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
    processings: dict[str, str] = field(default_factory=dict)
    endpoints: dict[str, str] = field(default_factory=lambda: {name: new_id() for name in ENDPOINTS})

    def __post_init__(self) -> None:
        told = set(list(PROCESSINGS)[1::2] if self.names == "sdk" else list(PROCESSINGS)[0::2])
        self.processings = {name: new_id() for name in (*told, TO_DATABASE)}

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Every thing of a kind."""
        return [thing for thing in self.things.values() if thing["#"] == kind]

    def layers(self) -> dict[str, list[str]]:
        """What readers see: stored data by layer, as its offering was last told."""
        seen = {}
        for offering in self.of("offering"):
            if offering["status"] == "PUBLISHED":
                name = f"{offering['type']} {offering['layer_name']}"
                seen[name] = [self.things[one]["name"] for one in offering["#data"]]
        return seen

    def changes(self) -> list[tuple[str, str]]:
        """Requests that asked for a change."""
        return [(method, path) for method, path in self.asked if method != "GET"]

    def picture(self) -> dict[str, Any]:
        """Everything that a push leaves, but for ids, dates and the bytes of GeoPackages."""
        told: dict[str, Any] = {"layers": self.layers(), "uploads": [u["name"] for u in self.of("upload")]}
        for kind, key in (
            ("stored_data", "name"),
            ("configuration", "name"),
            ("metadata", "file_identifier"),
        ):
            told[kind] = {
                thing[key]: [
                    {k: v for k, v in thing["tags"].items() if k != "empreinte" or kind == "stored_data"},
                    sorted(thing["#content"]) if thing.get("type") == "VECTOR-DB" else thing.get("#content"),
                    thing.get("status"),
                    thing.get("edition"),
                    sorted(e["name"] for e in thing.get("endpoints", ())),
                ]
                for thing in sorted(self.of(kind), key=lambda thing: str(thing[key]))
            }
        return told

    def advance(self, thing: dict[str, Any]) -> None:
        """A slow thing is looked at once more."""
        if thing.get("#left", 0) > 0:
            thing["#left"] -= 1
            if thing["#left"] == 0:
                thing.pop("#then")()

    def later(self, thing: dict[str, Any], status: str, then: Callable[[], None]) -> None:
        thing["status"] = status
        thing["#left"], thing["#then"] = self.polls, then
        if not self.polls:
            thing.pop("#then")()

    def add(self, kind: str, thing: dict[str, Any]) -> dict[str, Any]:
        identifier = new_id()
        self.things[identifier] = {**thing, "#": kind, "_id": identifier}
        return self.things[identifier]

    def get(self, kind: str, identifier: str) -> dict[str, Any]:
        thing = self.things.get(identifier)
        if thing is None or thing["#"] != kind:
            raise Refusal(404, f"{kind} {identifier} n’existe pas")
        return thing

    def datastore(self) -> dict[str, Any]:
        def storage(label: str, use: int) -> dict[str, Any]:
            about = {"name": label, "type": "S3", "labels": [label], "_id": new_id()}
            return {"use": use, "quota": self.quota.get(label, 10**10), "storage": about}

        sizes = {label: 0 for _, _, label in PROCESSINGS.values()}
        for stored in self.of("stored_data"):
            sizes[stored["#label"]] += stored.get("#size", 0)
        uploads = sum(len(f) for u in self.of("upload") for f in u["#files"].values())
        endpoints = [
            {
                "use": sum(o["endpoint"]["technical_name"] == name for o in self.of("offering")),
                "quota": self.quota.get(name, 20),
                "endpoint": {"_id": identifier, "name": name, "technical_name": name, "type": ENDPOINTS[name],
                             "open": True, "urls": []},
            }
            for name, identifier in self.endpoints.items()
        ]  # fmt: skip
        told = {
            "_id": DATASTORE,
            "name": "PCRS",
            "technical_name": "pcrs",
            "active": True,
            "endpoints": endpoints,
        }
        told["storages"] = {
            "data": [storage(label, use) for label, use in sizes.items()],
            "uploads": storage("uploads", uploads),
            "annexes": storage("annexes", 0),
        }
        if self.prefix:
            told["configuration_layer_name_prefix"] = told["metadata_file_identifier_prefix"] = self.prefix
        return told


def used(configuration: dict[str, Any]) -> list[str]:
    """Identifiers of the stored data that a configuration shows."""
    return [one["stored_data"] for one in configuration["type_infos"]["used_data"]]
