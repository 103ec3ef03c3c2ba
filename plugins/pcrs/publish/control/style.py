"""How QGIS shows the findings of a control: errors in red over warnings in orange, each with a tip."""

from collections.abc import Mapping

from lxml import etree
from lxml.etree import SubElement, _Element

from pcrs.vector.qml import VERSION, as_text, symbol_layer, symbol_of

_LOOKS: Mapping[str, tuple[str, str, float]] = {
    # niveau: colour, shape, millimetres
    "erreur": ("214,39,40,255", "diamond", 3.4),
    "avertissement": ("255,127,14,255", "circle", 2.6),
    "information": ("70,130,180,255", "circle", 2.0),
}
"""The worst first: it is drawn last, over the others."""
_TITLES: Mapping[str, str] = {
    "code": "Règle",
    "niveau": "Niveau",
    "message": "Constat",
    "fichier": "Fichier",
    "ligne": "Ligne",
    "classe": "Classe",
    "gml_id": "gml:id",
    "attribut": "Attribut",
    "lu": "Lu",
    "attendu": "Attendu",
}
_TIP = (
    "<b>[% niveau %]</b> [% message %]<br>[% fichier %] [% 'ligne ' || ligne %] [% gml_id %]"
    "<br>lu : [% lu %] ; attendu : [% attendu %]"
)


def findings_style() -> str:
    """The style of the layer of findings, as QML."""
    root = etree.Element(
        "qgis", version=VERSION, styleCategories="LayerConfiguration|Symbology|Fields|MapTips"
    )
    renderer = SubElement(
        root, "renderer-v2", type="categorizedSymbol", attr="niveau", symbollevels="0", enableorderby="1"
    )
    categories = SubElement(renderer, "categories")
    symbols = SubElement(renderer, "symbols")
    for number, (level, look) in enumerate(_LOOKS.items()):
        SubElement(
            categories,
            "category",
            render="true",
            symbol=str(number),
            value=level,
            label=level.capitalize(),
            type="string",
        )
        _mark(symbol_of(symbols, str(number), "marker"), *look)
    order = SubElement(renderer, "orderby")
    worst = " ".join(f"WHEN \"niveau\" = '{level}' THEN {-rank}" for rank, level in enumerate(_LOOKS))
    SubElement(order, "orderByClause", asc="1", nullsFirst="0").text = f"CASE {worst} END"
    aliases = SubElement(root, "aliases")
    for number, (field, title) in enumerate(_TITLES.items(), start=1):
        SubElement(aliases, "alias", field=field, index=str(number), name=title)
    SubElement(root, "previewExpression").text = '"code" || \' : \' || "message"'
    SubElement(root, "mapTip").text = _TIP
    SubElement(root, "layerGeometryType").text = "0"
    return as_text(root)


def _mark(symbol: _Element, colour: str, shape: str, size_mm: float) -> None:
    values = {
        "name": shape,
        "color": colour,
        "size": size_mm,
        "size_unit": "MM",
        "outline_color": "255,255,255,255",
        "outline_width": 0.3,
        "outline_width_unit": "MM",
    }
    symbol_layer(symbol, "SimpleMarker", values)
