"""Each rule: one fault, one finding with its place, and the objects around it are read."""

import pytest

from pcrs.findings import Finding
from pcrs.standard.model import Feature
from pcrs.vector.gml import read
from tests.cnig import LINE, POINT, VECTEUR, arbre, document, generique, mur

POLYGON = (
    '<gml:Polygon gml:id="g.{id}" srsName="EPSG:2154"><gml:exterior><gml:LinearRing><gml:posList>'
    "577000 6373000 577004 6373000 {third} 577000 6373004 577000 6373000</gml:posList></gml:LinearRing>"
    "</gml:exterior></gml:Polygon>"
)
BOX = POLYGON.replace("{third}", "577004 6373004")
BOW = POLYGON.replace("{third}", "577000 6373004 577004 6373004").replace(
    "577000 6373004 577000", "577000", 1
)
SHORT = LINE.replace("577001 6373002 150.5 577004 6373002 151", "577000 6373000 150")
REPEATED = LINE.replace("577001 6373002 150.5", "577000 6373000 150")
PILIER = (
    '<PilierParticulierPCRS gml:id="b">'
    + VECTEUR.format(theme="05")
    + f"<geometrie>{LINE.format(id='b')}</geometrie></PilierParticulierPCRS>"
)
CANEVAS = (
    '<PointCanevasPCRS gml:id="b">'
    + VECTEUR.format(theme="01")
    + f"<geometrie>{POINT.format(id='b')}</geometrie>"
    + "<precisionXY>{xy}</precisionXY><dateCreation>{date}</dateCreation></PointCanevasPCRS>"
)
SEUIL = (
    '<SeuilPCRS gml:id="b">'
    + VECTEUR.format(theme="02")
    + f"<geometrie>{LINE.format(id='b')}</geometrie>"
    + "{symbole}</SeuilPCRS>"
)


def read_text(tmp_path, text):
    path = tmp_path / "livraison.gml"
    path.write_text(text, encoding="utf-8")
    items = list(read(path))
    return [i for i in items if isinstance(i, Feature)], [i for i in items if isinstance(i, Finding)]


def without(tag, text):
    start, end = text.index(f"<{tag}>"), text.index(f"</{tag}>") + len(tag) + 3
    return text[:start] + text[end:]


FAULTS = {
    "required": (without("idObjet", mur("b")), "gml.required", "idObjet", "absent"),
    "required link": (
        '<AffleurantPCRS gml:id="b">' + VECTEUR.format(theme="10") + "</AffleurantPCRS>",
        "gml.required",
        "representation",
        "absent",
    ),
    "unknown element": (mur("b", "<couleur>gris</couleur>"), "gml.unknown", "couleur", "couleur"),
    "element of another class": (mur("b", "<reference>x</reference>"), "gml.unknown", "reference", None),
    "element of another namespace": (
        mur("b", "<pcrs-i:typeMur>01</pcrs-i:typeMur>"),
        "gml.unknown",
        "typeMur",
        "{http://cnig.gouv.fr/pcrs-information}typeMur",
    ),
    "unknown XML attribute of the object": (
        mur("b").replace('gml:id="b"', 'gml:id="b" fid="3"'),
        "gml.unknown",
        None,
        "fid",
    ),
    "unknown XML attribute of a value": (
        mur("b", '<typeMur uom="m">01</typeMur>'),
        "gml.unknown",
        "typeMur",
        "uom",
    ),
    "repeated": (mur("b", "<typeMur>01</typeMur><typeMur>02</typeMur>"), "gml.repeated", "typeMur", "2 fois"),
    "enumeration": (mur("b", "<typeMur>07</typeMur>"), "gml.enumeration", "typeMur", "07"),
    "code with spaces": (mur("b", "<typeMur> 01 </typeMur>"), "gml.enumeration", "typeMur", " 01 "),
    "empty code": (mur("b", "<typeMur/>"), "gml.enumeration", "typeMur", ""),
    "date": (CANEVAS.format(xy="5", date="30/06/2025"), "gml.type", "dateCreation", "30/06/2025"),
    "date that is none": (
        CANEVAS.format(xy="5", date="2025-02-30"),
        "gml.type",
        "dateCreation",
        "2025-02-30",
    ),
    "integer": (CANEVAS.format(xy="5.0", date="2025-06-30"), "gml.type", "precisionXY", "5.0"),
    "integer too long": (CANEVAS.format(xy="9" * 30, date="2025-06-30"), "gml.type", "precisionXY", "9" * 30),
    "element in a value": (mur("b", "<typeMur><b/></typeMur>"), "gml.type", "typeMur", "<b>"),
    "no gml:id": (mur("").replace("g.", "g.none"), "gml.id", None, None),
    "gml:id twice": (mur("a").replace("g.a", "g.other"), "gml.id", None, "a"),
    "abstract class": (
        '<PilierPCRS gml:id="b">' + VECTEUR.format(theme="05") + "</PilierPCRS>",
        "gml.class",
        None,
        None,
    ),
    "unknown class": ('<HaiePCRS gml:id="b"><idObjet>1</idObjet></HaiePCRS>', "gml.class", None, None),
    "class of another namespace": ('<x:MurPCRS xmlns:x="urn:x" gml:id="b"/>', "gml.class", None, None),
    "no geometry": (without("geometrie", mur("b")), "gml.geometry", "geometrie", "absente"),
    "empty geometry": (mur("b", geometry=""), "gml.geometry", "geometrie", "0 géométrie"),
    "two geometries": (
        mur("b", geometry=LINE + LINE.replace("g.", "h.")),
        "gml.geometry",
        "geometrie",
        "2 géométrie",
    ),
    "geometry by reference": (
        mur("b").replace("<geometrie>" + LINE.format(id="b"), '<geometrie xlink:href="#g">'),
        "gml.geometry",
        "geometrie",
        "0 géométrie",
    ),
    "wrong type of geometry": (mur("b", geometry=POINT), "gml.geometry", "geometrie", "Point"),
    "unreadable geometry": (
        mur("b", geometry=LINE.replace("577001", "577001,5")),
        "gml.geometry",
        "geometrie",
        "577001,5",
    ),
    "coordinate that is not finite": (
        mur("b", geometry=LINE.replace("577001", "NaN")),
        "gml.geometry",
        "geometrie",
        None,
    ),
    "length zero": (mur("b", geometry=SHORT), "gml.geometry", "geometrie", "0 m"),
    "one point": (
        mur("b", geometry=LINE.replace("577001 6373002 150.5 577004 6373002 151", "")),
        "gml.geometry",
        "geometrie",
        "1 point",
    ),
    "invalid polygon": (generique(BOW.format(id="b"), "b"), "gml.geometry", "geometrie", "Self-intersection"),
    "far from its CRS": (
        mur("b", geometry=LINE.replace("2154", "3944")),
        "gml.crs",
        "geometrie",
        "577000.000",
    ),
    "foreign CRS": (mur("b", geometry=LINE.replace("2154", "32631")), "gml.crs", "geometrie", "EPSG:32631"),
    "link written as a text": (
        SEUIL.format(symbole="<symbole>#a</symbole>"),
        "gml.link",
        "symbole",
        "#a",
    ),
    "link to another class": (
        SEUIL.format(symbole=f"<symbole>{arbre('c')}</symbole>"),
        "gml.link",
        "symbole",
        "ArbrePCRS",
    ),
}


@pytest.mark.parametrize(("member", "code", "attribute", "measured"), FAULTS.values(), ids=FAULTS)
def test_one_fault_is_one_error_and_costs_one_object(tmp_path, member, code, attribute, measured):
    features, findings = read_text(tmp_path, document(mur("a"), member, mur("z")))
    (found,) = findings
    assert (found.code, found.level) == (code, "error")
    assert found.file == "livraison.gml"
    assert found.line is not None
    assert found.line >= 7
    assert attribute is None or found.attribute == attribute
    assert measured is None or measured in found.measured
    assert found.message.endswith(".")
    kept = {feature.gml_id for feature in features}
    assert {"a", "z"} <= kept
    assert "b" not in kept
    assert found.class_name or code == "gml.class"


WARNINGS = {
    "theme": (mur("b", theme="03"), "gml.thematique", "thematique", "03"),
    "order": (
        mur("b")
        .replace("<thematique>05</thematique>", "")
        .replace("<typeMur>", "<thematique>05</thematique><typeMur>"),
        "gml.order",
        "thematique",
        None,
    ),
    "gml:id that XML refuses": (mur("1 b").replace("g.1 b", "g.b"), "gml.id", None, "1 b"),
    "id of a geometry twice": (mur("b").replace("g.b", "g.a"), "gml.id", "geometrie", "g.a"),
    "link to nothing": (
        SEUIL.format(symbole='<symbole xlink:href="#gone"/>'),
        "gml.link",
        "symbole",
        "#gone",
    ),
    "bare link to nothing": (
        SEUIL.format(symbole='<symbole xlink:href="gone"/>'),
        "gml.link",
        "symbole",
        "gone",
    ),
    "empty link": (SEUIL.format(symbole="<symbole/>"), "gml.link", "symbole", None),
    "degrees": (
        mur(
            "b",
            geometry='<gml:LineString gml:id="g.b" srsName="EPSG:4326"><gml:posList>1.4 44.4 1.5 44.5'
            "</gml:posList></gml:LineString>",
        ),
        "gml.crs",
        "geometrie",
        "EPSG:4326",
    ),
    "no CRS": (mur("b", geometry=LINE.replace('srsName="EPSG:2154"', "")), "gml.crs", "geometrie", "absent"),
    "segment of length zero": (mur("b", geometry=REPEATED), "gml.geometry", "geometrie", "1 segment"),
    "open outline": (PILIER, "gml.geometry", "geometrie", "ligne ouverte"),
    "outdated element": (
        '<AffleurantLignesPCRS gml:id="b"><geometrie><gml:MultiLineString gml:id="h" srsName="EPSG:2154">'
        f"<gml:lineStringMember>{LINE.format(id='b')}</gml:lineStringMember></gml:MultiLineString></geometrie>"
        "</AffleurantLignesPCRS>",
        "gml.geometry",
        "geometrie",
        "MultiLineString",
    ),
    "geometry without gml:id": (mur("b", geometry=LINE.replace('gml:id="g.{id}"', "")), "gml.id", None, "1"),
}


@pytest.mark.parametrize(("member", "code", "attribute", "measured"), WARNINGS.values(), ids=WARNINGS)
def test_a_warning_keeps_the_object(tmp_path, member, code, attribute, measured):
    features, findings = read_text(tmp_path, document(mur("a"), member, mur("z")))
    (found,) = findings
    assert (found.code, found.level, found.attribute) == (code, "warning", attribute)
    assert measured is None or measured in found.measured
    assert found.line is not None
    assert len(features) == 3


ALLOWED = {
    "date with a zone": CANEVAS.format(xy="+5", date="2025-06-30+02:00"),
    "empty text": arbre("b"),
    "link that says why it is empty": SEUIL.format(symbole='<symbole nilReason="unknown"/>'),
    "link out of the document": SEUIL.format(symbole='<symbole xlink:href="https://pcrs.example.fr/s#1"/>'),
    "link with a title": SEUIL.format(symbole='<symbole xlink:href="#a" xlink:title="le mur"/>'),
    "what every GML object may have": mur("b").replace("<idObjet>", "<gml:name>mur</gml:name><idObjet>"),
    "xsi:type": mur("b", '<typeMur xsi:type="x">01</typeMur>'),
    "open code": (
        f'<AffleurantPCRS gml:id="b">{VECTEUR.format(theme="10")}<nature>other: puisard</nature>'
        '<representation xlink:href="#a"/></AffleurantPCRS>'
    ),
    "comment in a value": mur("b", "<typeMur>0<!-- un -->1</typeMur>"),
    "CDATA": mur("b", "<typeMur><![CDATA[01]]></typeMur>"),
    "any geometry": generique(BOX.format(id="b"), "b"),
}


@pytest.mark.parametrize("member", ALLOWED.values(), ids=ALLOWED)
def test_what_the_xsd_takes_is_taken(tmp_path, member):
    features, findings = read_text(tmp_path, document(mur("a"), member, mur("z")))
    assert findings == []
    assert [feature.gml_id for feature in features] == ["a", "b", "z"]


@pytest.mark.parametrize(
    ("version", "measured"), [('version=""', ""), ('version="1.1"', "1.1"), ("", "absente")]
)
def test_another_version_is_a_warning(tmp_path, version, measured):
    features, (found,) = read_text(tmp_path, document(mur("a"), version=version))
    assert (found.code, found.level, found.line, found.measured) == ("gml.version", "warning", 2, measured)
    assert found.expected == "2.0"
    assert len(features) == 1


def test_turned_axes_are_named_as_such(tmp_path):
    turned = LINE.replace("577000 6373000", "6373000 577000").replace("577001 6373002", "6373002 577001")
    turned = turned.replace("577004 6373002", "6373002 577004")
    features, (found,) = read_text(tmp_path, document(mur("b", geometry=turned)))
    assert features == []
    assert "inversés" in found.message


def test_every_fault_of_an_object_is_said(tmp_path):
    bad = without("producteur", mur("b", "<typeMur>07</typeMur><couleur/>", geometry=POINT))
    features, findings = read_text(tmp_path, document(bad))
    assert features == []
    assert {finding.code for finding in findings} == {
        "gml.required",
        "gml.enumeration",
        "gml.unknown",
        "gml.geometry",
    }
    assert {finding.object_id for finding in findings} == {"b"}


def test_an_open_outline_is_closed_on_reading(tmp_path):
    (pilier,), _ = read_text(tmp_path, document(PILIER))
    assert pilier.geometry.is_closed
    assert pilier.geometry.has_z
    assert len(pilier.geometry.coords) == 4
