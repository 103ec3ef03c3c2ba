"""Members of a document by their skeletons: what two objects have in common is parsed once.

A producer writes its objects in a few ways: the same tags in the same order, around other values. The text of
a member is cut at `<`, `>` and `"`; what stands within tags and quotes by turns is its skeleton. The first
member of a skeleton is parsed by libxml2 and taken by `pcrs.vector.plain`; of the others the values alone are
looked at, when the text is letter by letter the skeleton around them. Whatever differs is left to the parser.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import quoteattr

from lxml import etree
from lxml.etree import _Element

from pcrs.vector import plain
from pcrs.vector.plain import Plain
from pcrs.vector.skeleton_readers import Reader, Roles
from pcrs.vector.stream import MEMBERS, SAFE

_DECLARES = re.compile(r"(?:^|\s)xmlns(?::[^\s=]+)?\s*=\s*$")
_MOST = 2048
"""Skeletons that are remembered."""
_TRIES = 8
"""Members of one skeleton that are parsed before it is left alone."""
_PATIENCE = 400
"""Members that may be parsed for nothing, beyond those that were not."""


@dataclass(slots=True)
class _Skeleton:
    """Texts with the same tags. `parts` is the text with room for values at every second place."""

    parts: list[str]
    fixed: tuple[int, ...]
    """Values by which members are read in different ways: names of CRS, namespaces."""
    readers: dict[tuple[str, ...], Reader] = field(default_factory=dict)
    tries: int = 0


class Skeletons:
    """The members of one document, whose root declares `namespaces`."""

    def __init__(self, namespaces: Mapping[str | None, str], closing: str) -> None:
        """`closing` is the end tag of the members."""
        # Written by hand: lxml refuses some addresses that it reads.
        declared = [
            f" xmlns{(prefix and f':{prefix}') or ''}={quoteattr(uri)}" for prefix, uri in namespaces.items()
        ]
        self._opening, self._closing = f"<x{''.join(declared)}>", closing
        self._known: dict[tuple[str, ...], _Skeleton] = {}
        self._patience = _PATIENCE

    def take(self, text: str, line: int) -> Plain | None:
        """The object of one member, written up to its end tag; None when it is not plain.

        `text` has no letter that XML does not allow, and no carriage return; it begins on `line`.
        """
        if self._patience < 0 or "&" in text:
            return None
        pieces = text.replace("<", '"').replace(">", '"').split('"')
        values = pieces[::2]
        skeleton = self._known.get(tuple(pieces[1::2]))
        if skeleton is None:
            skeleton = self._learn(text, pieces)
        skeleton.parts[::2] = values
        if "".join(skeleton.parts) != text:
            return None
        reader = skeleton.readers.get(tuple([values[at] for at in skeleton.fixed]))
        if reader is None:
            reader = self._read_first(skeleton, text, values)
        if reader is None:
            return None
        self._patience += 1
        before = values[0].count("\n")
        start = line + before
        if text.count("\n") == before:
            return reader.read(values, start)
        parts = skeleton.parts
        return reader.read(values, lambda place: line + "".join(parts[:place]).count("\n"))

    def elements(self, members: Sequence[tuple[str, int]]) -> list[_Element]:
        """What the members hold, as elements, with their lines; the members follow each other."""
        parts, line = [self._opening], 1
        for text, begins in members:
            parts += ["\n" * (begins - line), text, self._closing]
            line = begins + text.count("\n")
        root = etree.fromstring("".join([*parts, "</x>"]), etree.XMLParser(**SAFE))
        return [member[0] for member in root]

    def _learn(self, text: str, pieces: Sequence[str]) -> _Skeleton:
        """The skeleton of a text that is the first of it."""
        if len(self._known) >= _MOST:
            self._known.clear()
        parts: list[str] = []
        begin = 0
        for at, piece in enumerate(pieces):
            end = begin + len(piece)
            parts.append(text[begin - 1 : end + 1] if at % 2 else piece)
            begin = end + 1
        made = _Skeleton(parts, ())
        self._known[tuple(pieces[1::2])] = made
        return made

    def _read_first(self, skeleton: _Skeleton, text: str, values: Sequence[str]) -> Reader | None:
        """How members like this one are read; None when this one is not plain."""
        self._patience -= 2
        skeleton.tries += 1
        if skeleton.tries > _TRIES:
            return None
        element = self._parsed(text)
        taken = None if element is None else plain.take(element)
        if taken is None:
            return None
        marks = [
            value if at and _DECLARES.search(skeleton.parts[2 * at - 1].strip('"<>')) else f"{at}."
            for at, value in enumerate(values)
        ]
        skeleton.parts[::2] = marks
        marked = self._parsed("".join(skeleton.parts))
        skeleton.parts[::2] = values
        if marked is None:
            return None
        roles = Roles(marked)
        reader = roles.reader(taken)
        if reader is None:
            return None
        fixed = tuple(sorted(set(range(len(values))) - roles.free))
        if any("\n" in values[at] or "\t" in values[at] for at in fixed):
            return None
        if fixed != skeleton.fixed or len(skeleton.readers) >= _MOST:
            skeleton.fixed = fixed
            skeleton.readers.clear()
        skeleton.readers[tuple([values[at] for at in fixed])] = reader
        skeleton.tries = 0
        return reader

    def _parsed(self, text: str) -> _Element | None:
        """The object in a member; None when it is not alone there, or what is around it says something."""
        try:
            root = etree.fromstring(f"{self._opening}{text}{self._closing}</x>", etree.XMLParser(**SAFE))
        except etree.XMLSyntaxError:
            return None
        if len(root) != 1 or root[0].tag not in MEMBERS or root[0].keys() or len(root[0]) != 1:
            return None
        return root[0][0]
