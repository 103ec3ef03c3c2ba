"""The members of a GML document, some hundreds of elements at a time, freed before the next ones are read.

Nothing is fetched and no entity is expanded: a document with a DOCTYPE is refused before its body is parsed.
libxml2's own limits stay on (10 MB for one text, 256 levels).
"""

from collections.abc import Iterator
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
_END_TAGS = (ROOT_TAG, BOUNDED_BY, *MEMBERS, *BY_TAG)
_HEAD_BYTES = 4096
_BLOCK_BYTES = 1 << 18
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
    """What `batches` gives, one at a time."""
    for batch in batches(path, shown_as):
        if isinstance(batch, Finding):
            yield batch
        else:
            yield from batch


def batches(path: Path, shown_as: str) -> Iterator[list[_Element] | Finding]:
    """The root alone, then the objects of the document, and its `gml:boundedBy`, as they have ended.

    What is no object and does not belong where it stands comes too: the caller judges by the tag. A batch is
    emptied when the next one is asked for. A DOCTYPE, or XML that is not well formed, is the last item, as a
    finding; what came before it has been yielded.

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


def _body(stream: IO[bytes], shown_as: str) -> Iterator[list[_Element] | Finding]:
    """The root, then what it holds, freed as it goes."""
    parser = etree.XMLPullParser(events=("end",), tag=_END_TAGS, **_SAFE)
    root: _Element | None = None
    ended: _Element | None = None
    fault: Finding | None = None
    more = True
    while more:
        block = stream.read(_BLOCK_BYTES)
        more = bool(block)
        try:
            if more:
                parser.feed(block)
            else:
                parser.close()
        except etree.XMLSyntaxError as error:
            fault, more = _malformed(error, parser.feed_error_log, shown_as), False
        for _, element in parser.read_events():
            ended = cast(_Element, element)
        if root is None:
            root = _root_of(ended, stream, more=more)
            if root is not None:
                yield [root]
        if root is not None:
            yield from _children(root, None if more else ended)
    if fault is not None:
        yield fault


def _root_of(ended: _Element | None, stream: IO[bytes], *, more: bool) -> _Element | None:
    """The root of what has ended; of a document in which nothing does, the root alone."""
    if ended is not None:
        return ended.getroottree().getroot()
    if more:
        return None
    stream.seek(0)
    head = etree.XMLPullParser(events=("start",), tag=ROOT_TAG, **_SAFE)
    try:
        while block := stream.read(_HEAD_BYTES):
            head.feed(block)
    except etree.XMLSyntaxError:
        pass
    return next((cast(_Element, element) for _, element in head.read_events()), None)


def _children(root: _Element, ended: _Element | None) -> Iterator[list[_Element]]:
    """What stands under the root and in its members, but for the last of all, to which text may be added yet.

    `ended` is given at the end of the document: the element that ended last.
    """
    found: list[_Element] = []
    children = list(root)
    last = children.pop() if children else None
    for child in children:
        found += _held(child)
    if last is not None and (ended is last or ended is root):
        found += _held(last)
    elif last is not None and last.tag in MEMBERS:
        inside = list(last)
        found += inside if inside and inside[-1] is ended else inside[:-1]
    if found:
        yield found
        found.clear()
    children.clear()
    del root[:-1]
    if last is not None and last.tag in MEMBERS:
        del last[:-1]


def _held(child: _Element) -> list[_Element]:
    """What one child of the root gives: itself, or what it holds as a member."""
    if child.tag not in MEMBERS:
        return [child]
    return [*child, child] if child.get(HREF) is not None else list(child)
