// The dalles in view, as a list.

import { shortName } from "./dalles.js";
import { byId, make } from "./elements.js";
import { bytes, text } from "./language.js";
import { yieldToCard } from "./panel.js";

const LISTED = 100;

/** Keeps the list true. */
export function wireDalleList(dalles) {
  const list = (found = dalles.inView) => {
    const part = found.length > LISTED || dalles.isPart;
    const shown = found.slice(0, LISTED);
    byId("dalles-note").textContent = found.length ? text(part ? "dallesPart" : "dallesInView", shown.length) : text("dallesNone");
    byId("dalles-list").replaceChildren(...shown.map((dalle) => line(dalles, dalle)));
  };
  dalles.whenChanged(list);
  dalles.whenPicked(() => list());
}

function line(dalles, dalle) {
  const button = make(
    "button",
    { type: "button", "aria-pressed": String(dalles.isPicked(dalle)) },
    make("strong", {}, shortName(dalle.getId())),
    make("span", {}, `${dalle.get("edition")} · ${bytes(dalle.get("octets"))}`),
  );
  button.addEventListener("click", () => {
    yieldToCard();
    dalles.frame(dalle);
    dalles.pick(dalle);
    byId("picked").querySelector("a")?.focus({ preventScroll: true });
  });
  return make("li", {}, button);
}
