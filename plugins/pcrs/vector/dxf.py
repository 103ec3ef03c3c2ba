"""An extract as DXF for AutoCAD, Covadis and the like: layers by class and network, blocks, texts, 3D lines.

R2010, UTF-8, units metres. A layer has the name of its class; covers have one for each network
(`AffleurantSymbolePCRS-AEP`), classes with looks by code one for each code (`MurPCRS-02`). Every entity
carries its gml:id in the extended data of the application `PCRS`.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import shapely
from ezdxf import units
from ezdxf.document import Drawing as Document
from ezdxf.enums import TextEntityAlignment
from ezdxf.layouts.blocklayout import BlockLayout
from ezdxf.lldxf.const import VALID_DXF_LINEWEIGHTS
from shapely.geometry.base import BaseGeometry

from pcrs.errors import TooLargeError
from pcrs.files import placing
from pcrs.standard.codes import network_colour
from pcrs.vector.drawing import AFFLEURANTS, BLACK, SCALE, Drawing, Look, Text, drawing_of, ground_size
from pcrs.vector.sheets import Extract, Sheet
from pcrs.vector.symbols import SYMBOLS, Circle

OBJECTS_MAX = 400_000
"""A drawing is whole in memory (some 2 kB an object), here and in the program that opens it."""
NOTICE = "LISEZ-MOI"
APPLICATION = "PCRS"
_FORBIDDEN = re.compile(r'[<>/\\":;?*|=`,\x00-\x1f]+')
_ADAPTIVE = 7
"""The colour that is black on white and white on black."""
_ALIGNMENTS: Mapping[str, TextEntityAlignment] = {
    "G": TextEntityAlignment.MIDDLE_LEFT,
    "C": TextEntityAlignment.MIDDLE_CENTER,
    "D": TextEntityAlignment.MIDDLE_RIGHT,
}
_Values = Mapping[str, Any]


def write_dxf(path: Path, extract: Extract) -> int:
    """The extract is a drawing at `path`, when it is whole; returns how many entities show its objects.

    Raises:
        TooLargeError: more objects than a drawing can hold.
    """
    if extract.count > OBJECTS_MAX:
        raise TooLargeError(
            f"{extract.count} objets ; un DXF en prend {OBJECTS_MAX} au plus : réduire l'emprise"
        )
    sheet_of = _Drawer(extract)
    written = sum(sheet_of.sheet(sheet) for sheet in extract.sheets if sheet.shape is not None)
    sheet_of.notice(extract)
    with placing(path) as part:
        sheet_of.document.saveas(part)
    return written


def layer_name(sheet: str, values: _Values, drawing: Drawing) -> str:
    """The layer of an object: its class, and the network or the code that gives it its look."""
    code = values.get("reseau") if sheet in AFFLEURANTS else None
    if drawing.looks and not code:
        found = values.get(drawing.by or "")
        code = found if found in drawing.looks else None
    return f"{sheet}-{_FORBIDDEN.sub('_', str(code))}" if code else sheet


class _Drawer:
    """A document that grows by one entity after the other."""

    def __init__(self, extract: Extract) -> None:
        self.document: Document = Document.new("R2010")
        self.document.units = units.M
        self.document.header["$MEASUREMENT"] = 1
        self.document.header["$LTSCALE"] = 1.0
        self.document.appids.add(APPLICATION)
        self.document.styles.add(APPLICATION, font="arial.ttf")
        for key, value in (("CRS", f"EPSG:{extract.epsg}"), ("TITRE", extract.title)):
            self.document.header.custom_vars.append(key, value)
        self._space = self.document.modelspace()

    def sheet(self, sheet: Sheet) -> int:
        """Draws every object of a sheet; returns the number of entities."""
        drawing, written = drawing_of(sheet.name), 0
        for batch in sheet.batches():
            for id_, geometry, values in batch:
                if geometry is None:
                    continue
                attributes = {"layer": self._layer(sheet, values, drawing)}
                for entity in self._entities(geometry, values, drawing, attributes):
                    entity.set_xdata(APPLICATION, [(1000, f"gml_id={id_}"[:255])])
                    written += 1
        return written

    def notice(self, extract: Extract) -> None:
        """The lisez-moi, written under the lower left corner of the plan, on its own layer."""
        self.document.layers.add(NOTICE, color=_ADAPTIVE)
        x, y = extract.box[:2] if extract.box else (0.0, 0.0)
        text = extract.notice.replace("\\", "/").replace("{", "(").replace("}", ")")
        attributes = {"layer": NOTICE, "style": APPLICATION, "char_height": 1.5, "insert": (x, y - 5.0, 0.0)}
        self._space.add_mtext(text.replace("\n", "\\P"), dxfattribs={**attributes, "attachment_point": 1})

    def _entities(
        self, geometry: BaseGeometry, values: _Values, drawing: Drawing, attributes: dict[str, Any]
    ) -> Iterator[Any]:
        for part in shapely.get_parts(geometry):
            if part.geom_type == "Point":
                place = (part.x, part.y, part.z if part.has_z else 0.0)
                if drawing.text is not None:
                    yield self._text(place, values, drawing.text, attributes)
                else:
                    yield self._symbol(place, values, drawing, attributes)
            elif part.geom_type == "Polygon":
                for ring in (part.exterior, *part.interiors):
                    yield self._line(ring, attributes)
            else:
                yield self._line(part, attributes)

    def _line(self, line: BaseGeometry, attributes: dict[str, Any]) -> Any:
        points = list(line.coords)
        closed = len(points) > 3 and points[0] == points[-1]
        kept = points[:-1] if closed else points
        if line.has_z:
            return self._space.add_polyline3d(kept, close=closed, dxfattribs=attributes)
        return self._space.add_lwpolyline(kept, close=closed, dxfattribs=attributes)

    def _symbol(self, place: Any, values: _Values, drawing: Drawing, attributes: dict[str, Any]) -> Any:
        code = str(values.get(drawing.by or "") or "")
        name = drawing.symbols.get(code) or drawing.symbol or "point"
        length = ground_size(_first(values, "longueur_mm", "longueur"), drawing.size_m)
        width = ground_size(_first(values, "largeur_mm", "largeur"), drawing.size_m)
        scale = {"xscale": length, "yscale": width, "zscale": 1.0}
        turned = {"rotation": _rotation(values)} | scale
        return self._space.add_blockref(self._block(name), place, dxfattribs=attributes | turned)

    def _text(self, place: Any, values: _Values, text: Text, attributes: dict[str, Any]) -> Any:
        words = " ".join(str(values.get("libelle") or "").split()) or " "
        height = text.height_m * float(values.get("taille") or 1.0)
        entity = self._space.add_text(
            words,
            height=height,
            rotation=_rotation(values),
            dxfattribs={**attributes, "style": APPLICATION},
        )
        align = _ALIGNMENTS.get(str(values.get("justification")), TextEntityAlignment.MIDDLE_CENTER)
        return entity.set_placement(place, align=align)

    def _layer(self, sheet: Sheet, values: _Values, drawing: Drawing) -> str:
        name = layer_name(sheet.name, values, drawing)
        if name in self.document.layers:
            return name
        code = name.removeprefix(sheet.name).removeprefix("-")
        look = drawing.looks.get(code, drawing.look)
        colour = look.colour
        if sheet.name in AFFLEURANTS:
            colour = network_colour(str(values.get("reseau") or "")).rgb
        layer = self.document.layers.add(
            name,
            color=_ADAPTIVE,
            linetype=self._linetype(look),
            lineweight=min(VALID_DXF_LINEWEIGHTS, key=lambda w: abs(w - 100 * look.width_mm)),
        )
        if colour != BLACK:
            layer.rgb = (int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16))
        layer.description = sheet.title + (f" : {_label(sheet, values, drawing)}" if code else "")
        if not drawing.shown:
            layer.off()
        return name

    def _linetype(self, look: Look) -> str:
        """The line type of a dash pattern, lengths on the ground."""
        if not look.dash:
            return "Continuous"
        name = "PCRS_" + "_".join(f"{round(10 * length):02d}" for length in look.dash)
        if name not in self.document.linetypes:
            lengths = [mm * SCALE / 1000 for mm in look.dash]
            signed = [length if at % 2 == 0 else -length for at, length in enumerate(lengths)]
            self.document.linetypes.add(name, pattern=[sum(lengths), *signed], description="PCRS")
        return name

    def _block(self, name: str) -> str:
        """The block of a symbol: strokes on layer 0, in the colour of what shows it."""
        title = f"PCRS_{name}"
        if title not in self.document.blocks:
            _fill_block(self.document.blocks.new(title), name)
        return title


def _fill_block(block: BlockLayout, name: str) -> None:
    attributes = {"layer": "0", "color": 0}
    for part in SYMBOLS[name]:
        if isinstance(part, Circle):
            block.add_circle(part.centre, part.radius, dxfattribs=attributes)
        else:
            closed = part.points[0] == part.points[-1]
            points = part.points[:-1] if closed else part.points
            block.add_lwpolyline(points, close=closed, dxfattribs=attributes)


def _label(sheet: Sheet, values: _Values, drawing: Drawing) -> str:
    """The French label of the code that gave an object its layer."""
    name = "reseau" if sheet.name in AFFLEURANTS else drawing.by
    column = next((column for column in sheet.columns if column.name == name), None)
    code = str(values.get(name or ""))
    return (column.codes or {}).get(code, code) if column else code


def _rotation(values: _Values) -> float:
    """Degrees counterclockwise from the east, from the standard's azimuth."""
    angle = values.get("angleRotation")
    return 0.0 if angle is None else (90.0 - float(angle)) % 360.0


def _first(values: _Values, *names: str) -> float | None:
    """The first of these attributes that the object has."""
    return next((float(values[name]) for name in names if values.get(name) is not None), None)
