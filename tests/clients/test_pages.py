"""Every page of the running demo that a reader comes to from its two front doors, link by link."""

from collections import deque
from urllib.parse import parse_qs, urldefrag, urljoin, urlsplit

import httpx
from lxml import html

from tests.patience import PATIENCE_S

DOORS = ("/flux", "/ogcapi?f=html&lang=fr")
ACCEPT = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
MOST = 300
"""Links that are followed at the most."""


def _kind(url: str) -> tuple[str, ...]:
    """The same for pages that differ in the object, file or page number that they show."""
    path = urlsplit(url).path.split("/")
    if "items" in path:
        end = path.index("items") + 1
        return (*path[:end], "one" if len(path) > end else "all")
    if "listing" in path:
        return ("listing",)
    return tuple(path)


def _links(page: httpx.Response) -> list[str]:
    """Addresses that the page leads to, files made on demand left out."""
    tree = html.fromstring(page.content)
    shown = tree.xpath("//a[not(ancestor-or-self::*[@hidden])]/@href | //link/@href")
    found = [urldefrag(urljoin(str(page.url), href))[0] for href in shown]
    return [url for url in found if parse_qs(urlsplit(url).query).get("f", ["html"]) == ["html"]]


def test_every_link_leads_somewhere(demo_url):
    waiting = deque(demo_url + door for door in DOORS)
    seen, wrong, pages = set(map(_kind, waiting)), {}, 0
    with httpx.Client(timeout=PATIENCE_S, follow_redirects=True, headers=ACCEPT) as client:
        while waiting and pages < MOST:
            url = waiting.popleft()
            pages += 1
            with client.stream("GET", url) as answer:
                if answer.status_code != 200:
                    wrong[url] = answer.status_code
                elif answer.headers["content-type"].startswith("text/html"):
                    answer.read()
                    for link in _links(answer):
                        if link.startswith(demo_url) and _kind(link) not in seen:
                            seen.add(_kind(link))
                            waiting.append(link)
    assert wrong == {}
    assert {kind[-2] for kind in seen if kind[-1] == "one"} == {"items"}
    assert 50 < pages < MOST
