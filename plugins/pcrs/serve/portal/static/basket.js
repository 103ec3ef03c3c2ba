// Choosing dalles: drawn, by the commune that was found, by the polygons of a file; what they weigh; their files;
// and the area of an extract.

import { byId, make, say } from "./elements.js";
import { bytes, day, number, text, whenLanguageChanges } from "./language.js";
import { download } from "./share.js";
import { Sketch } from "./sketch.js";

const LINKED = 50; // files that are linked one by one; a list for a download manager tells any number
const format = new ol.format.GeoJSON();

export class Basket {
  #map;
  #dalles;
  #search;
  #sketch;
  #extract;
  #chosen = new Map(); // dalles by id
  #areas = []; // { title, geometry, commune? }: what the dalles were taken by, while none was taken singly
  #layer;
  #told = "";

  constructor(map, dalles, search, extract) {
    [this.#map, this.#dalles, this.#search, this.#extract] = [map, dalles, search, extract];
    const style = new ol.style.Style({
      fill: new ol.style.Fill({ color: "rgba(242, 181, 68, 0.28)" }),
      stroke: new ol.style.Stroke({ color: "#7a4b00", width: 2.5 }),
    });
    this.#layer = new ol.layer.Vector({ source: new ol.source.Vector(), style, zIndex: 950, visible: false });
    map.addLayer(this.#layer);
    this.#sketch = new Sketch(map, {
      onChange: () => {},
      onEnd: (feature) => {
        this.#sketch.clear();
        this.#take({ title: text("basketDrawn"), geometry: feature.getGeometry() });
      },
    });
    this.#wire();
    whenLanguageChanges(() => this.#tell());
  }

  /** True while clicks on the map are for the basket. */
  get active() {
    return this.#layer.getVisible();
  }

  /** Begins to choose, or ends; what was chosen stays. */
  open(open) {
    this.#layer.setVisible(open);
    if (open) this.#extract.open();
    else this.#draw(false);
  }

  /** Takes a dalle in, or out when it is in already. */
  toggle(dalle) {
    if (dalle === null || this.#sketch.active) return;
    if (!this.#chosen.delete(dalle.getId())) this.#chosen.set(dalle.getId(), dalle);
    this.#areas = [];
    this.#tell();
  }

  /** A key that was pressed on the map while one draws; true when it was one of drawing. */
  key(event) {
    return this.#sketch.key(event, { Escape: () => this.#draw(false) });
  }

  #wire() {
    byId("basket-draw").addEventListener("click", () => this.#draw(!this.#sketch.active));
    byId("basket-commune").addEventListener("click", () => {
      const found = this.#search.commune;
      if (found === null) say(text("basketNoCommune"));
      else this.#take({ title: `${found.name} (${found.code})`, geometry: this.#search.area, commune: found.code });
    });
    byId("basket-file").addEventListener("change", (event) => this.#file(event.target));
    byId("basket-clear").addEventListener("click", () => {
      this.#chosen.clear();
      this.#areas = [];
      this.#tell();
    });
    byId("basket-list").addEventListener("click", () => this.#list());
  }

  #draw(drawing) {
    if (drawing) this.#sketch.start("Polygon");
    else this.#sketch.stop();
    byId("basket-draw").setAttribute("aria-pressed", String(drawing));
    if (drawing) this.#map.getTargetElement().focus();
  }

  async #file(field) {
    const [file] = field.files;
    field.value = "";
    if (!file) return;
    byId("basket-note").textContent = text("loading");
    try {
      const url = new URL(`portail/emprise?nom=${encodeURIComponent(file.name)}`, document.baseURI);
      const response = await fetch(url, { method: "POST", body: file });
      const told = await response.json();
      if (response.ok) {
        if (told.remarques.length) say(told.remarques.join(" "));
        await this.#take({ title: file.name, geometry: format.readGeometry(told.geometrie) });
        this.#map.getView().fit(this.#areas.at(-1).geometry, { padding: [40, 40, 40, 40], duration: 250 });
      } else {
        this.#tell();
        byId("basket-note").textContent = text("basketRefused", told.detail);
      }
    } catch {
      this.#tell();
      say(text("unreachable", text("tabDalles")));
    }
  }

  /** Takes the dalles in that touch an area. */
  async #take(area) {
    const extent = area.geometry.getExtent();
    const first = !this.#chosen.size;
    byId("basket-note").textContent = text("loading");
    this.#draw(false);
    try {
      for await (const dalles of this.#dalles.within(extent)) {
        for (const dalle of dalles) if (touches(area.geometry, dalle)) this.#chosen.set(dalle.getId(), dalle);
      }
    } catch {
      say(text("unreachable", text("tabDalles")));
    }
    if (first || this.#areas.length) this.#areas.push(area);
    this.#tell();
  }

  /** What an extract would be of: the areas that were taken, or the squares of the dalles. */
  #area(dalles) {
    const shapes = this.#areas.map((area) => area.geometry);
    const extent = [...shapes, ...dalles.map((dalle) => dalle.getGeometry())].reduce((all, one) => ol.extent.extend(all, one.getExtent()), ol.extent.createEmpty());
    const [only] = this.#areas;
    if (this.#areas.length === 1 && only.commune) return { title: only.title, commune: only.commune, extent };
    if (this.#areas.length) return { title: this.#areas.map((area) => area.title).join(", "), polygons: shapes, extent };
    if (!dalles.length) return null;
    // a centimetre less on each side: neighbours that are only touched are not meant
    const squares = dalles.map((dalle) => ol.geom.Polygon.fromExtent(ol.extent.buffer(dalle.getGeometry().getExtent(), -0.01)));
    return { title: text("dallesCount", dalles.length, number(dalles.length)), polygons: squares, extent };
  }

  #tell() {
    const dalles = [...this.#chosen.values()].sort((one, other) => one.getId().localeCompare(other.getId()));
    const source = this.#layer.getSource();
    source.clear();
    source.addFeatures(dalles);
    source.addFeatures(this.#areas.map((area) => new ol.Feature(area.geometry)));
    const area = this.#area(dalles);
    const told = area === null ? "" : [area.title, ...area.extent, this.#areas.length, ...dalles.map((dalle) => dalle.getId())].join();
    if (told !== this.#told) this.#extract.choose(area);
    this.#told = told;
    byId("basket-note").textContent = dalles.length ? "" : text("basketEmpty");
    byId("basket-facts").replaceChildren(...facts(dalles).flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
    for (const id of ["basket-clear", "basket-list"]) byId(id).disabled = !dalles.length;
    const linked = dalles.length <= LINKED ? dalles : [];
    byId("basket-files").replaceChildren(...linked.map(fileLine));
    byId("basket-many").hidden = dalles.length <= LINKED;
  }

  #list() {
    const lines = [...this.#chosen.values()].map((dalle) => `${dalle.get("href")}\n`).sort();
    download(new Blob(lines, { type: "text/plain" }), "dalles-pcrs.txt");
  }
}

/** True when an area covers some of a dalle: sharing an edge is not enough. */
function touches(area, dalle) {
  return area.intersectsExtent(ol.extent.buffer(dalle.getGeometry().getExtent(), -0.01));
}

function facts(dalles) {
  if (!dalles.length) return [];
  const days = dalles.map((dalle) => dalle.get("date_acquisition")).filter(Boolean).sort();
  const flown = days.length ? (days[0] === days.at(-1) ? day(days[0]) : `${day(days[0])} – ${day(days.at(-1))}`) : text("unknown");
  const weight = dalles.reduce((sum, dalle) => sum + dalle.get("octets"), 0);
  return [
    [text("tabDalles"), number(dalles.length)],
    [text("basketWeight"), bytes(weight)],
    [text("acquired"), flown],
  ];
}

function fileLine(dalle) {
  const link = make("a", { href: dalle.get("href"), download: "" }, dalle.get("fichier"));
  return make("li", {}, link, make("span", {}, bytes(dalle.get("octets"))));
}
