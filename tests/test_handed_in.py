"""Files that people hand in: what they describe, and how those that mean harm are refused."""

import io
import json
import sqlite3
import struct
import time
import zipfile
from contextlib import closing

import numpy as np
import pytest
import shapely

from pcrs.errors import InputError, TooLargeError
from pcrs.standard.crs import transform_geometry
from pcrs.work import handed_in, unpacking
from pcrs.work.handed_in import described, read_apart
from tests.test_areas import SQUARE, degrees, write

KML = """<?xml version="1.0" encoding="UTF-8"?>
{doctype}<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark><name>{name}</name>
<Polygon><outerBoundaryIs><LinearRing><coordinates>{ring}</coordinates></LinearRing></outerBoundaryIs>
</Polygon></Placemark></Document></kml>"""
RING = " ".join(f"{x!r},{y!r},0" for x, y in degrees(SQUARE).exterior.coords)
GOOD_KML = KML.format(doctype="", name="zone", ring=RING).encode()


def geojson(shape):
    return json.dumps(shapely.geometry.mapping(shape)).encode()


def packed(files):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return held.getvalue()


def shapefile(folder, *, crs="EPSG:3944", without=()):
    """A Shapefile of the square, by name of its parts."""
    folder.mkdir(exist_ok=True)
    write(folder / "zone.shp", [transform_geometry(SQUARE, 2154, 3944)], "ESRI Shapefile", crs)
    return {
        f"dossier/{each.name}": each.read_bytes()
        for each in folder.glob("zone.*")
        if each.suffix not in without
    }


def geopackage(folder, shapes=(SQUARE,), crs="EPSG:2154"):
    folder.mkdir(exist_ok=True)
    return write(folder / "made.gpkg", list(shapes), "GPKG", crs)


@pytest.fixture
def work(tmp_path, monkeypatch):
    monkeypatch.setattr(unpacking, "UNPACKED_MAX", 5 * 2**20)
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def region(told):
    return shapely.geometry.shape(told["geometrie"])


@pytest.mark.parametrize("kind", ["geojson", "kml", "kmz", "gpkg", "shp", "gpkg in a zip"])
def test_every_kind_describes_the_same_area(tmp_path, work, kind):
    made = {
        "geojson": ("zone.geojson", lambda: geojson(degrees(SQUARE))),
        "kml": ("zone.kml", lambda: GOOD_KML),
        "kmz": ("zone.kmz", lambda: packed({"doc.kml": GOOD_KML})),
        "gpkg": ("zone.gpkg", lambda: geopackage(tmp_path / "a").read_bytes()),
        "shp": ("zone.zip", lambda: packed({**shapefile(tmp_path / "a"), "__MACOSX/._zone.shp": b"x"})),
        "gpkg in a zip": ("zone.zip", lambda: packed({"a.gpkg": geopackage(tmp_path / "a").read_bytes()})),
    }
    name, make = made[kind]
    told = described(make(), name, work)
    assert region(told).symmetric_difference(SQUARE).area < 8
    assert (told["nom"], told["epsg"], told["remarques"]) == (name, 2154, [])
    assert told["surface_m2"] == pytest.approx(40_000, rel=1e-3)


def test_an_outline_that_crosses_itself_is_mended_and_that_is_said(work):
    (x0, y0), (x1, y1) = degrees(SQUARE).bounds[:2], degrees(SQUARE).bounds[2:]
    bow = {"type": "Polygon", "coordinates": [[[x0, y0], [x1, y1], [x1, y0], [x0, y1], [x0, y0]]]}
    told = described(json.dumps(bow).encode(), "noeud.geojson", work)
    assert region(told).is_valid
    assert told["surface_m2"] == pytest.approx(20_000, rel=0.05)
    assert "réparé" in told["remarques"][0]


def bomb():
    """One byte more than may be, a thousand times smaller."""
    return packed({"zone.geojson": b"{" + b" " * (unpacking.UNPACKED_MAX + 1)})


def lying_bomb():
    """The same, announced as ten bytes."""
    body = bytearray(bomb())
    for mark, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = body.index(mark)
        body[place + at : place + at + 4] = struct.pack("<I", 10)
    return bytes(body)


ENTITIES = '<!DOCTYPE kml [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
FILE_ENTITY = '<!DOCTYPE kml [<!ENTITY secret SYSTEM "file:///etc/passwd">]>'
OUTSIDE = '<!DOCTYPE kml SYSTEM "http://127.0.0.1:9/kml.dtd">'


def fine(vertices):
    turn = np.linspace(0, 2 * np.pi, vertices)
    return shapely.Polygon(np.column_stack([576_500 + 90 * np.cos(turn), 6_372_500 + 90 * np.sin(turn)]))


def kml(ring=RING, doctype="", name=""):
    return KML.format(doctype=doctype, name=name, ring=ring)


NAN = b'{"type": "Polygon", "coordinates": [[[2, 1], [NaN, 2], [2, 2], [2, 1]]]}'
LINE = geojson(shapely.LineString(degrees(SQUARE).exterior.coords))
SQLITE = b"SQLite format 3\0" + b"\xff" * 4096
HOSTILE = {
    "zip slip": ("z.zip", lambda: packed({"../../etc/zone.shp": b"x"}), "sort"),
    "zip slip, windows": ("z.zip", lambda: packed({"..\\..\\zone.shp": b"x"}), "sort"),
    "zip slip, absolute": ("z.zip", lambda: packed({"/etc/zone.shp": b"x", "a.geojson": b"{}"}), "sort"),
    "zip bomb": ("z.zip", bomb, "décompressé|damaged"),
    "zip bomb that lies": ("z.zip", lying_bomb, "décompressé|damaged"),
    "zip of very many": ("z.zip", lambda: packed({f"{n}.txt": b"" for n in range(500)}), "200 au plus"),
    "zip in a zip": ("z.zip", lambda: packed({"a.zip": packed({"a.kml": GOOD_KML})}), "une seule couche"),
    "damaged zip": ("z.zip", lambda: packed({"a.kml": GOOD_KML})[:-40], "endommagé"),
    "two layers": ("z.zip", lambda: packed({"a.kml": GOOD_KML, "b.kml": GOOD_KML}), "a.kml, b.kml"),
    "another content in the zip": ("z.zip", lambda: packed({"a.gpkg": GOOD_KML}), "autre contenu"),
    "entity of a file": ("z.kml", lambda: kml(doctype=FILE_ENTITY, name="&secret;").encode(), "DOCTYPE"),
    "entity bomb": ("z.kml", lambda: kml(doctype=ENTITIES, name="&b;").encode(), "DOCTYPE"),
    "dtd of elsewhere": ("z.kml", lambda: kml(doctype=OUTSIDE).encode(), "DOCTYPE"),
    "utf-16 doctype": ("z.kml", lambda: kml(doctype=ENTITIES).encode("utf-16"), "ni GeoJSON"),
    "xml bomb of depth": ("z.kml", lambda: b"<kml>" + b"<a>" * 100_000, "illisible"),
    "another xml": ("z.kml", lambda: b"<OGRVRTDataSource/>", "pas un KML"),
    "words for coordinates": ("z.kml", lambda: kml("a,b c,d").encode(), "illisibles"),
    "wrong suffix": ("z.gpkg", lambda: geojson(degrees(SQUARE)), "suffixe dit GeoPackage"),
    "shapefile alone": ("zone.shp", lambda: b"\0\0\x27\x0a" + b"\0" * 96, "zipper ensemble"),
    "program": ("zone.geojson", lambda: b"MZ\x90\0", "ni GeoJSON"),
    "empty": ("zone.geojson", lambda: b"", "ni GeoJSON"),
    "no polygon": ("zone.geojson", lambda: b'{"type": "FeatureCollection", "features": []}', "polygon|read"),
    "empty kml": ("zone.kml", lambda: b'<kml xmlns="http://www.opengis.net/kml/2.2"/>', "aucun polygone"),
    "line": ("zone.geojson", lambda: LINE, "aucun polygone"),
    "metres called degrees": ("zone.geojson", lambda: geojson(SQUARE), "hors de France"),
    "not a number": ("zone.geojson", lambda: NAN, "coordonnées|read|polygon"),
    "deep json": ("zone.geojson", lambda: b'{"a":' * 50_000, "read"),
    "too many vertices": ("zone.geojson", lambda: geojson(degrees(fine(120_001))), "120001 sommets, 100000"),
    "sqlite that is no geopackage": ("zone.gpkg", lambda: SQLITE, "GeoPackage"),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_what_means_harm_or_cannot_be_used_is_refused_in_words(work, what):
    name, make, words = HOSTILE[what]
    with pytest.raises((InputError, TooLargeError), match=words) as refused:
        described(make(), name, work)
    assert "Traceback" not in str(refused.value)
    assert sum(each.stat().st_size for each in work.iterdir()) <= unpacking.UNPACKED_MAX + 2**20
    assert not list(work.parent.glob("zone.*"))


def test_a_shapefile_without_crs_or_with_a_wrong_one(tmp_path, work):
    with pytest.raises(InputError, match="sans système de coordonnées"):
        described(packed(shapefile(tmp_path / "a", without=(".prj",))), "zone.zip", work)
    with pytest.raises(InputError, match="hors de France"):
        described(packed(shapefile(tmp_path / "b", crs="EPSG:2154")), "zone.zip", work)
    parts = shapefile(tmp_path / "c")
    parts["dossier/zone.prj"] = b"PROJCS[nonsense"
    with pytest.raises(InputError):
        described(packed(parts), "zone.zip", work)


SLOW = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT count(*) FROM c"


def test_sql_in_a_geopackage_is_not_run(tmp_path, work):
    """A trigger and a view beside the layer are not read; a view instead of it is refused."""
    file = geopackage(tmp_path / "a")
    with closing(sqlite3.connect(file)) as db:
        db.execute("CREATE TRIGGER t AFTER INSERT ON made BEGIN DELETE FROM made; END")
        db.execute(f"CREATE VIEW other AS {SLOW}")
        db.commit()
    assert described(file.read_bytes(), "zone.gpkg", work)["surface_m2"] == pytest.approx(40_000, rel=1e-3)
    with closing(sqlite3.connect(file)) as db:
        db.execute("CREATE TABLE kept AS SELECT * FROM made")
        for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f'DROP TRIGGER "{row[0]}"')
        db.execute("DROP TABLE made")
        db.execute(f"CREATE VIEW made AS SELECT *, ({SLOW}) AS n FROM kept")
        db.commit()
    with pytest.raises(InputError, match="SQL"):
        described(file.read_bytes(), "zone.gpkg", work)


def test_a_file_that_takes_too_long_ends_its_process_alone(tmp_path, monkeypatch):
    """A million vertices in a file of the size that is allowed; and a reader that is not let think."""
    with pytest.raises(InputError, match="1000001 sommets"):
        read_apart(geopackage(tmp_path / "a", [fine(1_000_001)]).read_bytes(), "zone.gpkg")
    monkeypatch.setattr(handed_in, "_PATIENCE_S", 0.01)
    before = time.monotonic()
    with pytest.raises(TooLargeError, match="trop de temps"):
        read_apart(GOOD_KML, "zone.kml")
    assert time.monotonic() - before < 60
    monkeypatch.setattr(handed_in, "BYTES_MAX", 100)
    with pytest.raises(TooLargeError, match="100 au plus"):
        read_apart(GOOD_KML, "zone.kml")


def test_names_are_never_paths(tmp_path):
    told = read_apart(GOOD_KML, "../../../etc/passwd")
    assert told["nom"] == "../../../etc/passwd"
    assert np.isclose(told["surface_m2"], 40_000, rtol=1e-3)
