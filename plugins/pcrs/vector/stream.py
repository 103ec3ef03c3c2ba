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
BLOCK_BYTES = 1 << 18
SAFE: dict[str, Any] = {
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
            finding = prolog(stream, shown_as)
            if finding is None:
                yield from Tree(shown_as).rest(stream)
            else:
                yield finding
    except OSError as error:
        raise GmlError(f"{shown_as} : fichier illisible ({error.strerror or error})") from error


def prolog(stream: IO[bytes], shown_as: str) -> Finding | None:
    """None when the document starts as it must; the stream is then at its beginning.

    Raises:
        GmlError: it is another kind of document.
    """
    prolog = _Prolog()
    parser = etree.XMLParser(target=cast(Any, prolog), **SAFE)
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
    stream.seek(0)
    return None


def _malformed(error: etree.XMLSyntaxError | None, log: Any, shown_as: str) -> Finding:
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
        line=(cause.line if cause else error.lineno if error else None) or 1,
        measured=str(cause.message if cause else error.msg if error else ""),
        expected="un document XML bien formé",
    )


class Tree:
    """A document as libxml2 reads it, piece by piece: what has been given is freed."""

    def __init__(self, shown_as: str) -> None:
        self._shown_as = shown_as
        self._parser = etree.XMLPullParser(events=("end",), tag=_END_TAGS, **SAFE)
        self._given: _Element | None = None
        self.root: _Element | None = None
        self.ended: _Element | None = None
        """What ended last."""
        self.fault: Finding | None = None
        """Why nothing more is read."""

    def feed(self, piece: bytes) -> None:
        """More of the document; an empty piece is its end."""
        try:
            if piece:
                self._parser.feed(piece)
            else:
                self._parser.close()
        except etree.XMLSyntaxError as error:
            self.fault = _malformed(error, self._parser.feed_error_log, self._shown_as)
        else:
            # lxml says nothing of some faults when it is fed, and begins another document.
            log = self._parser.feed_error_log
            if any(entry.level_name == "FATAL" for entry in log):
                self.fault = _malformed(None, log, self._shown_as)
        for _, element in self._parser.read_events():
            self.ended = cast(_Element, element)

    def rest(self, stream: IO[bytes], begun: bytes = b"") -> Iterator[list[_Element] | Finding]:
        """`begun` and what is left of the stream: the root, unless it was given, then what it holds."""
        more = True
        while more:
            block = begun or stream.read(BLOCK_BYTES)
            begun, more = b"", bool(block)
            if self.fault is None:
                self.feed(block)
            more = more and self.fault is None
            if self.root is None:
                self.root = _root_of(self.ended, stream, more=more)
                if self.root is not None:
                    yield [self.root]
            if self.root is not None:
                yield from self._children(self.root, None if more else self.ended)
        if self.fault is not None:
            yield self.fault

    def member(self) -> list[_Element] | None:
        """What the child of the root gives of which the end was read last; None when there is none."""
        last = self.root[-1] if self.root is not None and len(self.root) else None
        if last is None or last is self._given or last is not self.ended or self.fault is not None:
            return None
        self._given = last
        return held(last)

    def free(self) -> None:
        """What has been given is gone, but for the last child: libxml2 adds to it."""
        if self.root is not None:
            del self.root[:-1]

    def _children(self, root: _Element, ended: _Element | None) -> Iterator[list[_Element]]:
        """What stands under the root and in its members, but for the last of all, to which text may be added.

        `ended` is given at the end of the document: the element that ended last.
        """
        found: list[_Element] = []
        children = [child for child in root if child is not self._given]
        last = children.pop() if children else None
        for child in children:
            found += held(child)
        if last is not None and (ended is last or ended is root):
            found += held(last)
        elif last is not None and last.tag in MEMBERS:
            inside = list(last)
            found += inside if inside and inside[-1] is ended else inside[:-1]
        if found:
            yield found
            found.clear()
        children.clear()
        self.free()
        if last is not None and last.tag in MEMBERS:
            del last[:-1]


def _root_of(ended: _Element | None, stream: IO[bytes], *, more: bool) -> _Element | None:
    """The root of what has ended; of a document in which nothing does, the root alone."""
    if ended is not None:
        return ended.getroottree().getroot()
    if more:
        return None
    stream.seek(0)
    head = etree.XMLPullParser(events=("start",), tag=ROOT_TAG, **SAFE)
    try:
        while block := stream.read(_HEAD_BYTES):
            head.feed(block)
    except etree.XMLSyntaxError:
        pass
    return next((cast(_Element, element) for _, element in head.read_events()), None)


def held(child: _Element) -> list[_Element]:
    """What one child of the root gives: itself, or what it holds as a member."""
    if child.tag not in MEMBERS:
        return [child]
    return [*child, child] if child.get(HREF) is not None else list(child)
