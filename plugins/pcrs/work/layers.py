"""The layers of a site's feature store: one per CNIG class, the dalles, the communes."""

from pcrs.standard.codes import CODES
from pcrs.standard.fields import Field, Kind
from pcrs.standard.livrables import KINDS, LICENCES
from pcrs.standard.model import CLASSES, Attribute
from pcrs.store.base import Layer

AVAILABLE = {"intermediaire": "sur le stockage intermédiaire", "commande": "hors ligne, à commander"}
_KINDS: dict[str, Kind] = {
    "string": "string",
    "date": "date",
    "double": "number",
    "integer": "integer",
    "code": "string",
    "link": "string",
}
_OURS = (
    Field("epsg_origine", "integer", "code EPSG des coordonnées reçues"),
    Field("edition", "string", "édition"),
    Field("livraison", "string", "livraison"),
)
_TIME_FIELDS = (
    "dateLeve",
    "datePublication",
    "dateActualite",
    "horodatage",
    "dateAcquisition",
    "dateCreation",
)


def _codes(name: str) -> dict[str, str]:
    """Code to French label, of a code list of the standard."""
    return dict(CODES[name].values)


DALLES = Layer(
    name="dalles",
    title="Dalles de l'orthophotographie : index, dates, précision, téléchargement",
    geometry="Polygon",
    fields=(
        Field("id", "string", "nom de la dalle"),
        Field("departement", "string", "département"),
        Field("edition", "string", "édition"),
        Field("chantier", "string", "chantier"),
        Field("date_acquisition", "date", "date de prise de vue"),
        Field("date_recette", "date", "date de recette"),
        Field(
            "precision",
            "string",
            "classe de précision planimétrique",
            _codes("CategoriePrecisionPCRSType"),
        ),
        Field("resolution_cm", "number", "taille du pixel (cm)"),
        Field("size_m", "integer", "côté de la dalle (m)"),
        Field("fichier", "string", "nom du fichier"),
        Field("octets", "integer", "taille du fichier compressé (octets)"),
        Field("sha256", "string", "empreinte sha256 du fichier compressé"),
        Field("master_octets", "integer", "taille de l'original sans perte (octets)"),
        Field("master_sha256", "string", "empreinte sha256 de l'original sans perte"),
        Field("href", "string", "chemin du fichier compressé"),
        Field("livraison", "string", "livraison"),
    ),
    id_field="id",
    time_field="date_acquisition",
)

ARCHIVES = Layer(
    name="archives",
    title="Objets d'archive : clichés, trajectoires, aérotriangulation, LiDAR…, en ligne ou à commander",
    geometry="Polygon",
    fields=(
        Field("id", "string", "identifiant de l'objet"),
        Field("chantier", "string", "chantier"),
        Field("nom", "string", "chemin dans ce qui a été livré"),
        Field("type", "string", "nature", {code: kind.label for code, kind in KINDS.items()}),
        Field("licence", "string", "qui peut l'avoir", dict(LICENCES)),
        Field("octets", "integer", "taille (octets)"),
        Field("sha256", "string", "empreinte sha256"),
        Field("format", "string", "type de média"),
        Field("date", "date", "date de prise de vue ou de levé"),
        Field("date_depot", "date", "date d'entrée dans l'archive"),
        Field("edition", "string", "édition"),
        Field("lieux", "list", "cibles où une copie est connue saine"),
        Field("disponibilite", "string", "disponibilité", AVAILABLE),
        Field("vignette", "string", "chemin de la vignette"),
        Field("stac", "string", "chemin de l'article STAC"),
    ),
    id_field="id",
    time_field="date",
    sought=("chantier", "type"),
)

COMMUNES = Layer(
    name="communes",
    title="Communes",
    geometry="MultiSurface",
    fields=(Field("code_insee", "string", "code INSEE"), Field("nom", "string", "nom")),
    id_field="code_insee",
)


def cnig_layer(class_name: str) -> Layer:
    """The layer of a CNIG class: its attributes verbatim, then where the object comes from."""
    model = CLASSES[class_name]
    attributes = [_field(a) for a in model.attributes if a.kind != "geometry"]
    names = {field.name for field in attributes}
    placeless = [] if model.geometry else [a.name for a in model.attributes if a.kind == "link"]
    return Layer(
        name=class_name,
        title=model.title,
        geometry=model.geometry,
        fields=(Field("gml_id", "string", "gml:id"), *attributes, *_OURS),
        id_field="gml_id",
        time_field=next((name for name in _TIME_FIELDS if name in names), None),
        sought=tuple(placeless),
    )


def _field(attribute: Attribute) -> Field:
    codes = _codes(attribute.codelist) if attribute.codelist else None
    kind: Kind = "list" if attribute.multiple else _KINDS[attribute.kind]
    return Field(attribute.name, kind, attribute.label, codes)
