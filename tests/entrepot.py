# ruff: noqa: C901 - a table of what the platform refuses reads best in one piece
"""An Entrepôt of the Géoplateforme for tests: the API's paths, states, refusals and slowness, over memory.

Paths, bodies and states are those of sdk-entrepot-gpf 0.1.46 and of the documentation of cartes.gouv.fr.
"""

import hashlib
import json
import re
import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import rasterio
import uvicorn
from lxml import etree
from rasterio.io import MemoryFile
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.patience import PATIENCE_S, until

DATASTORE = "87654321-0000-4000-8000-000000000046"
PROCESSINGS = {
    "Calcul de pyramide raster": ("RASTER", "ROK4-PYRAMID-RASTER", "PYRAMIDE"),
    "Calcul ou mise à jour de pyramide raster": ("RASTER", "ROK4-PYRAMID-RASTER", "PYRAMIDE"),
    "Recopie d’une archive livrée": ("ARCHIVE", "ARCHIVE", "ARCHIVE"),
    "Recopie d'une archive livrée": ("ARCHIVE", "ARCHIVE", "ARCHIVE"),
    "Intégration de données vecteur livrées en base": ("VECTOR", "VECTOR-DB", "VECTEUR"),
}
_TO_DATABASE = "Intégration de données vecteur livrées en base"
ENDPOINTS = {
    "gpf-rok4-server-wmts-tms": "WMTS-TMS",
    "gpf-rok4-server-wms-r": "WMS-RASTER",
    "gpf-geoserver-wfs": "WFS",
    "gpf-download": "DOWNLOAD",
    "gpf-geonetwork": "METADATA",
}
LAYER_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
SUB_NAME = re.compile(r"[A-Za-z0-9_.-]+")
GMD = {"gmd": "http://www.isotc211.org/2005/gmd", "gco": "http://www.isotc211.org/2005/gco"}


class Refusal(Exception):
    """An answer that is no success."""

    def __init__(self, code: int, *said: str) -> None:
        super().__init__(said)
        self.code, self.said = code, said


def _id() -> str:
    return str(uuid.uuid4())


@dataclass
class Fake:
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
    _tokens: dict[str, int] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    processings: dict[str, str] = field(default_factory=dict)
    endpoints: dict[str, str] = field(default_factory=lambda: {name: _id() for name in ENDPOINTS})

    def __post_init__(self) -> None:
        told = set(list(PROCESSINGS)[1::2] if self.names == "sdk" else list(PROCESSINGS)[0::2])
        self.processings = {name: _id() for name in (*told, _TO_DATABASE)}

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

    # what time does

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

    # uploads

    def create_upload(self, body: dict[str, Any]) -> dict[str, Any]:
        for key in ("name", "description", "type", "srs"):
            if not body.get(key):
                raise Refusal(400, f"{key} : ne doit pas être vide")
        if body["type"] not in ("RASTER", "VECTOR", "ARCHIVE"):
            raise Refusal(400, f"type de livraison inconnu : {body['type']}")
        return self.add("upload", {**body, "status": "OPEN", "size": 0, "tags": {}, "#files": {}, "#md5": {}})

    def put_file(self, upload: dict[str, Any], slot: str, path: str, data: bytes) -> None:
        if upload["status"] != "OPEN":
            raise Refusal(409, "La livraison n’est pas ouverte")
        if not path or path.startswith("/") or ".." in path.split("/"):
            raise Refusal(400, f"chemin incorrect : {path}")
        if path in upload[slot]:
            raise Refusal(409, f"Un fichier existe déjà à cet emplacement : {path}")
        used = sum(len(f) for u in self.of("upload") for f in u["#files"].values())
        if used + len(data) > self.quota.get("uploads", 10**10):
            raise Refusal(409, "Le quota de livraison de l’entrepôt est dépassé")
        upload[slot][path] = self.spoil(path, data)

    def close(self, upload: dict[str, Any]) -> None:
        if upload["status"] != "OPEN":
            raise Refusal(409, "La livraison n’est pas ouverte")
        if not upload["#files"]:
            raise Refusal(409, "La livraison est vide")
        names = {"Vérification standard": _standard}
        names[f"Vérification {upload['type'].lower()}"] = _CHECKS[upload["type"]]
        upload["#checks"] = [
            self.add(
                "check", {"check": {"name": name, "_id": _id()}, "#log": check(upload), "status": "WAITING"}
            )
            for name, check in names.items()
        ]
        upload["size"] = sum(map(len, upload["#files"].values()))

        def checked() -> None:
            for check in upload["#checks"]:
                check["status"] = "FAILURE" if check["#log"] else "SUCCESS"
            upload["status"] = "CLOSED"

        self.later(upload, "CHECKING", checked)

    # processings

    def create_execution(self, body: dict[str, Any]) -> dict[str, Any]:
        names = {identifier: name for name, identifier in self.processings.items()}
        if body.get("processing") not in names:
            raise Refusal(404, "Traitement inconnu")
        wants, makes, label = PROCESSINGS[names[body["processing"]]]
        uploads = [self.get("upload", one) for one in body["inputs"].get("upload", ())]
        bases = [self.get("stored_data", one) for one in body["inputs"].get("stored_data", ())]
        for upload in uploads:
            if upload["type"] != wants:
                raise Refusal(400, f"type {upload['type']} refusé par ce traitement")
            if upload["status"] != "CLOSED":
                raise Refusal(409, f"La livraison {upload['name']} n’est pas fermée")
            if any(check["status"] != "SUCCESS" for check in upload["#checks"]):
                raise Refusal(409, f"La livraison {upload['name']} n’a pas passé les vérifications requises")
        for base in bases:
            if base["status"] != "GENERATED" or base["type"] != makes:
                raise Refusal(409, f"La donnée {base['name']} n’est pas utilisable")
        output = body["output"]["stored_data"]
        if "_id" in output:
            stored = self.get("stored_data", output["_id"])
            if stored["status"] != "GENERATED":
                raise Refusal(409, "La donnée en sortie n’est pas générée")
        else:
            if output.get("storage_tags") != [label]:
                raise Refusal(400, "Aucun stockage ne correspond")
            if makes == "ROK4-PYRAMID-RASTER" and not bases and body["parameters"].get("tms") != "2154_5cm":
                raise Refusal(400, "tms : obligatoire")
            stored = self.add(
                "stored_data",
                {"name": output["name"], "type": makes, "status": "CREATED", "tags": {}, "#content": {},
                 "#label": label, "type_infos": {}},
            )  # fmt: skip
        return self.add(
            "execution",
            {
                "processing": {"name": names[body["processing"]], "_id": body["processing"]},
                "status": "CREATED",
                "inputs": {"upload": [_short(u) for u in uploads], "stored_data": [_short(b) for b in bases]},
                "output": {"stored_data": _short(stored)},
                "parameters": body.get("parameters", {}),
                "#log": [],
            },
        )

    def launch(self, execution: dict[str, Any]) -> None:
        if execution["status"] != "CREATED":
            raise Refusal(409, "L’exécution est déjà lancée")
        stored = self.get("stored_data", execution["output"]["stored_data"]["_id"])
        uploads = [self.get("upload", one["_id"]) for one in execution["inputs"]["upload"]]
        stored["status"] = "MODIFYING" if stored["#content"] else "GENERATING"
        for upload in uploads:
            upload["#busy"] = True

        def done() -> None:
            for upload in uploads:
                upload["#busy"] = False
            if stored["type"] in self.fail:
                self.fail.discard(stored["type"])
                execution["status"], stored["status"] = "FAILURE", "UNSTABLE"
                execution["#log"] = [
                    "2026-11-28 INFO||p||1||départ",
                    "2026-11-28 ERROR||p||1||dalle illisible",
                ]
                return
            for base in execution["inputs"]["stored_data"]:
                stored["#content"] |= self.get("stored_data", base["_id"])["#content"]
            for upload in uploads:
                for path, data in upload["#files"].items():
                    stored["#content"][path.rpartition("/")[2]] = hashlib.md5(data).hexdigest()
                    stored["#size"] = stored.get("#size", 0) + len(data)
                stored["type_infos"] |= _infos(upload)
            execution["status"], stored["status"] = "SUCCESS", "GENERATED"

        self.later(execution, "WAITING", done)

    def delete(self, thing: dict[str, Any]) -> None:
        kind = thing["#"]
        if kind == "upload" and (thing.get("#busy") or thing["status"] == "CHECKING"):
            raise Refusal(409, "La livraison est utilisée par un traitement")
        if kind == "stored_data":
            if thing["status"] in ("GENERATING", "MODIFYING"):
                raise Refusal(409, "La donnée est en cours de traitement")
            if any(thing["_id"] in _used(c) for c in self.of("configuration")):
                raise Refusal(409, "La donnée stockée est utilisée par une configuration")
            for offering in self.of("offering"):
                if thing["_id"] in offering["#data"]:
                    self.faults.append(
                        f"{thing['name']} supprimée alors que {offering['layer_name']} la sert"
                    )
        if kind == "configuration" and any(o["#conf"] == thing["_id"] for o in self.of("offering")):
            raise Refusal(409, "La configuration est publiée")
        if kind == "metadata" and thing["endpoints"]:
            raise Refusal(409, "La métadonnée est publiée")
        if kind == "offering":
            if thing["status"] != "PUBLISHED":
                raise Refusal(409, "L’offre n’est pas publiée")
            self.later(thing, "UNPUBLISHING", lambda: self._gone(thing))
            return
        del self.things[thing["_id"]]

    def _gone(self, offering: dict[str, Any]) -> None:
        del self.things[offering["_id"]]
        configuration = self.things[offering["#conf"]]
        if not any(o["#conf"] == configuration["_id"] for o in self.of("offering")):
            configuration["status"] = "UNPUBLISHED"

    # layers

    def configure(self, body: dict[str, Any], there: dict[str, Any] | None = None) -> dict[str, Any]:
        layer, type_ = body.get("layer_name", ""), body.get("type", "")
        if type_ not in ENDPOINTS.values() or type_ == "METADATA":
            raise Refusal(400, f"type de configuration inconnu : {type_}")
        if not LAYER_NAME.fullmatch(layer) or not layer.startswith(self.prefix):
            raise Refusal(400, f"layer_name incorrect : {layer}")
        names = {(c["type"], c["layer_name"]) for c in self.of("configuration") if c is not there}
        if (type_, layer) in names | self.taken:
            raise Refusal(409, f"Le nom de couche {layer} est déjà pris pour ce type")
        if there is not None and (type_, layer) != (there["type"], there["layer_name"]):
            raise Refusal(400, "type et layer_name ne peuvent pas changer")
        infos = body["type_infos"]
        used = infos["used_data"]
        if len({one["stored_data"] for one in used}) != len(used):
            raise Refusal(400, "Une donnée stockée est référencée plusieurs fois")
        for one in used:
            self._fits(type_, one, self.get("stored_data", one["stored_data"]))
        if type_ == "DOWNLOAD":
            subs = [one["sub_name"] for one in used]
            if len(set(subs)) != len(subs) or not all(SUB_NAME.fullmatch(sub) for sub in subs):
                raise Refusal(400, "sub_name en double ou incorrect")
            if not isinstance(infos["title"], dict) or not isinstance(infos["abstract"], dict):
                raise Refusal(400, "title et abstract : par langue")
        elif type_ != "WFS" and not (infos.get("title") and infos.get("abstract")):
            raise Refusal(400, "title et abstract : obligatoires")
        told = {
            key: body[key] for key in ("type", "name", "layer_name", "type_infos", "metadata") if key in body
        }
        if there is not None:
            there.update(told)
            return there
        return self.add("configuration", {**told, "status": "UNPUBLISHED", "tags": {}})

    def _fits(self, type_: str, used: dict[str, Any], stored: dict[str, Any]) -> None:
        wants = {"WMTS-TMS": "ROK4-PYRAMID-RASTER", "WMS-RASTER": "ROK4-PYRAMID-RASTER"}
        wants |= {"WFS": "VECTOR-DB", "DOWNLOAD": "ARCHIVE"}
        if stored["status"] not in ("GENERATED", "MODIFYING") or stored["type"] != wants[type_]:
            raise Refusal(409, f"La donnée stockée {stored['name']} n’est pas utilisable")
        if wants[type_] == "ROK4-PYRAMID-RASTER":
            levels = stored["type_infos"]["levels"]
            if used["bottom_level"] not in levels or used["top_level"] not in levels:
                raise Refusal(400, "Niveau absent de la donnée stockée")
        if type_ == "WFS":
            tables = {one["name"] for one in stored["type_infos"]["relations"]}
            for relation in used["relations"]:
                if relation["native_name"] not in tables:
                    raise Refusal(400, f"Table absente de la donnée stockée : {relation['native_name']}")

    def offer(self, configuration: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        names = {identifier: name for name, identifier in self.endpoints.items()}
        name = names.get(body.get("endpoint", ""))
        if name is None or ENDPOINTS[name] != configuration["type"]:
            raise Refusal(400, "Ce point d’accès n’est pas du type de la configuration")
        here = [o for o in self.of("offering") if o["endpoint"]["technical_name"] == name]
        if any(o["#conf"] == configuration["_id"] for o in here):
            raise Refusal(409, "La configuration est déjà publiée sur ce point d’accès")
        if len(here) >= self.quota.get(name, 20):
            raise Refusal(409, "Le quota de couches du point d’accès est atteint")
        offering = self.add(
            "offering",
            {
                "type": configuration["type"],
                "layer_name": configuration["layer_name"],
                "open": bool(body["open"]),
                "available": True,
                "endpoint": {"_id": body["endpoint"], "name": name, "technical_name": name},
                "configuration": {"_id": configuration["_id"], "name": configuration["name"]},
                "urls": [],
                "#conf": configuration["_id"],
                "#data": [],
            },
        )
        self.later(offering, "PUBLISHING", lambda: self._shown(offering))
        return offering

    def synchronise(self, offering: dict[str, Any]) -> None:
        if offering["status"] != "PUBLISHED":
            raise Refusal(409, "L’offre n’est pas publiée")
        self.later(offering, "MODIFYING", lambda: self._shown(offering))

    def _shown(self, offering: dict[str, Any]) -> None:
        configuration = self.things[offering["#conf"]]
        offering["status"] = configuration["status"] = "PUBLISHED"
        offering["#data"] = _used(configuration)

    # records

    def record(
        self, xml: bytes, fields: dict[str, str], there: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        try:
            root = etree.fromstring(xml)
        except etree.XMLSyntaxError as error:
            raise Refusal(400, f"XML invalide : {error}") from error
        identifier = root.findtext("gmd:fileIdentifier/gco:CharacterString", "", GMD)
        scope = root.find("gmd:hierarchyLevel/gmd:MD_ScopeCode", GMD)
        level = "dataset" if scope is None else scope.get("codeListValue")
        if level not in ("dataset", "series"):
            raise Refusal(400, f"niveau refusé : {level}")
        if there is not None:
            if identifier != there["file_identifier"]:
                raise Refusal(400, "Le file identifier ne doit pas changer")
            there["#xml"], there["#content"] = xml, hashlib.md5(xml).hexdigest()
            return there
        if not identifier.startswith(self.prefix):
            raise Refusal(400, "file identifier sans le préfixe de l’entrepôt")
        taken = {m["file_identifier"] for m in self.of("metadata")}
        if identifier in taken or ("METADATA", identifier) in self.taken:
            raise Refusal(409, f"Le file identifier {identifier} est déjà pris")
        told = {"type": fields.get("type", "ISOAP"), "open_data": fields.get("open_data") == "true"}
        told |= {"file_identifier": identifier, "level": level.upper(), "endpoints": [], "tags": {}}
        return self.add("metadata", {**told, "#xml": xml, "#content": hashlib.md5(xml).hexdigest()})

    def publish(self, body: dict[str, Any], *, away: bool) -> None:
        if body["endpoint"] != self.endpoints["gpf-geonetwork"]:
            raise Refusal(400, "Ce point d’accès n’est pas un catalogue")
        for identifier in body["file_identifiers"]:
            found = [m for m in self.of("metadata") if m["file_identifier"] == identifier]
            if not found:
                raise Refusal(404, f"métadonnée inconnue : {identifier}")
            at = {"_id": body["endpoint"], "name": "gpf-geonetwork"}
            found[0]["endpoints"] = [] if away else [at]

    # the rest

    def add(self, kind: str, thing: dict[str, Any]) -> dict[str, Any]:
        identifier = _id()
        self.things[identifier] = {**thing, "#": kind, "_id": identifier}
        return self.things[identifier]

    def get(self, kind: str, identifier: str) -> dict[str, Any]:
        thing = self.things.get(identifier)
        if thing is None or thing["#"] != kind:
            raise Refusal(404, f"{kind} {identifier} n’existe pas")
        return thing

    def datastore(self) -> dict[str, Any]:
        def storage(label: str, use: int) -> dict[str, Any]:
            about = {"name": label, "type": "S3", "labels": [label], "_id": _id()}
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


def _used(configuration: dict[str, Any]) -> list[str]:
    return [one["stored_data"] for one in configuration["type_infos"]["used_data"]]


def _short(thing: dict[str, Any]) -> dict[str, Any]:
    return {key: thing[key] for key in ("_id", "name", "type", "status") if key in thing}


def _standard(upload: dict[str, Any]) -> list[str]:
    sums: dict[str, str] = {}
    for data in upload["#md5"].values():
        sums |= {line[34:]: line[:32] for line in data.decode().splitlines()}
    wrong = [path for path, told in sums.items() if path not in upload["#files"]]
    for path, data in upload["#files"].items():
        if path in sums and hashlib.md5(data).hexdigest() != sums[path]:
            wrong.append(path)
    return [f"2026-11-28 ERROR||gpf-check||7||signature MD5 incorrecte : {path}" for path in wrong]


def _raster(upload: dict[str, Any]) -> list[str]:
    wrong, sizes = [], set()
    for path, data in upload["#files"].items():
        try:
            with MemoryFile(data) as memory, memory.open() as image:
                sizes.add(image.res)
                if image.crs is None or f"EPSG:{image.crs.to_epsg()}" != upload["srs"]:
                    wrong.append(f"Incohérence avec le SRS du fichier {path}")
        except rasterio.errors.RasterioIOError:
            wrong.append(f"fichier illisible {path}")
    wrong += ["écart de résolution entre les images"] if len(sizes) > 1 else []
    return [f"2026-11-28 ERROR||gpf-check-raster||7||{said}" for said in wrong]


def _archive(upload: dict[str, Any]) -> list[str]:
    names = [path.rpartition("/")[2] for path in upload["#files"]]
    twice = {name for name in names if names.count(name) > 1}
    return [f"2026-11-28 ERROR||gpf-check-archive||7||nom en double : {name}" for name in twice]


def _tables(geopackage: bytes) -> list[str]:
    """Names of its tables, all of which the platform takes in."""
    try:
        with closing(sqlite3.connect(":memory:")) as db:
            db.deserialize(geopackage)
            return [row[0] for row in db.execute("SELECT table_name FROM gpkg_contents")]
    except sqlite3.DatabaseError:
        return []


def _vector(upload: dict[str, Any]) -> list[str]:
    wrong = []
    for path, data in upload["#files"].items():
        if path.endswith(".gml"):
            wrong.append(f"format non géré : {path}")
        elif not _tables(data):
            wrong.append(f"aucune couche : {path}")
    return [f"2026-11-28 ERROR||gpf-check-vector||7||{said}" for said in wrong]


_CHECKS = {"RASTER": _raster, "ARCHIVE": _archive, "VECTOR": _vector}


def _infos(upload: dict[str, Any]) -> dict[str, Any]:
    if upload["type"] == "RASTER":
        return {"tms": "2154_5cm", "levels": [str(level) for level in range(6, 23)]}
    if upload["type"] == "VECTOR":
        names = [name for data in upload["#files"].values() for name in _tables(data)]
        return {"relations": [{"name": name.lower(), "type": "TABLE"} for name in names]}
    return {}


_KINDS = {
    "uploads": "upload",
    "stored_data": "stored_data",
    "configurations": "configuration",
    "offerings": "offering",
    "metadata": "metadata",
    "processings/executions": "execution",
    "checks/executions": "check",
}


def _public(thing: Any) -> Any:
    if isinstance(thing, dict):
        return {key: _public(value) for key, value in thing.items() if not key.startswith("#")}
    return [_public(one) for one in thing] if isinstance(thing, list) else thing


def _form(sent: bytes, boundary: str) -> tuple[bytes, str, dict[str, str]]:
    """The file, its name, and the other fields of a multipart body."""
    data, name, fields = b"", "", {}
    for part in sent.split(f"--{boundary}".encode())[1:-1]:
        head, _, value = part[2:-2].partition(b"\r\n\r\n")
        told = dict(re.findall(r'(name|filename)="([^"]*)"', head.decode()))
        if "filename" in told:
            data, name = value, told["filename"]
        else:
            fields[told["name"]] = value.decode()
    return data, name, fields


def _tree(files: dict[str, bytes]) -> list[dict[str, Any]]:
    folders: dict[str, list[dict[str, Any]]] = {}
    top = []
    for path, data in files.items():
        folder, _, name = path.rpartition("/")
        row = {"type": "FILE", "name": name, "size": len(data)}
        (folders.setdefault(folder, []) if folder else top).append(row)
    for folder, rows in folders.items():
        top.append({"type": "DIRECTORY", "name": folder, "size": 0, "children": rows})
    return top


def _listed(fake: Fake, request: Request, rows: list[dict[str, Any]]) -> Response:
    """A page of what the query asks for, with Content-Range; lists do not give every property."""
    query = dict(request.query_params)
    page, limit = int(query.pop("page", 1)), min(int(query.pop("limit", 10)), 50)
    query.pop("fields", None)
    for key, value in query.items():
        if key.startswith("tags["):
            rows = [row for row in rows if row.get("tags", {}).get(key[5:-1]) == value]
        elif key == "stored_data":
            rows = [row for row in rows if value in _used(row)]
        elif key in ("input_upload", "output_stored_data"):
            rows = [row for row in rows if value in str(row["inputs" if key[0] == "i" else "output"])]
        else:
            rows = [row for row in rows if str(row.get(key, "")).lower() == value.lower()]
    some = rows[(page - 1) * limit : page * limit]
    brief = [{k: v for k, v in row.items() if k not in ("tags", "type_infos", "inputs")} for row in some]
    last = max(0, (page - 1) * limit + len(some) - 1)
    headers = {"Content-Range": f"{(page - 1) * limit}-{last}/{len(rows)}"}
    return JSONResponse(_public(brief), 206 if len(some) < len(rows) else 200, headers)


def _app(fake: Fake) -> Starlette:
    async def token(request: Request) -> Response:
        form = parse_qs((await request.body()).decode())
        if ["secret"] not in (form.get("client_secret"), form.get("password")):
            return JSONResponse({"error": "invalid_grant", "error_description": "mauvais compte"}, 401)
        made = _id()
        fake._tokens[made] = fake.token_life
        return JSONResponse({"access_token": made, "expires_in": 300})

    async def api(request: Request) -> Response:
        path = request.path_params["path"]
        sent, kind = await request.body(), request.headers.get("content-type", "")
        data, name, fields = b"", "", dict(request.query_params)
        body = None
        if kind.startswith("multipart/"):
            data, name, more = _form(sent, kind.partition("boundary=")[2])
            fields |= more
        elif sent:
            body = json.loads(sent)
        with fake._lock:
            bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
            left = fake._tokens.get(bearer, 0)
            fake._tokens[bearer] = left - 1
            if left <= 0:
                return JSONResponse({"error": "unauthorized"}, 401)
            fake.asked.append((request.method, path))
            trouble = fake.hiccup(request.method, path)
            if trouble == "before":
                return Response("Bad Gateway", 502)
            try:
                answer = _answer(fake, request, path, (body, data, name, fields))
            except Refusal as refusal:
                told = {"error": "refus", "error_description": list(refusal.said)}
                return JSONResponse(told, refusal.code)
            if request.method != "GET":
                fake.watch(request.method, path)
            return Response("Bad Gateway", 502) if trouble == "after" else answer

    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    return Starlette(
        routes=[
            Route("/token", token, methods=["POST"]),
            Route(f"/api/datastores/{DATASTORE}", lambda r: _guarded(fake, r), methods=["GET"]),
            Route(f"/api/datastores/{DATASTORE}/{{path:path}}", api, methods=methods),
        ]
    )


def _guarded(fake: Fake, request: Request) -> Response:
    bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
    if fake._tokens.get(bearer, 0) <= 0:
        return JSONResponse({"error": "unauthorized"}, 401)
    return JSONResponse(fake.datastore())


def _answer(
    fake: Fake, request: Request, path: str, given: tuple[Any, bytes, str, dict[str, str]]
) -> Response:
    method = request.method
    if path == "processings":
        return _listed(fake, request, [{"name": n, "_id": i} for n, i in fake.processings.items()])
    for name, identifier in fake.processings.items():
        if path == f"processings/{identifier}":
            return JSONResponse({"name": name, "_id": identifier})
    for place, kind in _KINDS.items():
        if path == place and method == "GET":
            return _listed(fake, request, fake.of(kind))
        if path == place:
            return _made(fake, kind, given)
        if path.startswith(f"{place}/"):
            identifier, _, verb = path.removeprefix(f"{place}/").partition("/")
            if kind == "metadata" and identifier in ("publication", "unpublication"):
                fake.publish(given[0], away=identifier == "unpublication")
                return Response(status_code=204)
            return _done(fake, request, fake.get(kind, identifier), verb, given)
    raise Refusal(404, f"{method} {path} : route inconnue")


def _made(fake: Fake, kind: str, given: tuple[Any, bytes, str, dict[str, str]]) -> Response:
    body, data, _, fields = given
    if kind == "upload":
        return JSONResponse(_public(fake.create_upload(body)), 201)
    if kind == "execution":
        return JSONResponse(_public(fake.create_execution(body)), 201)
    if kind == "configuration":
        return JSONResponse(_public(fake.configure(body)), 201)
    if kind == "metadata":
        return JSONResponse(_public(fake.record(data, fields)), 201)
    raise Refusal(405, "méthode refusée")


def _done(
    fake: Fake,
    request: Request,
    thing: dict[str, Any],
    verb: str,
    given: tuple[Any, bytes, str, dict[str, str]],
) -> Response:
    body, data, name, fields = given
    kind, method = thing["#"], request.method
    match (kind, method, verb):
        case (_, "GET", ""):
            fake.advance(thing)
            if kind == "execution" and thing.get("#left") == 1:
                thing["status"] = "PROGRESS"
            return JSONResponse(_public(fake.get(kind, thing["_id"])))
        case (_, "DELETE", ""):
            fake.delete(thing)
        case (_, "POST", "tags"):
            thing["tags"] |= body
        case ("upload", "GET", "tree"):
            return JSONResponse(_tree(thing["#files"] | thing["#md5"]))
        case ("upload", "POST", "data"):
            fake.put_file(thing, "#files", fields.get("path", ""), data)
        case ("upload", "POST", "md5"):
            fake.put_file(thing, "#md5", name, data)
        case ("upload", "DELETE", "data" | "md5"):
            if thing[f"#{'files' if verb == 'data' else 'md5'}"].pop(fields["path"], None) is None:
                raise Refusal(404, "pas de fichier à cet emplacement")
        case ("upload", "POST", "close"):
            fake.close(thing)
        case ("upload", "GET", "checks"):
            states = {"WAITING": "asked", "PROGRESS": "in_progress", "SUCCESS": "passed", "FAILURE": "failed"}
            told: dict[str, list[Any]] = {key: [] for key in states.values()}
            for check in thing.get("#checks", ()):
                told[states[check["status"]]].append(_public(check))
            fake.advance(thing)
            return JSONResponse(told)
        case ("upload" | "stored_data" | "configuration", "GET", "comments"):
            return JSONResponse(thing.get("#comments", []))
        case ("upload" | "stored_data" | "configuration", "POST", "comments"):
            thing.setdefault("#comments", []).append(body)
        case ("check" | "execution", "GET", "logs"):
            return JSONResponse(thing["#log"], headers={"Content-Range": f"0-0/{max(1, len(thing['#log']))}"})
        case ("execution", "POST", "launch"):
            fake.launch(thing)
        case ("stored_data", "PATCH", ""):
            thing.update(body)
        case ("configuration", "PUT", ""):
            return JSONResponse(_public(fake.configure(body, thing)))
        case ("configuration", "GET", "offerings"):
            return _listed(fake, request, [o for o in fake.of("offering") if o["#conf"] == thing["_id"]])
        case ("configuration", "POST", "offerings"):
            return JSONResponse(_public(fake.offer(thing, body)), 201)
        case ("offering", "PUT", ""):
            fake.synchronise(thing)
        case ("metadata", "PUT", ""):
            return JSONResponse(_public(fake.record(data, {}, thing)))
        case ("metadata", "PATCH", ""):
            thing.update(body)
        case ("metadata", "GET", "file"):
            return Response(thing["#xml"], media_type="application/xml")
        case _:
            raise Refusal(404, f"{method} {kind} {verb} : route inconnue")
    return Response(status_code=204)


@contextmanager
def serving_entrepot(fake: Fake) -> Iterator[str]:
    """The address of the fake: `/api` and `/token` under it."""
    with serving_app(_app(fake)) as url:
        yield url


@contextmanager
def serving_app(app: Starlette) -> Iterator[str]:
    """The address of an application that is served by a thread of this process."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started)
    try:
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(timeout=PATIENCE_S)
