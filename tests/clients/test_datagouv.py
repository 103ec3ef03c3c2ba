"""What data.gouv.fr makes of the records of the running demo, by SEMIC's transformation.

Parameters and reading of the result are those of udata's harvester `csw-iso-19139`.
"""

import pytest

from tests.clients.judges import judge, records_of

rdflib = pytest.importorskip("rdflib", reason="rdflib is not installed")
saxonche = pytest.importorskip("saxonche", reason="saxonche is not installed")

DCAT = rdflib.Namespace("http://www.w3.org/ns/dcat#")
DCT = rdflib.DCTERMS
TYPE = rdflib.RDF.type
LICENCE = "https://www.etalab.gouv.fr/licence-ouverte-open-licence/"
PARAMETERS = {
    "CoupledResourceLookUp": "disabled",
    "include-deprecated": "yes",
    "locale-preferred-lang": "fre",
}


@pytest.fixture(scope="module")
def graphs(demo_url):
    """identifier of the record → what the transformation makes of it."""
    sheet = judge("iso-19139-to-dcat-ap") / "iso-19139-to-dcat-ap.xsl"
    processor = saxonche.PySaxonProcessor(license=False)
    processor.set_configuration_property("http://saxon.sf.net/feature/strip-whitespace", "all")
    compiled = processor.new_xslt30_processor().compile_stylesheet(stylesheet_text=sheet.read_text("utf-8"))
    for name, value in PARAMETERS.items():
        compiled.set_parameter(name, processor.make_string_value(value))
    found = {}
    for identifier, xml in records_of(demo_url).items():
        record = processor.parse_xml(xml_text=xml.decode())
        made = compiled.transform_to_value(xdm_node=record).head.to_string("utf-8")
        found[identifier] = rdflib.Graph().parse(data=made, format="xml")
    return found


def titled(graph, kind):
    """The resources of a kind that udata takes: others are mentions of what another record describes."""
    return [node for node in graph.subjects(TYPE, kind) if graph.value(node, DCT.title) is not None]


DATA = ["PCRS_D046", "PCRS_D046_RVB-0M05", "PCRS_D046_RVB-0M05_2025", "PCRS_D046_VECTEUR"]
SERVICES = ["PCRS_D046_ATOM", "PCRS_D046_CSW", "PCRS_D046_OGCAPI", "PCRS_D046_WMTS"]


def test_every_record_is_one_thing_with_its_own_identifier(graphs, demo_url):
    assert sorted(graphs) == sorted([*DATA, *SERVICES])
    for identifier in DATA:
        (dataset,) = titled(graphs[identifier], DCAT.Dataset)
        kind = "series" if identifier == "PCRS_D046" else "dataset"
        uri = f"{demo_url}/id/{kind}/{identifier}"
        assert str(graphs[identifier].value(dataset, DCT.identifier)) == uri == str(dataset)
    for identifier in SERVICES:
        graph = graphs[identifier]
        (service,) = titled(graph, DCAT.DataService)
        assert str(graph.value(service, DCT.identifier)) == f"{demo_url}/id/service/{identifier}"
        assert str(graph.value(service, DCAT.endpointURL)).startswith(demo_url)


@pytest.mark.parametrize("identifier", [*DATA, *SERVICES])
def test_what_is_made_can_be_written_again(graphs, identifier):
    assert graphs[identifier].serialize(format="turtle")


@pytest.mark.parametrize("identifier", DATA)
def test_every_distribution_has_licence_and_open_access(graphs, identifier):
    graph = graphs[identifier]
    (dataset,) = titled(graph, DCAT.Dataset)
    distributions = list(graph.objects(dataset, DCAT.distribution))
    assert len(distributions) >= 3
    for one in distributions:
        assert str(graph.value(one, DCT.license)) == LICENCE
        assert str(graph.value(one, DCT.accessRights)).endswith("/noLimitations")
        assert str(graph.value(one, DCAT.accessURL)).startswith("http")


def test_only_whole_files_have_a_size(graphs):
    graph = graphs["PCRS_D046_RVB-0M05"]
    sized = {str(graph.value(one, DCT.title)) for one in graph.subjects(DCAT.byteSize, None)}
    assert sized == {"Dalles à télécharger", "Dalles GeoTIFF"}


def test_tiles_and_maps_are_services_of_their_distributions(graphs):
    graph = graphs["PCRS_D046_RVB-0M05"]
    addresses = {
        str(graph.value(one, DCAT.endpointURL)).rpartition("/")[2]
        for one in graph.subjects(TYPE, DCAT.DataService)
    }
    assert addresses == {"wmts", "wms"}


def test_services_serve_datasets_that_udata_finds_by_the_end_of_their_identifiers(graphs):
    ends = [
        str(graphs[name].value(one, DCT.identifier))
        for name in DATA
        for one in titled(graphs[name], DCAT.Dataset)
    ]
    for identifier in ("PCRS_D046_ATOM", "PCRS_D046_OGCAPI", "PCRS_D046_WMTS"):
        graph = graphs[identifier]
        (service,) = titled(graph, DCAT.DataService)
        served = [str(graph.value(one, DCT.identifier)) for one in graph.objects(service, DCAT.servesDataset)]
        assert served
        assert all(sum(end.endswith(one) for end in ends) == 1 for one in served)
