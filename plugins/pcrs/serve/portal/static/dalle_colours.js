// Colours of dalles: by date, precision or edition, from a ramp that the colour-blind tell apart by lightness.

import { day, language, text } from "./language.js";
import { PRECISIONS_EN } from "./texts_en.js";

const RAMP = ["#fde725", "#a0da39", "#4ac16d", "#1fa187", "#277f8e", "#365c8d", "#46327e", "#440154"]; // viridis
const UNKNOWN = "#8a8a8a";
const PRECISIONS = ["002", "005", "010", "040", "150", "999"];
const MONTHS_MAX = 8;

/** The ways of colouring, beside none. */
export const MODES = ["date", "precision", "edition"];

/** The classes of some dalles in a mode: [{ key, label, colour, count }], what is unknown last. */
export function classesOf(mode, dalles, precisions) {
  const keyOf = keyFor(mode, dalles);
  const counts = new Map();
  for (const dalle of dalles) counts.set(keyOf(dalle), (counts.get(keyOf(dalle)) ?? 0) + 1);
  const known = [...counts.keys()].filter((key) => key !== "").sort((one, other) => compare(mode, one, other));
  const classes = known.map((key, at) => ({ key, label: labelOf(mode, key, precisions), colour: tint(mode, key, at, known.length), count: counts.get(key) }));
  if (counts.has("")) classes.push({ key: "", label: text("unknown"), colour: UNKNOWN, count: counts.get("") });
  return classes;
}

/** What tells the class of a dalle: days are gathered by month, or by year when there are many months. */
export function keyFor(mode, dalles) {
  if (mode !== "date") return (dalle) => dalle.get(mode) ?? "";
  const months = new Set(dalles.map((dalle) => dalle.get("date_acquisition")?.slice(0, 7)));
  const digits = months.size > MONTHS_MAX ? 4 : 7;
  return (dalle) => dalle.get("date_acquisition")?.slice(0, digits) ?? "";
}

function compare(mode, one, other) {
  return mode === "precision" ? PRECISIONS.indexOf(one) - PRECISIONS.indexOf(other) : other.localeCompare(one);
}

/** The newest and the most precise are light; the ramp is spread over what there is. */
function tint(mode, key, at, count) {
  const place = mode === "precision" ? Math.max(0, PRECISIONS.indexOf(key)) / (PRECISIONS.length - 1) : count > 1 ? at / (count - 1) : 0.3;
  return RAMP[Math.round(place * (RAMP.length - 1))];
}

function labelOf(mode, key, precisions) {
  if (mode === "precision") return (language() === "en" ? PRECISIONS_EN[key] : precisions[key]) ?? key;
  if (mode === "edition" || key.length === 4) return key;
  return day(`${key}-01`, { month: "long", year: "numeric" });
}
