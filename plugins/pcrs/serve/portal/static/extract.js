// Asking for an extract of what was chosen: formats, CRS, how large it will be; the service makes it.

import { L93, zoneCode, zonesAt } from "./crs.js";
import { byId, make, say } from "./elements.js";
import { json } from "./features.js";
import { bytes, number, text, whenLanguageChanges } from "./language.js";
import { session } from "./session.js";

const IMAGES = ["tif", "jp2", "mbtiles", "jpg", "zip"];
const OBJECTS = ["gpkg", "dxf", "gml", "shp", "geojson", "fgb", "csv"];
const format = new ol.format.GeoJSON();

function execution(process) {
  return new URL(`ogcapi/processes/${process}/execution`, document.baseURI);
}

/** What a refusal says in words. */
async function refusal(response) {
  const told = await response.json().catch(() => ({}));
  return told.detail ?? text("unreachable", text("extractTitle"));
}

export class Extract {
  #jobs;
  #area = null; // { title, inputs, middle }
  #figures = null;
  #offered = null;
  #asked = 0;
  #who = { connu: false, peut: [] };

  constructor(jobs) {
    this.#jobs = jobs;
    byId("extract-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#ask();
    });
    byId("extract-form").addEventListener("change", () => this.#sum());
    whenLanguageChanges(() => this.#show());
  }

  /** Looks who asks, as the card opens: they may have entered or left elsewhere meanwhile. */
  async open() {
    this.#who = await session();
    this.#mail();
    await this.#jobs.recall(this.#who);
    const { connu, nom, role } = this.#who;
    byId("jobs-who").replaceChildren(...(connu ? [text("jobsOf", nom, role)] : [`${text("jobsOfBrowser")} `, make("a", { href: "admin" }, text("jobsEnter"))]));
  }

  /** The area of the extract: `{ title, commune }` or `{ title, polygons }` (Lambert-93), null for none. */
  async choose(area) {
    const asked = (this.#asked += 1);
    byId("extract-box").hidden = area === null;
    this.#area = this.#figures = null;
    if (area === null) return;
    byId("extract-area").textContent = `${area.title} · ${text("loading")}`;
    const inputs = area.commune ? { commune: area.commune } : { polygone: polygonsOf(area.polygons), polygone_epsg: 2154 };
    this.#area = { title: area.title, inputs, middle: ol.extent.getCenter(area.extent) };
    try {
      this.#offered ??= await json(new URL("ogcapi/processes/extraction", document.baseURI));
      const response = await fetch(execution("statistiques"), { method: "POST", body: JSON.stringify({ inputs }) });
      if (asked !== this.#asked) return;
      if (!response.ok) throw new Error(await refusal(response));
      this.#figures = await response.json();
      this.#show();
    } catch (fault) {
      if (asked === this.#asked) byId("extract-area").textContent = fault.message;
    }
  }

  #show() {
    if (this.#figures === null) return;
    const objects = Object.values(this.#figures.objets).reduce((sum, count) => sum + count, 0);
    byId("extract-area").textContent = `${this.#area.title} : ${number(this.#figures.surface_m2)} m², ${text("extractCount", objects, number(objects))}`;
    const chosen = new Set(this.#formats);
    const list = (names) => names.filter((name) => name in this.#figures.estimations).map((name) => this.#choice(name, chosen.has(name)));
    byId("extract-images").replaceChildren(...list(IMAGES));
    byId("extract-objects").replaceChildren(...list(OBJECTS));
    const systems = [[L93, "Lambert-93"], ...zonesAt(this.#area.middle).map((zone) => [zoneCode(zone), `CC${zone}`])];
    const kept = byId("extract-crs").value;
    byId("extract-crs").replaceChildren(...systems.map(([value, label]) => make("option", { value }, label)));
    if (systems.some(([value]) => value === kept)) byId("extract-crs").value = kept;
    this.#mail();
    this.#sum();
  }

  #mail() {
    byId("extract-mail-row").hidden = !("courriel" in (this.#offered?.inputs ?? {})) || !this.#who.peut.includes("letter");
  }

  #choice(name, checked) {
    const id = `extract-${name}`;
    const box = make("input", { type: "checkbox", id, name: "format", value: name, checked: checked ? "" : null });
    return make("label", { class: "check", for: id }, box, make("span", {}, text(`format_${name}`)), make("small", {}, `≈ ${bytes(this.#figures.estimations[name])}`));
  }

  get #formats() {
    return [...document.querySelectorAll("#extract-form [name=format]:checked")].map((box) => box.value);
  }

  #sum() {
    const formats = this.#formats;
    const sum = formats.reduce((all, name) => all + (this.#figures?.estimations[name] ?? 0), 0);
    byId("extract-sum").textContent = formats.length ? text("extractSum", bytes(sum)) : text("extractNone");
    byId("extract-ask").disabled = !formats.length;
  }

  async #ask() {
    const formats = this.#formats;
    const note = byId("extract-note");
    const mail = byId("extract-mail-row").hidden ? "" : byId("extract-mail").value.trim();
    const inputs = { ...this.#area.inputs, formats, epsg: Number(byId("extract-crs").value.split(":")[1]), decoupe: byId("extract-clip").checked, ...(mail ? { courriel: mail } : {}) };
    byId("extract-ask").disabled = true;
    try {
      const headers = { "Content-Type": "application/json", Prefer: "respond-async" };
      const response = await fetch(execution("extraction"), { method: "POST", headers, body: JSON.stringify({ inputs }) });
      if (response.status !== 201) {
        note.textContent = await refusal(response);
        return;
      }
      const { jobID, status } = await response.json();
      this.#jobs.add({ id: jobID, status, progress: 0, message: "", title: this.#area.title, formats: formats.map((name) => text(`format_${name}`)).join(", ") });
      note.textContent = text("extractAsked");
    } catch {
      say(text("unreachable", text("extractTitle")));
    } finally {
      byId("extract-ask").disabled = !this.#formats.length;
    }
  }
}

/** Polygons of Lambert-93 as one GeoJSON geometry, to the centimetre. */
function polygonsOf(areas) {
  const rings = areas.flatMap((area) => (area.getType() === "MultiPolygon" ? area.getCoordinates() : [area.getCoordinates()]));
  return format.writeGeometryObject(new ol.geom.MultiPolygon(rings), { decimals: 2 });
}
