"""Forty faults to plant in a clean document: each a copy of a good object, with one thing wrong."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import NamedTuple

import numpy as np
from lxml import etree

from tests.clean import GML, PCRS

HREF = "{http://www.w3.org/1999/xlink}href"
ID = f"{GML}id"


class Planted(NamedTuple):
    """What a control has to say: of which element, and its line in the faulty document."""

    kind: str
    code: str
    level: str
    line: int


class _Garden:
    """A document that faults are planted in."""

    def __init__(self, source: Path) -> None:
        self.tree = etree.parse(source, etree.XMLParser(remove_blank_text=True))
        self.root = self.tree.getroot()
        self.planted: list[tuple[str, str, str, etree._Element]] = []
        self.count = 0
        self._start = {}

    def copy(self, class_name: str, *, moved: bool = True) -> etree._Element:
        """A new object like one that is there, with ids of its own, beside it by a few decimetres."""
        which = self._start.get(class_name, 0)
        self._start[class_name] = which + 1
        originals = [
            each
            for each in self.root.iterfind(f"{PCRS}featureMember/{PCRS}{class_name}")
            if not (each.get(ID) or "faute").startswith("faute")
        ]
        member = deepcopy(originals[which % len(originals)].getparent())
        self.root.insert(len(self.root) // 2, member)
        self.count += 1
        for number, each in enumerate(member.iter()):
            if isinstance(each.tag, str) and each.get(ID):
                each.set(ID, f"faute{self.count}.{number}")
        thing = member[0]
        if moved:
            move(thing, 0.05 + self.count / 100, 0.03)
        return thing

    def expect(self, kind: str, code: str, level: str, element: etree._Element) -> None:
        self.planted.append((kind, code, level, element))

    def write(self, path: Path) -> list[Planted]:
        """The document at `path`, and what was planted, with lines."""
        etree.indent(self.tree)
        paths = [self.tree.getelementpath(element) for *_, element in self.planted]
        self.tree.write(path, encoding="UTF-8", xml_declaration=True)
        again = etree.parse(path).getroot()
        lines = [again.find(each).sourceline for each in paths]
        return [Planted(*told[:3], line) for told, line in zip(self.planted, lines, strict=True)]


def numbers(element):
    """The elements with coordinates, each with its values as rows."""
    for each in element.iter(f"{GML}pos", f"{GML}posList"):
        values = np.array(each.text.split(), dtype=float)
        width = 3 if len(values) % 3 == 0 and abs(values[2]) < 5000 else 2
        yield each, values.reshape(-1, width)


def put(element, rows) -> None:
    element.text = " ".join(f"{value:.6f}" for value in np.asarray(rows).ravel())


def move(element, east: float, north: float) -> None:
    for each, rows in numbers(element):
        rows[:, 0] += east
        rows[:, 1] += north
        put(each, rows)


def line_of(thing, vertices, z=None) -> None:
    """The object's geometry as a LineString from its first vertex through these steps (metres)."""
    held = thing.find(f"{PCRS}geometrie")
    (_, rows), *_ = numbers(held)
    name, gml_id = held[0].get("srsName"), held[0].get(ID)
    start = rows[0]
    held.clear()
    line = etree.SubElement(held, f"{GML}LineString", {ID: gml_id, "srsName": name, "srsDimension": "3"})
    heights = [start[2]] * len(vertices) if z is None else z
    steps = [(start[0] + x, start[1] + y, h) for (x, y), h in zip(vertices, heights, strict=True)]
    put(etree.SubElement(line, f"{GML}posList"), steps)


def child(thing, name):
    return thing.find(f"{PCRS}{name}")


KERB, COVER, TREE, FRONT, DOOR = "LimiteVoiriePCRS", "AffleurantPCRS", "ArbrePCRS", "FacadePCRS", "SeuilPCRS"
SYMBOL, GROUP, OUTLINE = "AffleurantSymbolePCRS", "AffleurantGeometriquePCRS", "AffleurantEnveloppePCRS"


def _value(class_name: str, name: str, value: str, code: str, level: str = "error"):
    def plant(garden: _Garden, kind: str) -> None:
        element = child(garden.copy(class_name), name)
        element.text = value
        garden.expect(kind, code, level, element)

    return plant


def _line(class_name: str, code: str, vertices, level: str = "warning", z=None, *, at_object: bool = True):
    def plant(garden: _Garden, kind: str) -> None:
        thing = garden.copy(class_name)
        heights = None if z is None else z(next(numbers(thing))[1][0, 2])
        line_of(thing, vertices, heights)
        garden.expect(kind, code, level, thing if at_object else child(thing, "geometrie"))

    return plant


def _without(class_name: str, name: str, code: str, level: str = "error"):
    def plant(garden: _Garden, kind: str) -> None:
        thing = garden.copy(class_name)
        thing.remove(child(thing, name))
        garden.expect(kind, code, level, thing)

    return plant


def _more(class_name: str, xml: str, code: str):
    def plant(garden: _Garden, kind: str) -> None:
        thing = garden.copy(class_name)
        thing.append(etree.fromstring(xml))
        garden.expect(kind, code, "error", thing[-1])

    return plant


def _unknown_attribute(garden, kind):
    thing = garden.copy(KERB)
    thing.set("fid", "3")
    garden.expect(kind, "gml.unknown", "error", thing)


def _repeated(garden, kind):
    thing = garden.copy(KERB)
    first = child(thing, "producteur")
    first.addnext(deepcopy(first))
    garden.expect(kind, "gml.repeated", "error", first.getnext())


def _order(garden, kind):
    thing = garden.copy(KERB)
    moved = child(thing, "thematique")
    child(thing, "producteur").addnext(moved)
    garden.expect(kind, "gml.order", "warning", moved)


def _no_id(garden, kind):
    thing = garden.copy(TREE)
    del thing.attrib[ID]
    garden.expect(kind, "gml.id", "error", thing)


def _same_id(garden, kind):
    first, thing = garden.copy(TREE), garden.copy(TREE)
    # The later of the two in the document is the one at fault.
    thing.set(ID, first.get(ID))
    order = {id(each): at for at, each in enumerate(garden.root.iter(f"{PCRS}{TREE}"))}
    garden.expect(kind, "gml.id", "error", max(first, thing, key=lambda each: order[id(each)]))


def _duplicate(garden, kind):
    first, thing = garden.copy(KERB), garden.copy(KERB)
    held = child(thing, "geometrie")
    held.clear()
    held.append(deepcopy(child(first, "geometrie")[0]))
    for number, each in enumerate(held.iter()):
        if each.get(ID):
            each.set(ID, f"faute.double.{garden.count}.{number}")
    order = {id(each): at for at, each in enumerate(garden.root.iter(f"{PCRS}{KERB}"))}
    garden.expect(kind, "gml.duplicate", "warning", max(first, thing, key=lambda each: order[id(each)]))


def _unclosed(garden, kind):
    thing = garden.copy(OUTLINE)
    element, rows = next(numbers(thing))
    rows[-1, 0] += 0.5
    put(element, rows)
    garden.expect(kind, "gml.geometry", "error", element.getparent())


def _bow(garden, kind):
    thing = garden.copy(OUTLINE)
    element, rows = next(numbers(thing))
    x, y, z = rows[0]
    put(element, [(x, y, z), (x + 1, y + 1, z), (x + 1, y, z), (x, y + 1, z), (x, y, z)])
    garden.expect(kind, "gml.geometry", "error", child(thing, "geometrie"))


def _point_for_a_line(garden, kind):
    thing, tree = garden.copy(KERB), garden.copy(TREE)
    held = child(thing, "geometrie")
    held.clear()
    held.append(deepcopy(child(tree, "geometrie")[0]))
    held[0].set(ID, f"faute.point.{garden.count}")
    garden.root.remove(tree.getparent())
    garden.expect(kind, "gml.geometry", "error", held[0])


def _no_number(garden, kind):
    element, _ = next(numbers(garden.copy(KERB)))
    element.text = "12,5 " + element.text
    garden.expect(kind, "gml.geometry", "error", element)


def _empty_geometry(garden, kind):
    held = child(garden.copy(KERB), "geometrie")
    held.clear()
    garden.expect(kind, "gml.geometry", "error", held)


def _foreign_crs(garden, kind):
    thing = garden.copy(TREE)
    geometry = child(thing, "geometrie")[0]
    geometry.set("srsName", "EPSG:32631")
    garden.expect(kind, "gml.crs", "error", geometry)


def _turned(garden, kind):
    thing = garden.copy(TREE)
    element, rows = next(numbers(thing))
    put(element, rows[:, [1, 0, 2]])
    garden.expect(kind, "gml.crs", "error", child(thing, "geometrie"))


def _far(garden, kind):
    thing = garden.copy(KERB)
    move(thing, 400, 0)
    garden.expect(kind, "gml.extent", "warning", thing)


def _link(class_name: str, name: str, href: str, code: str = "gml.link", level: str = "warning"):
    def plant(garden: _Garden, kind: str) -> None:
        element = child(garden.copy(class_name), name)
        element.set(HREF, href)
        garden.expect(kind, code, level, element)

    return plant


def _wrong_class(garden, kind):
    target = next(garden.root.iter(f"{PCRS}{TREE}")).get(ID)
    element = child(garden.copy(COVER), "representation")
    element.set(HREF, f"#{target}")
    garden.expect(kind, "gml.link", "warning", element)


def _empty_link(garden, kind):
    element = child(garden.copy(COVER), "representation")
    del element.attrib[HREF]
    garden.expect(kind, "gml.link", "warning", element)


def _link_as_text(garden, kind):
    element = child(garden.copy(COVER), "representation")
    element.text = element.attrib.pop(HREF)
    garden.expect(kind, "gml.link", "error", element)


def _orphan(garden, kind):
    garden.expect(kind, "gml.affleurant", "warning", garden.copy(OUTLINE))


def _undrawn(garden, kind):
    thing, owner = garden.copy(GROUP), garden.copy(COVER)
    for link in list(thing):
        thing.remove(link)
    child(owner, "representation").set(HREF, f"#{thing.get(ID)}")
    garden.expect(kind, "gml.affleurant", "warning", thing)


def _class(tag: str):
    def plant(garden: _Garden, kind: str) -> None:
        thing = garden.copy(TREE)
        thing.tag = PCRS + tag
        if tag == "PilierPCRS":
            for name in ("geometrie", "reference"):
                thing.remove(child(thing, name))
        garden.expect(kind, "gml.class", "error", thing)

    return plant


FAULTS: dict[str, Callable[[_Garden, str], None]] = {
    "code of a closed list": _value(KERB, "precisionPlanimetrique", "100", "gml.enumeration"),
    "theme of no list": _value(TREE, "thematique", "12", "gml.enumeration"),
    "code of an open list": _value(COVER, "reseau", "EAU", "gml.enumeration"),
    "other: without a word": _value(COVER, "nature", "other: ?", "gml.enumeration"),
    "required attribute": _without(KERB, "idObjet", "gml.required"),
    "required link": _without(COVER, "representation", "gml.required"),
    "unknown element": _more(KERB, f'<couleur xmlns="{PCRS[1:-1]}">gris</couleur>', "gml.unknown"),
    "element of another class": _more(FRONT, f'<typeMur xmlns="{PCRS[1:-1]}">01</typeMur>', "gml.unknown"),
    "unknown XML attribute": _unknown_attribute,
    "repeated attribute": _repeated,
    "order": _order,
    "date": _value(FRONT, "dateLeve", "30/06/2025", "gml.type"),
    "number": _value(SYMBOL, "angleRotation", "douze", "gml.type"),
    "no gml:id": _no_id,
    "gml:id twice": _same_id,
    "theme of another class": _value(KERB, "thematique", "06", "gml.thematique", "warning"),
    "coarse precision": _value(DOOR, "precisionPlanimetrique", "999", "gml.precision", "warning"),
    "heights without a class": _without(FRONT, "precisionAltimetrique", "gml.precision", "warning"),
    "wrong type of geometry": _point_for_a_line,
    "coordinate that is no number": _no_number,
    "empty geometry": _empty_geometry,
    "invalid polygon": _bow,
    "open ring": _unclosed,
    "length zero": _line(KERB, "gml.geometry", [(0, 0), (0, 0)], "error", at_object=False),
    "segment of length zero": _line(
        KERB, "gml.geometry", [(0, 0), (1, 0), (1, 0), (2, 1)], "warning", at_object=False
    ),
    "foreign CRS": _foreign_crs,
    "turned axes": _turned,
    "link to nothing": _link(COVER, "representation", "#nulle-part"),
    "bare link to nothing": _link(COVER, "representation", "nulle-part"),
    "link to another class": _wrong_class,
    "empty link": _empty_link,
    "link written as a text": _link_as_text,
    "duplicate": _duplicate,
    "tiny line": _line(KERB, "gml.tiny", [(0, 0), (0.004, 0)]),
    "line that crosses itself": _line(KERB, "gml.crossing", [(0, 0), (1, 1), (1, 0), (0, 1)]),
    "line that goes back": _line(KERB, "gml.crossing", [(0, 0), (2, 0), (1, 0)]),
    "no height": _line(KERB, "gml.height", [(0, 0), (1, 0.3), (2, 0.2)], z=lambda z: [z, 0.0, z]),
    "height of elsewhere": _line(KERB, "gml.height", [(0, 0), (1, 0.4)], z=lambda z: [z + 100, z + 100]),
    "outside the emprise": _far,
    "drawing of no affleurant": _orphan,
    "affleurant without drawing": _undrawn,
    "unknown class": _class("HaiePCRS"),
    "abstract class": _class("PilierPCRS"),
    "size of zero": _value(SYMBOL, "longueur_mm", "0", "gml.value", "warning"),
    "angle beyond a turn": _value(SYMBOL, "angleRotation", "4000", "gml.value", "warning"),
    "date to come": lambda garden, kind: garden.expect(
        kind, "gml.date", "warning", _dated(garden, "2052-06-12")
    ),
}


def _dated(garden: _Garden, day: str):
    thing = garden.copy(DOOR)
    child(thing, "dateLeve").text = day
    return thing


def plant(source: Path, target: Path) -> list[Planted]:
    """The clean document `source` with every fault of `FAULTS`, at `target`."""
    garden = _Garden(source)
    for kind, planting in FAULTS.items():
        planting(garden, kind)
    return garden.write(target)
