// Signalements on the map: what was said and looked at, where it is in its follow-up, each in its 200 m cell.

import { L93, WGS84 } from "./crs.js";
import { make } from "./elements.js";
import { json } from "./features.js";
import { day, language, text } from "./language.js";

const COLOURS = { "reçu": "#8d9a96", "vérifié": "#c2410c", "planifié": "#0b63ce", "intégré": "#15803d", "rejeté": "#52605d" };
/** The way of a signalement; what is refused leaves it. */
export const WAY = ["reçu", "vérifié", "planifié", "intégré"];
const CELL_M = 200;
const REACH_PX = 12;

/** A pin of that colour; its point is the place. */
export function pin(colour) {
  const drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="28" height="36"><path d="M14 35C4 22 2 18 2 13a12 12 0 0124 0c0 5-2 9-12 22z" fill="${colour}" stroke="#fff" stroke-width="2"/><circle cx="14" cy="13" r="4.500" fill="#fff"/></svg>`;
  return new ol.style.Icon({ src: `data:image/svg+xml,${encodeURIComponent(drawing)}`, anchor: [0.5, 1] });
}

/** The 200 m cell of a Lambert-93 position, as a ring. */
export function cellOf([x, y]) {
  const [west, south] = [x, y].map((value) => Math.floor(value / CELL_M) * CELL_M);
  const [east, north] = [west + CELL_M, south + CELL_M];
  return new ol.geom.Polygon([[[west, south], [east, south], [east, north], [west, north], [west, south]]]);
}

/** What becomes of one, step by step, and what was said once somebody looked at it. */
export function story({ properties: told }) {
  const at = new Map(told.suite.map((step) => [step.etat, step]));
  const way = told.etat === "rejeté" ? [...WAY.filter((state) => at.has(state)), "rejeté"] : WAY;
  const steps = way.map((state) => {
    const step = at.get(state);
    const words = step ? `${day(step.le.slice(0, 10))}${step.note ? ` – ${step.note}` : ""}` : "";
    return make("li", { class: step ? "done" : null, "aria-current": state === told.etat ? "step" : null }, make("strong", {}, text(`state_${state}`)), words ? ` ${words}` : null);
  });
  const label = language() === "fr" ? told.libelle : told.label;
  return make(
    "div",
    { class: "story" },
    make("h3", {}, label),
    told.texte ? make("p", {}, told.texte) : null,
    told.photo ? make("img", { src: told.photo, alt: text("signalPhotoOf", label), loading: "lazy" }) : null,
    make("ol", { class: "way", "aria-label": text("signalWay") }, ...steps),
  );
}

export class SignalementLayer {
  #map;
  #asked = false;

  /** `onFault` is told when the service does not answer. */
  constructor(map, onFault) {
    this.#map = map;
    const styles = new Map();
    this.layer = new ol.layer.Vector({
      source: new ol.source.Vector(),
      visible: false,
      style: (feature) => {
        const state = feature.get("etat");
        if (!styles.has(state)) styles.set(state, new ol.style.Style({ image: pin(COLOURS[state]) }));
        return styles.get(state);
      },
    });
    this.layer.on("change:visible", () => {
      if (this.layer.getVisible() && !this.#asked) this.refresh().catch(onFault);
    });
  }

  /** Asks for all of them again. */
  async refresh() {
    this.#asked = true;
    const found = await json("signalements");
    const source = this.layer.getSource();
    source.clear();
    source.addFeatures(new ol.format.GeoJSON().readFeatures(found, { dataProjection: WGS84, featureProjection: L93 }));
    return found.features.length;
  }

  /** The signalement at a Lambert-93 position, as GeoJSON; null where there is none. */
  at(position) {
    if (!this.layer.getVisible()) return null;
    const pixel = this.#map.getPixelFromCoordinate(position);
    const found = this.#map.forEachFeatureAtPixel(pixel, (feature) => feature, { layerFilter: (layer) => layer === this.layer, hitTolerance: REACH_PX });
    return found ? { id: found.getId(), properties: found.getProperties() } : null;
  }
}
