"""Harm done to honest requests: the bytes of ten kinds of hostile ones, the same for the same seed."""

import gzip
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.bench.hostile.honest import FORMS, Form
from tests.bench.hostile.values import CANARY_FILE, INJECTED, header_value, traversal, value

Headers = list[tuple[bytes, bytes]]
_METHODS = (
    "TRACE OPTIONS PUT PATCH DELETE HEAD POST PROPFIND SEARCH LOCK PURGE M-SEARCH LINK get GETT X".split()
)
_ENTITY = f'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd"><!ENTITY c SYSTEM "../{CANARY_FILE}">]>'
_BOMB = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in ("ab", "bc", "cd", "de", "ef", "fg", "gh"))
    + "]>"
)
_INCLUDE = (
    b'<x xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file:///etc/passwd" parse="text"/></x>'
)
_RANGES = (
    "bytes=-1",
    "bytes=0-0,1-1,2-2",
    "bytes=" + ",".join(f"{n}-{n}" for n in range(800)),
    "bytes=9-1",
    "bytes=-",
    "bytes=0-" + "9" * 40,
    "bytes=a-b",
    "chunks=0-1",
    "bytes=0-1;",
    "bytes=-0",
    "bytes=--1",
    "bytes = 0 - 1",
    "bytes=nan-",
)


@dataclass(frozen=True, slots=True)
class Attack:
    """One hostile request."""

    service: str
    kind: str
    raw: bytes
    """What is sent over one connection."""
    unfinished: bool = False
    """True: it breaks off, or is no HTTP at all; to close the connection is answer enough."""


def request(
    method: bytes, target: bytes, headers: Headers, body: bytes = b"", *, length: bytes | None = None
) -> bytes:
    """The bytes of a request; `length` instead of the true one, b"" for none."""
    lines = [
        b"%b %b HTTP/1.1" % (method, target),
        b"Host: 127.0.0.1",
        *(b"%b: %b" % pair for pair in headers),
    ]
    told = (b"%d" % len(body) if body else b"") if length is None else length
    if told:
        lines.append(b"Content-Length: " + told)
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def _headers(form: Form) -> Headers:
    return [(name.encode(), text.encode()) for name, text in form.headers.items()]


def _raw(
    form: Form, *, path: str | None = None, query: str | None = None, more: Headers | None = None
) -> bytes:
    asked = form.query if query is None else query
    target = (form.path if path is None else path) + (f"?{asked}" if asked else "")
    escaped = target.replace(" ", "%20").encode("utf-8", "surrogatepass")
    return request(form.method.encode(), escaped, _headers(form) + (more or []), form.body)


def _parameter(dice: random.Random, form: Form) -> Attack:
    pairs = [pair.partition("=")[::2] for pair in form.query.split("&")] if form.query else [("f", "json")]
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        at = dice.randrange(len(pairs))
        name, _ = pairs[at]
        way = dice.randrange(8)
        if way < 5:
            pairs[at] = (name, value(dice))
        elif way == 5:
            pairs.insert(at, (dice.choice((name, name.swapcase(), f"{name}[]", "apikey")), value(dice)))
        elif way == 6:
            del pairs[at]
            pairs = pairs or [("x", "1")]
        else:
            pairs[at] = (value(dice), pairs[at][1])
    return Attack(form.service, "parameter", _raw(form, query="&".join(f"{n}={v}" for n, v in pairs)))


def _path(dice: random.Random, form: Form) -> Attack:
    words = form.path.split("/")
    at = dice.randrange(1, len(words))
    bad = traversal(dice) if dice.random() < 0.7 else value(dice)
    words[at] = dice.choice((bad, words[at] + bad, f"{words[at]}/{bad}", f"{bad}/{words[at]}"))
    return Attack(form.service, "path", _raw(form, path="/".join(words)))


def _header(dice: random.Random, form: Form) -> Attack:
    names = (
        "Accept",
        "Accept-Encoding",
        "Accept-Language",
        "Range",
        "If-None-Match",
        "If-Modified-Since",
        "If-Range",
        "Cookie",
        "Origin",
        "Referer",
        "User-Agent",
        "X-Forwarded-Host",
        "X-Forwarded-For",
        "X-Forwarded-Proto",
        "X-Script-Name",
        "X-Original-URL",
        "X-HTTP-Method-Override",
        "Prefer",
        "Content-Type",
        "Content-Encoding",
        "Transfer-Encoding",
        "Expect",
        "Upgrade",
        "Te",
        "Host",
        "Forwarded",
        "Authorization",
    )
    more = [(dice.choice(names).encode(), header_value(dice)) for _ in range(dice.choice((1, 1, 2, 5)))]
    return Attack(form.service, "header", _raw(form, more=more), unfinished=True)


def _range(dice: random.Random, form: Form) -> Attack:
    more = [(b"Range", dice.choice(_RANGES).encode())]
    if dice.random() < 0.3:
        more.append((b"If-Range", header_value(dice)))
    return Attack(form.service, "range", _raw(form, more=more), unfinished=True)


def _method(dice: random.Random, form: Form) -> Attack:
    target = f"{form.path}?{form.query}" if form.query else form.path
    body = dice.choice((b"", b"", b"x", b"{}", b"\0" * 100))
    word = dice.choice(_METHODS)
    known = word.isupper() and len(word) > 1 and word not in ("GETT",)
    return Attack(
        form.service,
        "method",
        request(word.encode(), target.encode(), _headers(form), body),
        unfinished=not known,
    )


def _bodies(dice: random.Random, form: Form) -> tuple[bytes, bytes]:
    """A body and its media type."""
    xml, js = b"application/xml", b"application/json"
    deep = dice.choice((100, 5_000, 100_000))
    whole = form.body or b"{}"
    cut = dice.randrange(len(whole) + 1)
    made: list[Callable[[], tuple[bytes, bytes]]] = [
        lambda: (b"[" * deep + b"]" * deep, js),
        lambda: (b'{"a":' * deep + b"1" + b"}" * deep, js),
        lambda: (b'{"inputs":' * deep, js),
        lambda: (
            dice.choice((b"null", b"[]", b"0", b'""', b"NaN", b"-Infinity", b"1e999", b"{", b"\xff\xfe")),
            js,
        ),
        lambda: (b"<a>" * deep + b"</a>" * deep, xml),
        lambda: (_ENTITY.encode() + b"<x>&e;&c;</x>", xml),
        lambda: (_ENTITY.encode() + whole.replace(b"pcrs", b"&e;"), xml),
        lambda: (_BOMB.encode() + b"<x>&h;</x>", xml),
        lambda: (
            _INCLUDE,
            xml,
        ),
        lambda: (b'<?xml version="1.0" encoding="utf-16"?>' + whole, xml),
        lambda: (whole.decode("latin-1").encode("utf-16"), dice.choice((xml, js))),
        lambda: (whole[:cut], dice.choice((xml, js))),
        lambda: (whole[:cut] + value(dice).encode() + whole[cut:], dice.choice((xml, js))),
        lambda: (_swapped(dice, whole), dice.choice((xml, js))),
        lambda: (
            b"x" * 3_000_000,
            dice.choice((xml, js, b"text/plain", b"application/x-www-form-urlencoded")),
        ),
        lambda: (
            b'--b\r\nContent-Disposition: form-data; name="photo"; filename="../../x"\r\n\r\n\0',
            b"multipart/form-data; boundary=b",
        ),
        lambda: (b"a=1&" * 20_000, b"application/x-www-form-urlencoded"),
    ]
    return dice.choice(made)()


def _swapped(dice: random.Random, whole: bytes) -> bytes:
    """A JSON document with one value of another kind, or the text with some bytes changed."""
    odd = (
        None,
        True,
        -1,
        1e308,
        "",
        "x" * 5000,
        [],
        {},
        [[[]]],
        "\0",
        "../../x",
        float("nan"),
        10**40,
        {"bbox": [None]},
    )
    try:
        told = json.loads(whole)
    except ValueError:
        spoilt = bytearray(whole)
        for _ in range(dice.choice((1, 3, 10))):
            spoilt[dice.randrange(len(spoilt))] = dice.randrange(256)
        return bytes(spoilt)
    place = told
    while isinstance(place, dict) and place:
        key = dice.choice(list(place))
        if not isinstance(place[key], dict) or dice.random() < 0.4:
            place[key] = dice.choice(odd)
            break
        place = place[key]
    return json.dumps(told).encode()


def _body(dice: random.Random, form: Form) -> Attack:
    target = form if form.method == "POST" else dice.choice([one for one in FORMS if one.method == "POST"])
    body, media = _bodies(dice, target)
    raw = request(b"POST", target.path.encode(), [(b"Content-Type", media)], body)
    return Attack(target.service, "body", raw)


def _coded(dice: random.Random, form: Form) -> Attack:
    """A body that is not coded as it says, or not as long."""
    target = form if form.method == "POST" else dice.choice([one for one in FORMS if one.method == "POST"])
    zipped = gzip.compress(target.body, mtime=0)
    headers = _headers(target)
    way = dice.randrange(7)
    if way < 3:
        body = (zipped, zipped[: len(zipped) // 2], gzip.compress(b"\0" * 5_000_000, mtime=0))[way]
        coded = dice.choice((b"gzip", b"deflate", b"br", b"x, gzip", b"identity"))
        return Attack(
            target.service,
            "coded",
            request(b"POST", target.path.encode(), [*headers, (b"Content-Encoding", coded)], body),
        )
    if way == 3:
        chunks = b"5\r\nhello\r\nZZ\r\nx\r\n0\r\n\r\n"
        raw = request(b"POST", target.path.encode(), [*headers, (b"Transfer-Encoding", b"chunked")]) + chunks
    elif way == 4:
        both = [*headers, (b"Transfer-Encoding", b"chunked"), (b"Content-Length", b"4")]
        raw = request(b"POST", target.path.encode(), both) + b"0\r\n\r\nGET /healthz HTTP/1.1\r\n\r\n"
    else:
        length = dice.choice((b"-1", b"9" * 30, b"1e3", b"0x10", b"+5", b"5, 5", b"99999999"))
        raw = request(b"POST", target.path.encode(), headers, target.body, length=length)
    return Attack(target.service, "coded", raw, unfinished=True)


def _wire(dice: random.Random, form: Form) -> Attack:
    """Bytes that are hardly HTTP: raw line ends, other versions, long addresses, many headers."""
    target = f"{form.path}?{form.query}" if form.query else form.path
    plain = target.replace(" ", "%20").encode()
    made: list[Callable[[], bytes]] = [
        lambda: request(b"GET", plain + b"\r\n" + INJECTED.encode() + b": 1", []),
        lambda: request(b"GET", plain + b"&x=" + bytes(dice.randrange(1, 256) for _ in range(40)), []),
        lambda: b"GET " + plain + b"\r\n\r\n",
        lambda: b"GET " + plain + b" HTTP/9.9\r\nHost: x\r\n\r\n",
        lambda: b"GET " + plain + b" HTTP/1.0\r\n\r\n",
        lambda: b"GET " + plain + b" HTTP/1.1\r\n\r\n",
        lambda: request(b"GET", b"http://evil.example" + plain, []),
        lambda: request(b"GET", b"//evil.example" + plain, []),
        lambda: request(b"GET", b"*", []),
        lambda: request(b"CONNECT", b"127.0.0.1:9", []),
        lambda: request(b"GET", plain + b"?" + b"a=b&" * dice.choice((1_000, 3_900)), []),
        lambda: request(b"GET", plain + b"/" + b"a/" * dice.choice((2_000, 20_000)), []),
        lambda: request(b"GET", plain, [(b"X-%d" % n, b"y") for n in range(dice.choice((100, 2_000)))]),
        lambda: request(b"GET", plain, [(b"X-A", b"b" * 200_000)]),
        lambda: request(b"GET", plain, [(b"X A", b"b"), (b" folded", b"x"), (b"", b"x")]),
        lambda: b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
        lambda: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        lambda: bytes(dice.randrange(256) for _ in range(300)) + b"\r\n\r\n",
    ]
    return Attack(form.service, "wire", dice.choice(made)(), unfinished=True)


def _token(dice: random.Random, form: Form) -> Attack:
    shown = (b"Bearer ", b"bearer  ", b"Basic ", b"Digest ", b"Bearer", b"")
    if dice.random() < 0.5:
        more = [
            (b"Authorization", dice.choice(shown) + header_value(dice)) for _ in range(dice.choice((1, 2)))
        ]
        return Attack(form.service, "token", _raw(form, more=more), unfinished=True)
    joined = f"{form.query}&apikey={value(dice)}".strip("&")
    return Attack(form.service, "token", _raw(form, query=joined))


def _pipelined(dice: random.Random, form: Form) -> Attack:
    """Several requests at once, hostile and honest ones in turn."""
    parts = []
    for _ in range(dice.choice((2, 5, 20))):
        other = dice.choice(
            [one for one in FORMS if one.method == "GET" and one.service in ("wmts", "portail")]
        )
        parts.append(_raw(other) if dice.random() < 0.5 else _parameter(dice, other).raw)
    return Attack(form.service, "pipelined", b"".join(parts), unfinished=True)


_KINDS: tuple[tuple[int, Callable[[random.Random, Form], Attack]], ...] = (
    (30, _parameter),
    (18, _path),
    (8, _header),
    (4, _range),
    (5, _method),
    (14, _body),
    (6, _coded),
    (6, _wire),
    (6, _token),
    (3, _pipelined),
)


def attacks(seed: int) -> Iterator[Attack]:
    """Hostile requests without an end."""
    dice = random.Random(seed)
    weights, makers = zip(*_KINDS, strict=True)
    services = sorted({form.service for form in FORMS})
    while True:
        service = dice.choice(services)
        form = dice.choice([one for one in FORMS if one.service == service])
        yield dice.choices(makers, weights)[0](dice, form)
