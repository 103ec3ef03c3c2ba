"""The drawing of a sheet as a QGIS style (QML): symbols, labels, French names of fields and codes."""

from collections.abc import Iterator, Mapping

from lxml import etree
from lxml.etree import SubElement, _Element

from pcrs.standard.codes import CODES, network_colour
from pcrs.vector.drawing import FACTOR_MAX, Drawing, Look, Text, drawing_of
from pcrs.vector.sheets import Sheet
from pcrs.vector.symbols import PAINTED_BLACK, SVG_CANVAS, svg

VERSION = "3.22.16"
_CAPITALS = 0.72
"""Height of a capital, in sizes of the font."""
_GEOMETRY = {
    "Point": 0,
    "MultiPoint": 0,
    "Curve": 1,
    "MultiCurve": 1,
    "Polygon": 2,
    "Surface": 2,
    "MultiSurface": 2,
}
_TYPES = ("marker", "line", "fill")
_READABLE = '(CASE WHEN coalesce("angleRotation",90) % 360 > 180 THEN 90 ELSE -90 END)'
"""Added to the azimuth: the turn of a text that is never upside down."""


def qml(sheet: Sheet) -> str:
    """The style of a sheet with geometry."""
    root = etree.Element(
        "qgis", version=VERSION, styleCategories="LayerConfiguration|Symbology|Labeling|Fields|Forms"
    )
    fill(root, sheet)
    return as_text(root)


def as_text(root: _Element) -> str:
    """A style as QGIS writes it."""
    return etree.tostring(
        root, encoding="unicode", doctype="<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>"
    )


def fill(parent: _Element, sheet: Sheet) -> None:
    """What a style says, as children of `parent`: the root of a QML, or a layer of a project."""
    drawing = drawing_of(sheet.name.partition("_")[0])
    if drawing.text is not None:
        SubElement(parent, "renderer-v2", type="nullSymbol")
        _labels(parent, sheet, drawing, drawing.text)
    else:
        _renderer(parent, sheet, drawing)
    _fields(parent, sheet)
    SubElement(parent, "layerGeometryType").text = str(_GEOMETRY[sheet.shape or "Point"])


def _renderer(parent: _Element, sheet: Sheet, drawing: Drawing) -> None:
    cases = list(_cases(sheet, drawing))
    if len(cases) == 1:
        renderer = SubElement(parent, "renderer-v2", type="singleSymbol", symbollevels="0", enableorderby="0")
    else:
        attribute = "reseau" if drawing.network else drawing.by or ""
        renderer = SubElement(
            parent,
            "renderer-v2",
            type="categorizedSymbol",
            attr=attribute,
            symbollevels="0",
            enableorderby="0",
        )
        categories = SubElement(renderer, "categories")
        for number, (code, label, *_) in enumerate(cases):
            SubElement(
                categories,
                "category",
                render="true",
                symbol=str(number),
                value=code,
                label=label,
                type="string",
            )
    symbols = SubElement(renderer, "symbols")
    kind = _TYPES[_GEOMETRY[sheet.shape or "Point"]]
    for number, (code, _, look, colour) in enumerate(cases):
        symbol = symbol_of(symbols, str(number), kind)
        if kind == "marker":
            _marker(symbol, drawing, code, look, colour)
        elif kind == "line":
            _line(symbol, look)
        else:
            _area(symbol, look, colour or look.fill)


def _cases(sheet: Sheet, drawing: Drawing) -> Iterator[tuple[str, str, Look, str | None]]:
    """Code, French label, look and colour of the network of each way of drawing; the last is for the rest."""
    if drawing.network:
        for code, label in CODES["NatureReseauPCRSType"].values.items():
            yield code, f"{label} ({code})", drawing.look, network_colour(code).rgb
        yield "", "Autre réseau", drawing.look, network_colour("").rgb
        return
    by = next((column for column in sheet.columns if column.name == drawing.by), None)
    for code in dict.fromkeys((*drawing.looks, *drawing.symbols)):
        label = (by.codes or {}).get(code, code) if by else code
        yield code, label, drawing.looks.get(code, drawing.look), None
    yield "", sheet.title, drawing.look, None


def symbol_of(parent: _Element, name: str, kind: str) -> _Element:
    """A symbol without layers: `marker`, `line` or `fill`."""
    return SubElement(parent, "symbol", name=name, type=kind, alpha="1", clip_to_extent="1", force_rhr="0")


def symbol_layer(
    symbol: _Element, kind: str, values: Mapping[str, object], expressions: Mapping[str, str] | None = None
) -> _Element:
    """A layer of a symbol; `expressions` give properties object by object."""
    layer = SubElement(symbol, "layer", {"class": kind, "enabled": "1", "locked": "0", "pass": "0"})
    options = SubElement(layer, "Option", type="Map")
    for key, value in values.items():
        SubElement(options, "Option", name=key, value=str(value), type="QString")
    if expressions:
        _defined(SubElement(layer, "data_defined_properties"), expressions)
    return layer


def _defined(parent: _Element, expressions: Mapping[str, str]) -> None:
    outer = SubElement(parent, "Option", type="Map")
    SubElement(outer, "Option", name="name", value="", type="QString")
    properties = SubElement(outer, "Option", name="properties", type="Map")
    for key, expression in expressions.items():
        one = SubElement(properties, "Option", name=key, type="Map")
        SubElement(one, "Option", name="active", value="true", type="bool")
        SubElement(one, "Option", name="expression", value=expression, type="QString")
        SubElement(one, "Option", name="type", value="3", type="int")
    SubElement(outer, "Option", name="type", value="collection", type="QString")


def _line(symbol: _Element, look: Look) -> None:
    dash = ";".join(map(str, look.dash))
    values = {
        "line_color": _rgba(look.colour),
        "line_width": look.width_mm,
        "line_width_unit": "MM",
        "line_style": "solid",
        "capstyle": "flat" if look.dash else "round",
        "joinstyle": "round",
        "use_custom_dash": int(bool(dash)),
        "customdash": dash or "5;2",
        "customdash_unit": "MM",
    }
    symbol_layer(symbol, "SimpleLine", values)
    if look.ticks_mm:
        ticks = {
            "interval": look.ticks_mm, "interval_unit": "MM", "placement": "interval", "rotate": 1,
            "hash_length": 0.8, "hash_length_unit": "MM", "offset": 0.4, "offset_unit": "MM", "hash_angle": 0,
        }  # fmt: skip
        layer = symbol_layer(symbol, "HashLine", ticks)
        _line(symbol_of(layer, f"@{symbol.get('name')}@1", "line"), Look(look.colour, look.width_mm / 2))


def _area(symbol: _Element, look: Look, paint: str | None) -> None:
    values = {
        "color": _rgba(paint or look.colour),
        "style": "solid" if paint else "no",
        "outline_style": "no",
    }
    symbol_layer(symbol, "SimpleFill", values)
    _line(symbol, look)


def _marker(symbol: _Element, drawing: Drawing, code: str, look: Look, colour: str | None) -> None:
    name = drawing.symbols.get(code) or drawing.symbol or "point"
    values = {
        "name": svg(name),
        "color": _rgba(colour or (look.colour if name in PAINTED_BLACK else "#ffffff")),
        "outline_color": _rgba(look.colour),
        "outline_width": 0,
        "size": SVG_CANVAS * drawing.size_m,
        "size_unit": "MapUnit",
        "angle": 0,
        "fixedAspectRatio": 0,
    }
    expressions = {}
    if drawing.network and drawing.symbols:
        cases = " ".join(
            f"WHEN \"{drawing.by}\" = '{key}' THEN '{svg(value)}'" for key, value in drawing.symbols.items()
        )
        expressions["name"] = f"CASE {cases} ELSE '{svg(name)}' END"
    expressions |= _turned(drawing)
    symbol_layer(symbol, "SvgMarker", values, expressions)


def _turned(drawing: Drawing) -> dict[str, str]:
    """Angle and sides, for the classes whose objects say them."""
    if drawing.sides is None:
        return {}
    length, width = drawing.sides
    return {
        "angle": 'coalesce("angleRotation",90) - 90',
        "width": _side(length, drawing.size_m),
        "height": _side(width, drawing.size_m),
    }


def _side(column: str, usual_m: float) -> str:
    """As `ground_size`, for QGIS."""
    return (
        f'{SVG_CANVAS} * (CASE WHEN coalesce("{column}",0) <= 0 THEN {usual_m} '
        f'WHEN "{column}" <= {FACTOR_MAX} THEN "{column}" * {usual_m} ELSE "{column}" / 1000.0 END)'
    )


def _labels(parent: _Element, sheet: Sheet, drawing: Drawing, text: Text) -> None:
    labeling = SubElement(parent, "labeling", type="simple")
    settings = SubElement(labeling, "settings", calloutType="simple")
    size = round(text.height_m / _CAPITALS, 3)
    style = SubElement(
        settings, "text-style", fieldName="libelle", isExpression="0", fontFamily="Liberation Sans",
        fontSize=str(size), fontSizeUnit="MapUnit", fontWeight="75" if text.bold else "50",
        fontItalic=str(int(text.italic)), namedStyle=_font_style(text), textColor=_rgba(drawing.look.colour),
        textOpacity="1", multilineHeight="1",
    )  # fmt: skip
    SubElement(
        style, "text-buffer", bufferDraw="1", bufferSize="0.35", bufferSizeUnits="MM",
        bufferColor="255,255,255,255", bufferOpacity="0.85", bufferJoinStyle="128", bufferNoFill="1",
    )  # fmt: skip
    SubElement(
        settings, "placement", placement="1", quadOffset="4", dist="0", rotationAngle="0", priority="9"
    )
    SubElement(
        settings, "rendering", displayAll="1", obstacle="0", upsidedownLabels="2", drawLabels="1",
        fontLimitPixelSize="1", fontMinPixelSize="5", fontMaxPixelSize="10000",
    )  # fmt: skip
    turned = 'coalesce("angleRotation",90) % 360 > 180'
    expressions = {
        "Size": f'{size} * coalesce("taille",1)',
        "PositionX": "$x",
        "PositionY": "$y",
        "LabelRotation": f'coalesce("angleRotation",90) + {_READABLE}',
        "Hali": (
            f"CASE WHEN \"justification\" = 'G' THEN if({turned},'Right','Left') "
            f"WHEN \"justification\" = 'D' THEN if({turned},'Left','Right') ELSE 'Center' END"
        ),
        "Vali": "'Half'",
    }
    _defined(SubElement(settings, "dd_properties"), expressions)


def _font_style(text: Text) -> str:
    return (
        " ".join(word for word, said in (("Bold", text.bold), ("Italic", text.italic)) if said) or "Regular"
    )


def _fields(parent: _Element, sheet: Sheet) -> None:
    """French names of the columns, and the labels of codes, so that tables and forms show words."""
    configuration = SubElement(parent, "fieldConfiguration")
    aliases = SubElement(parent, "aliases")
    for number, column in enumerate(sheet.columns, start=1):
        SubElement(aliases, "alias", field=column.name, index=str(number), name=column.title)
        if not column.codes or column.kind != "string":
            continue
        field = SubElement(configuration, "field", name=column.name)
        config = SubElement(SubElement(field, "editWidget", type="ValueMap"), "config")
        held = SubElement(SubElement(config, "Option", type="Map"), "Option", name="map", type="List")
        for code, label in column.codes.items():
            entry = SubElement(held, "Option", type="Map")
            SubElement(entry, "Option", name=f"{label} ({code})", value=code, type="QString")


def _rgba(colour: str) -> str:
    return ",".join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5)) + ",255"
