"""A feed as a plain page, for browsers that no longer show Atom."""

from importlib.resources import files

from jinja2 import Environment

from pcrs.serve.atom.feed import ATOM, Feed

_PAGE = Environment(autoescape=True).from_string(
    (files("pcrs.serve") / "templates" / "telechargement.html").read_text(encoding="utf-8")
)


def document(feed: Feed) -> bytes:
    """The page, in UTF-8: its links lead from page to page, and to the files."""
    opensearch = next(link.href for link in feed.links if link.rel == "search")
    suffix = f"?lang={feed.lang}&outputFormat=text/html"
    page = _PAGE.render(feed=feed, opensearch=opensearch, suffix=suffix, atom=ATOM)
    return page.encode("utf-8", "replace")
