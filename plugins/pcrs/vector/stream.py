"""The members of a GML document, one element at a time, each freed before the next one is read.

Nothing is fetched and no entity is expanded: a document with a DOCTYPE is refused before its body is parsed.
libxml2's own limits stay on (10 MB for one text, 256 levels).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from lxml import etree
from lxml.etree import _Element

from pcrs.errors import GmlError
from pcrs.findings import Finding
from pcrs.standard.model import BY_TAG, NAMESPACES, ROOT

ROOT_TAG = f"{{{NAMESPACES['pcrs']}}}{ROOT}"
BOUNDED_BY = f"{{{NAMESPACES['gml']}}}boundedBy"
MEMBERS = frozenset(
    f"{{{NAMESPACES[prefix]}}}{name}"
    for prefix in ("pcrs", "gml")
    for name in ("featureMember", "featureMembers")
)
"""What stands between the root and its objects; the standard writes `pcrs:featureMember`."""
HREF = f"{{{NAMESPACES['xlink']}}}href"
_EVENT_TAGS = (ROOT_TAG, BOUNDED_BY, *MEMBERS, *BY_TAG)
_HEAD_BYTES = 4096
_SAFE: dict[str, Any] = {
    "resolve_entities": False,
    "load_dtd": False,
    "no_network": True,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}


class _Stop(Exception):
    """A DOCTYPE has begun: what follows it must not be parsed."""


@dataclass(slots=True)
class _Prolog:
    """Listens to the parser until the root's start tag or a DOCTYPE."""

    root: str | None = None
    doctype_seen: bool = False

    def doctype(self, name: str | None, public: str | None, system: str | None) -> None:
        self.doctype_seen = True
        raise _Stop

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.root = self.root or tag

    def close(self) -> None:
        """What lxml asks of a target."""


def elements(path: Path, shown_as: str) -> Iterator[_Element | Finding]:
    """The root as it starts, then each object of the document, and its `gml:boundedBy`, as they end.

    What is no object and does not belong where it stands comes too: the caller judges by the tag. An element
    is emptied when the next one is asked for. A DOCTYPE, or XML that is not well formed, is the last item, as
    a finding; what came before it has been yielded.

    Raises:
        GmlError: the file cannot be read, or its root is not `pcrs:PlanCorpsRueSimplifie`.
    """
    try:
        with path.open("rb") as stream:
            finding = _prolog(stream, shown_as)
            if finding is not None:
                yield finding
                return
            stream.seek(0)
            yield from _body(stream, shown_as)
    except OSError as error:
        raise GmlError(f"{shown_as} : fichier illisible ({error.strerror or error})") from error


def _prolog(stream: IO[bytes], shown_as: str) -> Finding | None:
    """None when the document starts as it must.

    Raises:
        GmlError: it is another kind of document.
    """
    prolog = _Prolog()
    parser = etree.XMLParser(target=cast(Any, prolog), **_SAFE)
    try:
        while prolog.root is None and (block := stream.read(_HEAD_BYTES)):
            parser.feed(block)
    except _Stop:
        pass
    except etree.XMLSyntaxError as error:
        if prolog.root is None:
            return _malformed(error, parser.error_log, shown_as)
    else:
        if prolog.root is None:
            try:
                parser.close()
            except etree.XMLSyntaxError as error:
                return _malformed(error, parser.error_log, shown_as)
    if prolog.doctype_seen:
        message = (
            "Le document a une déclaration DOCTYPE : refusé, aucune entité n'est lue ; "
            "exporter le GML sans DOCTYPE."
        )
        return Finding(
            "gml.entity", "error", message, shown_as, measured="<!DOCTYPE", expected="aucun DOCTYPE"
        )
    if prolog.root != ROOT_TAG:
        raise GmlError(
            f"{shown_as} : la racine est {prolog.root} au lieu de {ROOT_TAG} ; "
            "ce n'est pas un GML du PCRS v2.0 (CNIG) : l'exporter selon CNIG_PCRS_v2.0.xsd"
        )
    return None


def _malformed(error: etree.XMLSyntaxError, log: Any, shown_as: str) -> Finding:
    """What the parser says, with its line.

    The first fatal entry of its log is the cause. A prefix that nothing declares is no fatal fault: the
    parser goes on, and tells it at the end.
    """
    message = "Le XML est mal formé : la lecture s'arrête là, ce qui précède est gardé ; le corriger."
    cause = next((entry for entry in log if entry.level_name == "FATAL"), None)
    if cause is None:
        cause = next((entry for entry in log if entry.domain_name == "NAMESPACE"), None)
        if cause is not None:
            message = (
                "Un préfixe n'est pas déclaré : ce qui le porte n'est pas lu, le reste l'est ; le déclarer."
            )
    return Finding(
        "gml.xml",
        "error",
        message,
        shown_as,
        line=(cause.line if cause else error.lineno) or 1,
        measured=str(cause.message if cause else error.msg),
        expected="un document XML bien formé",
    )


def _body(stream: IO[bytes], shown_as: str) -> Iterator[_Element | Finding]:
    """The root, then what it holds, freed as it goes."""
    events = etree.iterparse(stream, events=("start", "end"), tag=_EVENT_TAGS, **_SAFE)
    walk = _Walk()
    try:
        for event, element in events:
            if event == "start":
                if element.getparent() is None:
                    yield element
            else:
                yield from walk.ended(element)
    except etree.XMLSyntaxError as error:
        yield _malformed(error, events.error_log, shown_as)


def _before(element: _Element) -> Iterable[_Element]:
    """The siblings before the element, in document order."""
    return reversed(list(element.itersiblings(preceding=True)))


class _Walk:
    """Tells objects from what is inside them, and frees what has been yielded."""

    def __init__(self) -> None:
        self._done: dict[int, _Element] = {}
        """The empty shell of what was yielded last, under the root (1) and in a member (2)."""

    def ended(self, element: _Element) -> Iterator[_Element]:
        """What may be yielded now that `element` has ended. What follows it may be in the tree already."""
        parent = element.getparent()
        above = None if parent is None else parent.getparent()
        if parent is None:
            yield from self._strangers(element, 1)
        elif above is None:
            yield from self._strangers(_before(element), 1)
            if element.tag in MEMBERS:
                yield from self._strangers(element, 2)
            if element.tag not in MEMBERS or element.get(HREF) is not None:
                yield element
            self._free(element, 1)
        elif parent.tag in MEMBERS and above.getparent() is None:
            yield from self._strangers(_before(element), 2)
            yield element
            self._free(element, 2)

    def _strangers(self, children: Iterable[_Element], level: int) -> Iterator[_Element]:
        """Those that no event announced: their tags are not ours."""
        done = self._done.get(level)
        return (child for child in children if child is not done)

    def _free(self, element: _Element, level: int) -> None:
        """The element is emptied, what stands before it goes; the empty shell goes with the next one."""
        shell: Any = element
        shell.clear(keep_tail=True)
        while shell.getprevious() is not None:
            del shell.getparent()[0]
        self._done[level] = element
