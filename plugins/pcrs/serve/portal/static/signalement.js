// Saying what has changed on the ground: a pin, a category, some words, a photo; and what became of it.

import { L93 } from "./crs.js";
import { byId, make, say } from "./elements.js";
import { json } from "./features.js";
import { language, number, text, whenLanguageChanges } from "./language.js";
import { SignalementLayer, cellOf, pin, story } from "./signalement_layer.js";

const KEPT = "pcrs.signalements"; // { id, key } of what this browser sent
const SIDE_PX = 2048;
const CELL_INK = "#c2410c";

export class Signalement {
  #map;
  #mark; // where the pin is, and its cell
  #terms = null;
  #place = null;
  #open = false;

  constructor(map) {
    this.#map = map;
    const styles = [
      new ol.style.Style({ stroke: new ol.style.Stroke({ color: CELL_INK, width: 2, lineDash: [8, 6] }), fill: new ol.style.Fill({ color: "rgba(194, 65, 12, 0.08)" }) }),
      new ol.style.Style({ image: pin(CELL_INK) }),
    ];
    this.#mark = new ol.layer.Vector({ source: new ol.source.Vector(), style: (feature) => styles[feature.getGeometry().getType() === "Point" ? 1 : 0], zIndex: 960 });
    map.addLayer(this.#mark);
    this.pins = new SignalementLayer(map, () => say(text("unreachable", text("signal"))));
    this.#wire();
    whenLanguageChanges(() => this.#words());
  }

  /** True while a click on the map puts the pin there. */
  get active() {
    return this.#open;
  }

  /** Begins, or ends; what was written stays. */
  async open(open) {
    this.#open = open;
    this.#mark.setVisible(open);
    if (!open) return;
    this.#tellOwn();
    if (this.#terms !== null) return;
    try {
      this.#terms = await json("signalements/formulaire");
      this.#words();
    } catch {
      byId("signal-note").textContent = text("unreachable", text("signal"));
    }
  }

  /** The pin is at a Lambert-93 position. */
  put(position) {
    this.#place = position;
    const source = this.#mark.getSource();
    source.clear();
    source.addFeatures([new ol.Feature(cellOf(position)), new ol.Feature(new ol.geom.Point(position))]);
    this.#tellPlace();
  }

  /** A key that was pressed on the map; true when it put the pin. */
  key(event) {
    if (!this.#open || event.key !== "Enter") return false;
    event.preventDefault();
    this.put(this.#map.getView().getCenter());
    return true;
  }

  /** Tells of the one at a position of the map; false where there is none. */
  tell(position) {
    const found = this.pins.at(position);
    byId("signal-found")?.replaceChildren(...(found ? [story(found)] : []));
    return found !== null;
  }

  #wire() {
    byId("signal-centre").addEventListener("click", () => this.put(this.#map.getView().getCenter()));
    byId("signal-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
  }

  #tellPlace() {
    const [x, y] = this.#place ?? [];
    byId("signal-place").textContent = this.#place === null ? text("signalNoPlace") : text("signalPlace", number(x, 1), number(y, 1));
  }

  #words() {
    this.#tellPlace();
    if (this.#terms === null) return;
    const { categories, conservation_jours: days, contact, par_heure: hourly } = this.#terms;
    const chosen = byId("signal-category").value;
    byId("signal-category").replaceChildren(...categories.map(({ code, fr, en }) => make("option", { value: code }, language() === "fr" ? fr : en)));
    if (chosen) byId("signal-category").value = chosen;
    byId("signal-privacy").textContent = text("signalPrivacy", contact, days, hourly);
    this.#tellOwn();
  }

  async #send() {
    if (this.#place === null) {
      byId("signal-note").textContent = text("signalNoPlace");
      byId("signal-centre").focus();
      return;
    }
    const button = byId("signal-send");
    button.disabled = true;
    byId("signal-note").textContent = text("loading");
    try {
      const [file] = byId("signal-photo").files;
      const told = {
        categorie: byId("signal-category").value,
        texte: byId("signal-text").value,
        position: this.#place,
        crs: L93,
        courriel: byId("signal-mail").value,
        site_web: byId("signal-trap").value,
        photo: file ? await pictured(file) : "",
      };
      const answer = await fetch(new URL("signalements", document.baseURI), { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(told) });
      const said = await answer.json();
      if (!answer.ok) throw new Error(said.detail);
      keep({ id: said.id, key: said.cle });
      byId("signal-form").reset();
      this.#place = null;
      this.#mark.getSource().clear();
      this.#tellPlace();
      byId("signal-note").textContent = text("signalSent", said.id, said.maille);
      await this.#tellOwn();
    } catch (fault) {
      byId("signal-note").textContent = fault.message;
    } finally {
      button.disabled = false;
    }
  }

  /** What this browser sent, and what became of it. */
  async #tellOwn() {
    const own = kept();
    byId("signal-own").hidden = own.length === 0;
    const told = await Promise.all(own.map(({ id, key }) => this.#own(id, key)));
    byId("signal-own-list").replaceChildren(...told.filter(Boolean));
  }

  async #own(id, key) {
    const answer = await fetch(new URL(`signalements/${id}`, document.baseURI)).catch(() => null);
    if (answer?.status === 404) forget(id);
    if (!answer?.ok) return null;
    const back = make("button", { type: "button", "aria-label": `${text("signalBack")} ${id}` }, text("signalBack"));
    back.addEventListener("click", async () => {
      const gone = await fetch(new URL(`signalements/${id}?cle=${encodeURIComponent(key)}`, document.baseURI), { method: "DELETE" });
      if (!gone.ok) say(text("unreachable", text("signal")));
      else forget(id);
      await this.#tellOwn();
    });
    return make("li", {}, make("p", { class: "code" }, id), story(await answer.json()), back);
  }
}

/** A photo as a data URL: made smaller here when the browser can, so that a phone need not send all of it. */
async function pictured(file) {
  try {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const share = Math.min(1, SIDE_PX / Math.max(picture.width, picture.height));
    const canvas = new OffscreenCanvas(Math.round(picture.width * share), Math.round(picture.height * share));
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    return await asAddress(await canvas.convertToBlob({ type: "image/jpeg", quality: 0.85 }));
  } catch {
    return asAddress(file); // the service judges it
  }
}

function asAddress(blob) {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => done(reader.result));
    reader.addEventListener("error", () => failed(reader.error));
    reader.readAsDataURL(blob);
  });
}

function kept() {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? "[]");
  } catch {
    return []; // storage may be forbidden
  }
}

function write(own) {
  try {
    localStorage.setItem(KEPT, JSON.stringify(own.slice(-50)));
  } catch {
    // what was sent is then followed by its number alone
  }
}

function keep(one) {
  write([...kept(), one]);
}

function forget(id) {
  write(kept().filter((one) => one.id !== id));
}
