"""INSPIRE's own executable test suites for metadata, run by BaseX over the records of the running demo.

The suites ask registers on the network; here BaseX has a proxy on the loopback that answers for them with the
same values: the schemas of pycsw's wheel, the regulations' titles of the suites' repository, and the few
register entries below. What services operate on is asked from the running demo itself.
"""

import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from lxml import etree

from tests.clients.conftest import need
from tests.clients.judges import judge, records_of

JAR = Path("/usr/share/java/basex.jar")
REGISTER = "http://inspire.ec.europa.eu"
THEMES = {"oi": "Ortho-imagerie", "ad": "Adresses", "tn": "Réseaux de transport"}
CATEGORIES = (
    "infoMapAccessService",
    "infoFeatureAccessService",
    "infoCoverageAccessService",
    "infoProductAccessService",
    "infoCatalogueService",
)
SUITES = {
    "common": "metadata/2.0/common/ets-md-common-bsxets.xml",
    "dataset": "metadata/2.0/datasets-and-series/ets-md-datasets-and-series-bsxets.xml",
    "interoperability": "metadata/2.0/datasets-and-series/ets-md-isdss-bsxets.xml",
    "data": "data/interoperability-metadata/ets-md-iop-bsxets.xml",
    "service": "metadata/2.0/sds/ets-md-sds-bsxets.xml",
    "network service": "metadata/2.0/sds/ets-md-ns-bsxets.xml",
}
ASSERTIONS = {
    "common": 20,
    "dataset": 11,
    "interoperability": 8,
    "data": 6,
    "service": 8,
    "network service": 1,
}
FUNCTX = """module namespace functx = 'http://www.functx.com';
declare function functx:replace-multi(
  $arg as xs:string?, $from as xs:string*, $to as xs:string*
) as xs:string? {
  if (empty($from)) then $arg else
  let $once := replace($arg, $from[1], ($to[1], '')[1])
  return functx:replace-multi($once, $from[position() > 1], $to[position() > 1])
};
declare function functx:substring-after-last-match($arg as xs:string?, $regex as xs:string) as xs:string {
  replace($arg, concat('^.*', $regex), '')
};
"""
"""The two functions that the suites use of that library."""
ETF = "{http://www.interactive-instruments.de/etf/2.0}"


def _register(path: str) -> str | None:
    """What INSPIRE's register answers, as far as the suites read it."""
    if path.startswith("/theme/"):
        entries = "".join(
            f"<entry><id>{REGISTER}/theme/{code}</id><title>{title}</title></entry>"
            for code, title in THEMES.items()
        )
        return f'<feed xmlns="http://www.w3.org/2005/Atom">{entries}</feed>'
    if "SpatialDataServiceCategory" in path:
        register = f"{REGISTER}/metadata-codelist/SpatialDataServiceCategory"
        values = "".join(f'<value id="{register}/{name}"/>' for name in CATEGORIES)
        return f"<metadata-codelist><containeditems>{values}</containeditems></metadata-codelist>"
    return None


def _schema(path: str) -> str | None:
    """The schemas that pycsw ships; the entry point also imports gmx, without which no anchor is valid."""
    root = Path(str(files("pycsw"))) / "plugins/profiles/apiso/schemas/ogc"
    if path.endswith("apiso.xsd"):
        base = (root / "iso/19139/20060504").as_uri()
        spaces = ("gmx", "gmd", "srv")
        imports = "".join(
            f'<import namespace="http://www.isotc211.org/2005/{name}" '
            f'schemaLocation="{base}/{name}/{name}.xsd"/>'
            for name in spaces
        )
        return f'<schema xmlns="http://www.w3.org/2001/XMLSchema">{imports}</schema>'
    file = root / path.lstrip("/")
    return file.read_text() if file.is_file() else None


@pytest.fixture(scope="module")
def proxy(request) -> Iterator[int]:
    """The port of the proxy through which BaseX sees the network."""
    enums = judge("ets-repository") / "schemas" / "common" / "1.0" / "enums"
    lists = judge("schemas.isotc211.org") / "19139" / "-" / "resources" / "codelist"

    class Network(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            body = _schema(url.path) if url.netloc == "schemas.opengis.net" else _register(url.path)
            if "/schemas/common/1.0/enums/" in url.path:
                body = (enums / Path(url.path).name).read_text(encoding="utf-8")
            if url.netloc == "standards.iso.org":
                body = (lists / Path(url.path).name).read_text(encoding="utf-8")
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "application/xml")
            self.end_headers()
            self.wfile.write((body or "").encode())

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Network)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def basex(tmp_path_factory, proxy):
    """Runs a query in a BaseX of its own."""
    java = need("java")
    jar = JAR if JAR.exists() else judge("basex.jar")
    home = tmp_path_factory.mktemp("basex")
    (home / ".basex").touch()
    (home / "functx.xqm").write_text(FUNCTX)

    def run(commands: str) -> str:
        script = home / "commands.bxs"
        script.write_text(f"<commands>{commands}</commands>", encoding="utf-8")
        network = ["-Dhttp.proxyHost=127.0.0.1", f"-Dhttp.proxyPort={proxy}"]
        place = f"-Dorg.basex.path={home}"
        done = subprocess.run(
            [java, *network, place, "-cp", str(jar), "org.basex.BaseX", "-c", str(script)],
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    run(f"<repo-install path='{home / 'functx.xqm'}'/>")
    return home, run


@pytest.fixture(scope="module")
def verdicts(basex, demo_url):
    """suite, kind of record → assertion → (status, messages)."""
    home, run = basex
    project = judge("ets-repository")
    kinds: dict[str, list[str]] = {"data": [], "vector": [], "service": []}
    records = records_of(demo_url)
    for name, xml in records.items():
        root = etree.fromstring(xml)
        level = root.find("{*}hierarchyLevel/{*}MD_ScopeCode").get("codeListValue")
        kind = "service" if level == "service" else "vector" if name.endswith("_VECTEUR") else "data"
        folder = home / kind
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.xml").write_bytes(xml)
        kinds[kind].append(name)
    assert len(kinds["data"]) == 3
    assert len(kinds["vector"]) == 1
    assert len(kinds["service"]) == 4
    found = {}
    for kind in kinds:
        run(f"<create-db name='{kind}-0'>{home / kind}</create-db>")
        named = (
            ("common", "service", "network service")
            if kind == "service"
            else ("common", "dataset", "interoperability", "data")
        )
        for suite in named:
            found[suite, kind] = _run(run, home, project, suite, kind)
    return found


def _run(run, home: Path, project: Path, suite: str, kind: str) -> dict[str, tuple[str, str]]:
    result = home / f"{suite}-{kind}.xml"
    # A proxy sees nothing of what goes over TLS.
    plain = (
        (project / SUITES[suite]).read_text("utf-8").replace("https://standards.iso", "http://standards.iso")
    )
    (home / "suite.xml").write_text(plain, encoding="utf-8")
    said = {
        "projDir": project,
        "etsFile": home / "suite.xml",
        "dbBaseName": kind,
        "outputFile": result,
        "logFile": home / "log.txt",
        "statFile": home / "stat.xml",
        "queryFile": home / "query.xq",
        "statisticalReportTableType": "",
    }
    bound = "".join(f"<set option='bindings'>{_bindings(said)}</set>")
    run(f"{bound}<run file='{project / 'inspire-md-bsxets.xq'}'/>")
    assertions = etree.parse(project / SUITES[suite]).iterfind(f".//{ETF}TestAssertion")
    labels = {one.get("id"): str(one.findtext(f"{ETF}label")) for one in assertions}
    told = {}
    for one in etree.parse(result).iterfind(f".//{ETF}TestAssertionResult"):
        label = labels[one.find(f"{ETF}resultedFrom").get("ref")]
        said = one.iterfind(f".//{ETF}message")
        messages = " | ".join("".join(message.itertext()).strip() for message in said)
        told[label] = (str(one.findtext(f"{ETF}status")), messages)
    assert len(told) == ASSERTIONS[suite], sorted(told)
    assert "PASSED" in {status for status, _ in told.values()}
    return told


def _bindings(said: dict[str, object]) -> str:
    return ",".join(f"{name}={str(value).replace(',', ',,')}" for name, value in said.items())


def failed(verdicts, suite: str, kind: str) -> dict[str, str]:
    return {
        label: messages
        for label, (status, messages) in verdicts[suite, kind].items()
        if status not in ("PASSED", "PASSED_MANUAL", "NOT_APPLICABLE", "INFO")
    }


@pytest.mark.parametrize("suite", ["common", "dataset", "interoperability", "data"])
def test_series_and_raster_pass_every_automatic_assertion(verdicts, suite):
    assert failed(verdicts, suite, "data") == {}


@pytest.mark.parametrize("suite", ["common", "service", "network service"])
def test_services_pass_every_automatic_assertion(verdicts, suite):
    assert failed(verdicts, suite, "service") == {}


@pytest.mark.parametrize("suite", ["common", "dataset", "interoperability", "data"])
def test_vectors_lack_the_inspire_theme_alone_by_choice(verdicts, suite):
    expected = ["md datasets-and-series 1.4: INSPIRE Theme Keyword"] if suite == "dataset" else []
    assert list(failed(verdicts, suite, "vector")) == expected
