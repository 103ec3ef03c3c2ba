"""CNIG GML, read: valid objects and what is wrong with the others, in one pass and in flat memory."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
from lxml.etree import _Element
from shapely.geometry.base import BaseGeometry

from pcrs.findings import Finding, has_errors
from pcrs.standard.crs import L93, transform_geometries, transform_geometry
from pcrs.standard.model import BY_TAG, Feature
from pcrs.vector import document_rules, form_rules, link_rules, plain, rules
from pcrs.vector.coordinates import GML, line_of
from pcrs.vector.ids import Ids, Links
from pcrs.vector.located import Locator
from pcrs.vector.members import Member, Members
from pcrs.vector.parse import ID, RawObject, links_of, nested_in, take_apart, values_of
from pcrs.vector.plain import Plain
from pcrs.vector.plain_geometry import shapes
from pcrs.vector.positions import placed
from pcrs.vector.schema import Schema
from pcrs.vector.stream import BOUNDED_BY, MEMBERS, ROOT_TAG, batches

type Built = tuple[int, Plain, BaseGeometry | None]
"""A plain object with its geometry, and its place in the piece."""


def read(path: Path, *, shown_as: str = "", schema: Schema | None = None) -> Iterator[Feature | Finding]:
    """Each valid object as a `Feature`, in its own CRS, and each fault as a `Finding`, in file order.

    An object with an error is not given; the others are. Links without a target, and other things that only
    the whole document tells, come last. Malformed XML and a DOCTYPE are findings too, after what was read
    before them. `shown_as` names the file in findings; its own name when left out. With a `schema` come also
    the places of the good objects that it refuses, as warnings.

    Raises:
        GmlError: the file cannot be opened, or is no PCRS document at all (another root element).
    """
    file = shown_as or path.name
    reader = _Reader(file, schema)
    members = Members(path, file)
    whole = True
    for batch in members.batches() if schema is None else batches(path, file):
        if isinstance(batch, Finding):
            whole = False
            yield batch
        else:
            yield from reader.batch(Piece(batch, members.elements))
    if whole:
        yield from reader.end()


def in_l93(feature: Feature) -> Feature:
    """The same object in EPSG:2154, every vertex transformed, z as it was."""
    if feature.geometry is None or feature.epsg == L93:
        return feature
    return replace(feature, geometry=transform_geometry(feature.geometry, feature.epsg, L93), epsg=L93)


def all_in_l93(features: Sequence[Feature]) -> list[BaseGeometry | None]:
    """The geometries of many objects as `in_l93` transforms them, together for each CRS."""
    shapes = np.empty(len(features), dtype=object)
    shapes[:] = [feature.geometry for feature in features]
    codes = np.array([feature.epsg for feature in features])
    for epsg in np.unique(codes).tolist():
        own = codes == epsg
        shapes[own] = transform_geometries(shapes[own], epsg, L93, rounded=False)
    return list(shapes)


class Piece:
    """Some objects of a document; members are parsed, all at once, when one of them is asked for."""

    def __init__(
        self,
        given: Sequence[_Element | Member],
        parse: Callable[[Sequence[_Element | Member]], Mapping[int, _Element]],
    ) -> None:
        self.given = given
        self._parse = parse
        self._parsed: Mapping[int, _Element] | None = None

    def element(self, at: int) -> _Element:
        """The object at this place."""
        given = self.given[at]
        if not isinstance(given, Member):
            return given
        if self._parsed is None:
            self._parsed = self._parse(self.given)
        return self._parsed[at]


def _taken(element: _Element) -> Plain | None:
    parent = element.getparent()
    return None if parent is None or parent.tag not in MEMBERS else plain.take(element)


def _ids_in(found: Plain) -> list[tuple[str, int | None]]:
    return [] if found.geometry is None else found.geometry.ids


class _Reader:
    """What has to be remembered from one object to the next."""

    def __init__(self, file: str, schema: Schema | None) -> None:
        self._file = file
        self._schema = schema
        self._ids = Ids()
        self._links = Links(self._ids)
        self._locator = Locator(self._ids)

    def batch(self, piece: Piece) -> Iterator[Feature | Finding]:
        """What a piece of the document gives, in order: plain objects together, all else one by one."""
        taken = [each.plain if isinstance(each, Member) else _taken(each) for each in piece.given]
        located = [each.geometry for each in taken if each is not None and each.geometry is not None]
        built = iter(shapes(located))
        run: list[Built] = []
        for at, each in enumerate(taken):
            geometry = next(built) if each is not None and each.geometry is not None else None
            if each is not None and (geometry is None) == (each.geometry is None):
                run.append((at, each, geometry))
                continue
            yield from self._run(piece, run)
            run = []
            yield from self.element(piece.element(at))
        yield from self._run(piece, run)

    def _run(self, piece: Piece, run: Sequence[Built]) -> Iterator[Feature | Finding]:
        """Plain objects that follow each other, unless something is to be said of their ids."""
        ids = [[(each.gml_id, each.line), *_ids_in(each)] for _, each, _ in run]
        new = self._ids.add_all(list(chain.from_iterable(ids)))
        if new:
            self._links.arrived(each.gml_id for _, each, _ in run)
        for (at, each, geometry), own in zip(run, ids, strict=True):
            if not new and not self._ids.add_all(own):
                yield from self.element(piece.element(at))
                continue
            if not new:
                self._links.arrived([each.gml_id])
            yield self._feature(each, geometry)
            if self._schema is not None:
                yield from self._schema.member(piece.element(at), self._file)

    def _feature(self, found: Plain, geometry: BaseGeometry | None) -> Feature:
        if found.links:
            self._links.add(found.links)
        epsg = L93
        if found.geometry is not None:
            self._locator.note(found.geometry)
            epsg = found.geometry.srs.epsg
        return Feature(found.model.name, found.gml_id, found.values, geometry, epsg, found.line)

    def element(self, element: _Element) -> Iterator[Feature | Finding]:
        """What one element of the document gives."""
        line = line_of(element)
        if element.tag == ROOT_TAG:
            self._ids.add(element.get(ID) or "", line)
            yield from document_rules.version(element, self._file, line)
            if self._schema is not None:
                yield from self._schema.document(element, self._file)
        elif element.tag == BOUNDED_BY:
            yield from self._locator.document_envelope(element, self._file)
            if self._schema is not None:
                yield from self._schema.member(element, self._file)
        elif element.tag in MEMBERS:
            yield document_rules.a_member(element, self._file, line)
        elif element.tag in BY_TAG:
            parent = element.getparent()
            if parent is not None and parent.tag == ROOT_TAG:
                yield document_rules.a_member(element, self._file, line)
            if self._schema is None:
                yield from self._objects(element)
            else:
                yield from self._with_schema(element, self._schema)
        elif not str(element.tag).startswith(GML):
            yield document_rules.an_object(element, self._file, line)

    def end(self) -> Iterator[Finding]:
        """What only the whole document tells."""
        yield from self._locator.nameless(self._file)
        for link in self._links.unresolved():
            yield link_rules.resolved(link, self._file)

    def _objects(self, element: _Element) -> Iterator[Feature | Finding]:
        """The object, then those written inside its links."""
        waiting = [element]
        while waiting:
            each = waiting.pop()
            model = BY_TAG.get(each.tag)
            if model is None:
                yield document_rules.an_object(each, self._file, line_of(each))
                continue
            raw = take_apart(each, model, self._file)
            yield from self._object(raw)
            waiting += reversed(list(nested_in(raw)))

    def _with_schema(self, element: _Element, schema: Schema) -> Iterator[Feature | Finding]:
        """The objects of a member; what the schema refuses of them follows, unless an error of ours did."""
        refused = False
        for item in self._objects(element):
            refused = refused or (isinstance(item, Finding) and item.level == "error")
            yield item
        if not refused:
            yield from schema.member(element, self._file)

    def _object(self, raw: RawObject) -> Iterator[Feature | Finding]:
        """Its findings, then the object itself when none refuses it."""
        findings = rules.check(raw)
        line = line_of(raw.element)
        if raw.gml_id:
            findings += form_rules.first_of_its_id(raw, self._ids.add(raw.gml_id, line))
            self._links.arrived([raw.gml_id])
        geometry, epsg, about_geometry = self._locator.locate(raw)
        findings += about_geometry
        if findings:
            findings = placed(findings, raw, geometry, epsg)
        yield from findings
        if not has_errors(findings):
            self._links.add(links_of(raw))
            yield Feature(raw.model.name, raw.gml_id or "", values_of(raw), geometry, epsg, line or 0)
