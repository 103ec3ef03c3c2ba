// The panel: its tabs, its fold, its switches.

import { byId } from "./elements.js";
import { wireTabs } from "./tabs.js";

const NARROW = matchMedia("(max-width: 48rem)");

/** Tabs go by click and by arrow; the fold leaves only the tabs. */
export function wirePanel(onResize) {
  const fold = byId("fold");

  function unfold(open) {
    document.body.classList.toggle("folded", !open);
    fold.setAttribute("aria-expanded", String(open));
    onResize();
  }

  wireTabs([...document.querySelectorAll("[role=tab]")], () => unfold(true));
  fold.addEventListener("click", () => unfold(document.body.classList.contains("folded")));
  if (NARROW.matches) unfold(false);
}

/** On a narrow screen the panel folds, so that the card of a dalle has room. */
export function yieldToCard() {
  const fold = byId("fold");
  if (NARROW.matches && fold.getAttribute("aria-expanded") === "true") fold.click();
}
