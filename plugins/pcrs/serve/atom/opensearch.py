"""The OpenSearch description of the download service, as INSPIRE wants it of Atom services."""

from typing import Any

from lxml import etree

from pcrs.serve.atom import words
from pcrs.serve.atom.as_xml import NAMESPACES, clean
from pcrs.serve.atom.feed import ATOM, CRS_BASE
from pcrs.serve.atom.levels import OPENSEARCH, Levels
from pcrs.serve.context import Served
from pcrs.work.downloads import Shelf

_OS = "http://a9.com/-/spec/opensearch/1.1/"
_DLS = NAMESPACES["inspire_dls"]
_DECLARED: Any = {None: _OS, "inspire_dls": _DLS}
_SHORT = 16
_CODE = "spatial_dataset_identifier_code={inspire_dls:spatial_dataset_identifier_code?}"
_REST = "language={language?}&q={searchTerms?}"


def description(served: Served, levels: Levels, shelf: Shelf) -> bytes:
    """Addresses of the two operations, and an example for each dataset of the shelf."""
    root = etree.Element(f"{{{_OS}}}OpenSearchDescription", nsmap=_DECLARED)
    base = f"{served.public_url}/telechargement"
    search = f"{base}/search"

    def add(name: str, text: str = "", **attributes: str) -> etree._Element:
        made = etree.SubElement(root, f"{{{_OS}}}{name}")
        made.text = clean(text) or None
        for key, value in attributes.items():
            made.set(key, clean(value))
        return made

    add("ShortName", served.title[:_SHORT])
    add("Description", words.say("service.about", "fr"))
    add("Url", type=OPENSEARCH, rel="self", template=f"{base}/opensearch.xml")
    add("Url", type="text/html", rel="results", template=f"{search}?q={{searchTerms}}")
    describe = f"{search}?request=DescribeSpatialDataSet&{_CODE}&{_REST}"
    add("Url", type=ATOM, rel="describedby", template=describe)
    get = f"{search}?request=GetSpatialDataSet&{_CODE}&crs={{inspire_dls:crs?}}&{_REST}"
    add("Url", type=ATOM, rel="results", template=get)
    add("Contact", served.contact_email)
    add("LongName", served.title[:48])
    for resource in shelf.resources:
        editions = resource.parts if resource.kind == "raster" else resource.parts[:1]
        for part in editions:
            example = add("Query", role="example", language="fr", title=part.name, count="1")
            example.set(f"{{{_DLS}}}spatial_dataset_identifier_code", levels.dataset_of(resource, part))
            example.set(f"{{{_DLS}}}crs", f"{CRS_BASE}{part.crs[0]}")
    add("Developer", served.operator)
    for lang in words.LANGS:
        add("Language", lang)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)
