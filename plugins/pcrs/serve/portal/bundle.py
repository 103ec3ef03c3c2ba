"""The modules of a page as one file: one request instead of forty, on a line where each takes half a second.

Modules stay as they are written, each in a function of its own that gives what it exports. They keep to what
is read here, so that nothing has to be understood of them: imports from modules beside them, each on a line
of its own; exports where something is declared.
"""

import re
from collections.abc import Callable

from pcrs.errors import InputError

_IMPORT = re.compile(r'^import \{ ([\w, ]+) \} from "\./(\w+)\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?function\*?|class|const) (\w+)", re.MULTILINE)
_UNREAD = re.compile(r"^\s*(?:import\b|export\b)|\bimport\s*\(|\bimport\.meta", re.MULTILINE)


def bundled(entry: str, read: Callable[[str], str]) -> str:
    """One module that does what `entry` does; `read` gives the text of a module by its name.

    Raises:
        InputError: a module is written otherwise, or needs itself.
    """
    found: dict[str, str] = {}
    _gather(entry, read, found, [])
    return "".join(_wrapped(name, text) for name, text in found.items())


def _gather(name: str, read: Callable[[str], str], found: dict[str, str], under: list[str]) -> None:
    """Puts a module into `found`, after all that it needs."""
    if name in under:
        raise InputError(f"{name}.js needs itself: {' > '.join([*under, name])}")
    if name not in found:
        text = read(name)
        for _, needed in _IMPORT.findall(text):
            _gather(needed, read, found, [*under, name])
        found[name] = text


def _wrapped(name: str, text: str) -> str:
    needed = "".join(
        f"const {{ {names.replace(' as ', ': ')} }} = ${of};\n" for names, of in _IMPORT.findall(text)
    )
    given = ", ".join(exported for _, exported in _EXPORT.findall(text))
    body = _EXPORT.sub(r"\1 \2", _IMPORT.sub("", text))
    left = _UNREAD.search(body)
    if left is not None:
        raise InputError(f"{name}.js: {left[0].strip()!r} is written otherwise than a bundle reads it")
    return f"const ${name} = (() => {{\n{needed}{body}return {{ {given} }};\n}})();\n"
