// The objects of the vector PCRS: loaded where one looks, from close enough, class by class.

import { byId, say } from "./elements.js";
import { language, number, text, whenLanguageChanges } from "./language.js";
import { Loader } from "./loader.js";
import { documentOf } from "./features.js";

const REACH_PX = 9;
export const COARSEST = 0.43; // metres per pixel: drawn from 1/1500

export class VectorObjects {
  #map;
  #config;
  #symbols;
  #classes = new Map(); // name: { loader, layer }
  #hidden = new Set();
  #titles = new Map();
  #picked = null;
  #usual;

  constructor(map, config, symbols) {
    this.#map = map;
    this.#config = config;
    this.#symbols = symbols;
    for (const name of symbols.order) {
      const drawn = name in config.classes;
      if (drawn) this.#classes.set(name, this.#made(name));
      if (drawn && !symbols.drawing(name).shown) this.#hidden.add(name);
    }
    this.#usual = [...this.#hidden].sort().join(",");
    const layers = [...this.#classes.values()].map(({ layer }) => layer);
    this.layer = new ol.layer.Group({ layers, maxResolution: COARSEST });
    this.layer.on("change:visible", () => this.look());
    map.on("moveend", () => this.look());
    whenLanguageChanges(() => this.#named());
    this.#apply();
  }

  /** The names of the classes that the site has, in the order in which they are drawn. */
  get classes() {
    return [...this.#classes.keys()];
  }

  /** What a class is called in the language of the page. */
  title(name) {
    return this.#titles.get(name) ?? this.#config.classes[name]?.title ?? name;
  }

  /** The classes that are not shown. */
  get hidden() {
    return new Set(this.#hidden);
  }

  /** Shows all classes but these. */
  hide(names) {
    this.#hidden = new Set(names);
    this.#apply();
    this.look();
  }

  /** The hidden classes as the address tells them, null when they are the usual ones. */
  get hiddenChanged() {
    const written = [...this.#hidden].sort().join(",");
    return written === this.#usual ? null : written || "-";
  }

  /** Hides the classes that an address tells; null: the usual ones. */
  hideNamed(names) {
    this.hide((names ?? this.#usual).split(",").filter((name) => this.#classes.has(name)));
  }

  /** Draws again: other inks, pens, or networks. */
  restyle() {
    for (const { layer } of this.#classes.values()) layer.changed();
  }

  /** Marks the object that is told of; null: none. */
  mark(feature) {
    this.#picked = feature;
    this.restyle();
  }

  /** The feature nearest to a position, null when none is near. A text, a cover, a symbol goes before a line. */
  at(position) {
    if (!this.#near() || !this.layer.getVisible()) return null;
    const limit = REACH_PX * this.#map.getView().getResolution();
    const around = ol.extent.buffer(ol.extent.boundingExtent([position]), limit);
    const found = [];
    for (const [name, { loader, layer }] of this.#classes) {
      if (!layer.getVisible()) continue;
      for (const feature of loader.source.getFeaturesInExtent(around)) {
        const [x, y] = feature.getGeometry().getClosestPoint(position);
        const distance = Math.hypot(x - position[0], y - position[1]);
        if (distance <= limit) found.push({ feature, distance: distance - (name.startsWith("Affleurant") ? limit / 2 : 0) });
      }
    }
    return found.sort((one, other) => one.distance - other.distance)[0]?.feature ?? null;
  }

  /** Asks for what is in view, and tells how much of it is there. */
  look() {
    if (this.#near() && this.layer.getVisible()) {
      const extent = this.#extent();
      for (const { loader, layer } of this.#classes.values()) if (layer.getVisible()) loader.look(extent);
    }
    this.#count();
  }

  #extent() {
    return this.#map.getView().calculateExtent(this.#map.getSize());
  }

  #near() {
    return this.#map.getView().getResolution() < COARSEST;
  }

  #made(name) {
    const loader = new Loader(name, {
      onFault: () => say(text("unreachable", this.title(name))),
      onChange: () => this.#count(),
    });
    const style = (feature, resolution) => {
      const styles = this.#symbols.styles(name, feature, resolution);
      return feature === this.#picked ? [halo(feature), ...[styles].flat()] : styles;
    };
    const declutter = Boolean(this.#symbols.drawing(name).text);
    return { loader, layer: new ol.layer.Vector({ source: loader.source, style, declutter, updateWhileInteracting: false }) };
  }

  #apply() {
    for (const [name, { layer }] of this.#classes) layer.setVisible(!this.#hidden.has(name));
  }

  #count() {
    const note = byId("vector-note");
    if (!this.#classes.size) {
      note.textContent = text("vectorNone");
      return;
    }
    if (!this.#near()) {
      note.textContent = text("vectorZoom");
      return;
    }
    const extent = this.#extent();
    const shown = [...this.#classes.values()].filter(({ layer }) => layer.getVisible());
    const seen = shown.reduce((sum, { loader }) => sum + loader.source.getFeaturesInExtent(extent).length, 0);
    const part = shown.some(({ loader }) => loader.isPart(extent));
    const busy = shown.some(({ loader }) => loader.busy);
    note.textContent = text(part ? "vectorPart" : "vectorCount", seen, number(seen)) + (busy ? ` ${text("loading")}` : "");
  }

  /** Names of classes in English come with the collections; the French ones are the configuration's. */
  async #named() {
    this.#count();
    if (language() === "fr") {
      this.#titles.clear();
      return;
    }
    try {
      const { collections } = await documentOf("", { lang: language() });
      for (const { id, title } of collections) this.#titles.set(id, title);
    } catch {
      return; // French names then
    }
    this.layer.dispatchEvent("named");
  }
}

function halo(feature) {
  const geometry = feature.getGeometry();
  const stroke = new ol.style.Stroke({ color: "rgba(242, 181, 68, 0.95)", width: 9, lineCap: "round" });
  if (!geometry.getType().endsWith("Point")) return new ol.style.Style({ stroke });
  return new ol.style.Style({ image: new ol.style.Circle({ radius: 13, stroke: new ol.style.Stroke({ color: "#f2b544", width: 4 }) }) });
}
