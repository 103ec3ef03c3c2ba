// Choosing dalles: drawn, by the commune that was found, by the polygons of a file; what they weigh; their files.

import { COLLECTION } from "./dalles.js";
import { byId, make, say } from "./elements.js";
import { featuresIn } from "./features.js";
import { bytes, day, number, text, whenLanguageChanges } from "./language.js";
import { download } from "./share.js";
import { Sketch } from "./sketch.js";
import { Told, featuresOf } from "./sources.js";

const PAGE = 1000;
const LINKED = 50; // files that are linked one by one; a list for a download manager tells any number
const AREAS = new Set(["Polygon", "MultiPolygon"]);

export class Basket {
  #map;
  #search;
  #sketch;
  #chosen = new Map(); // dalles by id
  #layer;

  constructor(map, search) {
    [this.#map, this.#search] = [map, search];
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
        this.#take([feature.getGeometry()]);
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
    if (!open) this.#draw(false);
  }

  /** Takes a dalle in, or out when it is in already. */
  toggle(dalle) {
    if (dalle === null || this.#sketch.active) return;
    if (!this.#chosen.delete(dalle.getId())) this.#chosen.set(dalle.getId(), dalle);
    this.#tell();
  }

  /** A key that was pressed on the map while one draws; true when it was one of drawing. */
  key(event) {
    if (!this.#sketch.active) return false;
    const actions = {
      Enter: () => (event.shiftKey ? this.#sketch.finish() : this.#sketch.add(this.#map.getView().getCenter())),
      Backspace: () => this.#sketch.undo(),
      Escape: () => this.#draw(false),
    };
    if (!(event.key in actions)) return false;
    event.preventDefault();
    actions[event.key]();
    return true;
  }

  #wire() {
    byId("basket-draw").addEventListener("click", () => this.#draw(!this.#sketch.active));
    byId("basket-commune").addEventListener("click", () => {
      const found = this.#search.area;
      if (found === null) say(text("basketNoCommune"));
      else this.#take([found]);
    });
    byId("basket-file").addEventListener("change", (event) => this.#file(event.target));
    byId("basket-clear").addEventListener("click", () => {
      this.#chosen.clear();
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
    try {
      const shapes = featuresOf(await file.text()).map((feature) => feature.getGeometry());
      const areas = shapes.filter((shape) => AREAS.has(shape.getType()));
      if (!areas.length) throw new Told(text("basketNoArea", file.name));
      await this.#take(areas);
    } catch (fault) {
      say(fault instanceof Told ? fault.message : text("unreachable", text("tabDalles")));
    }
  }

  /** Takes the dalles in that touch some areas. */
  async #take(areas) {
    const extent = areas.reduce((all, area) => ol.extent.extend(all, area.getExtent()), ol.extent.createEmpty());
    byId("basket-note").textContent = text("loading");
    this.#draw(false);
    try {
      for await (const dalles of featuresIn(COLLECTION, extent, PAGE)) {
        for (const dalle of dalles) if (areas.some((area) => touches(area, dalle))) this.#chosen.set(dalle.getId(), dalle);
      }
    } catch {
      say(text("unreachable", text("tabDalles")));
    }
    this.#tell();
  }

  #tell() {
    const dalles = [...this.#chosen.values()].sort((one, other) => one.getId().localeCompare(other.getId()));
    const source = this.#layer.getSource();
    source.clear();
    source.addFeatures(dalles);
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
