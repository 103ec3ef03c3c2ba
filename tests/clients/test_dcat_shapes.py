"""The catalogue as DCAT against the shapes of DCAT-AP 3.0.0."""

import httpx
import pytest
import rdflib

from tests.clients.judges import judge
from tests.patience import PATIENCE_S

pyshacl = pytest.importorskip("pyshacl", reason="pyshacl is not installed")

SH = rdflib.Namespace("http://www.w3.org/ns/shacl#")
BYTES = "http://www.w3.org/ns/dcat#byteSize"


@pytest.mark.parametrize("name", ["shapes", "range"])
def test_the_catalogue_keeps_to_the_profile(demo_url, name):
    """The shapes want sizes as xsd:decimal; DCAT 3 itself writes xsd:nonNegativeInteger, and so do we."""
    folder = judge("DCAT-AP") / "releases" / "3.0.0" / "html" / "shacl"
    shapes = rdflib.Graph().parse(folder / f"{name}.ttl")
    answer = httpx.get(f"{demo_url}/dcat/catalog.ttl", timeout=PATIENCE_S)
    graph = rdflib.Graph().parse(data=answer.text, format="turtle")
    assert len(graph) > 500
    _, report, _ = pyshacl.validate(graph, shacl_graph=shapes)
    wrong = [
        (str(report.value(one, SH.focusNode)), str(report.value(one, SH.resultMessage)))
        for one in report.subjects(rdflib.RDF.type, SH.ValidationResult)
        if str(report.value(one, SH.resultPath)) != BYTES
    ]
    assert wrong == []
