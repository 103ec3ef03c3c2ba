// Where the pointer is, in Lambert-93 and WGS 84; without a pointer, where the centre of the map is.

import { byId } from "./elements.js";
import { scaleOf, toLonLat } from "./grid.js";
import { number, text, whenLanguageChanges } from "./language.js";

/** Keeps the line of coordinates and the scale true. */
export function wirePosition(map) {
  let pointed = null;
  const view = map.getView();

  function tell() {
    const position = pointed ?? view.getCenter();
    if (!position) return;
    const [east, north] = position;
    const [longitude, latitude] = toLonLat(position);
    const decimals = view.getResolution() < 1 ? 2 : 0;
    byId("l93").textContent = `E ${number(east, decimals)}  N ${number(north, decimals)}`;
    byId("wgs84").textContent = `${degrees(latitude, "north", "south")}  ${degrees(longitude, "east", "west")}`;
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
  view.on(["change:center", "change:resolution"], () => {
    pointed = null;
    tell();
  });
  whenLanguageChanges(tell);
}

function degrees(value, positive, negative) {
  return `${number(Math.abs(value), 6)}° ${text(value < 0 ? negative : positive)}`;
}

/** Two digits that mean something, the rest zeros. */
function round(scale) {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(scale)) - 1);
  return Math.round(scale / unit) * unit;
}
