"""Price lists of storage providers: data with a source and a date, never constants of the code."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from pcrs.errors import InputError
from pcrs.toml import tables_of

_PRICES = ("storage", "egress", "restore", "write", "read")
_WHOLE = ("restore_hours", "minimum_days")
_THOUSAND = Decimal(1000)


@dataclass(frozen=True, slots=True)
class Price:
    """What one class of storage costs, in euros."""

    name: str
    title: str
    storage: Decimal
    """Per byte and month."""
    egress: Decimal
    """Per byte that goes out."""
    restore: Decimal
    """Per byte that is made readable again."""
    write: Decimal
    """Per request that writes."""
    read: Decimal
    restore_hours: int
    """Until a restored object can be read."""
    minimum_days: int
    """That are billed, however early an object goes."""


@dataclass(frozen=True, slots=True)
class PriceList:
    """The prices of a provider on a day."""

    name: str
    title: str
    source: str
    day: date
    currency: str
    classes: Mapping[str, Price]

    def of(self, name: str) -> Price:
        """The price of a class.

        Raises:
            InputError: the list has no such class.
        """
        try:
            return self.classes[name]
        except KeyError:
            known = ", ".join(self.classes)
            raise InputError(f"price list {self.name} has no class {name!r}: it has {known}") from None


def load_prices(file: Path) -> PriceList:
    """The price list of a TOML file; `catalog/prices` has examples, with every key explained.

    Raises:
        InputError: it cannot be read, a key is missing or unknown, or a price is none.
    """
    said = tables_of(file, "no such price list")
    try:
        euros, gigabyte = _number(said["euros"]), _number(said["gigabyte"])
        classes = {name: _price(name, table, euros, gigabyte) for name, table in said["classes"].items()}
        day = date.fromisoformat(said["date"])
        return PriceList(file.stem, said["title"], said["source"], day, said["currency"], classes)
    except KeyError as error:
        raise InputError(f"{file}: {error.args[0]} is missing") from None
    except (ValueError, TypeError, AttributeError, InvalidOperation) as error:
        raise InputError(f"{file}: {error}") from error


def _price(name: str, table: Mapping[str, Any], euros: Decimal, gigabyte: Decimal) -> Price:
    unknown = table.keys() - {"title", *_PRICES, *_WHOLE}
    if unknown or "storage" not in table:
        wrong = f"unknown: {', '.join(sorted(unknown))}" if unknown else "storage is missing"
        raise ValueError(f"classes.{name}: {wrong}")
    told = {key: _number(table.get(key, "0")) * euros for key in _PRICES}
    return Price(
        name=name,
        title=str(table.get("title", name)),
        storage=told["storage"] / gigabyte,
        egress=told["egress"] / gigabyte,
        restore=told["restore"] / gigabyte,
        write=told["write"] / _THOUSAND,
        read=told["read"] / _THOUSAND,
        restore_hours=int(table.get("restore_hours", 0)),
        minimum_days=int(table.get("minimum_days", 0)),
    )


def _number(value: object) -> Decimal:
    """A price, written as text so that it is exact."""
    number = Decimal(str(value))
    if not number.is_finite() or number < 0:
        raise ValueError(f"{value!r} is no price")
    return number
