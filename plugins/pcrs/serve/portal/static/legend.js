// The legend of the vector PCRS: classes by theme, each with its drawing and a box; networks with their colours.

import { byId, draw, make } from "./elements.js";
import { language, number, text, whenLanguageChanges } from "./language.js";
import { NETWORKS_EN, THEMES_EN } from "./texts_en.js";

/** Fills the legend, and keeps it as inks, languages and shown classes change. */
export function wireLegend(objects, symbols, config, onChange) {
  const [ink, pen] = [byId("vector-ink"), byId("vector-pen")];

  function list() {
    const themes = new Map();
    for (const name of objects.classes) {
      const { theme } = symbols.drawing(name);
      themes.set(theme, [...(themes.get(theme) ?? []), name]);
    }
    const sets = [...themes].toReversed().map(([theme, names]) => themeSet(theme, names));
    byId("classes").replaceChildren(all(), ...sets);
    const families = Object.keys(config.networks).filter((code) => code in NETWORKS_EN);
    byId("networks").replaceChildren(...families.map((code) => make("li", {}, patch(symbols.network(code)), `${networkLabel(config, code)} (${code})`)));
    byId("networks-box").hidden = !objects.classes.some((name) => symbols.drawing(name).network);
    byId("style-box").hidden = !objects.classes.length;
  }

  function themeSet(theme, names) {
    const lines = names.toReversed().map((name) => {
      const box = make("input", { type: "checkbox", id: `class-${name}` });
      box.checked = !objects.hidden.has(name);
      box.addEventListener("change", () => {
        const hidden = objects.hidden;
        if (box.checked) hidden.delete(name);
        else hidden.add(name);
        objects.hide(hidden);
        onChange();
      });
      return make("li", {}, make("label", { class: "check", for: box.id }, box, swatch(symbols, name), objects.title(name)));
    });
    const title = language() === "en" ? (THEMES_EN[theme] ?? theme) : theme;
    return make("fieldset", { class: "theme" }, make("legend", {}, title.charAt(0).toUpperCase() + title.slice(1)), make("ul", { class: "legend" }, ...lines));
  }

  function all() {
    const button = (key, hidden) => {
      const made = make("button", { type: "button", class: "small" }, text(key));
      made.addEventListener("click", () => {
        objects.hide(hidden);
        list();
        onChange();
      });
      return made;
    };
    return make("p", { class: "actions" }, button("classesAll", []), button("classesNone", objects.classes));
  }

  function tell() {
    ink.value = symbols.over;
    pen.value = Math.round(symbols.pen * 100);
    pen.nextElementSibling.value = text("penTimes", number(symbols.pen, 1));
  }

  function change(look) {
    symbols.change(look);
    objects.restyle();
    tell();
    list();
    onChange();
  }

  ink.addEventListener("change", () => change({ over: ink.value }));
  pen.addEventListener("input", () => change({ pen: Number(pen.value) / 100 }));
  objects.layer.addEventListener("named", list);
  whenLanguageChanges(() => {
    tell();
    list();
  });
  return { change, list };
}

/** What a network is called; in English by its family. */
export function networkLabel(config, code) {
  if (language() === "fr") return config.networks[code]?.label ?? code;
  const family = Object.keys(NETWORKS_EN).find((known) => code.startsWith(known));
  return NETWORKS_EN[family] ?? code;
}

function patch(colour) {
  return frame("#ffffff", draw("rect", { x: 5, y: 2.5, width: 14, height: 11, rx: 2, fill: colour, stroke: "#00000055" }));
}

/** The drawing of a class in small, as it is on the map. */
function swatch(symbols, name) {
  const { look, symbol, symbols: named, text: words, looks } = symbols.drawing(name);
  const ground = symbols.over === "image" ? "#3c4a48" : "#ffffff";
  const colour = symbols.ink(Object.keys(looks).length && !look ? Object.values(looks)[0] : look);
  const width = Math.max(1, look.width * 5);
  if (words) return frame(ground, draw("text", { x: 12, y: 12, "text-anchor": "middle", "font-size": 11, "font-weight": words.bold ? 700 : 400, "font-style": words.italic ? "italic" : "normal", fill: colour }, "Aa"));
  if (!symbol) {
    const dash = look.dash.map((length) => length * 1.6).join(" ") || null;
    return frame(ground, draw("path", { d: "M2 12 9 5l6 5 7-7", fill: "none", stroke: colour, "stroke-width": width, "stroke-dasharray": dash }));
  }
  const parts = symbols.parts(Object.values(named)[0] ?? symbol).map(({ points, filled }) => {
    const path = points.map(([x, y]) => `${(12 + x * 12).toFixed(1)},${(8 - y * 12).toFixed(1)}`).join(" ");
    return draw("polyline", { points: path, fill: filled && symbols.isPainted(Object.values(named)[0] ?? symbol) ? colour : "none", stroke: colour, "stroke-width": 1.1 });
  });
  return frame(ground, ...parts);
}

function frame(ground, ...drawn) {
  return draw("svg", { class: "swatch", viewBox: "0 0 24 16", width: 24, height: 16, "aria-hidden": "true" }, draw("rect", { x: 0.5, y: 0.5, width: 23, height: 15, rx: 3, fill: ground, stroke: "#8d9a96" }), ...drawn);
}
