// How the classes of the CNIG standard are drawn: the values that the server gives, those of its QGIS and DXF.

import { ticksOf } from "./ticks.js";

const MM = 96 / 25.4; // pixels of CSS
const CAPITALS = 0.72; // height of a capital, in sizes of the font
const [HALO, GROUND, INK] = [0, 1, 2]; // what lies over what within a class: OpenLayers paints areas first else
const TICK_MM = 0.8;
const [TEXT_MIN_PX, TEXT_READ_PX, SYMBOL_MIN_PX] = [4.5, 11, 9];
const CIRCLE = Array.from({ length: 25 }, (_, at) => [Math.cos((at * Math.PI) / 12), Math.sin((at * Math.PI) / 12)]);

/** The inks of a plan: dark on paper, or light over an image, where black would not be seen. */
const INKS = {
  plan: { ink: (colour) => colour, halo: "rgba(255, 255, 255, 0.75)", paper: "#ffffff" },
  image: { ink: lighter, halo: "rgba(12, 18, 22, 0.62)", paper: "rgba(12, 18, 22, 0.55)" },
};

/** A dark ink of little colour as a light one; a coloured ink keeps its hue and is made as light. */
function lighter(colour) {
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255);
  const [high, low] = [Math.max(red, green, blue), Math.min(red, green, blue)];
  const [light, spread] = [(high + low) / 2, high - low];
  if (spread < 0.08) return `hsl(0 0% ${Math.round(100 - light * 42)}%)`;
  const turn = high === red ? ((green - blue) / spread + 6) % 6 : high === green ? (blue - red) / spread + 2 : (red - green) / spread + 4;
  return `hsl(${Math.round(turn * 60)} 90% ${Math.round(Math.max(light, 0.66) * 100)}%)`;
}

/** Styles of objects, made from the symbology. `over` is a name of `INKS`, `pen` a factor of widths. */
export class Symbols {
  #symbology;
  #kept = new Map();

  constructor(symbology) {
    this.#symbology = symbology;
    this.over = "image";
    this.pen = 1.6;
  }

  /** Takes other inks or pens. */
  change({ over = this.over, pen = this.pen }) {
    [this.over, this.pen] = [over in INKS ? over : "image", pen];
    this.#kept.clear();
  }

  /** The drawing of a class. */
  drawing(name) {
    return this.#symbology.classes[name];
  }

  /** The names of the classes in the order in which they are drawn. */
  get order() {
    return Object.keys(this.#symbology.classes);
  }

  /** The colour that a look has in the ink of the map. */
  ink(look) {
    return INKS[this.over].ink(look.colour);
  }

  /** The colour of a network. */
  network(code) {
    return this.#symbology.networks[code] ?? this.#symbology.other_network;
  }

  /** The strokes of a symbol in a square of one metre: [{ points, filled }]. */
  parts(symbol) {
    return this.#symbology.symbols[symbol].map(asPoints);
  }

  /** True when the inside of a symbol has the colour of its strokes. */
  isPainted(symbol) {
    return this.#symbology.painted.includes(symbol);
  }

  /** The styles of a feature of a class at a resolution. */
  styles(name, feature, resolution) {
    const drawing = this.#symbology.classes[name];
    if (drawing.text) return this.#text(drawing, feature, resolution);
    const code = String(feature.get(drawing.by) ?? "");
    const look = drawing.looks[code] ?? drawing.look;
    const fill = drawing.network ? this.network(feature.get("reseau")) : look.fill;
    if (feature.getGeometry().getType().endsWith("Point")) {
      return this.#symbol(drawing, code, look, feature, resolution, fill);
    }
    const lines = this.#lines(look, drawing.network && this.over === "image" ? `${fill}99` : fill);
    return look.ticks ? [...lines, this.#ticks(look, feature.getGeometry(), resolution)] : lines;
  }

  #ticks(look, geometry, resolution) {
    const [, style] = this.#strokes({ ...look, dash: [], width: look.width / 2 });
    style.setGeometry(ticksOf(geometry, look.ticks * MM * resolution * 2, TICK_MM * MM * resolution * 2));
    return style;
  }

  #lines(look, fill) {
    const key = JSON.stringify([look, fill]);
    if (!this.#kept.has(key)) {
      const styles = this.#strokes(look);
      if (fill) styles.unshift(new ol.style.Style({ fill: new ol.style.Fill({ color: fill }), zIndex: GROUND }));
      this.#kept.set(key, styles);
    }
    return this.#kept.get(key);
  }

  #strokes(look) {
    const { ink, halo } = INKS[this.over];
    const width = Math.max(0.8, look.width * MM * this.pen);
    const stroke = (color, more, zIndex, lineDash) =>
      new ol.style.Style({
        zIndex,
        stroke: new ol.style.Stroke({ color, width: width + more, lineDash, lineCap: lineDash ? "butt" : "round", lineJoin: "round" }),
      });
    const dash = look.dash.length ? look.dash.map((length) => length * MM * Math.max(1, this.pen / 2)) : undefined;
    return [stroke(halo, 2, HALO), stroke(ink(look.colour), 0, INK, dash)];
  }

  #symbol(drawing, code, look, feature, resolution, fill) {
    const name = drawing.symbols[code] ?? drawing.symbol ?? "point";
    const [length, width] = this.#sides(drawing, feature, resolution);
    const turn = -(((Number(feature.get("angleRotation") ?? 90) - 90) * Math.PI) / 180);
    const [east, north] = ol.extent.getCenter(feature.getGeometry().getExtent());
    const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
    const placed = ([x, y]) => [east + x * length * cos - y * width * sin, north + x * length * sin + y * width * cos];
    const { ink, paper } = INKS[this.over];
    const inside = fill ?? (this.isPainted(name) ? ink(look.colour) : paper);
    const strokes = this.#strokes(look);
    const parts = this.parts(name).map((part) => ({ ...part, points: part.points.map(placed) }));
    const filled = parts.filter((part) => part.filled).map((part) => [part.points]);
    const outline = new ol.geom.MultiLineString(parts.map((part) => part.points));
    for (const style of strokes) style.setGeometry(outline);
    if (!filled.length) return strokes;
    const ground = new ol.style.Style({ fill: new ol.style.Fill({ color: inside }), zIndex: GROUND, geometry: new ol.geom.MultiPolygon(filled) });
    return [strokes[0], ground, strokes[1]];
  }

  /** Length and width of a symbol in metres: what the object says, but never too small to be seen. */
  #sides(drawing, feature, resolution) {
    const [least, usual] = [SYMBOL_MIN_PX * resolution, drawing.size];
    const told = (drawing.sides ?? []).map((field) => {
      const value = Number(feature.get(field) ?? 0);
      if (value <= 0) return usual;
      return value <= this.#symbology.factor_max ? value * usual : value / 1000;
    });
    const sides = told.length ? told : [usual, usual];
    const grown = Math.max(1, least / Math.max(...sides));
    return sides.map((side) => side * grown);
  }

  /** A text along its azimuth (clockwise from the north, as the standard has it), never upside down. */
  #text({ text, look }, feature, resolution) {
    const size = (text.height * Number(feature.get("taille") ?? 1)) / CAPITALS / resolution;
    if (size < TEXT_MIN_PX) return [];
    const along = ((Number(feature.get("angleRotation") ?? 90) - 90) * Math.PI) / 180;
    const turned = Math.cos(along) < -1e-9;
    const [left, right] = turned ? ["right", "left"] : ["left", "right"];
    const { ink, halo } = INKS[this.over];
    return new ol.style.Style({
      text: new ol.style.Text({
        text: String(feature.get("libelle") ?? ""),
        font: `${text.italic ? "italic " : ""}${text.bold ? 700 : 500} ${Math.max(size, TEXT_READ_PX).toFixed(1)}px system-ui, "Liberation Sans", sans-serif`,
        rotation: turned ? along + Math.PI : along,
        textAlign: { G: left, D: right }[feature.get("justification")] ?? "center",
        fill: new ol.style.Fill({ color: ink(look.colour) }),
        stroke: new ol.style.Stroke({ color: halo.replace(/[\d.]+\)$/, "0.88)"), width: 3 }),
        overflow: true,
      }),
    });
  }
}

/** A part of a symbol as points: circles become polygons. */
function asPoints({ points, centre, radius, filled }) {
  return { points: points ?? CIRCLE.map(([x, y]) => [centre[0] + x * radius, centre[1] + y * radius]), filled };
}
