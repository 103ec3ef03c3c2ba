"""Terms of DCAT-AP: namespaces, and the values of registers that records are told in."""

from rdflib import Namespace
from rdflib.namespace import DCTERMS, FOAF, SKOS

EU = "http://publications.europa.eu/resource/authority"
INSPIRE = "http://inspire.ec.europa.eu/metadata-codelist"
PROFILE = "http://data.europa.eu/r5r/"
"""What DCAT-AP calls itself."""
DCAT = Namespace("http://www.w3.org/ns/dcat#")
"""Of version 3; rdflib knows the terms of version 2."""
DCATAP = Namespace(PROFILE)
GEODCAT = Namespace("http://data.europa.eu/930/")
GEOSPARQL = Namespace("http://www.opengis.net/ont/geosparql#")
HYDRA = Namespace("http://www.w3.org/ns/hydra/core#")
LOCN = Namespace("http://www.w3.org/ns/locn#")
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
PREFIXES = {
    "dcat": DCAT,
    "dcatap": DCATAP,
    "dct": Namespace(str(DCTERMS)),
    "foaf": Namespace(str(FOAF)),
    "geodcatap": GEODCAT,
    "gsp": GEOSPARQL,
    "hydra": HYDRA,
    "locn": LOCN,
    "skos": Namespace(str(SKOS)),
    "vcard": VCARD,
}
LANGUAGES = {"fre": ("fr", "FRA"), "eng": ("en", "ENG")}
"""ISO 639-2 → tag of texts, code of the register."""
FREQUENCIES = {
    "continual": "CONT",
    "daily": "DAILY",
    "weekly": "WEEKLY",
    "fortnightly": "BIWEEKLY",
    "monthly": "MONTHLY",
    "quarterly": "QUARTERLY",
    "biannually": "ANNUAL_2",
    "annually": "ANNUAL",
    "asNeeded": "AS_NEEDED",
    "irregular": "IRREG",
    "notPlanned": "NOT_PLANNED",
    "unknown": "UNKNOWN",
}
"""MD_MaintenanceFrequencyCode → code of the register."""
STANDARDS = {
    "wmts": ("WMTS_SRVC", "http://www.opengeospatial.org/standards/wmts"),
    "wms": ("WMS_SRVC", "http://www.opengeospatial.org/standards/wms"),
    "wfs": ("WFS_SRVC", "http://www.opengeospatial.org/standards/wfs"),
}
"""Services → code of the register of file types, standard."""
LICENCE_TYPES = {
    "https://www.etalab.gouv.fr/licence-ouverte-open-licence/": (
        "http://purl.org/adms/licencetype/Attribution",
        "Attribution",
    )
}
"""What a licence asks, in the register of ADMS, with its label."""
