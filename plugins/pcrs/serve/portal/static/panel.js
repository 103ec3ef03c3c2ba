// The panel: its tabs, its fold, its switches.

import { byId } from "./elements.js";

const NARROW = matchMedia("(max-width: 48rem)");
const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

/** Tabs go by click and by arrow; the fold leaves only the tabs. */
export function wirePanel(onResize) {
  const tabs = [...document.querySelectorAll("[role=tab]")];
  const fold = byId("fold");

  function unfold(open) {
    document.body.classList.toggle("folded", !open);
    fold.setAttribute("aria-expanded", String(open));
    onResize();
  }

  function choose(tab) {
    for (const other of tabs) {
      const chosen = other === tab;
      other.setAttribute("aria-selected", String(chosen));
      other.tabIndex = chosen ? 0 : -1;
      byId(other.getAttribute("aria-controls")).hidden = !chosen;
    }
    unfold(true);
  }

  for (const tab of tabs) {
    tab.addEventListener("click", () => choose(tab));
    tab.addEventListener("keydown", (event) => {
      const step = STEPS[event.key];
      if (!step) return;
      event.preventDefault();
      const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length];
      choose(next);
      next.focus();
    });
  }
  fold.addEventListener("click", () => unfold(document.body.classList.contains("folded")));
  if (NARROW.matches) unfold(false);
}

/** On a narrow screen the panel folds, so that the card of a dalle has room. */
export function yieldToCard() {
  const fold = byId("fold");
  if (NARROW.matches && fold.getAttribute("aria-expanded") === "true") fold.click();
}
