import re
from collections import Counter

import numpy as np
import pytest
import shapely
from lxml import etree

from pcrs.demo import make_delivery
from pcrs.demo.delivery import GML_NAME, write_sheet
from pcrs.demo.fieldwork.fieldbook import PREFIX, PRODUCER, azimuth, readable
from pcrs.demo.fieldwork.sheets import sheets
from pcrs.demo.survey import DOCUMENT_ID, features
from pcrs.demo.town import town
from pcrs.demo.village import plan
from pcrs.findings import Finding
from pcrs.raster.open import facts
from pcrs.raster.qc import Control, check_dalle
from pcrs.standard.crs import L93
from pcrs.standard.model import CLASSES, CONCRETE, is_a
from pcrs.vector.gml import read
from pcrs.vector.write import write
from pcrs.work.progress import Step, mill
from tests.cnig import schema

FLAT = {
    "RasterPCRS",
    "EmpriseEchangePCRS",
    "Commune",
    "TronconVoirie",
    "InitiativePCRS",
    "EmpriseDisponibilitePCRS",
}


@pytest.fixture(scope="module")
def survey():
    return features()


@pytest.fixture(scope="module")
def document(survey, tmp_path_factory):
    path = tmp_path_factory.mktemp("demo") / GML_NAME
    write(path, survey, epsg=L93, envelope=plan.EXTENT, document_id=DOCUMENT_ID)
    return path


def links(feature):
    """Attribute and target of every link of an object."""
    for attribute in CLASSES[feature.class_name].attributes:
        value = feature.attributes.get(attribute.name)
        if attribute.kind == "link" and value:
            for one in (value,) if isinstance(value, str) else value:
                yield attribute, one


def test_every_class_that_has_objects_is_there(survey):
    assert {feature.class_name for feature in survey} == {each.name for each in CONCRETE}


def test_ids_are_unique_names_with_the_prefix_of_the_standard(survey):
    ids = [feature.gml_id for feature in survey]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(rf"{PREFIX}_[A-Za-z0-9_.\-]+", gml_id) for gml_id in ids)


def test_every_link_leads_to_an_object_of_its_class(survey):
    classes = {feature.gml_id: feature.class_name for feature in survey}
    seen = Counter()
    for feature in survey:
        for attribute, target in links(feature):
            assert target.startswith("#")
            assert is_a(classes[target[1:]], attribute.target), (feature, attribute.name)
            seen[feature.class_name, attribute.name] += 1
    in_the_model = {
        (each.name, attribute.name)
        for each in CONCRETE
        for attribute in each.attributes
        if attribute.kind == "link"
    }
    unused = {name for name in in_the_model if name not in seen}
    assert {name for _, name in unused} <= {"habillage", "pointLeve"}


def test_covers_have_their_whole_chain(survey):
    by_id = {feature.gml_id: feature for feature in survey}
    covers = [feature for feature in survey if feature.class_name == "AffleurantPCRS"]
    assert len(covers) == len(town().covers)
    for cover in covers:
        shape = by_id[cover.attributes["representation"][1:]]
        parts = [target for _, target in links(shape)]
        assert parts
        assert all(by_id[part[1:]].geometry is not None for part in parts)
        assert ("symbolisation" in cover.attributes) == ("point" in shape.attributes)
    assert len({cover.attributes["nature"] for cover in covers}) == 7
    assert len({cover.attributes["reseau"] for cover in covers}) > 6


def test_everything_lies_in_the_village(survey):
    extent = shapely.box(*plan.EXTENT)
    outside = [f.gml_id for f in survey if f.geometry is not None and not extent.covers(f.geometry)]
    assert outside == []


def test_objects_have_heights_and_extents_have_none(survey):
    for feature in survey:
        if feature.geometry is None:
            continue
        assert feature.geometry.has_z == (feature.class_name not in FLAT), feature.class_name
        if feature.geometry.has_z:
            z = shapely.get_coordinates(feature.geometry, include_z=True)[:, 2]
            assert z.min() > 120
            assert z.max() < 150


def test_coordinates_are_whole_millimetres(survey):
    every = np.concatenate([shapely.get_coordinates(f.geometry) for f in survey if f.geometry is not None])
    assert np.abs(every * 1000 - np.round(every * 1000)).max() < 1e-2


def test_every_object_says_that_it_is_fictitious(survey):
    for feature in survey:
        if is_a(feature.class_name, "ObjetVecteurPCRS") or feature.class_name == "RasterPCRS":
            assert feature.attributes["producteur"] == PRODUCER
    assert "données fictives" in PRODUCER


def test_thematics_are_those_that_the_class_expects(survey):
    for feature in survey:
        expected = CLASSES[feature.class_name].expected_thematique
        if expected:
            assert feature.attributes["thematique"] in expected, feature


def test_rasters_are_the_dalles_of_the_delivery(survey):
    rasters = [feature for feature in survey if feature.class_name == "RasterPCRS"]
    assert [r.attributes["nomImage"] for r in rasters] == [sheet.file_name for sheet in sheets()]
    for raster, sheet in zip(rasters, sheets(), strict=True):
        assert raster.geometry.bounds == sheet.name.bbox
        assert raster.attributes["resolution"] == 5
    assert shapely.union_all([r.geometry for r in rasters]).equals(shapely.box(*plan.EXTENT))


def test_mask_and_rasters_are_linked_both_ways(survey):
    mask = next(feature for feature in survey if feature.class_name == "MasqueOpacitePCRS")
    back = {f"#{f.gml_id}" for f in survey if f"#{mask.gml_id}" in f.attributes.get("masque", ())}
    assert set(mask.attributes["raster"]) == back
    assert len(back) > 1


def test_each_square_lists_its_objects_once(survey):
    squares = [
        f for f in survey if f.class_name == "EmpriseEchangePCRS" and f.attributes["type"] == "Carreau"
    ]
    listed = [target for square in squares for target in square.attributes["objet"]]
    objects = {f"#{f.gml_id}" for f in survey if is_a(f.class_name, "ObjetVecteurPCRS")}
    assert len(squares) == 25
    assert Counter(listed) == Counter(objects)


def test_surveyed_kerbs_are_those_of_the_village(survey):
    kerbs = shapely.union_all([*town().network.kerbs, *town().network.edges]).buffer(0.02)
    for feature in survey:
        if feature.class_name == "LimiteVoiriePCRS":
            line = shapely.transform(shapely.force_2d(feature.geometry), lambda p: p - plan.ORIGIN)
            assert kerbs.covers(line)


def test_the_survey_is_always_the_same(survey):
    again = features()
    assert [(f.gml_id, f.attributes) for f in again] == [(f.gml_id, f.attributes) for f in survey]
    assert all(a.geometry == b.geometry for a, b in zip(again, survey, strict=True))


def test_the_reader_finds_no_fault(survey, document):
    objects = list(read(document))
    assert [found for found in objects if isinstance(found, Finding)] == []
    assert [found.gml_id for found in objects] == [feature.gml_id for feature in survey]


def test_the_schema_of_the_standard_takes_the_document(document, shared_data):
    xsd = schema(shared_data / "xsd")
    assert xsd.validate(etree.parse(document)), xsd.error_log


@pytest.mark.parametrize("form", ["plain", "deflate", "lzw", "jpeg", "bands"])
def test_a_dalle_of_each_form_passes_the_control(form, tmp_path):
    sheet = next(one for one in sheets() if one.form == form)
    write_sheet(sheet, tmp_path)
    path = sheet.path(tmp_path)
    verdict = check_dalle(path, Control())
    assert verdict.conforming
    assert [str(found) for found in verdict.findings if found.level != "info"] == []
    read_back = facts(path)
    assert read_back.epsg == L93
    assert read_back.bbox == sheet.name.bbox
    assert (read_back.worldfile is not None) == (form == "lzw")
    others = {entry.name for entry in tmp_path.iterdir()} - {path.name}
    assert others == ({path.with_suffix(".tfw").name} if form == "lzw" else set())


def test_a_delivery_is_the_sheets_and_one_gml(tmp_path, monkeypatch):
    """Of the first two sheets: the clients' demo writes them all."""
    few = sheets()[:2]
    monkeypatch.setattr("pcrs.demo.delivery.sheets", lambda: few)
    told = []
    with mill(1) as hands:
        make_delivery(tmp_path, mill=hands, progress=told.append)
    assert {path.name for path in tmp_path.iterdir() if path.suffix != ".tfw"} == {
        GML_NAME,
        *(sheet.file_name for sheet in few),
    }
    assert told[-1] == Step("dessin", 3, 3)


def test_directions_are_given_clockwise_from_north():
    assert azimuth(0.0) == 90.0
    assert azimuth(np.pi / 2) == 0.0
    assert azimuth(np.pi) == 270.0
    assert readable(np.pi) == pytest.approx(2 * np.pi)
    assert readable(0.3) == 0.3
