# ruff: noqa: C901 - a table of what the platform refuses reads best in one piece
"""An Entrepôt of the Géoplateforme for tests, over memory: what it does, and what it refuses.

Bodies and states are those of sdk-entrepot-gpf 0.1.46 and of the documentation of cartes.gouv.fr.
"""

import hashlib
import re
from typing import Any

from lxml import etree

from tests.entrepot_checks import CHECKS, infos, standard
from tests.entrepot_state import ENDPOINTS, PROCESSINGS, Refusal, State, new_id, used

LAYER_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
SUB_NAME = re.compile(r"[A-Za-z0-9_.-]+")
GMD = {"gmd": "http://www.isotc211.org/2005/gmd", "gco": "http://www.isotc211.org/2005/gco"}


class Fake(State):
    """The platform: what it takes, makes and shows, and what it refuses."""

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
        names = {"Vérification standard": standard}
        names[f"Vérification {upload['type'].lower()}"] = CHECKS[upload["type"]]
        upload["#checks"] = [
            self.add(
                "check",
                {"check": {"name": name, "_id": new_id()}, "#log": check(upload), "status": "WAITING"},
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
                stored["type_infos"] |= infos(upload)
            execution["status"], stored["status"] = "SUCCESS", "GENERATED"

        self.later(execution, "WAITING", done)

    def delete(self, thing: dict[str, Any]) -> None:
        kind = thing["#"]
        if kind == "upload" and (thing.get("#busy") or thing["status"] == "CHECKING"):
            raise Refusal(409, "La livraison est utilisée par un traitement")
        if kind == "stored_data":
            if thing["status"] in ("GENERATING", "MODIFYING"):
                raise Refusal(409, "La donnée est en cours de traitement")
            if any(thing["_id"] in used(c) for c in self.of("configuration")):
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
        offering["#data"] = used(configuration)

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


def _short(thing: dict[str, Any]) -> dict[str, Any]:
    return {key: thing[key] for key in ("_id", "name", "type", "status") if key in thing}
