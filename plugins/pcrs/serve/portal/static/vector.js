// The objects of the vector PCRS: loaded where one looks, from close enough, group by group.

import { byId, draw, make, say } from "./elements.js";
import { sourceOf, valuesOf } from "./features.js";
import { language, number, text, whenLanguageChanges } from "./language.js";
import { GROUPS, styleOf } from "./symbols.js";
import { NETWORKS_EN } from "./texts.js";

const LIMIT = 3000;
const JOINED = 20_000;
const REACH_PX = 8;
const COARSEST = 0.41; // metres per pixel: drawn from 1/1500
const TOLD = ["dateLeve", "qualiteCategorisation", "precisionPlanimetrique", "producteur", "libelle", "nature", "reseau"];

export class VectorObjects {
  #map;
  #config;
  #groups = new Map();
  #layer;
  #networks = new Map();
  #joined = false;

  constructor(map, config) {
    this.#map = map;
    this.#config = config;
    for (const [name, group] of Object.entries(GROUPS)) {
      const classes = group.classes.filter((class_) => class_ in config.classes);
      if (classes.length) this.#groups.set(name, this.#made(name, classes));
    }
    this.#layer = new ol.layer.Group({ layers: [...this.#groups.values()], maxResolution: COARSEST });
    map.on("moveend", () => this.#looked());
    whenLanguageChanges(() => {
      this.#legend();
      this.#count();
    });
  }

  /** The layers, for the map and the switches. */
  get layer() {
    return this.#layer;
  }

  /** What is known of the object nearest to a position, as title and rows; null when none is near. */
  at(position) {
    const feature = this.#nearest(position);
    if (feature === null) return null;
    const rows = TOLD.filter((field) => feature.get(field)).map((field) => [field, String(feature.get(field))]);
    const network = this.#networks.get(feature.getId());
    if (network) rows.push(["reseau", this.#label(network)]);
    return { title: feature.get("collection"), rows: [["gml:id", feature.getId()], ...rows] };
  }

  #nearest(position) {
    if (!this.#near() || !this.#layer.getVisible()) return null;
    let nearest = null;
    let limit = REACH_PX * this.#map.getView().getResolution();
    const around = ol.extent.buffer(ol.extent.boundingExtent([position]), limit);
    for (const layer of this.#groups.values()) {
      if (!layer.getVisible()) continue;
      for (const feature of layer.getSource().getFeaturesInExtent(around)) {
        const [x, y] = feature.getGeometry().getClosestPoint(position);
        const distance = Math.hypot(x - position[0], y - position[1]);
        if (distance <= limit) [nearest, limit] = [feature, distance];
      }
    }
    return nearest;
  }

  #made(name, classes) {
    const source = sourceOf(classes, LIMIT, {
      onFault: () => say(text("unreachable", text(name))),
      onChange: () => this.#count(),
    });
    return new ol.layer.Vector({
      source,
      declutter: name === "texte",
      style: (feature) => styleOf(name, feature, name === "affleurant" ? this.#colour(feature) : null),
    });
  }

  #colour(feature) {
    const network = this.#networks.get(feature.getId());
    return network ? (this.#config.networks[network]?.colour ?? null) : null;
  }

  #label(code) {
    return language() === "en" ? (NETWORKS_EN[family(code)] ?? code) : (this.#config.networks[code]?.label ?? code);
  }

  #near() {
    return this.#map.getView().getResolution() < COARSEST;
  }

  #looked() {
    this.#count();
    if (this.#near() && !this.#joined && this.#groups.has("affleurant")) {
      this.#joined = true;
      this.#join();
    }
  }

  /** Networks by the ids of what draws a cover: the standard links them through two other objects. */
  async #join() {
    const count = (name) => this.#config.classes[name]?.count ?? 0;
    if (count("AffleurantPCRS") + count("AffleurantGeometriquePCRS") > JOINED) return;
    try {
      const [covers, shapes] = await Promise.all(
        ["AffleurantPCRS", "AffleurantGeometriquePCRS"].map((name) => (count(name) ? valuesOf(name, LIMIT) : [])),
      );
      const parts = new Map(shapes.map((shape) => [shape.id, targets(shape, ["enveloppe", "ligne", "point"])]));
      for (const cover of covers) {
        for (const id of targets(cover, ["representation", "symbolisation"])) {
          for (const drawn of [id, ...(parts.get(id) ?? [])]) this.#networks.set(drawn, cover.properties.reseau);
        }
      }
      this.#groups.get("affleurant").changed();
    } catch {
      this.#joined = false; // without networks covers stay grey; the next move tries again
    }
  }

  #count() {
    const note = byId("vector-note");
    if (!this.#groups.size) {
      note.textContent = text("vectorNone");
      return;
    }
    if (!this.#near()) {
      note.textContent = text("vectorZoom");
      return;
    }
    const extent = this.#map.getView().calculateExtent(this.#map.getSize());
    const sources = [...this.#groups.values()].map((layer) => layer.getSource());
    const seen = sources.reduce((sum, source) => sum + source.getFeaturesInExtent(extent).length, 0);
    const part = sources.some((source) => source.get("crowded")());
    note.textContent = text(part ? "vectorPart" : "vectorCount", seen, number(seen));
  }

  #legend() {
    const lines = [...this.#groups].reverse().map(([name, layer]) => {
      const box = make("input", { type: "checkbox", id: `group-${name}` });
      box.checked = layer.getVisible();
      box.addEventListener("change", () => layer.setVisible(box.checked));
      const label = make("label", { for: `group-${name}`, class: "check" }, box, swatch(GROUPS[name]), text(name));
      return make("li", {}, label);
    });
    byId("groups").replaceChildren(...lines);
    const families = Object.keys(this.#config.networks).filter((code) => family(code) === code);
    byId("networks").replaceChildren(
      ...families.map((code) => {
        const look = { colour: this.#config.networks[code].colour, shape: "cover", width: 0 };
        return make("li", {}, swatch(look), `${this.#label(code)} (${code})`);
      }),
    );
    byId("networks-box").hidden = !this.#groups.has("affleurant");
  }
}

/** The family of a network code: ELECBT is one of ELEC. */
function family(code) {
  const families = Object.keys(NETWORKS_EN);
  return families.find((known) => code.startsWith(known)) ?? code;
}

/** The ids that the links of an object lead to. */
function targets(object, fields) {
  const links = fields.flatMap((field) => object.properties[field] ?? []);
  return links.map((link) => link.replace(/^#/, ""));
}

function swatch(group) {
  const shapes = {
    line: () => draw("path", { d: "M2 12 9 5l6 5 7-7", fill: "none", stroke: group.colour, "stroke-width": 2.4 }),
    rail: () => draw("path", { d: "M2 8h20", fill: "none", stroke: group.colour, "stroke-width": 2.4, "stroke-dasharray": "5 3" }),
    dot: () => draw("circle", { cx: 12, cy: 8, r: 5, fill: group.colour }),
    cover: () => draw("rect", { x: 7, y: 3, width: 10, height: 10, fill: group.colour, stroke: "#fff" }),
    text: () => draw("text", { x: 12, y: 12, "text-anchor": "middle", "font-size": 11, "font-weight": 700, fill: group.colour }, "Aa"),
  };
  const ground = draw("rect", { width: 24, height: 16, rx: 3, fill: "#3c4a48" });
  return draw("svg", { class: "swatch", viewBox: "0 0 24 16", width: 24, height: 16, "aria-hidden": "true" }, ground, shapes[group.shape]());
}
