"""Words, values and signs of a filter language, taken from the left: for the readers of CQL2 and CQL."""

import re
from collections.abc import Iterator
from typing import ClassVar, NamedTuple

from pcrs.errors import InputError


class Token(NamedTuple):
    """A piece of text."""

    kind: str
    """The group of the grammar's pattern that took it; `end` behind the last."""
    text: str
    place: int
    """Its first character in the text."""

    def says(self, word: str) -> bool:
        """True for that keyword (in any case; given in capitals) or sign."""
        return self.kind in ("word", "sign") and self.text.upper() == word


class Cursor:
    """Tokens, taken from the left. A grammar is a subclass with its pattern and the words of its errors.

    Raises:
        InputError: the pattern takes no piece of the text any more; the message says from where on.
    """

    pattern: ClassVar[re.Pattern[str]]
    """One token after blanks; its groups are the kinds, `word` and `sign` among them."""
    subject: ClassVar[str]
    """What messages begin with."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(self._read(text))
        self._place = 0

    def finish(self) -> None:
        """Nothing is left.

        Raises:
            InputError: something is.
        """
        if self._next.kind != "end":
            raise self._unexpected("AND, OR or the end")

    def _read(self, text: str) -> Iterator[Token]:
        end = len(text.rstrip())
        place = 0
        while place < end:
            found = self.pattern.match(text, place, end)
            if found is None:
                raise InputError(
                    f"{self.subject}: not understood from {text[place : place + 20].strip()!r} on"
                )
            kind = str(found.lastgroup)
            yield Token(kind, found[kind], found.start(kind))
            place = found.end()
        yield Token("end", "the end", end)

    @property
    def _next(self) -> Token:
        return self._tokens[self._place]

    def _is_call(self) -> bool:
        return self._next.kind == "word" and self._tokens[self._place + 1].says("(")

    def _advance(self) -> Token:
        token = self._next
        self._place += token.kind != "end"
        return token

    def _take(self, word: str) -> bool:
        taken = self._next.says(word)
        self._place += taken
        return taken

    def _must(self, word: str) -> None:
        if not self._take(word):
            raise self._unexpected(word)

    def _unexpected(self, wanted: str) -> InputError:
        return InputError(f"{self.subject}: {self._next.text[:40]!r} stands where {wanted} is expected")
