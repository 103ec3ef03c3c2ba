// Finding a place: a commune by name or INSEE code, coordinates, a dalle by name; choices appear as one types.

import { positionIn } from "./coordinates.js";
import { L93, choices } from "./crs.js";
import { shortName } from "./dalles.js";
import { byId, make, say } from "./elements.js";
import { featureWhere, pagesOf } from "./features.js";
import { text, whenLanguageChanges } from "./language.js";

const COMMUNES = "communes";
const CHOICES = 8;
const DALLE = /^[\w]*-?\d{4,5}-\d{4,5}\b[\w.-]*$/;
const NEAR = 2; // positions are shown at this many levels from the finest

function plain(words) {
  return words.normalize("NFD").replaceAll(/\p{M}/gu, "").replaceAll(/[-'’]/g, " ").toLowerCase().replaceAll(/\bst\b/g, "saint").replaceAll(/\bste\b/g, "sainte");
}

export class Search {
  #map;
  #dalles;
  #config;
  #communes = null;
  #loading = null;
  #found = [];
  #chosen = -1;
  #outline = new ol.source.Vector();

  constructor(map, dalles, config) {
    [this.#map, this.#dalles, this.#config] = [map, dalles, config];
    const stroke = (color, width, lineDash) => new ol.style.Style({ stroke: new ol.style.Stroke({ color, width, lineDash }) });
    const cross = new ol.style.RegularShape({ points: 4, radius: 16, radius2: 0, angle: 0, stroke: new ol.style.Stroke({ color: "#c2185b", width: 3 }) });
    const style = [stroke("rgba(255, 255, 255, 0.85)", 5), stroke("#c2185b", 2.5, [10, 6]), new ol.style.Style({ image: cross })];
    map.addLayer(new ol.layer.Vector({ source: this.#outline, style, zIndex: 900 }));
    this.#wire();
    whenLanguageChanges(() => this.#show([]));
  }

  /** The limits of the commune that was found last, null when none is shown. */
  get area() {
    const [shown] = this.#outline.getFeatures();
    return shown && shown.getGeometry().getType() !== "Point" ? shown.getGeometry() : null;
  }

  /** The INSEE code and the name of that commune, null when none is shown. */
  get commune() {
    const [shown] = this.#outline.getFeatures();
    return this.area ? { code: shown.get("code_insee") ?? shown.getId(), name: shown.get("nom") } : null;
  }

  #wire() {
    const [field, list] = [byId("place"), byId("places")];
    field.addEventListener("focus", () => this.#load());
    field.addEventListener("input", () => this.#suggest());
    field.addEventListener("keydown", (event) => this.#key(event));
    field.addEventListener("blur", () => setTimeout(() => this.#show([]), 150));
    list.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const at = [...list.children].indexOf(event.target.closest("li"));
      if (at >= 0) this.#go(this.#found[at]);
    });
    byId("goto").addEventListener("submit", async (event) => {
      event.preventDefault();
      byId("said").hidden = true;
      await this.#load();
      this.#suggest();
      const found = this.#found[Math.max(0, this.#chosen)];
      if (found) this.#go(found);
      else say(text("noPlace"));
    });
  }

  /** The communes of the site: some hundred names, asked once; who comes meanwhile waits for them too. */
  #load() {
    if (!this.#config.communes) return Promise.resolve();
    this.#loading ??= this.#ask();
    return this.#loading;
  }

  async #ask() {
    const found = [];
    try {
      for await (const page of pagesOf(COMMUNES, { skipGeometry: "true", limit: 1000 })) {
        for (const { id, properties } of page.features) {
          found.push({ code: id, name: properties.nom, key: ` ${plain(properties.nom)}` });
        }
      }
      this.#communes = found;
      this.#suggest();
    } catch {
      this.#loading = null;
    }
  }

  #suggest() {
    const words = byId("place").value.trim();
    this.#show(words ? this.#matches(words) : []);
  }

  #matches(words) {
    if (DALLE.test(words)) return [{ label: words, kind: text("dalle"), go: () => this.#dalles.show(words) }];
    const place = positionIn(words);
    if (place) {
      const [east, north] = place.position;
      const system = choices(place.position).find(([value]) => value === place.crs)?.[1] ?? place.crs;
      const label = `E ${east.toFixed(2)}  N ${north.toFixed(2)}`;
      return [{ label, kind: place.crs === L93 ? system : `${system} → Lambert-93`, go: () => this.#point(place.position) }];
    }
    const key = plain(words);
    const starts = (one) => (one.code.startsWith(key) || one.key.startsWith(` ${key}`) ? 0 : 1);
    const communes = (this.#communes ?? []).filter((one) => one.key.includes(` ${key}`) || one.code.toLowerCase().startsWith(key));
    const found = communes.sort((one, other) => starts(one) - starts(other) || one.name.localeCompare(other.name)).slice(0, CHOICES);
    const choices_ = found.map(({ code, name }) => ({ label: name, kind: `${text("commune")} · ${code}`, go: () => this.#commune(code) }));
    return choices_.length || !/^[\w.-]{8,80}$/.test(words) || !/\d/.test(words) ? choices_ : [{ label: shortName(words), kind: text("dalle"), go: () => this.#dalles.show(words) }];
  }

  #show(found) {
    const [field, list] = [byId("place"), byId("places")];
    this.#found = found;
    this.#chosen = -1;
    field.removeAttribute("aria-activedescendant");
    field.setAttribute("aria-expanded", String(found.length > 0));
    list.hidden = !found.length;
    list.replaceChildren(
      ...found.map(({ label, kind }, at) => make("li", { id: `place-${at}`, role: "option", "aria-selected": "false" }, make("span", {}, label), make("small", {}, kind))),
    );
  }

  #key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape" && this.#found.length) {
      event.stopPropagation();
      this.#show([]);
    }
    if (!step || !this.#found.length) return;
    event.preventDefault();
    this.#chosen = (this.#chosen + step + this.#found.length) % this.#found.length;
    for (const [at, item] of [...byId("places").children].entries()) item.setAttribute("aria-selected", String(at === this.#chosen));
    byId("place").setAttribute("aria-activedescendant", `place-${this.#chosen}`);
  }

  #go(found) {
    this.#outline.clear();
    byId("place").value = found.label.trim();
    this.#show([]);
    found.go();
  }

  #point(position) {
    this.#outline.addFeature(new ol.Feature(new ol.geom.Point(position)));
    const level = this.#config.grid.resolutions.length - 1 - this.#config.grid.first - NEAR;
    this.#map.getView().animate({ center: position, zoom: level, duration: 250 });
  }

  async #commune(code) {
    try {
      const commune = await featureWhere(COMMUNES, `code_insee='${code}'`);
      if (commune === null) throw new Error(code);
      this.#outline.addFeature(commune);
      this.#map.getView().fit(commune.getGeometry(), { padding: [40, 40, 40, 40], duration: 250 });
      say(text("communeShown", commune.get("nom"), code));
    } catch {
      say(text("unreachable", text("commune")));
    }
  }
}

