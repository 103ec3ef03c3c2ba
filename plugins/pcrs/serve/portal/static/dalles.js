// The grid of dalles: drawn over the image, listed, and told of one by one.

import { byId, make, say } from "./elements.js";
import { featureOf, sourceOf } from "./features.js";
import { bytes, day, language, number, text, whenLanguageChanges } from "./language.js";
import { yieldToCard } from "./panel.js";
import { PRECISIONS_EN } from "./texts.js";

const COLLECTION = "dalles";
const LIMIT = 2000;
const LISTED = 100;
const SCREEN_PX = 1_400_000;
const LABEL_PX = 74;
const LIT_PX = 500; // larger ones are not tinted: one looks at the image then
const INK = "#0f3b3a";
const PALE = "rgba(255, 255, 255, 0.9)";
const ACCENT = "#f2b544";

/** The part of a dalle's name that tells where it is: 0576-6373. */
export function shortName(id) {
  return /(\d{4,5}-\d{4,5})-LA93/.exec(id)?.[1] ?? id;
}

/** The coarsest resolution at which a screen holds no more dalles than one answer may bring. */
function coarsest(config) {
  if (config.dalles <= LIMIT || config.extent === null) return Infinity;
  const [west, south, east, north] = config.extent;
  const side = Math.sqrt(((east - west) * (north - south)) / config.dalles);
  return side * Math.sqrt(LIMIT / SCREEN_PX);
}

export class Dalles {
  #map;
  #config;
  #layer;
  #source;
  #hovered = null;
  #picked = null;
  #object = null;
  #listeners = [];

  constructor(map, config) {
    this.#map = map;
    this.#config = config;
    this.#source = sourceOf([COLLECTION], LIMIT, {
      onFault: () => say(text("unreachable", text("tabDalles"))),
      onChange: () => this.#list(),
    });
    this.#layer = new ol.layer.Vector({
      source: this.#source,
      maxResolution: coarsest(config),
      style: (feature, resolution) => this.#style(feature, resolution),
      updateWhileInteracting: true,
    });
    map.on("moveend", () => this.#list());
    whenLanguageChanges(() => {
      this.#list();
      this.#tell();
    });
  }

  /** The layer, for the map and the switches. */
  get layer() {
    return this.#layer;
  }

  #style(feature, resolution) {
    const chosen = this.isPicked(feature);
    const hovered = feature === this.#hovered;
    const [west, , east] = feature.getGeometry().getExtent();
    const room = (east - west) / resolution;
    const lit = (hovered || chosen) && room < LIT_PX;
    const styles = [
      new ol.style.Style({
        fill: lit ? new ol.style.Fill({ color: "rgba(242, 181, 68, 0.16)" }) : undefined,
        stroke: new ol.style.Stroke({ color: chosen ? INK : "rgba(15, 59, 58, 0.65)", width: chosen ? 5 : 3 }),
        zIndex: chosen ? 2 : 0,
      }),
      new ol.style.Style({
        stroke: new ol.style.Stroke({ color: chosen || hovered ? ACCENT : PALE, width: chosen ? 2.5 : 1.2 }),
        zIndex: chosen ? 3 : 1,
      }),
    ];
    if (room >= LABEL_PX) styles.push(this.#label(feature, room));
    return styles;
  }

  #label(feature, room) {
    const [west, , , north] = feature.getGeometry().getExtent();
    return new ol.style.Style({
      geometry: new ol.geom.Point([west, north]),
      text: new ol.style.Text({
        text: room > 170 ? `${shortName(feature.getId())}  ·  ${feature.get("edition")}` : shortName(feature.getId()),
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

  /** The dalle at a position, or null. */
  at(position) {
    if (!this.#layer.getVisible() || this.#map.getView().getResolution() >= this.#layer.getMaxResolution()) return null;
    return this.#source.getFeaturesAtCoordinate(position)[0] ?? null;
  }

  /** True for the dalle that the card tells of. */
  isPicked(feature) {
    return this.#picked !== null && feature.getId() === this.#picked.getId();
  }

  /** Marks the dalle under the pointer. */
  hover(feature) {
    if (feature === this.#hovered) return;
    this.#hovered = feature;
    this.#layer.changed();
  }

  /** Tells of a dalle (null: of none any more), and of an object of the vector PCRS there. */
  pick(feature, object = null) {
    this.#picked = feature;
    this.#object = object;
    this.#layer.changed();
    this.#tell();
    this.#list();
    for (const listener of this.#listeners) listener(feature?.getId() ?? null);
  }

  /** `listener` is given the name of each dalle that is told of, null when none is any more. */
  whenPicked(listener) {
    this.#listeners.push(listener);
  }

  /** Tells of the dalle of that name, and goes to it unless told not to; says when there is none. */
  async show(name, going = true) {
    const id = name.replace(/\.tiff?$/i, "");
    const known = this.#source.getFeatures().find((dalle) => [dalle.getId(), shortName(dalle.getId())].includes(id));
    try {
      const dalle = known ?? (await featureOf(COLLECTION, id));
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

  #inView() {
    const extent = this.#map.getView().calculateExtent(this.#map.getSize());
    return this.#source
      .getFeaturesInExtent(extent)
      .sort((one, other) => one.getId().localeCompare(other.getId()));
  }

  #list() {
    const [note, list] = [byId("dalles-note"), byId("dalles-list")];
    if (this.#map.getView().getResolution() >= this.#layer.getMaxResolution()) {
      note.textContent = text("dallesZoom");
      list.replaceChildren();
      return;
    }
    const dalles = this.#inView();
    const part = dalles.length > LISTED || this.#source.get("crowded")();
    const shown = dalles.slice(0, LISTED);
    note.textContent = dalles.length ? text(part ? "dallesPart" : "dallesInView", shown.length) : text("dallesNone");
    list.replaceChildren(...shown.map((dalle) => this.#line(dalle)));
  }

  #line(dalle) {
    const button = make(
      "button",
      { type: "button", "aria-pressed": String(this.isPicked(dalle)) },
      make("strong", {}, shortName(dalle.getId())),
      make("span", {}, `${dalle.get("edition")} · ${bytes(dalle.get("octets"))}`),
    );
    button.addEventListener("click", () => {
      yieldToCard();
      this.frame(dalle);
      this.pick(dalle);
      byId("picked").querySelector("a").focus({ preventScroll: true });
    });
    return make("li", {}, button);
  }

  #tell() {
    const card = byId("picked");
    card.hidden = this.#picked === null;
    if (this.#picked === null) {
      card.replaceChildren();
      return;
    }
    const close = make("button", { type: "button", class: "close", "aria-label": text("close") }, "×");
    close.addEventListener("click", () => {
      this.pick(null);
      byId("map").focus();
    });
    const head = make("h2", {}, `${text("dalle")} `, make("span", {}, shortName(this.#picked.getId())));
    const facts = make("dl", {}, ...this.#facts());
    card.replaceChildren(close, head, facts, this.#actions(), ...(this.#object ? [this.#objectFacts()] : []));
  }

  #facts() {
    const dalle = this.#picked;
    const dated = (field) => (dalle.get(field) ? day(dalle.get(field)) : text("unknown"));
    const rows = [
      ["edition", dalle.get("edition")],
      ["acquired", dated("date_acquisition")],
      ["received", dated("date_recette")],
      ["precision", this.#precision(dalle.get("precision"))],
      ["resolution", text("centimetres", number(dalle.get("resolution_cm")))],
      ["side", text("metres", number(dalle.get("size_m")))],
      ["chantier", dalle.get("chantier") || text("unknown")],
      ["file", `${dalle.get("fichier")} (${bytes(dalle.get("octets"))})`],
    ];
    return rows.flatMap(([key, value]) => [make("dt", {}, text(key)), make("dd", {}, value)]);
  }

  #precision(code) {
    const labels = language() === "en" ? PRECISIONS_EN : this.#config.precisions;
    return labels[code] ?? code ?? text("unknown");
  }

  #actions() {
    const dalle = this.#picked;
    const frame = make("button", { type: "button" }, text("zoomToDalle"));
    frame.addEventListener("click", () => this.frame(dalle));
    return make(
      "p",
      { class: "actions" },
      make("a", { class: "main-action", href: dalle.get("href"), download: "" }, text("download")),
      frame,
      make("a", { href: `ogcapi/collections/${COLLECTION}/items/${encodeURIComponent(dalle.getId())}` }, text("asJson")),
    );
  }

  #objectFacts() {
    const { title, rows } = this.#object;
    const facts = rows.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]);
    return make("div", { class: "object" }, make("h3", {}, title), make("dl", {}, ...facts));
  }
}
