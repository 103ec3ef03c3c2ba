"""What a check found: values, never exceptions."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Level = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One statement about one place of a delivery.

    `code` is stable and dotted (`raster.crs`, `gml.enumeration`): scripts rely on it. `message` is one French
    sentence for the operator: what is wrong and what to do. An `error` refuses the thing that it speaks of
    (the dalle, the object); a `warning` and an `info` do not.
    """

    code: str
    level: Level
    message: str
    file: str = ""
    line: int | None = None
    object_id: str | None = None
    class_name: str | None = None
    attribute: str | None = None
    pixel: tuple[int, int] | None = None
    """Row and column, from the upper left corner."""
    measured: str | None = None
    expected: str | None = None
    position: tuple[float, float] | None = None
    """East and north, EPSG:2154, metres: a point of the object, at the fault where that is known."""

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "Finding":
        """The finding that `to_dict` told, also after a way through JSON."""
        pairs = {key: tuple(told[key]) for key in ("pixel", "position") if told.get(key) is not None}
        return cls(**{**told, **pairs})

    @property
    def where(self) -> str:
        """The place, as compiler messages give it: `file:line class gml:id attribute`."""
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        if self.pixel is not None:
            place += f" [ligne {self.pixel[0]}, colonne {self.pixel[1]}]"
        words = (place, self.class_name, self.object_id, self.attribute)
        return " ".join(word for word in words if word)

    def __str__(self) -> str:
        """The finding in one line."""
        text = f"{self.where}: {self.level}: {self.message} [{self.code}]"
        told = (("lu", self.measured), ("attendu", self.expected))
        sides = " ; ".join(f"{word} : {value}" for word, value in told if value is not None)
        return f"{text} ({sides})" if sides else text

    def to_dict(self) -> dict[str, Any]:
        """The fields that are set, for JSON."""
        return {key: value for key, value in asdict(self).items() if value not in (None, "")}


def has_errors(findings: Iterable[Finding]) -> bool:
    """True when one finding at least is an error."""
    return any(finding.level == "error" for finding in findings)
