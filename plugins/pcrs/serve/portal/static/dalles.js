// The grid of dalles: drawn over the image, coloured, and found by place or by name.

import { MODES, classesOf, keyFor } from "./dalle_colours.js";
import { byId, draw, make, say } from "./elements.js";
import { featureOf, featureWhere, featuresIn } from "./features.js";
import { number, text, whenLanguageChanges } from "./language.js";
import { Loader } from "./loader.js";

export const COLLECTION = "dalles";
const CELL_M = 8192;
const PAGE = 1000;
const MOST = 8000;
const LABEL_PX = 74;
const LIT_PX = 500; // larger ones are not tinted: one looks at the image then
const PAINTED_PX = 900;
const INK = "#0f3b3a";
const PALE = "rgba(255, 255, 255, 0.9)";
const ACCENT = "#f2b544";

/** The part of a dalle's name that tells where it is: 0576-6373. */
export function shortName(id) {
  return /(\d{4,5}-\d{4,5})-LA93/.exec(id)?.[1] ?? id;
}

export class Dalles {
  #map;
  #config;
  #loader;
  #layer;
  #mode = "";
  #colours = new Map();
  #keyOf = () => "";
  #hovered = null;
  #picked = null;
  #listeners = { changed: [], picked: [] };

  constructor(map, config) {
    this.#map = map;
    this.#config = config;
    this.#loader = new Loader(COLLECTION, {
      cell: CELL_M,
      most: MOST,
      onFault: () => say(text("unreachable", text("tabDalles"))),
      onChange: () => this.#changed(),
    });
    this.#layer = new ol.layer.Vector({
      source: this.#loader.source,
      style: (feature, resolution) => this.#style(feature, resolution),
      updateWhileInteracting: true,
    });
    this.#layer.on("change:visible", () => this.look());
    map.on("moveend", () => this.look());
    byId("dalles-colour").addEventListener("change", (event) => this.colour(event.target.value));
    whenLanguageChanges(() => this.#changed());
  }

  /** The layer, for the map and the switches. */
  get layer() {
    return this.#layer;
  }

  /** The dalles in view, in order of names. */
  get inView() {
    const extent = this.#map.getView().calculateExtent(this.#map.getSize());
    return this.#loader.source.getFeaturesInExtent(extent).sort((one, other) => one.getId().localeCompare(other.getId()));
  }

  /** True when not all dalles in view are there. */
  get isPart() {
    return this.#loader.isPart(this.#map.getView().calculateExtent(this.#map.getSize()));
  }

  /** How dalles are coloured: one of `MODES`, or "". */
  get mode() {
    return this.#mode;
  }

  /** Colours the dalles. */
  colour(mode) {
    this.#mode = MODES.includes(mode) ? mode : "";
    byId("dalles-colour").value = this.#mode;
    if (this.#mode && !this.#layer.getVisible()) this.#layer.setVisible(true);
    this.#changed();
  }

  /** Asks for what is in view. */
  look() {
    if (this.#config.dalles) this.#loader.look(this.#map.getView().calculateExtent(this.#map.getSize()));
    this.#changed();
  }

  /** The dalles in an extent, page after page; none is asked for where the site has none. */
  async *within(extent) {
    if (this.#config.dalles) yield* featuresIn(COLLECTION, extent, PAGE);
  }

  /** `listener` is told when other dalles are in view, or they are coloured otherwise. */
  whenChanged(listener) {
    this.#listeners.changed.push(listener);
  }

  /** `listener` is given each dalle that is picked, null when none is any more. */
  whenPicked(listener) {
    this.#listeners.picked.push(listener);
  }

  /** The dalle at a position, or null. */
  at(position) {
    return this.#layer.getVisible() ? (this.#loader.source.getFeaturesAtCoordinate(position)[0] ?? null) : null;
  }

  /** The dalle that is picked, or null. */
  get picked() {
    return this.#picked;
  }

  /** True for the dalle that is picked. */
  isPicked(feature) {
    return this.#picked !== null && feature.getId() === this.#picked.getId();
  }

  /** Marks the dalle under the pointer. */
  hover(feature) {
    if (feature === this.#hovered) return;
    this.#hovered = feature;
    this.#layer.changed();
  }

  /** Picks a dalle; null: none any more. */
  pick(feature) {
    this.#picked = feature;
    this.#layer.changed();
    for (const listener of this.#listeners.picked) listener(feature);
  }

  /** Picks the dalle of that name, and goes to it unless told not to; says when there is none. */
  async show(name, going = true) {
    try {
      const dalle = await this.#named(name.replace(/\.tiff?$/i, ""));
      if (dalle === null) {
        say(text("noDalle", name));
        return;
      }
      if (going) this.frame(dalle);
      this.pick(dalle);
    } catch {
      say(text("unreachable", text("tabDalles")));
    }
  }

  /** Shows the whole of a dalle. */
  frame(dalle) {
    this.#map.getView().fit(dalle.getGeometry(), { padding: [60, 60, 60, 60], duration: 250 });
  }

  async #named(id) {
    const known = this.#loader.source.getFeatures().find((dalle) => [dalle.getId(), shortName(dalle.getId())].includes(id));
    if (known || !this.#config.dalles) return known ?? null;
    return /^\d{4,5}-\d{4,5}$/.test(id) ? featureWhere(COLLECTION, `id LIKE '%-${id}-%'`) : featureOf(COLLECTION, id);
  }

  #changed() {
    const dalles = this.#mode || this.#listeners.changed.length ? this.inView : [];
    this.#colours.clear();
    const classes = this.#mode ? classesOf(this.#mode, dalles, this.#config.precisions) : [];
    this.#keyOf = keyFor(this.#mode, dalles);
    for (const { key, colour } of classes) this.#colours.set(key, colour);
    byId("dalles-legend").replaceChildren(...classes.map(line));
    this.#layer.changed();
    for (const listener of this.#listeners.changed) listener(dalles);
  }

  #style(feature, resolution) {
    const chosen = this.isPicked(feature);
    const hovered = feature === this.#hovered;
    const [west, , east] = feature.getGeometry().getExtent();
    const room = (east - west) / resolution;
    const styles = [
      new ol.style.Style({
        fill: this.#fill(feature, room, hovered || chosen),
        stroke: room > 12 ? new ol.style.Stroke({ color: chosen ? INK : "rgba(15, 59, 58, 0.65)", width: chosen ? 5 : 3 }) : undefined,
        zIndex: chosen ? 2 : 0,
      }),
      new ol.style.Style({
        stroke: new ol.style.Stroke({ color: chosen || hovered ? ACCENT : PALE, width: chosen ? 2.5 : room > 12 ? 1.2 : 0.4 }),
        zIndex: chosen ? 3 : 1,
      }),
    ];
    if (room >= LABEL_PX) styles.push(this.#label(feature, room));
    return styles;
  }

  #fill(feature, room, lit) {
    const colour = this.#mode ? this.#colours.get(this.#keyOf(feature)) : null;
    if (colour && room < PAINTED_PX) return new ol.style.Fill({ color: `${colour}${lit ? "cc" : "99"}` });
    return lit && room < LIT_PX ? new ol.style.Fill({ color: "rgba(242, 181, 68, 0.16)" }) : undefined;
  }

  #label(feature, room) {
    const [west, , , north] = feature.getGeometry().getExtent();
    const name = shortName(feature.getId());
    return new ol.style.Style({
      geometry: new ol.geom.Point([west, north]),
      text: new ol.style.Text({
        text: room > 170 ? `${name}  ·  ${feature.get("edition")}` : name,
        font: "600 12px system-ui, sans-serif",
        textAlign: "left",
        textBaseline: "top",
        offsetX: 7,
        offsetY: 7,
        fill: new ol.style.Fill({ color: INK }),
        backgroundFill: new ol.style.Fill({ color: PALE }),
        padding: [2, 4, 1, 4],
      }),
      zIndex: 4,
    });
  }
}

function line({ label, colour, count }) {
  const box = draw("svg", { class: "swatch", viewBox: "0 0 24 16", width: 24, height: 16, "aria-hidden": "true" }, draw("rect", { width: 24, height: 16, rx: 3, fill: colour }));
  return make("li", {}, box, `${label} – ${text("dallesCount", count, number(count))}`);
}
