"""Values that break what reads them carelessly, as bytes of a request's target or body."""

import random
from urllib.parse import quote

CANARY_FILE = "canary-7c1f.txt"
"""Lies beside the site, and once among its own private files."""
INJECTED = "X-Injected"
_DEPTHS = (1, 2, 3, 5, 8, 12)
_PLACES = (CANARY_FILE, "pcrs.toml", "stores/index.db", "stores/tokens.db", "etc/passwd", "proc/self/environ")
_UPWARDS = (
    "../",
    "..\\",
    "%2e%2e/",
    "%2e%2e%2f",
    "..%2f",
    "..%5c",
    "%252e%252e%252f",
    "..%c0%af",
    "%c0%ae%c0%ae/",
    "....//",
    ".%2e/",
    "%2e./",
    "..%00/",
    "..;/",
    "..%ef%bc%8f",
    "/%2e%2e/",
    "./../",
    "..%u2215",
    "%%32%65%%32%65/",
)
_LINES = (
    f"%0d%0a{INJECTED}:%201",
    f"%0a{INJECTED}:%201",
    f"%0d{INJECTED}:%201",
    f"%0d%0a%0d%0a<x>{INJECTED}",
    f"%E5%98%8A%E5%98%8D{INJECTED}:%201",
    f"a%0d%0aSet-Cookie:%20{INJECTED}=1",
    f"text/xml%0d%0a{INJECTED}:1",
    f"%c4%8d%c4%8a{INJECTED}:1",
    f"%u000d%u000a{INJECTED}:1",
)
_NUMBERS = (
    "0",
    "-0",
    "-1",
    "1e308",
    "-1e308",
    "1e309",
    "1e-320",
    "nan",
    "NaN",
    "inf",
    "-inf",
    "Infinity",
    "0x10",
    "1_000",
    "٣",
    "1,5",
    "1;1",
    "9" * 30,
    "9" * 400,
    "-" + "9" * 30,
    "2147483648",
    "4294967296",
    "9223372036854775808",
    "1.",
    ".5",
    "+1",
    " 1",
    "1e",
    "--1",
    "1e400",
    "0.1e1",
    "true",
    "null",
    "[]",
    "{}",
)
_BYTES = (
    "%00",
    "a%00b",
    "%ff%fe",
    "%80",
    "%ed%a0%80",
    "%f0%9f%92%a9",
    "%c0%80",
    "%",
    "%zz",
    "%2",
    "%u0041",
    "%e2%80%ae",
    "e%cc%81",
    "%ef%bb%bf",
    "%1b%5b31m",
    "%7f",
    "%0b",
    "\t",
    "%20",
    "+",
    "",
)
_TEXTS = (
    "'",
    '"',
    "' OR '1'='1",
    "'; DROP TABLE dalle; --",
    "1) UNION SELECT sql FROM sqlite_master --",
    "pg_sleep(10)",
    "${jndi:ldap://127.0.0.1/a}",
    "{{7*7}}",
    "{% import os %}",
    "<script>pcrsxss</script>",
    '"><svg/onload=pcrsxss>',
    "javascript:pcrsxss",
    "$(id)",
    "`id`",
    "|id",
    ";id",
    "&&id",
    "*)(uid=*",
    "\\",
    "\\\\127.0.0.1\\c$\\x",
    "file:///etc/passwd",
    "/vsicurl/http://127.0.0.1:9/x",
    "/vsizip//etc/passwd",
    "http://127.0.0.1:9/",
    "gopher://127.0.0.1:9/",
    "//127.0.0.1:9/x",
    "urn:ogc:def:crs:EPSG::999999",
    "EPSG:0",
    "EPSG:-1",
    "http://www.opengis.net/def/crs/EPSG/0/../../2154",
    "CRS84",
    "POINT(1e400 1)",
    "POLYGON((0 0,1 1,0 1))",
    "POLYGON((0 0,0 0,0 0,0 0))",
    "POINT EMPTY",
    "MULTIPOINT((1 1),(nan nan))",
    "S_INTERSECTS(geometry,POLYGON((",
    "CASEI(a)=CASEI(b)",
    "((((((((((((((((((((((((((((((((",
    "NOT NOT NOT NOT a=1",
    "a LIKE '%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%'",
    "T_AFTER(a,TIMESTAMP('0000-00-00T00:00:00Z'))",
    "a IN ()",
    "1900-01-01/..",
    "../..",
    "9999-99-99",
    "0000-00-00T99:99:99Z",
    "2025-06-01/2024-01-01",
    "-99999-01-01",
    "..",
    "1,2,3",
    "1,2,3,4,5",
    "1,2,3,4,5,6,7",
    "180,90,-180,-90",
    "nan,nan,nan,nan",
    "1e308,1e308,-1e308,-1e308",
    ",,,",
    "__class__",
    "constructor",
    "__proto__[x]",
    "con",
    "nul",
    ".",
    "..",
    "...",
    "~root",
    ".htaccess",
    ".git/config",
)


def traversal(dice: random.Random) -> str:
    """A path upwards, in one of its writings."""
    step = dice.choice(_UPWARDS)
    start = dice.choice(("", "", "/", "//", "%2f", "file://", "dalles/", "/etc/../", "C:\\"))
    return start + step * dice.choice(_DEPTHS) + dice.choice(_PLACES)


def value(dice: random.Random) -> str:
    """A value as it stands in a target, escaped as far as the wire wants it."""
    kind = dice.randrange(8)
    if kind == 0:
        return traversal(dice)
    if kind == 1:
        return dice.choice(_LINES)
    if kind == 2:
        return dice.choice(_BYTES)
    if kind == 3:
        return quote(dice.choice(_NUMBERS))
    if kind == 4:
        return ",".join(quote(dice.choice(_NUMBERS)) for _ in range(dice.choice((2, 4, 6))))
    if kind == 5:
        return quote(dice.choice("aé%/(["), safe="%/([") * dice.choice((50, 500, 5000))
    text = dice.choice(_TEXTS)
    return quote(text, safe="") if kind == 6 else quote(quote(text, safe=""), safe="")


def header_value(dice: random.Random) -> bytes:
    """A value of a header: no line ends, for these would only begin another header of the request."""
    kind = dice.randrange(5)
    if kind == 0:
        return dice.choice(_TEXTS).encode()
    if kind == 1:
        return dice.choice(_NUMBERS).encode()
    if kind == 2:
        return bytes(dice.randrange(0x80, 0x100) for _ in range(20))
    if kind == 3:
        return b"a" * dice.choice((200, 8000, 60_000))
    return value(dice).encode("utf-8", "replace")
