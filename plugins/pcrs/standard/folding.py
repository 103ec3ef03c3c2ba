"""Words as a search compares them: without case, accents, ligatures, kinds of apostrophe and dash."""

import re
import unicodedata

_SIGNS = str.maketrans("‘’‛ʹʼʻ′´`‐‑‒–—―−", "'" * 9 + "-" * 7)
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss"})
"""What Unicode does not take apart."""
_MARKS = re.compile("[\u0300-\u036f]")
_SPACES = re.compile(r"\s+")


def folded(text: str) -> str:
    """`Chœur de l’Église` and `CHOEUR  DE L'EGLISE` are both `choeur de l'eglise`."""
    apart = unicodedata.normalize("NFKD", text.translate(_SIGNS))
    return _SPACES.sub(" ", _MARKS.sub("", apart).lower().translate(_LIGATURES))
