// The layers of the map as a list, the topmost first: shown, paler, in another order, taken away.

import { byId, make } from "./elements.js";
import { number, text, whenLanguageChanges } from "./language.js";

export class Layers {
  #map;
  #entries = []; // the topmost first: { name, layer, element, usual }
  #usual = "";
  #listeners = [];

  constructor(map) {
    this.#map = map;
  }

  /** Puts a layer on top of the others; its element in the page has the class `layer`. */
  add(name, layer, element) {
    const entry = { name, layer, element, title: () => element.querySelector("[data-name]").textContent };
    element.querySelector(".layer-head").append(this.#buttons(entry));
    this.#switches(entry);
    this.#entries.unshift(entry);
    this.#map.addLayer(layer);
    this.#arrange();
    return entry;
  }

  /** The state in which the page opens: what differs from it is written in the address. */
  settle() {
    this.#usual = this.state;
  }

  /** Takes a layer away. */
  remove(name) {
    const entry = this.#entries.find((one) => one.name === name);
    if (!entry) return;
    this.#map.removeLayer(entry.layer);
    entry.element.remove();
    this.#entries = this.#entries.filter((one) => one !== entry);
    this.#arrange();
  }

  /** Names from the top down, `-` before a hidden one, `:70` after one of 70 % opacity. */
  get state() {
    const written = ({ name, layer }) => {
      const opacity = Math.round(layer.getOpacity() * 100);
      return `${layer.getVisible() ? "" : "-"}${name}${opacity < 100 ? `:${opacity}` : ""}`;
    };
    return this.#entries.map(written).join(",");
  }

  /** The state if it is not the usual one, else null. */
  get changed() {
    return this.state === this.#usual ? null : this.state;
  }

  /** Brings the layers into a state; names that are not there are passed over, layers not named stay. */
  apply(state) {
    const wanted = (state ?? this.#usual).split(",").map((part) => /^(-?)([\w]+)(?::(\d{1,3}))?$/.exec(part)).filter(Boolean);
    for (const [, hidden, name, opacity] of wanted) {
      const entry = this.#entries.find((one) => one.name === name);
      entry?.layer.setVisible(!hidden);
      entry?.layer.setOpacity(Math.min(100, Number(opacity ?? 100)) / 100);
    }
    const rank = ({ name }) => {
      const at = wanted.findIndex(([, , known]) => known === name);
      return at < 0 ? -1 : at;
    };
    this.#entries = this.#entries.map((entry) => entry).sort((one, other) => rank(one) - rank(other));
    this.#arrange();
  }

  /** `listener` is told of every change. */
  whenChanged(listener) {
    this.#listeners.push(listener);
  }

  #arrange() {
    const list = byId("layers");
    for (const [at, { layer, element }] of this.#entries.entries()) {
      layer.setZIndex(this.#entries.length - at);
      if (list.children[at] !== element) list.insertBefore(element, list.children[at] ?? null);
      element.querySelector(".up").disabled = at === 0;
      element.querySelector(".down").disabled = at === this.#entries.length - 1;
    }
    this.#told();
  }

  #move(entry, step) {
    const at = this.#entries.indexOf(entry);
    const to = at + step;
    if (to < 0 || to >= this.#entries.length) return;
    [this.#entries[at], this.#entries[to]] = [this.#entries[to], this.#entries[at]];
    this.#arrange();
    byId("layers-said").textContent = text("layerMoved", entry.title(), to + 1, this.#entries.length);
  }

  #buttons(entry) {
    const steps = { up: ["↑", -1], down: ["↓", 1] };
    const buttons = Object.entries(steps).map(([name, [sign, step]]) => {
      const button = make("button", { type: "button", class: `small ${name}` }, sign);
      button.addEventListener("click", () => {
        this.#move(entry, step);
        (button.disabled ? entry.element.querySelector(".up:enabled, .down:enabled") : button)?.focus();
      });
      whenLanguageChanges(() => button.setAttribute("aria-label", text(`layer_${name}`, entry.title())));
      return button;
    });
    return make("span", { class: "moves" }, ...buttons);
  }

  #switches({ layer, element }) {
    const box = element.querySelector(".layer-on");
    const slider = element.querySelector("[type=range].opacity");
    const tell = () => {
      box.checked = layer.getVisible();
      slider.value = Math.round(layer.getOpacity() * 100);
      slider.nextElementSibling.value = `${number(Number(slider.value))} %`;
      this.#told();
    };
    box.addEventListener("change", () => layer.setVisible(box.checked));
    slider.addEventListener("input", () => layer.setOpacity(Number(slider.value) / 100));
    layer.on(["change:visible", "change:opacity"], tell);
    whenLanguageChanges(tell);
  }

  #told() {
    for (const listener of this.#listeners) listener();
  }
}
