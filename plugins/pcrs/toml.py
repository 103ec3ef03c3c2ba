"""TOML files that people write: settings, texts of records, price lists, sheets of objects."""

import tomllib
from pathlib import Path
from typing import Any

from pcrs.errors import InputError


def tables_of(file: Path, missing: str) -> dict[str, Any]:
    """The tables of a TOML file, in UTF-8 with or without the mark that some editors put at its beginning.

    `missing`: what to do when there is no such file.

    Raises:
        InputError: it is not there, cannot be read, is in another encoding, or is not TOML.
    """
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise InputError(f"{file} is missing: {missing}") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise InputError(f"{file} is not in UTF-8 (line {line}): save it in that encoding") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{file} is not TOML: {error}") from error
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from error
