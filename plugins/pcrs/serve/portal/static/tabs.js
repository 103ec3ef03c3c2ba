// Tabs: by click, and by arrow among those that are shown.

import { byId } from "./elements.js";

const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

/** `onChoose(tab)` whenever one is chosen. `choose(tab)` chooses, `chosen` is the last one. */
export function wireTabs(tabs, onChoose) {
  const found = { chosen: tabs.find((tab) => tab.getAttribute("aria-selected") === "true") ?? null, choose };

  function choose(tab) {
    for (const other of tabs) {
      const chosen = other === tab;
      other.setAttribute("aria-selected", String(chosen));
      other.tabIndex = chosen ? 0 : -1;
      byId(other.getAttribute("aria-controls")).hidden = !chosen;
    }
    found.chosen = tab;
    return onChoose(tab);
  }

  for (const tab of tabs) {
    tab.addEventListener("click", () => choose(tab));
    tab.addEventListener("keydown", (event) => {
      const step = STEPS[event.key];
      if (!step) return;
      event.preventDefault();
      const shown = tabs.filter((one) => !one.hidden);
      const next = shown[(shown.indexOf(tab) + step + shown.length) % shown.length];
      choose(next);
      next.focus();
    });
  }
  return found;
}
