// The tools beside the map: each a button and a card, one open at a time.

import { byId } from "./elements.js";
import { whenLanguageChanges } from "./language.js";
import { yieldToCard } from "./panel.js";

/** `tools` by name: `open(true)` and `open(false)` are called as their cards come and go. */
export class Tools {
  #tools;
  #current = null;

  constructor(tools) {
    this.#tools = tools;
    whenLanguageChanges(() => {
      // where there is no room for words beside the pictures, they come with the pointer
      for (const name of Object.keys(tools)) this.#button(name).title = this.#button(name).textContent.trim();
    });
    for (const name of Object.keys(tools)) {
      this.#button(name).addEventListener("click", () => this.choose(this.#current === name ? null : name));
      byId(`tool-${name}`).querySelector(".close").addEventListener("click", () => this.choose(null));
      byId(`tool-${name}`).addEventListener("keydown", (event) => {
        if (event.key === "Escape") this.choose(null);
      });
    }
  }

  /** The name of the tool that is open, null when none is. */
  get current() {
    return this.#current;
  }

  /** Opens a tool, closing the other one; null closes. The reader is led to its card, and back to its button. */
  choose(name) {
    const before = this.#current;
    if (before !== null) this.#toggle(before, false);
    this.#current = name;
    if (name === null) {
      if (before !== null) this.#button(before).focus();
      return;
    }
    this.#toggle(name, true);
    yieldToCard();
    byId(`tool-${name}`).querySelector("h2").focus();
  }

  #toggle(name, open) {
    this.#button(name).setAttribute("aria-expanded", String(open));
    byId(`tool-${name}`).hidden = !open;
    this.#tools[name].open(open);
  }

  #button(name) {
    return byId(`use-${name}`);
  }
}
