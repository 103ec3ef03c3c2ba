"""Judges that others wrote and that are no packages: what is fetched of them, and where it is looked for.

`PCRS_JUDGES` names a folder with checkouts of public repositories, each under its own name:
`ets-repository` (inspire-eu-validation), `iso-19139-to-dcat-ap` (SEMICeu), `schemas.isotc211.org` (of
ISO-TC211/XML), of opengeospatial `ets-csw202`, `ets-wmts10`, `ets-ogcapi-features10`, `ets-ogcapi-tiles10`,
`ets-ogcapi-processes10` and `ogcapi-processes` (its branch `1.0.0-maintenance`), and folders of jars from
Maven Central: `teamengine`, and one beside each `ets-ogcapi-…`, of its name with `-jars`. None of them is
part of pcrs; the tests that need one are skipped where it is not.
"""

import os
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from lxml import etree

from tests.patience import PATIENCE_S

GMD = "http://www.isotc211.org/2005/gmd"


def judge(name: str) -> Path:
    """The folder of a judge; the test is skipped where it is not."""
    folder = os.environ.get("PCRS_JUDGES")
    if not folder:
        pytest.skip("PCRS_JUDGES names no folder with the judges that are fetched by hand")
    found = Path(folder) / name
    if not found.exists():
        pytest.skip(f"{found} is not there")
    return found


def records_of(url: str) -> dict[str, bytes]:
    """The full ISO records of a running catalogue by their identifiers, as CSW gives them."""
    found: dict[str, bytes] = {}
    position = 1
    while position:
        query = {
            "service": "CSW",
            "version": "2.0.2",
            "request": "GetRecords",
            "typenames": "gmd:MD_Metadata",
            "outputschema": GMD,
            "elementsetname": "full",
            "resulttype": "results",
            "maxrecords": "20",
            "startposition": str(position),
        }
        answer = httpx.get(f"{url}/csw?{urlencode(query)}", timeout=PATIENCE_S)
        assert answer.status_code == 200
        results = etree.fromstring(answer.content).find("{*}SearchResults")
        assert results is not None
        for record in results.iterfind(f"{{{GMD}}}MD_Metadata"):
            identifier = record.findtext(f"{{{GMD}}}fileIdentifier/{{*}}CharacterString")
            found[str(identifier)] = etree.tostring(record, with_tail=False)
        position = int(results.get("nextRecord", "0"))
    return found
