// The plan as a PDF at an exact scale: a frame on the map shows what the sheet will hold, the server draws it.

import { byId, say } from "./elements.js";
import { text, whenLanguageChanges } from "./language.js";
import { download, fileName } from "./share.js";

export class Print {
  #map;
  #config;
  #imagery;
  #frame = new ol.Feature();
  #layer;

  constructor(map, config, imagery) {
    [this.#map, this.#config, this.#imagery] = [map, config, imagery];
    const stroke = (color, width, lineDash) => new ol.style.Style({ stroke: new ol.style.Stroke({ color, width, lineDash }) });
    const style = [stroke("#ffffff", 5), stroke("#0f3b3a", 2.5, [9, 5])];
    this.#layer = new ol.layer.Vector({ source: new ol.source.Vector({ features: [this.#frame] }), style, zIndex: 1100, visible: false, updateWhileInteracting: true, updateWhileAnimating: true });
    map.addLayer(this.#layer);
    map.on("precompose", () => this.#follow());
    for (const name of ["print-scale", "print-format", "print-turn"]) byId(name).addEventListener("change", () => this.#fit());
    byId("print-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#make();
    });
    whenLanguageChanges(() => this.#follow());
  }

  /** Shows the frame, or hides it. */
  open(open) {
    this.#layer.setVisible(open);
    if (open) this.#fit();
  }

  /** Width and height of the map on the sheet, in metres on the ground. */
  get #ground() {
    const sheet = this.#config.sheets[byId("print-format").value][byId("print-turn").value];
    return sheet.map((mm) => (mm / 1000) * Number(byId("print-scale").value));
  }

  #extent() {
    const [width, height] = this.#ground;
    const [east, north] = this.#map.getView().getCenter();
    return [east - width / 2, north - height / 2, east + width / 2, north + height / 2];
  }

  #follow() {
    if (this.#layer.getVisible() && this.#map.getView().getCenter()) this.#frame.setGeometry(ol.geom.Polygon.fromExtent(this.#extent()));
  }

  /** The whole frame comes into view when it is larger than it. */
  #fit() {
    const view = this.#map.getView();
    const needed = view.getResolutionForExtent(this.#extent(), this.#map.getSize()) * 1.08;
    const fitting = view.getResolutions().findLast((resolution) => resolution >= needed) ?? view.getMaxResolution();
    view.animate({ resolution: fitting, duration: 250 });
    this.#follow();
  }

  async #make() {
    const [east, north] = this.#map.getView().getCenter();
    const title = byId("print-title").value.trim();
    const asked = {
      x: east.toFixed(2), y: north.toFixed(2), echelle: byId("print-scale").value, format: byId("print-format").value,
      orientation: byId("print-turn").value, titre: title, edition: this.#imagery.editions.left,
      image: byId("print-image").checked ? "oui" : "non", objets: byId("print-objects").checked ? "oui" : "non",
    };
    const url = new URL("portail/plan.pdf", document.baseURI);
    for (const [name, value] of Object.entries(asked)) if (value) url.searchParams.set(name, value);
    const [button, note] = [byId("print-make"), byId("print-note")];
    button.disabled = true;
    note.textContent = text("printing");
    try {
      const response = await fetch(url);
      if (!response.ok) throw new Error((await response.json()).detail);
      download(await response.blob(), `${fileName(title || this.#config.title)}-1-${asked.echelle}.pdf`);
      note.textContent = text("printed");
    } catch (fault) {
      note.textContent = "";
      say(fault.message || text("unreachable", "PDF"));
    }
    button.disabled = false;
  }
}
