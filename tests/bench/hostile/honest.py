"""Requests as clients make them, one or more of each service: what harm is done to."""

from collections.abc import Mapping
from dataclasses import dataclass, field

LAYER = "PCRS_D046_RVB"
_WMTS = "SERVICE=WMTS&VERSION=1.0.0&REQUEST="
_TILE = f"&LAYER={LAYER}&STYLE=normal&FORMAT=image/jpeg&TILEMATRIXSET=2154_5cm&TILEMATRIX=22&TILEROW=439609&TILECOL=45008"
_WMS = "SERVICE=WMS&VERSION=1.3.0&REQUEST="
_MAP = f"&LAYERS={LAYER}&STYLES=&CRS=EPSG:2154&BBOX=576000,6372800,576100,6372900&WIDTH=256&HEIGHT=256&FORMAT=image/jpeg"
_CSW = "service=CSW&version=2.0.2&request="
_CSW3 = "service=CSW&version=3.0.0&request="
_JSON = {"Content-Type": "application/json"}
_XML = {"Content-Type": "application/xml"}
_BODY_NS = (
    'xmlns:csw="http://www.opengis.net/cat/csw/2.0.2" xmlns:ogc="http://www.opengis.net/ogc"'
    ' xmlns:gml="http://www.opengis.net/gml" service="CSW" version="2.0.2"'
)


@dataclass(frozen=True, slots=True)
class Form:
    """One request that is well made."""

    service: str
    path: str
    query: str = ""
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def _get(service: str, *targets: str) -> list[Form]:
    return [Form(service, *target.partition("?")[::2]) for target in targets]


def _post(service: str, path: str, body: str, headers: Mapping[str, str] = _JSON) -> Form:
    return Form(service, path, "", "POST", headers, body.encode())


_ITEMS = "/ogcapi/collections/MurPCRS/items"
_BOX = "1.4,44.4,1.5,44.5"
FORMS: tuple[Form, ...] = (
    *_get(
        "wmts",
        f"/wmts?{_WMTS}GetCapabilities",
        f"/wmts?{_WMTS}GetTile{_TILE}",
        f"/wmts?{_WMTS}GetFeatureInfo{_TILE}&I=10&J=10&INFOFORMAT=application/json",
        f"/wmts/{LAYER}/2154_5cm/22/45008/439609.jpeg",
        f"/wmts/{LAYER}/PM/16/33027/23639.png",
        f"/wmts/{LAYER}/2154_5cm/22/45008/439609/10/10.json",
        "/wmts/1.0.0/WMTSCapabilities.xml",
    ),
    *_get(
        "wms",
        f"/wms?{_WMS}GetCapabilities",
        f"/wms?{_WMS}GetMap{_MAP}",
        f"/wms?{_WMS}GetFeatureInfo{_MAP}&QUERY_LAYERS={LAYER}&I=10&J=10&INFO_FORMAT=application/json",
        f"/wms?{_WMS}GetLegendGraphic&LAYER={LAYER}&FORMAT=image/png&SLD_VERSION=1.1.0",
        f"/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&SRS=EPSG:3857{_MAP}",
    ),
    *_get(
        "csw",
        f"/csw?{_CSW}GetCapabilities&sections=OperationsMetadata&acceptVersions=2.0.2",
        f"/csw?{_CSW}GetRecords&typeNames=csw:Record&resultType=results&elementSetName=full&maxRecords=5&startPosition=1",
        f"/csw?{_CSW}GetRecords&typeNames=gmd:MD_Metadata&resultType=hits&constraintLanguage=CQL_TEXT"
        "&constraint_language_version=1.1.0&constraint=AnyText%20like%20'%25pcrs%25'&sortBy=dc:title:A",
        f"/csw?{_CSW}GetRecordById&id=x&elementSetName=full&outputSchema=http://www.isotc211.org/2005/gmd"
        "&outputFormat=application/xml",
        f"/csw?{_CSW}GetDomain&parameterName=GetRecords.resultType",
        f"/csw?{_CSW}DescribeRecord&typeName=csw:Record&schemaLanguage=http://www.w3.org/XML/Schema",
        f"/csw?{_CSW}Harvest&source=http://127.0.0.1:9/x&resourceType=http://www.isotc211.org/2005/gmd",
        f"/csw?{_CSW3}GetRecords&q=pcrs&bbox={_BOX}&startPosition=1&maxRecords=2&outputFormat=application/atom%2Bxml",
        "/csw?mode=opensearch&service=CSW&version=3.0.0&request=GetRecords&time=2020/2026&recordIds=a,b",
        "/id/PCRS",
        "/catalogue/CNIG_PCRS_v2.0.xml",
        "/dcat/catalog.jsonld?page=1",
        "/dcat/catalog.rdf",
    ),
    _post(
        "csw",
        "/csw",
        f'<csw:GetRecords {_BODY_NS} resultType="results" maxRecords="5" startPosition="1"><csw:Query'
        ' typeNames="csw:Record"><csw:ElementSetName>full</csw:ElementSetName><csw:Constraint version="1.1.0">'
        '<ogc:Filter><ogc:PropertyIsLike wildCard="%" singleChar="_" escapeChar="\\"><ogc:PropertyName>AnyText'
        "</ogc:PropertyName><ogc:Literal>%pcrs%</ogc:Literal></ogc:PropertyIsLike></ogc:Filter></csw:Constraint>"
        "</csw:Query></csw:GetRecords>",
        _XML,
    ),
    _post(
        "csw",
        "/csw",
        f"<csw:GetRecordById {_BODY_NS}><csw:Id>x</csw:Id></csw:GetRecordById>",
        _XML,
    ),
    _post(
        "csw",
        "/csw",
        f"<csw:Transaction {_BODY_NS}><csw:Delete><csw:Constraint version='1.1.0'><csw:CqlText>1=1</csw:CqlText>"
        "</csw:Constraint></csw:Delete></csw:Transaction>",
        _XML,
    ),
    *_get(
        "ogcapi",
        "/ogcapi?f=json",
        "/ogcapi/conformance?f=html",
        "/ogcapi/openapi?f=json",
        "/ogcapi/collections?f=json",
        "/ogcapi/collections/dalles?f=html",
        f"{_ITEMS}?f=json&limit=10&bbox={_BOX}&bbox-crs=http://www.opengis.net/def/crs/OGC/1.3/CRS84",
        f"{_ITEMS}?f=json&filter=thematique='01'&filter-lang=cql2-text&sortby=-dateLeve&resulttype=hits",
        f"{_ITEMS}?f=json&filter=S_INTERSECTS(geometry,BBOX({_BOX}))&filter-crs=http://www.opengis.net/def/crs/OGC/1.3/CRS84",
        f"{_ITEMS}?f=gml&datetime=2020-01-01/..&valid-at=2025-06-01&crs=http://www.opengis.net/def/crs/EPSG/0/2154",
        f"{_ITEMS}?f=dxf&limit=10&skipGeometry=true&properties=thematique&cursor=abc",
        f"{_ITEMS}/m1?f=json&crs=http://www.opengis.net/def/crs/EPSG/0/3946&lang=en",
        "/ogcapi/collections/MurPCRS/queryables?f=json",
        "/ogcapi/collections/dalles/items?f=html&limit=5",
        f"/ogcapi/collections/catalogue/items?q=pcrs&bbox={_BOX}&datetime=2020-01-01/..&type=dataset&sortby=title&f=json",
        f"/ogcapi/extract?bbox={_BOX}&f=gml",
        "/ogcapi/extract?commune=46042&f=dxf&crs=http://www.opengis.net/def/crs/EPSG/0/3945",
        "/ogcapi/collections/archives/items?f=json",
        "/archives/abc",
    ),
    *_get(
        "coverage",
        "/ogcapi/collections/ortho/coverage?f=png&bbox=576000,6372900,576020,6372920"
        "&bbox-crs=http://www.opengis.net/def/crs/EPSG/0/2154",
        "/ogcapi/collections/ortho/coverage?f=GTiff&subset=E(576000:576020),N(6372900:6372920)"
        "&subset-crs=http://www.opengis.net/def/crs/EPSG/0/2154&scale-factor=2&properties=1",
        "/ogcapi/collections/ortho/coverage?f=json&bbox=576000,6372900,576002,6372902&scale-size=E(10),N(10)"
        "&bbox-crs=http://www.opengis.net/def/crs/EPSG/0/2154&crs=http://www.opengis.net/def/crs/EPSG/0/4326",
        "/ogcapi/collections/ortho/coverage/rangetype?f=json",
    ),
    *_get(
        "maps",
        "/ogcapi/collections/ortho/map?f=png&bbox=576000,6372900,576020,6372920"
        "&bbox-crs=http://www.opengis.net/def/crs/EPSG/0/2154&width=200&height=200&transparent=true&bgcolor=0xffffff",
        "/ogcapi/collections/ortho/map/tiles/2154_5cm/22/439609/45008?f=jpeg",
        "/ogcapi/collections/ortho/map/tiles?f=json",
        "/ogcapi/tileMatrixSets/2154_5cm?f=json",
    ),
    *_get(
        "processes",
        "/ogcapi/processes?limit=3&lang=fr",
        "/ogcapi/processes/extraction",
        "/ogcapi/jobs?limit=2&status=successful",
        "/ogcapi/jobs/0123456789abcdef0123456789abcdef/results",
    ),
    _post(
        "processes",
        "/ogcapi/processes/echo/execution",
        '{"inputs": {"message": "x"}, "response": "document"}',
    ),
    _post(
        "processes",
        "/ogcapi/processes/statistiques/execution",
        '{"inputs": {"bbox": {"bbox": [576000, 6372800, 576100, 6372900], "crs": "EPSG:2154"}}}',
    ),
    _post(
        "processes",
        "/ogcapi/processes/extraction/execution",
        '{"inputs": {"bbox": {"bbox": [576000, 6372800, 576100, 6372900], "crs": "EPSG:2154"}, "formats": ["gml"]}}',
    ),
    _post("processes", "/ogcapi/processes/devis/execution", '{"inputs": {"chantier": "x", "kind": "nuage"}}'),
    Form("processes", "/ogcapi/jobs/0123456789abcdef0123456789abcdef", "", "DELETE"),
    *_get(
        "telechargement",
        "/telechargement/capabilities?page=1&limit=10&language=fr",
        "/telechargement/resource/PCRS?page=1&format=GeoTIFF&editionDate=2025&crs=EPSG:2154",
        "/telechargement/resource/PCRS?zone=D046&bbox=1.4,44.4,1.5,44.5",
        "/telechargement/resource/PCRS-VECTEUR",
        "/telechargement/download/PCRS/PCRS_2025/46-2025-0576-6373-LA93-0M05-RVB.tif",
        "/telechargement/opensearch?q=PCRS&request=GetSpatialDataSet&spatial_dataset_identifier_code=PCRS&crs=EPSG:2154",
        "/data/stockages/dalles.geojson",
        "/data/stockages/livrables.geojson",
    ),
    *_get(
        "listing",
        "/listing/",
        "/listing/dalles/",
        "/listing/dalles/2025/",
        "/listing/dalles/2025/46-2025-0576-6373-LA93-0M05-RVB.tif",
        "/listing/vecteur/",
    ),
    *_get(
        "portail",
        "/",
        "/flux",
        "/static/portal.js",
        "/static/vendor/ol.js",
        "/portail/config.json",
        "/portail/symbologie.json",
        "/portail/plan.pdf?x=576050&y=6372850&scale=200&format=A4&title=x&orientation=portrait",
        f"/portail/pcrs.qgs?layer={LAYER}",
        "/ogcapi/assets/pages.css",
        "/commandes/0123456789abcdef/0123456789abcdef/x.zip",
        "/healthz",
        "/metrics",
        "/.well-known/security.txt",
        "/robots.txt",
    ),
    *_get(
        "stac",
        "/stac",
        "/stac/collections",
        f"/stac/search?bbox={_BOX}&limit=5&datetime=2025-01-01/..&ids=a,b&token=x",
    ),
    _post(
        "stac",
        "/stac/search",
        '{"bbox": [1.4, 44.4, 1.5, 44.5], "limit": 5, "ids": ["a"], "intersects": {"type": "Point", "coordinates": [1, 44]}}',
    ),
    *_get("signalements", "/signalements", "/signalements/0123456789ab", "/signalements/0123456789ab/photo"),
    _post(
        "signalements",
        "/signalements",
        '{"categorie": "voirie", "texte": "x", "position": [1.44, 44.44], "courriel": "a@example.fr", "photo": "data:image/png;base64,iVBORw0KGgo="}',
    ),
    _post("signalements", "/signalements/0123456789ab/suite", '{"etat": "clos", "reponse": "x"}'),
    Form("signalements", "/signalements/0123456789ab", "cle=x", "DELETE"),
)
