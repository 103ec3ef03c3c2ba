"""The members of a GML document, cut out of its text where they are plain, parsed where they are not.

What libxml2 is given instead of a plain member is its line feeds: faults come at the same lines, and in the
same order, as `pcrs.vector.stream` tells them. Only a document in UTF-8 is cut, and only while its text holds
nothing but elements; from the first comment, or what is no member, everything goes to libxml2.
"""

import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from lxml.etree import _Element

from pcrs.errors import GmlError
from pcrs.findings import Finding
from pcrs.vector.plain import Plain
from pcrs.vector.skeletons import Skeletons
from pcrs.vector.stream import BLOCK_BYTES, MEMBERS, Tree, held, prolog

_DECLARATION = re.compile(
    rb"<\?xml\s+version=(?:\"1\.0\"|'1\.0')(?:\s+encoding=(?:\"utf-8\"|'utf-8'))?\s*(?:standalone=[^?]*)?\?>",
    re.IGNORECASE,
)
_MEMBER = re.compile(rb"<((?:[A-Za-z_][\w.-]*:)?featureMember)(?=[\s>])")
_NO_TEXT = bytes(code for code in range(32) if code not in b"\t\n")
_LONGEST = 8 << 20
"""Bytes of a member: below what libxml2 takes for one text."""
_MOST_SKIPPED = 1 << 16
"""Line feeds that the tree may be behind."""


@dataclass(frozen=True, slots=True)
class Member:
    """A plain object, and the text of its member up to the end tag, which begins on `line`."""

    text: str
    line: int
    plain: Plain


type Batch = list[_Element | Member]


class Members:
    """The objects of one document."""

    def __init__(self, path: Path, shown_as: str) -> None:
        self._path, self._shown_as = path, shown_as
        self._tree = Tree(shown_as)
        self._skeletons: Skeletons | None = None
        self._opening = self._closing = ""
        self._head: list[list[_Element]] = []
        self._line = 1
        self._skipped = 0
        """Line feeds that the tree has not been given."""
        self._is_cut = True
        """False when libxml2 does not see the end of a member where the text has one."""

    def batches(self) -> Iterator[Batch | Finding]:
        """As `pcrs.vector.stream.batches`, with a `Member` for each plain one.

        Raises:
            GmlError: as there.
        """
        try:
            with self._path.open("rb") as stream:
                finding = prolog(stream, self._shown_as)
                if finding is None:
                    yield from self._cut(stream)
                else:
                    yield finding
        except OSError as error:
            raise GmlError(f"{self._shown_as} : fichier illisible ({error.strerror or error})") from error

    def elements(self, batch: Sequence[_Element | Member]) -> Mapping[int, _Element]:
        """The objects of the members of a batch as elements, by their places in it."""
        members = {at: each for at, each in enumerate(batch) if isinstance(each, Member)}
        if self._skeletons is None:
            return {}
        made = self._skeletons.elements([(each.text, each.line) for each in members.values()])
        return dict(zip(members, made, strict=True))

    def _cut(self, stream: IO[bytes]) -> Iterator[Batch | Finding]:
        left = stream.read(BLOCK_BYTES)
        first = self._begin(left)
        if first is None:
            self._tree = Tree(self._shown_as)
            yield from self._told(stream, left)
            return
        for before in self._head:
            yield list(before)
        self._head.clear()
        self._tree.free()
        left = left[first:]
        closing = self._closing.encode()
        while self._is_cut:
            end = left.rfind(closing) + len(closing)
            if end < len(closing):
                block = stream.read(BLOCK_BYTES) if len(left) < _LONGEST else b""
                left += block
                if not block:
                    break
                continue
            batch, uncut = self._batch(left[:end])
            left = uncut + left[end:]
            if batch:
                yield batch
                batch.clear()
            self._tree.free()
            if uncut:
                break
            if self._skipped > _MOST_SKIPPED:
                self._catch_up()
            left += stream.read(BLOCK_BYTES) if self._is_cut else b""
        yield from self._told(stream, left)

    def _catch_up(self) -> None:
        """The tree has read the line feeds so far, and an empty member, after which it can free them."""
        self._tree.feed(f"{'\n' * self._skipped}{self._opening}/>".encode())
        self._skipped = 0
        self._is_cut = self._tree.member() is not None
        self._tree.free()

    def _told(self, stream: IO[bytes], left: bytes) -> Iterator[Batch | Finding]:
        """What is left, as libxml2 tells it."""
        for each in self._tree.rest(stream, b"\n" * self._skipped + left):
            yield each if isinstance(each, Finding) else list(each)

    def _begin(self, block: bytes) -> int | None:
        """Where the first member begins, when the document can be cut; the tree has read what is before."""
        first = _MEMBER.search(block)
        text = block.removeprefix(BOM_UTF8)
        declared = not text.startswith(b"<?xml") or _DECLARATION.match(text)
        if first is None or not declared or not text.startswith(b"<"):
            return None
        name = first[1].decode()
        # An empty member here: if libxml2 sees it under the root, the others are children of the root.
        self._tree.feed(block[: first.start()] + f"<{name}/>".encode())
        empty = self._tree.ended
        root = None if empty is None else empty.getparent()
        if self._tree.fault is not None or empty is None or root is None or root[-1] is not empty:
            return None
        if empty.tag not in MEMBERS or root.getparent() is not None:
            return None
        self._tree.root = root
        self._tree.member()
        self._head = [[root], [each for child in list(root)[:-1] for each in held(child)]]
        self._opening, self._closing = f"<{name}", f"</{name}>"
        self._skeletons = Skeletons(root.nsmap, self._closing)
        self._line += block[: first.start()].count(b"\n")
        return first.start()

    def _batch(self, piece: bytes) -> tuple[Batch, bytes]:
        """The objects of whole members, and what of the piece cannot be cut; the tree has not read that."""
        text = _clean(piece)
        if text is None or self._skeletons is None:
            return [], piece
        batch: Batch = []
        members = text.split(self._closing)[:-1]
        for at, member in enumerate(members):
            plain = self._skeletons.take(member, self._line)
            if plain is not None:
                batch.append(Member(member, self._line, plain))
                count = member.count("\n")
                self._skipped += count
                self._line += count
                continue
            if not self._is_alone(member):
                return batch, "".join(each + self._closing for each in members[at:]).encode()
            self._tree.feed(f"{'\n' * self._skipped}{member}{self._closing}".encode())
            self._skipped = 0
            self._line += member.count("\n")
            parsed = self._tree.member()
            batch += parsed or []
            if parsed is None:
                self._is_cut = False
                return batch, "".join(each + self._closing for each in members[at + 1 :]).encode()
        return batch, b""

    def _is_alone(self, member: str) -> bool:
        """True when the text is one member, whatever it holds, up to its end tag."""
        begun = member.lstrip(" \t\n")
        after = begun[len(self._opening) : len(self._opening) + 1]
        return begun.startswith(self._opening) and after in " \t\n>" and member.count(self._opening) == 1


def _clean(piece: bytes) -> str | None:
    """The text of a piece that has nothing but elements; None when it has more, or is no good text."""
    piece = piece.replace(b"\r\n", b"\n")
    if b"<!" in piece or b"<?" in piece or b"\xef\xbf" in piece:
        return None
    if len(piece.translate(None, _NO_TEXT)) != len(piece):
        return None
    try:
        return piece.decode()
    except UnicodeDecodeError:
        return None
