"""The same push as files of IGN's SDK: for `egpf delivery …json` and `egpf workflow -f …json`.

Descriptors and workflows are read by sdk-entrepot-gpf 0.1.46; a step here is one step there.
"""

from collections.abc import Mapping
from typing import Any

from pcrs.publish.geoplateforme.entities import Ref, filled
from pcrs.publish.geoplateforme.products import Layer, Product, Stored

_ENTITY = "{{store_entity.{kind}.infos._id [INFOS({by}={value})]}}"


def reference(ref: Ref) -> str:
    """What the SDK finds the id of an entity by."""
    return _ENTITY.format(kind=ref.kind, by=ref.by, value=ref.value)


def descriptor(stored: Stored, lot: int, lots: int) -> dict[str, Any]:
    """The delivery of a lot, whose files are in the folder `stored.folder` beside the descriptor."""
    dataset = {
        "data_dirs": [stored.folder],
        "upload_infos": stored.upload(lot),
        "comments": [f"Lot {lot} sur {lots} de {stored.name}"],
        "tags": dict(stored.tags),
    }
    return {"datasets": [dataset]}


def metadata_descriptor(files: Mapping[str, str]) -> dict[str, Any]:
    """The records, by file name, with their type (`INSPIRE`, `ISOAP`)."""
    return {"metadata": [{"file": name, "type": kind} for name, kind in files.items()]}


def workflow(
    product: Product, lots: Mapping[str, int], present: frozenset[str], shown: frozenset[str]
) -> dict[str, Any]:
    """Steps that make the stored data, then show them.

    Args:
        product: what is pushed.
        lots: by the name of a stored data, how many lots it is delivered in.
        present: names of stored data that are there and are added to.
        shown: names of configurations that are there and are changed.
    """
    steps: dict[str, Any] = {}
    for stored in product.stored:
        parents: list[str] = []
        for lot in range(1, lots.get(stored.name, 0) + 1):
            name = f"traitement-{stored.name}-{lot}"
            body = stored.addition(lot) if stored.name in present else stored.execution(lot)
            steps[name] = {"actions": [_processing(stored, body), _emptied(stored, lot)], "parents": parents}
            parents = [name]
    actions = [
        action
        for layer in product.layers
        for action in (_changed(layer) if layer.body["name"] in shown else _shown(layer))
    ]
    steps["publication"] = {"actions": actions, "parents": list(steps)}
    return {"workflow": {"steps": steps}}


def _processing(stored: Stored, body: Any) -> dict[str, Any]:
    return {
        "type": "processing-execution",
        "body_parameters": filled(body, reference),
        "tags": dict(stored.tags),
        "comments": [],
    }


def _emptied(stored: Stored, lot: int) -> dict[str, Any]:
    return {
        "type": "delete-entity",
        "entity_type": "upload",
        "filter_infos": {"name": stored.upload_name(lot)},
        "not_found_ok": True,
        "confirm": False,
    }


def _changed(layer: Layer) -> list[dict[str, Any]]:
    found = reference(Ref("configuration", str(layer.body["name"])))
    return [
        {
            "type": "edit-entity",
            "entity_type": "configuration",
            "entity_id": found,
            "body_parameters": filled(layer.body, reference),
        },
        {"type": "synchronize-offering", "filter_infos": {"configuration": found}, "if_multi": "all"},
    ]


def _shown(layer: Layer) -> list[dict[str, Any]]:
    found = Ref("configuration", str(layer.body["name"]))
    return [
        {
            "type": "configuration",
            "body_parameters": filled(layer.body, reference),
            "tags": dict(layer.tags),
            "comments": [],
        },
        {
            "type": "offering",
            "url_parameters": {"configuration": reference(found)},
            "body_parameters": {"endpoint": reference(layer.endpoint), "open": True},
        },
    ]
