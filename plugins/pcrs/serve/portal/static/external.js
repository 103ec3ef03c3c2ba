// Layers that the reader adds: asked for in a form, kept in the list of layers, written in the address.

import { byId, make, say } from "./elements.js";
import { text, whenLanguageChanges } from "./language.js";
import { Told, featuresOf, layerOf, offers } from "./sources.js";

const MOST = 12;

export class External {
  #map;
  #layers;
  #added = new Map(); // name: description
  #turn = 0;

  constructor(map, layers) {
    [this.#map, this.#layers] = [map, layers];
    this.#wire();
  }

  /** The layers that an address can tell: those that came from one, without their features. */
  get state() {
    const told = [...this.#added.values()].filter(({ url }) => url).map(({ type, url, layer, title, crs }) => ({ type, url, layer, title, crs }));
    return told.length ? JSON.stringify(told) : null;
  }

  /** Features that came from a file, as GeoJSON by title. */
  get files() {
    const format = new ol.format.GeoJSON();
    const written = ({ title, features }) => ({ title, geojson: format.writeFeaturesObject(features, { featureProjection: "EPSG:2154", decimals: 9 }) });
    return [...this.#added.values()].filter(({ url }) => !url).map(written);
  }

  /** Has the layers that an address tells, and those alone. */
  async apply(state) {
    const wanted = read(state).slice(0, MOST);
    const same = (made) => JSON.stringify([made.type, made.url, made.layer]);
    const asked = wanted.map(same);
    for (const [name, made] of this.#added) if (made.url && !asked.includes(same(made))) this.remove(name);
    const known = [...this.#added.values()].map(same);
    for (const made of wanted) if (!known.includes(same(made))) await this.add(made, false);
  }

  /** Adds a layer; says what is wrong when it cannot. */
  async add(made, framed = true) {
    try {
      const layer = await layerOf(made);
      this.#put(made, layer);
      const extent = layer.getSource()?.getExtent?.();
      if (framed && made.type === "geojson" && extent && !ol.extent.isEmpty(extent)) this.#map.getView().fit(extent, { padding: [50, 50, 50, 50], maxZoom: 10, duration: 250 });
      if (framed) say(text("layerAdded", made.title));
    } catch (fault) {
      this.#fault(fault);
    }
  }

  /** Takes a layer away. */
  remove(name) {
    this.#added.delete(name);
    this.#layers.remove(name);
  }

  #put(made, layer) {
    this.#turn += 1;
    const name = `x${this.#turn}`;
    this.#added.set(name, made);
    this.#layers.add(name, layer, this.#element(name, made));
  }

  #element(name, { title, type }) {
    const box = make("input", { type: "checkbox", class: "layer-on", id: `${name}-on` });
    const label = make("label", { for: box.id, class: "check" }, box, make("span", { "data-name": "" }, title));
    const drop = make("button", { type: "button", class: "small" }, "×");
    drop.addEventListener("click", () => {
      this.remove(name);
      byId("add-type").focus();
    });
    const word = make("span", {});
    const slider = make("input", { type: "range", class: "opacity", id: `${name}-opacity`, min: 0, max: 100, step: 5 });
    whenLanguageChanges(() => {
      drop.setAttribute("aria-label", text("layerRemove", title));
      word.textContent = text("opacity");
    });
    return make(
      "li",
      { class: "layer card" },
      make("div", { class: "layer-head" }, label, make("small", { class: "kind" }, type.toUpperCase()), drop),
      make("label", { class: "row", for: slider.id }, word, slider, make("output", { for: slider.id })),
    );
  }

  #wire() {
    byId("add-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#look(byId("add-type").value, byId("add-url").value.trim());
    });
    byId("add-file").addEventListener("change", (event) => {
      for (const file of event.target.files) this.#file(file);
      event.target.value = "";
    });
  }

  async #file(file) {
    try {
      await this.add({ type: "geojson", title: file.name, features: featuresOf(await file.text()) });
    } catch (fault) {
      this.#fault(fault);
    }
  }

  async #look(type, address) {
    const list = byId("add-found");
    list.replaceChildren();
    this.#note(text("loading"));
    try {
      const found = await offers(type, address);
      this.#note(found.length ? text("sourceFound", found.length) : text("sourceEmpty"));
      if (found.length === 1) {
        this.#note("");
        await this.add(found[0]);
        return;
      }
      list.replaceChildren(...found.map((made) => this.#offer(made)));
    } catch (fault) {
      this.#fault(fault);
      if (type === "wms" && fault instanceof Told) list.replaceChildren(this.#byName(address));
    }
  }

  #offer(made) {
    const button = make("button", { type: "button" }, make("span", {}, made.title), make("small", {}, made.layer ?? ""));
    button.addEventListener("click", () => this.add(made));
    return make("li", {}, button);
  }

  /** A service that does not let its capabilities be read may still be drawn, when one knows its layer. */
  #byName(url) {
    const field = make("input", { type: "text", id: "add-layer" });
    const button = make("button", { type: "button" }, text("addLayer"));
    button.addEventListener("click", () => field.value && this.add({ type: "wms", url, layer: field.value.trim(), title: field.value.trim() }));
    return make("li", {}, make("label", { for: field.id }, text("sourceByName")), field, button);
  }

  #note(words) {
    byId("add-note").textContent = words;
  }

  #fault(fault) {
    if (!(fault instanceof Told)) console.warn(fault);
    const words = fault instanceof Told ? fault.message : text("sourceNot", "WMS, WMTS, GeoJSON");
    this.#note(words);
    say(words);
  }
}

function read(state) {
  try {
    const found = JSON.parse(state ?? "[]");
    return Array.isArray(found) ? found.filter((made) => ["wms", "wmts", "geojson"].includes(made?.type) && typeof made.url === "string") : [];
  } catch {
    return [];
  }
}
