// The card of what was picked: a dalle, an object of the vector PCRS, or both.

import { COLLECTION, shortName } from "./dalles.js";
import { byId, make, say } from "./elements.js";
import { bytes, day, language, number, text, whenLanguageChanges } from "./language.js";
import { objectCard } from "./object_card.js";
import { PRECISIONS_EN } from "./texts_en.js";

export class Card {
  #dalles;
  #objects;
  #config;
  #object = null;
  #turn = 0;

  constructor(dalles, objects, config) {
    [this.#dalles, this.#objects, this.#config] = [dalles, objects, config];
    dalles.whenPicked(() => this.#tell());
    whenLanguageChanges(() => this.#tell());
  }

  /** Tells of what is at a position of the map. */
  pick(position) {
    this.#object = this.#objects.at(position);
    this.#objects.mark(this.#object);
    this.#dalles.pick(this.#dalles.at(position));
  }

  /** Tells of nothing any more. */
  close() {
    this.#object = null;
    this.#objects.mark(null);
    this.#dalles.pick(null);
  }

  async #tell() {
    const turn = (this.#turn += 1);
    const [card, dalle, object] = [byId("picked"), this.#dalles.picked, this.#object];
    card.hidden = dalle === null && object === null;
    if (card.hidden) {
      card.replaceChildren();
      return;
    }
    const close = make("button", { type: "button", class: "close", "aria-label": text("close") }, "×");
    close.addEventListener("click", () => {
      this.close();
      byId("map").focus();
    });
    const parts = dalle ? [this.#dalle(dalle, object !== null)] : [];
    card.replaceChildren(close, ...parts);
    if (object === null) return;
    try {
      const told = await objectCard(object);
      if (turn === this.#turn) card.replaceChildren(close, told, ...parts);
    } catch {
      say(text("unreachable", text("tabLayers")));
    }
  }

  #dalle(dalle, folded) {
    const facts = make("dl", {}, ...this.#facts(dalle));
    const head = make("h2", {}, `${text("dalle")} `, make("span", {}, shortName(dalle.getId())));
    const actions = this.#actions(dalle);
    return folded ? make("div", { class: "beside" }, head, actions) : make("div", {}, head, facts, actions);
  }

  #facts(dalle) {
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

  #actions(dalle) {
    const frame = make("button", { type: "button" }, text("zoomToDalle"));
    frame.addEventListener("click", () => this.#dalles.frame(dalle));
    return make(
      "p",
      { class: "actions" },
      make("a", { class: "main-action", href: dalle.get("href"), download: "" }, text("download")),
      frame,
      make("a", { href: `ogcapi/collections/${COLLECTION}/items/${encodeURIComponent(dalle.getId())}?f=html` }, text("asJson")),
    );
  }
}
