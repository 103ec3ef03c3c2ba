// Where the pointer is, in Lambert-93 and in a system of one's choice; without a pointer, the centre of the map.

import { L93, WGS84, choices, written } from "./crs.js";
import { byId, make } from "./elements.js";
import { scaleOf } from "./grid.js";
import { number, text, whenLanguageChanges } from "./language.js";

/** Keeps the line of coordinates and the scale true; gives back the way to choose a system. */
export function wirePosition(map, onChange) {
  let pointed = null;
  const list = byId("system");

  function offer(position) {
    const known = [...list.options].map((option) => option.value).join();
    const offered = choices(position).filter(([value]) => value !== L93);
    if (known === offered.map(([value]) => value).join()) return;
    const chosen = list.value || WGS84;
    list.replaceChildren(...offered.map(([value, name]) => make("option", { value }, name)));
    list.value = offered.some(([value]) => value === chosen) ? chosen : WGS84;
  }

  function tell() {
    const view = map.getView();
    const position = pointed ?? view.getCenter();
    if (!position) return;
    offer(position);
    const fine = view.getResolution() < 1;
    byId("l93").textContent = written(position, L93, fine);
    byId("chosen").textContent = written(position, list.value, fine);
    byId("scale").textContent = text("scaleAbout", number(round(scaleOf(view.getResolution()))));
  }

  map.on("pointermove", (event) => {
    pointed = event.coordinate;
    tell();
  });
  map.getViewport().addEventListener("pointerleave", () => {
    pointed = null;
    tell();
  });
  map.on("postrender", () => {
    if (pointed === null) tell();
  });
  list.addEventListener("change", () => {
    tell();
    onChange();
  });
  whenLanguageChanges(tell);
  return {
    get: () => list.value,
    set: (system) => {
      tell();
      if ([...list.options].some((option) => option.value === system)) list.value = system;
      tell();
    },
  };
}

/** Two digits that mean something, the rest zeros. */
function round(scale) {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(scale)) - 1);
  return Math.round(scale / unit) * unit;
}
