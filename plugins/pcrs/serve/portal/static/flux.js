// The page of the streams: addresses to copy, steps for each program.

import { addressField } from "./copying.js";
import { byId, make, say } from "./elements.js";
import { guides } from "./guides.js";
import { language, text, whenLanguageChanges, wireLanguage } from "./language.js";
import { SERVICES, fillNames } from "./services.js";

function service(name, address, layer) {
  return make("section", { class: "card service" }, make("h3", {}, text(name)), addressField(text(name).split(",")[0], address), make("p", {}, text(`${name}How`, layer)));
}

/** A step is a text, or texts of which every second one is to be typed. */
function step(words) {
  if (!Array.isArray(words)) return make("li", {}, words);
  const only = words.length === 1;
  return make("li", {}, ...words.map((word, at) => (at % 2 || only ? make("code", {}, word) : word)));
}

function guide({ id, title, parts }, at) {
  const shown = parts.map((part) => make("section", {}, make("h3", {}, part.title), make("ol", {}, ...part.steps.map(step))));
  return make("details", { class: "guide", id, open: at === 0 ? "" : null }, make("summary", {}, title), make("div", {}, ...shown));
}

async function start() {
  wireLanguage();
  const response = await fetch(new URL("portail/config.json", document.baseURI));
  if (!response.ok) throw new Error(response.status);
  const config = await response.json();
  fillNames(config);
  const at = { ...Object.fromEntries(Object.entries(SERVICES).map(([name, path]) => [name, config.url + path])), wmsBase: `${config.url}/wms` };
  whenLanguageChanges(() => {
    document.title = `${text("streamsTitle")} – ${config.title}`;
    byId("services").replaceChildren(...Object.keys(SERVICES).map((name) => service(name, at[name], config.layer)));
    byId("guides").replaceChildren(...guides(language(), config, at).map(guide));
  });
  document.body.classList.add("ready");
}

start().catch((fault) => {
  console.error(fault);
  say(text("unreachable", "PCRS"));
});
