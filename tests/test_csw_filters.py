"""Filters, CQL and geometries of the catalogue: the records that they select, and what they refuse."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from pycsw.core.config import StaticContext
from pycsw.plugins.profiles.apiso.apiso import APISO
from sqlalchemy import func, select

from pcrs.errors import InputError
from pcrs.standard.folding import folded
from pcrs.store.csw_cql import to_filter
from pcrs.store.csw_filters import MAX_CONDITIONS, MAX_LITERAL, parse
from pcrs.store.csw_geometry import read_geometry
from pcrs.store.csw_repository import CatalogueRepository, release
from pcrs.store.record_tables import RECORDS
from tests.catalogue import IDENTIFIERS, filled

DATASETS = [
    "PCRS_D046_RVB-0M05",
    "PCRS_D046_RVB-0M05_2022",
    "PCRS_D046_RVB-0M05_2025",
    "PCRS_D046_VECTEUR",
]
SERVICES = ["PCRS_D046_ATOM", "PCRS_D046_CSW", "PCRS_D046_OGCAPI", "PCRS_D046_WMTS"]
HEAD = 'xmlns:ogc="http://www.opengis.net/ogc" xmlns:gml="http://www.opengis.net/gml"'


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request, tmp_path_factory):
    """The nine records, in each of the engines."""
    if request.param == "sqlite":
        yield filled(tmp_path_factory.mktemp("csw") / "records.db").url
        return
    with request.getfixturevalue("postgres").schema() as url:
        yield filled(url).url


@pytest.fixture(scope="module")
def repository(database):
    context = StaticContext("csw")
    config = {"server": {"url": "", "ogc_schemas_base": ""}, "metadata": {"inspire": {"enabled": False}}}
    APISO(context.model, context.namespaces, context).extend_core(context.model, context.namespaces, config)
    yield CatalogueRepository(database, context)
    release(database)


@pytest.fixture
def ask(repository):
    def _ask(element):
        where, _ = parse(element, repository.queryables["_all"])
        query = select(RECORDS.c.identifier).where(where).order_by(RECORDS.c.identifier)
        return list(repository.session.scalars(query))

    return _ask


def ogc(body):
    return etree.fromstring(f"<ogc:Filter {HEAD}>{body}</ogc:Filter>")


def compare(operator, name, value, extra=""):
    return (
        f"<ogc:PropertyIs{operator} {extra}><ogc:PropertyName>{name}</ogc:PropertyName>"
        f"<ogc:Literal>{value}</ogc:Literal></ogc:PropertyIs{operator}>"
    )


def like(name, value, extra='wildCard="*" singleChar="?" escapeChar="\\"'):
    return compare("Like", name, value, extra)


def envelope(lower, upper, srs=""):
    named = f'srsName="{srs}"' if srs else ""
    return (
        f"<gml:Envelope {named}><gml:lowerCorner>{lower}</gml:lowerCorner>"
        f"<gml:upperCorner>{upper}</gml:upperCorner></gml:Envelope>"
    )


def spatial(operator, shape, more=""):
    name = "<ogc:PropertyName>ows:BoundingBox</ogc:PropertyName>"
    return f"<ogc:{operator}>{name}{shape}{more}</ogc:{operator}>"


IS_SERVICE = compare("EqualTo", "dc:type", "service")
IS_VECTOR = compare("EqualTo", "apiso:Denominator", "200")
SCALE = "<ogc:PropertyName>apiso:Denominator</ogc:PropertyName>"
HAS_SCALE = f"<ogc:Not><ogc:PropertyIsNull>{SCALE}</ogc:PropertyIsNull></ogc:Not>"


@pytest.mark.parametrize("name", ["dc:type", "apiso:Type", "apiso:type", "APISO:TYPE", "type", "Type"])
def test_a_property_is_found_whatever_its_writing(ask, name):
    assert ask(ogc(compare("EqualTo", name, "dataset"))) == DATASETS


@pytest.mark.parametrize("name", ["csw:AnyText", "AnyText", "anytext", "any", "apiso:AnyText"])
def test_full_text_is_searched_anywhere(ask, name):
    both = ["PCRS_D046", "PCRS_D046_VECTEUR"]
    assert ask(ogc(like(name, "*objets vecteur*"))) == both
    for words in (like(name, "vecteur objets"), compare("EqualTo", name, "vecteur objets")):
        assert set(ask(ogc(words))) == {*both, "PCRS_D046_OGCAPI"}


@pytest.mark.parametrize(
    "written",
    [
        "Territoire d'Énergie",
        "TERRITOIRE D’ENERGIE",
        "territoire  d´energie",
        "Territoire d\u2019\u0065\u0301nergie",
    ],
)
def test_words_are_found_however_french_is_written(ask, written):
    assert set(ask(ogc(like("AnyText", f"*{written}*")))) == set(IDENTIFIERS)
    assert set(ask(ogc(like("apiso:OrganisationName", f"{written}*")))) == set(IDENTIFIERS)
    assert set(ask(to_filter(f"csw:AnyText like '%{written.replace("'", "''")}%'"))) == set(IDENTIFIERS)


WRITTEN = st.text(st.sampled_from("aÀéÊëîÏôÙçŒœÆæß’'´`–-  \u00a0\u202fN°²½ﬁ%_\\"), max_size=12)


@given(WRITTEN)
def test_engines_fold_as_we_do(repository, text):
    assert repository.session.scalar(select(func.pcrs_fold(text))) == folded(text)


@pytest.mark.parametrize("text", ["0.05", " 12 ", "-1e3", "1:200", "", "x", "1e999", "nan", "1_000", "0x1"])
def test_engines_read_numbers_alike(repository, text):
    told = repository.session.scalar(select(func.pcrs_number(text)))
    assert told == {"0.05": 0.05, " 12 ": 12.0, "-1e3": -1000.0}.get(text)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (IS_SERVICE, SERVICES),
        (f"<ogc:Not>{IS_SERVICE}</ogc:Not>", [i for i in IDENTIFIERS if i not in SERVICES]),
        (f"<ogc:Or>{IS_SERVICE}{IS_VECTOR}</ogc:Or>", sorted([*SERVICES, "PCRS_D046_VECTEUR"])),
        (
            f"<ogc:And>{IS_SERVICE}{like('title', '*téléchargement*')}</ogc:And>",
            ["PCRS_D046_ATOM", "PCRS_D046_OGCAPI"],
        ),
        (
            f"<ogc:Not><ogc:Or>{IS_SERVICE}<ogc:And>{compare('EqualTo', 'type', 'dataset')}"
            f"<ogc:Not>{IS_VECTOR}</ogc:Not></ogc:And></ogc:Or></ogc:Not>",
            ["PCRS_D046", "PCRS_D046_VECTEUR"],
        ),
        (HAS_SCALE, ["PCRS_D046_VECTEUR"]),
        (f"<ogc:Not>{IS_VECTOR}</ogc:Not>", [i for i in IDENTIFIERS if i != "PCRS_D046_VECTEUR"]),
        (compare("EqualTo", "dc:subject", "pcrs"), list(IDENTIFIERS)),
        (compare("EqualTo", "dc:subject", "pcr"), []),
        (
            compare("EqualTo", "dc:subject", "orthophotographies"),
            [SERVICES[0], *DATASETS[:3], "PCRS_D046_WMTS"],
        ),
        (compare("LessThan", "apiso:Denominator", "1000"), ["PCRS_D046_VECTEUR"]),
        (
            compare("GreaterThanOrEqualTo", "apiso:RevisionDate", "2026-11-01"),
            [i for i in IDENTIFIERS if "2022" not in i],
        ),
        (compare("EqualTo", "type", "SERVICE", 'matchCase="false"'), SERVICES),
        (compare("EqualTo", "dc:subject", "PCRS", 'matchCase="false"'), list(IDENTIFIERS)),
        (compare("EqualTo", "dc:subject", "PCRS"), []),
        (compare("LessThan", "apiso:Denominator", "1000", 'matchCase="false"'), ["PCRS_D046_VECTEUR"]),
        (compare("NotEqualTo", "type", "dataset"), ["PCRS_D046", *SERVICES]),
        (like("identifier", "PCRS?D046?RVB*"), DATASETS[:3]),
        (like("identifier", "PCRS_D046_RVB-0M05_202?"), DATASETS[1:3]),
        (like("identifier", "%"), []),
        (like("title", "\\*"), []),
        (
            "<ogc:PropertyIsBetween><ogc:PropertyName>apiso:TempExtent_begin</ogc:PropertyName>"
            "<ogc:LowerBoundary><ogc:Literal>2022-01-01</ogc:Literal></ogc:LowerBoundary>"
            "<ogc:UpperBoundary><ogc:Literal>2022-12-31</ogc:Literal></ogc:UpperBoundary>"
            "</ogc:PropertyIsBetween>",
            ["PCRS_D046", "PCRS_D046_RVB-0M05_2022"],
        ),
        (
            '<ogc:FeatureId fid="PCRS_D046"/><ogc:FeatureId fid="PCRS_D046_CSW"/>',
            ["PCRS_D046", "PCRS_D046_CSW"],
        ),
        (
            '<ogc:PropertyIsEqualTo><ogc:Function name="upper"><ogc:PropertyName>type</ogc:PropertyName>'
            "</ogc:Function><ogc:Literal>SERIES</ogc:Literal></ogc:PropertyIsEqualTo>",
            ["PCRS_D046"],
        ),
    ],
)
def test_the_filter_selects(ask, body, expected):
    assert ask(ogc(body)) == expected


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (spatial("BBOX", envelope("1.45 44.42", "1.46 44.43")), True),
        (spatial("BBOX", envelope("44.42 1.45", "44.43 1.46")), False),
        (spatial("BBOX", envelope("44.42 1.45", "44.43 1.46", "urn:ogc:def:crs:EPSG::4326")), True),
        (spatial("BBOX", envelope("44.42 1.45", "44.43 1.46", "urn:x-ogc:def:crs:EPSG:6.11:4326")), True),
        (spatial("BBOX", envelope("1.45 44.42", "1.46 44.43", "EPSG:4326")), True),
        (spatial("BBOX", envelope("1.45 44.42", "1.46 44.43", "urn:ogc:def:crs:OGC:1.3:CRS84")), True),
        (spatial("BBOX", envelope("577000 6371000", "578000 6372000", "EPSG:2154")), True),
        (spatial("BBOX", envelope("677000 6371000", "678000 6372000", "EPSG:2154")), False),
        (spatial("BBOX", envelope("1.49271 44.42", "1.49272 44.43")), False),
        (spatial("Intersects", "<gml:Point><gml:pos>1.45 44.42</gml:pos></gml:Point>"), True),
        (spatial("Within", envelope("1 44", "2 45")), True),
        (spatial("Contains", envelope("1 44", "2 45")), False),
        (spatial("Disjoint", envelope("1 44", "2 45")), False),
        (
            spatial(
                "Intersects",
                "<gml:Polygon><gml:exterior><gml:LinearRing><gml:posList>1 44 2 44 2 45 1 44</gml:posList>"
                "</gml:LinearRing></gml:exterior></gml:Polygon>",
            ),
            True,
        ),
        (
            spatial("Crosses", "<gml:LineString><gml:posList>1 44.43 2 44.43</gml:posList></gml:LineString>"),
            True,
        ),
        (
            spatial(
                "DWithin",
                "<gml:Point><gml:pos>1 44.43</gml:pos></gml:Point>",
                "<ogc:Distance>1</ogc:Distance>",
            ),
            True,
        ),
        (
            spatial(
                "DWithin",
                "<gml:Point><gml:pos>1 44.43</gml:pos></gml:Point>",
                "<ogc:Distance>.1</ogc:Distance>",
            ),
            False,
        ),
        (
            spatial("BBOX", "<gml:Box><gml:coordinates>1.45,44.42 1.46,44.43</gml:coordinates></gml:Box>"),
            True,
        ),
    ],
)
def test_a_place_selects(ask, body, found):
    assert ("PCRS_D046_RVB-0M05" in ask(ogc(body))) is found


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<ogc:And/>",
        "<ogc:Not/>",
        compare("EqualTo", "dc:nothing", "x"),
        compare("EqualTo", "__class__", "x"),
        compare("EqualTo", "apiso:Denominator", "deux cents"),
        "<ogc:PropertyIsEqualTo><ogc:PropertyName>type</ogc:PropertyName></ogc:PropertyIsEqualTo>",
        "<ogc:PropertyIsEqualTo><ogc:Literal>x</ogc:Literal></ogc:PropertyIsEqualTo>",
        compare("Near", "type", "x"),
        compare("EqualTo", "type", "x" * (MAX_LITERAL + 1)),
        "<ogc:Or>" + IS_SERVICE * (MAX_CONDITIONS + 1) + "</ogc:Or>",
        '<ogc:PropertyIsEqualTo><ogc:Function name="load_extension"><ogc:PropertyName>type</ogc:PropertyName>'
        "</ogc:Function><ogc:Literal>x</ogc:Literal></ogc:PropertyIsEqualTo>",
        spatial("BBOX", ""),
        spatial("BBOX", envelope("1 44", "nan 45")),
        spatial("BBOX", envelope("1 44", "2')--")),
        spatial("BBOX", envelope("1", "2 45")),
        spatial("BBOX", envelope("2 44", "1 45")),
        spatial("BBOX", envelope("1 44", "2 45", "EPSG:nothing")),
        spatial(
            "DWithin", "<gml:Point><gml:pos>1 44</gml:pos></gml:Point>", "<ogc:Distance>')</ogc:Distance>"
        ),
        spatial("BBOX", envelope("1 44", "2 45")).replace("ows:BoundingBox", "dc:title"),
        spatial("Within", "<gml:LineString><gml:posList>1 44</gml:posList></gml:LineString>"),
        spatial("Within", f"<gml:LineString><gml:posList>{'1 44 ' * 6000}</gml:posList></gml:LineString>"),
    ],
)
def test_what_is_not_understood_is_refused(ask, body):
    with pytest.raises(InputError):
        ask(ogc(body))


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=30))
@settings(max_examples=60)
def test_a_literal_is_never_sql(repository, text):
    element = ogc(compare("EqualTo", "dc:title", ""))
    element.find(".//{*}Literal").text = text
    where, _ = parse(element, repository.queryables["_all"])
    assert list(repository.session.scalars(select(RECORDS.c.identifier).where(where))) == []


@pytest.mark.parametrize(
    ("cql", "expected"),
    [
        ("dc:type = 'service'", SERVICES),
        ("dc:type='service' and title like '%WMTS%'", []),
        ("csw:AnyText like '%2154_5cm%' AND dc:type = 'service'", ["PCRS_D046_WMTS"]),
        ('csw:AnyText like "%2154_5cm%" AND type = "service"', ["PCRS_D046_WMTS"]),
        ("type = 'series' or type = 'service' and title like '%découverte%'", ["PCRS_D046", "PCRS_D046_CSW"]),
        ("(type = 'series' or type = 'service') and title like '%découverte%'", ["PCRS_D046_CSW"]),
        ("not type = 'service' and not type = 'dataset'", ["PCRS_D046"]),
        (
            "apiso:RevisionDate >= 2026-11-01 and dc:type = 'dataset'",
            [i for i in DATASETS if "2022" not in i],
        ),
        ("title like '%d''Énergie%'", []),
        ("not (type = 'service' or type = 'dataset')", ["PCRS_D046"]),
        ("type IN ('series', 'service')", sorted(["PCRS_D046", *SERVICES])),
        ("type NOT IN ('series')", [i for i in IDENTIFIERS if i != "PCRS_D046"]),
        ("apiso:Denominator is not null", ["PCRS_D046_VECTEUR"]),
        ("apiso:Denominator < 1000", ["PCRS_D046_VECTEUR"]),
        ("apiso:TempExtent_begin between '2022-01-01' and '2022-12-31'", ["PCRS_D046", DATASETS[1]]),
        ("title = 'a and b or c'", []),
        ("BBOX(ows:BoundingBox, 1.4, 44.4, 1.5, 44.5)", list(IDENTIFIERS)),
        ("BBOX(ows:BoundingBox, 2.4, 44.4, 2.5, 44.5)", []),
    ],
)
def test_cql_selects(ask, cql, expected):
    assert ask(to_filter(cql)) == expected


@pytest.mark.parametrize(
    "cql",
    [
        "",
        "x",
        "title =",
        "title like",
        "'a' = 'b'",
        "title = other",
        "INTERSECTS(a, POINT(1 2))",
        "(" * 100,
        "not " * 100 + "a = 'b'",
        "a = 'b' c",
        "a = 'b",
        "a is 'b'",
        "a in ()",
        "a not = 'b'",
        "BBOX(a, 1, 2, 3)",
        "a = 'b';",
        "a = 'b\x01'",
    ],
)
def test_what_is_no_cql_is_refused(cql):
    with pytest.raises(InputError):
        to_filter(cql)


@given(st.text(max_size=40))
@settings(max_examples=100)
def test_any_text_is_cql_or_refused(text):
    try:
        element = to_filter(text)
    except InputError:
        return
    assert etree.QName(element).localname == "Filter"


@given(
    st.floats(-170, 170),
    st.floats(-80, 80),
    st.floats(0.001, 5),
    st.sampled_from(
        ["", "EPSG:4326", "urn:ogc:def:crs:EPSG::4326", "http://www.opengis.net/def/crs/OGC/1.3/CRS84"]
    ),
)
def test_an_envelope_is_read_in_the_order_of_its_crs(west, south, size, srs):
    east, north = west + size, south + size
    corners = (f"{west!r} {south!r}", f"{east!r} {north!r}")
    if srs.startswith("urn"):
        corners = (f"{south!r} {west!r}", f"{north!r} {east!r}")
    geometry = read_geometry(ogc(spatial("BBOX", envelope(*corners, srs)))[0])
    assert geometry.bounds == (west, south, east, north)
