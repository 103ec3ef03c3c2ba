"""Reading of ISO records: ours, those of others, and what is none."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from pcrs.errors import InputError
from pcrs.publish.elements import GMD
from pcrs.publish.entry import read_entry
from pcrs.publish.record_geojson import record_geojson
from pcrs.publish.records import document, sheets
from tests.catalogue import NOW, PUBLIC, human, raster, vector

EXAMPLES = Path(__file__).resolve().parents[2] / "shared" / "reference" / "facts" / "md_examples"
MADE = {sheet.identifier: document(sheet, NOW) for sheet in sheets(human(), raster(), vector(), PUBLIC)}


def test_a_record_of_ours_is_read_whole():
    entry = read_entry(MADE["PCRS_D046_VECTEUR"])
    assert (entry.level, entry.parent, entry.language) == ("dataset", "PCRS_D046", "fre")
    assert entry.uri == f"{PUBLIC}/id/dataset/PCRS_D046_VECTEUR"
    assert entry.formats == (("GML", "3.2.1"), ("GPKG", "1.3"), ("GeoJSON", "RFC 7946"))
    assert entry.crs == tuple(f"http://www.opengis.net/def/crs/EPSG/0/{code}" for code in (2154, 5720))
    assert {link.octets for link in entry.links if link.octets} == {200_000_000}
    assert [verdict.passed for verdict in entry.verdicts] == [False, True]
    assert entry.period == ("2025-06-01", "2025-09-30")


@pytest.mark.parametrize("name", ["pcrs_raster_dataset", "service_view_wmts"])
def test_records_of_others_are_read(name):
    file = EXAMPLES / f"{name}.xml"
    if not file.exists():
        pytest.skip(f"{file} is not there")
    entry = read_entry(file.read_bytes())
    assert entry.title
    assert entry.licence.href.startswith("https://www.etalab.gouv.fr")
    assert entry.box is not None
    assert entry.links


@pytest.mark.parametrize("document", [b"", b"<a", b"<a/>", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"])
def test_what_is_no_record_is_refused(document):
    with pytest.raises(InputError):
        read_entry(document)


@settings(max_examples=40)
@given(st.data())
def test_a_record_that_lacks_something_is_read_all_the_same(data):
    """Any element gone but the identifier, any text another: still an entry, and still a document."""
    root = etree.fromstring(MADE["PCRS_D046_RVB-0M05"])
    elements = [each for each in root.iter() if each.getparent() is not None]
    kept = root.find(f"{{{GMD}}}fileIdentifier")
    changed = data.draw(st.sampled_from(elements))
    if changed is kept or changed.getparent() is kept:
        return
    if data.draw(st.booleans()):
        changed.getparent().remove(changed)
    else:
        changed.text = data.draw(st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=12))
    entry = read_entry(etree.tostring(root))
    record = record_geojson(entry)
    assert record["id"] == "PCRS_D046_RVB-0M05"
    assert record["properties"]["type"]
