// The orthophoto: the mosaic as it is or as it was at an edition, alone or beside another one behind a curtain.

import { byId, make } from "./elements.js";
import { tileSource } from "./grid.js";
import { day, text, whenLanguageChanges } from "./language.js";

const CURRENT = "";

export class Imagery {
  #config;
  #left;
  #right;
  #editions = { left: CURRENT, right: null };
  #listeners = [];

  constructor(config) {
    this.#config = config;
    const extent = config.extent ?? undefined;
    this.#left = new ol.layer.Tile({ extent, preload: 1 });
    this.#right = new ol.layer.Tile({ extent, visible: false });
    this.layer = new ol.layer.Group({ layers: [this.#left, this.#right] });
    this.refresh();
    this.#wire();
  }

  /** The layer of the edition on the right of the curtain, for the curtain to cut. */
  get right() {
    return this.#right;
  }

  /** The editions that are shown: { left, right }; "" is the current mosaic, a right one of null none. */
  get editions() {
    return { ...this.#editions };
  }

  /** Shows these editions; what is left out stays. Unknown ones are taken for the current mosaic. */
  show({ left = this.#editions.left, right = this.#editions.right }) {
    const known = (name) => (name === null || this.#config.editions.includes(name) ? name : CURRENT);
    const beside = this.#config.editions.length > 1; // of one edition there is nothing else to see
    this.#editions = { left: known(left) ?? CURRENT, right: beside ? known(right) : null };
    this.refresh();
    for (const listener of this.#listeners) listener(this.editions);
  }

  /** `listener` is given the editions now and whenever they change. */
  whenShown(listener) {
    this.#listeners.push(listener);
    listener(this.editions);
  }

  /** The sources again: for other editions, or for a screen of another density. */
  refresh() {
    if (this.#config.extent === null) return;
    const { left, right } = this.#editions;
    this.#left.setSource(tileSource(this.layerName(left), this.#config.grid));
    this.#right.setSource(right === null ? null : tileSource(this.layerName(right), this.#config.grid));
    this.#right.setVisible(right !== null);
  }

  /** The name of the WMTS layer of an edition. */
  layerName(edition) {
    return edition ? `${this.#config.layer}_${edition}` : this.#config.layer;
  }

  /** What an edition is called, with the days on which its dalles were flown. */
  title(edition) {
    if (!edition) return text("currentEdition");
    const { first, last } = this.#config.flown[edition] ?? {};
    if (!first) return edition;
    return first === last ? `${edition} · ${day(first)}` : `${edition} · ${day(first)} – ${day(last)}`;
  }

  /** The edition that showed on a day (YYYY-MM-DD): the newest whose first flight was not later; null: none. */
  at(moment) {
    const flown = this.#config.flown;
    const begun = (name) => flown[name]?.first ?? flown[name]?.dated ?? null;
    return this.#config.editions.find((name) => begun(name) !== null && begun(name) <= moment) ?? null;
  }

  #wire() {
    const choice = byId("edition");
    const moment = byId("edition-date");
    choice.addEventListener("change", () => this.show({ left: choice.value }));
    moment.addEventListener("change", () => {
      if (!moment.value) return;
      const found = this.at(moment.value);
      byId("edition-note").textContent = found === null ? text("editionBefore") : "";
      if (found !== null) this.show({ left: found });
    });
    whenLanguageChanges(() => {
      choice.replaceChildren(...this.options());
      choice.value = this.#editions.left;
    });
    this.whenShown(({ left }) => {
      choice.value = left;
    });
  }

  /** The editions as options of a list. */
  options() {
    return [CURRENT, ...this.#config.editions].map((name) => make("option", { value: name }, this.title(name)));
  }
}
