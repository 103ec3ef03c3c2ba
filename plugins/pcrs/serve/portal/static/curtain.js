// Two editions side by side: a curtain that is drawn by pointer or by arrows, and what is on either side of it.

import { byId, make } from "./elements.js";
import { json } from "./features.js";
import { day, text, whenLanguageChanges } from "./language.js";

const STEP = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 };
const PROBE_PX = 101;

export class Curtain {
  #map;
  #imagery;
  #share = 50;
  #bar;
  #signs = { left: make("p", { class: "side left" }), right: make("p", { class: "side right" }) };
  #asked = 0;
  #listeners = [];

  constructor(map, imagery) {
    this.#map = map;
    this.#imagery = imagery;
    this.#bar = make("div", { class: "curtain", role: "slider", tabindex: 0, "aria-valuemin": 0, "aria-valuemax": 100, "aria-orientation": "horizontal", hidden: "" }, make("span", { "aria-hidden": "true" }, "⇔"));
    this.#bar.append(this.#signs.left, this.#signs.right);
    map.getTargetElement().parentElement.append(this.#bar);
    this.#cut();
    this.#drag();
    this.#wire();
    imagery.whenShown(() => this.#shown());
    map.on("moveend", () => this.#tell());
    whenLanguageChanges(() => this.#shown());
  }

  /** Where the curtain hangs, in hundredths of the width from the left. */
  get share() {
    return this.#share;
  }

  /** Hangs the curtain there. */
  hang(share) {
    this.#share = Math.min(100, Math.max(0, Math.round(share)));
    this.#bar.style.left = `${this.#share}%`;
    this.#bar.setAttribute("aria-valuenow", this.#share);
    this.#map.render();
    for (const listener of this.#listeners) listener();
  }

  /** `listener` is told when the curtain was drawn. */
  whenHung(listener) {
    this.#listeners.push(listener);
  }

  /** The edition that shows at a pixel of the map. */
  editionAt([x]) {
    const { left, right } = this.#imagery.editions;
    return right !== null && x > (this.#map.getSize()[0] * this.#share) / 100 ? right : left;
  }

  #cut() {
    const { right } = this.#imagery;
    right.on("prerender", (event) => {
      const [width, height] = this.#map.getSize();
      const corner = (x, y) => ol.render.getRenderPixel(event, [x, y]);
      const x = (width * this.#share) / 100;
      const [from, to] = [corner(x, 0), corner(width, height)];
      event.context.save();
      event.context.beginPath();
      event.context.rect(from[0], from[1], to[0] - from[0], to[1] - from[1]);
      event.context.clip();
    });
    right.on("postrender", (event) => event.context.restore());
  }

  #drag() {
    const bar = this.#bar;
    bar.addEventListener("pointerdown", (event) => {
      bar.setPointerCapture(event.pointerId);
      event.preventDefault();
      bar.focus();
    });
    bar.addEventListener("pointermove", (event) => {
      if (!bar.hasPointerCapture(event.pointerId)) return;
      const box = this.#map.getTargetElement().getBoundingClientRect();
      this.hang(((event.clientX - box.left) / box.width) * 100);
    });
    bar.addEventListener("keydown", (event) => {
      const ends = { Home: 0, End: 100 };
      if (!(event.key in STEP) && !(event.key in ends)) return;
      event.preventDefault();
      this.hang(event.key in ends ? ends[event.key] : this.#share + STEP[event.key] * (event.shiftKey ? 10 : 1));
    });
  }

  #wire() {
    const [left, right] = [byId("compare-left"), byId("compare-right")];
    left.addEventListener("change", () => this.#imagery.show({ left: left.value }));
    right.addEventListener("change", () => this.#imagery.show({ right: right.value }));
    byId("compare-off").addEventListener("click", () => this.#imagery.show({ right: null }));
  }

  #shown() {
    const { left, right } = this.#imagery.editions;
    for (const [side, edition] of [["left", left], ["right", right ?? left]]) {
      const list = byId(`compare-${side}`);
      list.replaceChildren(...this.#imagery.options());
      list.value = edition;
    }
    byId("compare-off").disabled = right === null;
    this.#bar.hidden = right === null;
    this.#bar.setAttribute("aria-label", text("curtain"));
    this.hang(this.#share);
    this.#tell();
  }

  /** The editions on either side, and when the dalle at the centre of the map was flown in each. */
  async #tell() {
    const { left, right } = this.#imagery.editions;
    const turn = (this.#asked += 1);
    for (const [side, edition] of Object.entries({ left, right })) {
      const sign = this.#signs[side];
      if (right === null) continue;
      sign.textContent = edition || text("currentEdition");
      const flown = await this.#flown(edition);
      if (turn !== this.#asked) return;
      if (flown) sign.textContent = `${edition || text("currentEdition")} · ${flown}`;
    }
  }

  async #flown(edition) {
    const told = await dalleAt(this.#map, this.#imagery.layerName(edition), this.#map.getView().getCenter());
    if (told === null) return text("noDalleHere");
    return told.date_acquisition ? day(told.date_acquisition) : null;
  }
}

/** What WMS tells of the dalle that a layer shows at a position; null when there is none. */
export async function dalleAt(map, layer, position) {
  const reach = (map.getView().getResolution() * PROBE_PX) / 2;
  const box = [position[0] - reach, position[1] - reach, position[0] + reach, position[1] + reach];
  const middle = (PROBE_PX - 1) / 2;
  const url = new URL("wms", document.baseURI);
  const asked = {
    SERVICE: "WMS", VERSION: "1.3.0", REQUEST: "GetFeatureInfo", LAYERS: layer, QUERY_LAYERS: layer, STYLES: "",
    CRS: "EPSG:2154", BBOX: box.join(","), WIDTH: PROBE_PX, HEIGHT: PROBE_PX, I: middle, J: middle,
    FORMAT: "image/jpeg", INFO_FORMAT: "application/json",
  };
  for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
  try {
    return (await json(url)).features[0]?.properties ?? null;
  } catch {
    return null;
  }
}
