"""The lowest role for every route of a site of which the mosaic is for partners, walls are for technicians,
trees for the authority. A route that is not here fails the test that looks at the running application."""

OPEN, PARTNER, TECHNICAL, AUTHORITY, ADMIN = range(5)
BOX = "576050,6372900,576070,6372920"
L93 = "http://www.opengis.net/def/crs/EPSG/0/2154"
API = "/ogcapi/collections"
MAP = f"bbox={BOX}&bbox-crs={L93}"
DELIVERY = "{delivery}"
SIGNALEMENT = "{signalement}"
"""What the site has under another name each time."""

EVERY = {
    ("GET", "/"): (OPEN, ""),
    ("GET", "/flux"): (OPEN, ""),
    ("GET", "/static/{name:path}"): (OPEN, "/static/portal.js"),
    ("GET", "/portail/config.json"): (OPEN, ""),
    ("GET", "/portail/symbologie.json"): (OPEN, ""),
    ("GET", "/portail/plan.pdf"): (AUTHORITY, "/portail/plan.pdf?x=576100&y=6372900&echelle=200"),
    ("GET", "/portail/pcrs.{suffix}"): (OPEN, "/portail/pcrs.qlr"),
    ("POST", "/portail/emprise"): (OPEN, ""),
    ("GET", "/healthz"): (OPEN, ""),
    ("GET", "/.well-known/security.txt"): (OPEN, ""),
    ("GET", "/metrics"): (TECHNICAL, ""),
    ("GET", "/session"): (OPEN, ""),
    ("POST", "/session"): (OPEN, ""),
    ("DELETE", "/session"): (OPEN, ""),
    # ---- those who run the site
    ("GET", "/admin"): (OPEN, ""),
    ("GET", "/admin/livraisons"): (TECHNICAL, ""),
    ("GET", "/admin/livraisons/{id}"): (TECHNICAL, f"/admin/livraisons/{DELIVERY}"),
    ("GET", "/admin/livraisons/{id}/rapport"): (TECHNICAL, f"/admin/livraisons/{DELIVERY}/rapport"),
    ("POST", "/admin/livraisons/{id}/rapport"): (TECHNICAL, "/admin/livraisons/none/rapport"),
    ("POST", "/admin/livraisons/{id}/acceptation"): (AUTHORITY, f"/admin/livraisons/{DELIVERY}/acceptation"),
    ("POST", "/admin/livraisons/{id}/refus"): (AUTHORITY, f"/admin/livraisons/{DELIVERY}/refus"),
    ("GET", "/admin/commandes"): (AUTHORITY, ""),
    ("POST", "/admin/commandes/{id}/approbation"): (AUTHORITY, "/admin/commandes/none/approbation"),
    ("POST", "/admin/commandes/{id}/refus"): (AUTHORITY, "/admin/commandes/none/refus"),
    ("GET", "/admin/commandes/execution"): (AUTHORITY, ""),
    ("POST", "/admin/commandes/execution"): (AUTHORITY, ""),
    ("GET", "/admin/copies"): (TECHNICAL, ""),
    ("GET", "/admin/copies/relecture"): (TECHNICAL, ""),
    ("POST", "/admin/copies/relecture"): (TECHNICAL, ""),
    ("GET", "/admin/taches"): (TECHNICAL, ""),
    ("GET", "/admin/jetons"): (ADMIN, ""),
    ("POST", "/admin/jetons"): (ADMIN, ""),
    ("DELETE", "/admin/jetons/{id}"): (ADMIN, "/admin/jetons/none"),
    ("GET", "/admin/journal"): (ADMIN, ""),
    ("GET", "/admin/usage"): (TECHNICAL, ""),
    ("GET", "/admin/usage.csv"): (TECHNICAL, ""),
    # ---- what people say
    ("GET", "/signalements"): (OPEN, ""),
    ("POST", "/signalements"): (OPEN, ""),
    ("GET", "/signalements/formulaire"): (OPEN, ""),
    ("GET", "/signalements/{id}"): (OPEN, f"/signalements/{SIGNALEMENT}"),
    ("GET", "/signalements/{id}/photo"): (OPEN, f"/signalements/{SIGNALEMENT}/photo"),
    ("POST", "/signalements/{id}/suite"): (TECHNICAL, f"/signalements/{SIGNALEMENT}/suite"),
    ("DELETE", "/signalements/{id}"): (TECHNICAL, f"/signalements/{SIGNALEMENT}?cle=wrong"),
    # ---- cold objects: an order is known by the secret in its address
    ("GET", "/commandes/{order}/{secret}/{path:path}"): (OPEN, "/commandes/none/none/"),
    ("GET", "/archives/{object}"): (OPEN, "/archives/none"),
    ("GET", "/archives/{object}/vignette.jpg"): (OPEN, "/archives/none/vignette.jpg"),
    # ---- catalogues
    ("GET", "/csw"): (OPEN, "/csw?service=CSW&request=GetCapabilities"),
    ("POST", "/csw"): (OPEN, ""),
    ("GET", "/catalogue/CNIG_PCRS_v2.0.xml"): (OPEN, ""),
    ("GET", "/id/catalogue/CNIG_PCRS_v2.0"): (OPEN, ""),
    ("GET", "/id/{kind}/{identifier}"): (OPEN, "/id/series/PCRS_D046"),
    ("GET", "/dcat"): (OPEN, ""),
    ("GET", "/dcat/catalog.{ending}"): (OPEN, "/dcat/catalog.ttl"),
    ("GET", "/dcat/{identifier}"): (OPEN, "/dcat/PCRS_D046"),
    ("GET", "/data/stockages/{name}"): (OPEN, "/data/stockages/dalles.geojson"),
    ("GET", "/stockages/{name}"): (OPEN, "/stockages/dalles.geojson"),
    ("GET", "/stac"): (OPEN, ""),
    ("GET", "/stac/"): (OPEN, ""),
    ("GET", "/stac/api"): (OPEN, ""),
    ("GET", "/stac/conformance"): (OPEN, ""),
    ("GET", "/stac/collections"): (OPEN, ""),
    ("GET", "/stac/collections/{name}"): (OPEN, "/stac/collections/none"),
    ("GET", "/stac/collections/{name}/items"): (OPEN, "/stac/collections/none/items"),
    ("GET", "/stac/collections/{name}/items/{id:path}"): (OPEN, "/stac/collections/none/items/none"),
    ("GET", "/stac/search"): (OPEN, ""),
    ("POST", "/stac/search"): (OPEN, ""),
    # ---- files
    ("GET", "/listing"): (OPEN, ""),
    ("GET", "/listing/{path:path}"): (AUTHORITY, "/listing/vecteur/2025/lot.gml"),
    # ---- OGC API
    ("GET", "/ogcapi"): (OPEN, ""),
    ("GET", "/ogcapi/"): (OPEN, ""),
    ("GET", "/ogcapi/assets/*"): (OPEN, "/ogcapi/assets/pages.css"),
    ("GET", "/ogcapi/conformance"): (OPEN, ""),
    ("GET", "/ogcapi/openapi"): (OPEN, ""),
    ("GET", "/ogcapi/tileMatrixSets"): (OPEN, ""),
    ("GET", "/ogcapi/tileMatrixSets/{set}"): (OPEN, "/ogcapi/tileMatrixSets/2154_5cm"),
    ("GET", "/ogcapi/collections"): (OPEN, ""),
    ("GET", "/ogcapi/collections/{name}"): (OPEN, "/ogcapi/collections/ArbrePCRS"),
    ("GET", "/ogcapi/collections/{name}/queryables"): (OPEN, "/ogcapi/collections/ArbrePCRS/queryables"),
    ("GET", "/ogcapi/collections/{name}/schema"): (OPEN, "/ogcapi/collections/ArbrePCRS/schema"),
    ("GET", "/ogcapi/collections/{name}/items"): (AUTHORITY, "/ogcapi/collections/ArbrePCRS/items"),
    ("GET", "/ogcapi/collections/{name}/items/{id:path}"): (
        TECHNICAL,
        f"{API}/MurPCRS/items/m1",
    ),
    ("GET", "/ogcapi/collections/catalogue/items"): (OPEN, ""),
    ("GET", "/ogcapi/collections/catalogue/items/{id:path}"): (
        OPEN,
        f"{API}/catalogue/items/none",
    ),
    ("GET", "/ogcapi/collections/catalogue/queryables"): (OPEN, ""),
    ("GET", "/ogcapi/collections/catalogue/schema"): (OPEN, ""),
    ("GET", "/ogcapi/collections/ortho/schema"): (OPEN, ""),
    ("GET", "/ogcapi/collections/ortho/coverage"): (
        PARTNER,
        f"{API}/ortho/coverage?{MAP}&f=png",
    ),
    ("GET", "/ogcapi/collections/ortho/coverage/rangetype"): (PARTNER, ""),
    ("GET", "/ogcapi/collections/ortho/map"): (PARTNER, f"/ogcapi/collections/ortho/map?{MAP}&width=64"),
    ("GET", "/ogcapi/collections/ortho/map/tiles"): (PARTNER, ""),
    ("GET", "/ogcapi/collections/ortho/map/tiles/{set}"): (PARTNER, "/ogcapi/collections/ortho/map/tiles/PM"),
    ("GET", "/ogcapi/collections/ortho/map/tiles/{set}/{matrix}/{row}/{col}"): (
        PARTNER,
        "/ogcapi/collections/ortho/map/tiles/PM/10/1/1",
    ),
    ("GET", "/ogcapi/extract"): (AUTHORITY, f"/ogcapi/extract?f=gml&{MAP}"),
    ("GET", "/ogcapi/processes"): (OPEN, ""),
    ("GET", "/ogcapi/processes/{id}"): (OPEN, "/ogcapi/processes/commande"),
    ("POST", "/ogcapi/processes/{id}/execution"): (PARTNER, "/ogcapi/processes/devis/execution"),
    # A job is known by its address, and another's is not there: see the test of leaked addresses.
    ("GET", "/ogcapi/jobs"): (OPEN, ""),
    ("GET", "/ogcapi/jobs/{job}"): (OPEN, "/ogcapi/jobs/none"),
    ("DELETE", "/ogcapi/jobs/{job}"): (OPEN, "/ogcapi/jobs/none"),
    ("GET", "/ogcapi/jobs/{job}/results"): (OPEN, "/ogcapi/jobs/none/results"),
    ("GET", "/ogcapi/jobs/{job}/results/{output}/{file}"): (OPEN, "/ogcapi/jobs/none/results/a/b"),
}
"""By method and path: the role, and an address (empty: the path itself)."""
BODIES = {
    "/ogcapi/processes/devis/execution": {"inputs": {"objets": ["0123456789abcdef"]}},
    "/admin/commandes/execution": {"unknown": True},
    "/admin/copies/relecture": {"unknown": True},
}
"""By address; who may begin long work here is told that the body is wrong, and nothing is begun."""
SERVICES = {"wmts", "wms", "telechargement"}
"""Services that tell their paths apart by themselves: what they answer is in `tests.services.test_access`."""
