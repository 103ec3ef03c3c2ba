"""The vector model of CNIG PCRS v2.0: classes, attributes, objects, as frozen values.

Names are the standard's, verbatim. `CLASSES` holds every class but the root of the document.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, get_args

from shapely.geometry.base import BaseGeometry

from pcrs.standard.pcrs_v2 import TABLE

VERSION = "2.0"
ROOT = "PlanCorpsRueSimplifie"
"""The root element of a document, in the `pcrs` namespace."""
NAMESPACES: Mapping[str, str] = MappingProxyType(
    {
        "pcrs": "http://cnig.gouv.fr/pcrs",
        "pcrs-i": "http://cnig.gouv.fr/pcrs-information",
        "gml": "http://www.opengis.net/gml/3.2",
        "xlink": "http://www.w3.org/1999/xlink",
        "xsi": "http://www.w3.org/2001/XMLSchema-instance",
    }
)

Kind = Literal["string", "date", "double", "integer", "code", "link", "geometry"]
Shape = Literal["Point", "Curve", "Polygon", "Surface", "MultiPoint", "MultiCurve", "MultiSurface", "Any"]


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of a class. `codelist` is set for codes, `target` (a class) for links, else None."""

    name: str
    kind: Kind
    required: bool
    multiple: bool
    label: str
    codelist: str | None = None
    target: str | None = None
    shape: Shape | None = None
    """What a geometry may be; None for the other kinds."""


@dataclass(frozen=True, slots=True)
class FeatureClass:
    """One class. `attributes` are in XSD order, inherited ones first, the geometry at its place."""

    name: str
    namespace_prefix: str
    title: str
    theme: str
    parent: str | None
    abstract: bool
    geometry: Shape | None
    attributes: tuple[Attribute, ...]
    expected_thematique: tuple[str, ...]
    """Codes of which `thematique` should have one; empty where the standard expects none."""

    @property
    def tag(self) -> str:
        """The element's name as lxml writes it, `{namespace}name`."""
        return f"{{{NAMESPACES[self.namespace_prefix]}}}{self.name}"

    def attribute(self, name: str) -> Attribute:
        """The attribute of that name; LookupError when the class has none."""
        for attribute in self.attributes:
            if attribute.name == name:
                return attribute
        raise LookupError(f"class {self.name} has no attribute {name!r}")


@dataclass(frozen=True, slots=True)
class Feature:
    """One object of a document.

    `attributes` has the attributes that the object carries, geometry left out: strings (codes, dates as
    `YYYY-MM-DD`, links as written, `#id` or URL), floats, ints; a tuple of them for a repeatable attribute.
    `geometry` is in `epsg`, x (easting, longitude) before y, z kept in metres; None for a class without
    geometry, whose `epsg` is then 2154 and says nothing. `line` is the line in the file, 0 without a file.
    """

    class_name: str
    gml_id: str
    attributes: Mapping[str, Any]
    geometry: BaseGeometry | None
    epsg: int
    line: int = 0


def _attribute(line: str) -> Attribute:
    """One indented line of the table."""
    name, cardinality, written, label = line.split(maxsplit=3)
    word, _, of = written.partition(":")
    kind = next(kind for kind in get_args(Kind) if kind == word)
    return Attribute(
        name=name,
        kind=kind,
        required=cardinality.startswith("1"),
        multiple=cardinality.endswith("n"),
        label=label,
        codelist=of if kind == "code" else None,
        target=of if kind == "link" else None,
        shape=next(shape for shape in get_args(Shape) if shape == of) if kind == "geometry" else None,
    )


def _feature_class(line: str, own: list[str], known: Mapping[str, FeatureClass]) -> FeatureClass:
    """One class of the table with the lines of its own attributes."""
    head, title, theme, *thematique = (field.strip() for field in line.split("|"))
    words, _, parent = (word.strip() for word in head.partition("<"))
    prefix, _, name = words.removeprefix("abstract ").rpartition(":")
    inherited = known[parent].attributes if parent else ()
    attributes = (*inherited, *map(_attribute, own))
    return FeatureClass(
        name=name,
        namespace_prefix=prefix or "pcrs",
        title=title,
        theme=theme,
        parent=parent or None,
        abstract=words.startswith("abstract "),
        geometry=next((each.shape for each in attributes if each.shape), None),
        attributes=attributes,
        expected_thematique=tuple(thematique[0].split()) if thematique else (),
    )


def _read(table: str) -> Mapping[str, FeatureClass]:
    """Every class of the table by name."""
    blocks: list[tuple[str, list[str]]] = []
    for line in table.strip().splitlines():
        if line.startswith(" "):
            blocks[-1][1].append(line)
        else:
            blocks.append((line, []))
    classes: dict[str, FeatureClass] = {}
    for line, own in blocks:
        read = _feature_class(line, own, classes)
        classes[read.name] = read
    return MappingProxyType(classes)


CLASSES: Mapping[str, FeatureClass] = _read(TABLE)
"""The 39 classes of a document, three of them abstract."""
CONCRETE: tuple[FeatureClass, ...] = tuple(each for each in CLASSES.values() if not each.abstract)
"""The 36 classes that can be instantiated."""
BY_TAG: Mapping[str, FeatureClass] = MappingProxyType({each.tag: each for each in CLASSES.values()})
"""The classes by the name of their element (`{namespace}name`)."""


def is_a(name: str, ancestor: str) -> bool:
    """True when class `name` is `ancestor` or descends from it; an unknown class is only itself."""
    while name != ancestor:
        known = CLASSES.get(name)
        if known is None or known.parent is None:
            return False
        name = known.parent
    return True
