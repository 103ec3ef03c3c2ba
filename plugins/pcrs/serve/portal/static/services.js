// The addresses of the services, each with a button that copies it and a line that says how.

import { byId, make } from "./elements.js";
import { text, whenLanguageChanges } from "./language.js";

const SERVICES = {
  wmts: "/wmts?SERVICE=WMTS&REQUEST=GetCapabilities",
  wms: "/wms?SERVICE=WMS&REQUEST=GetCapabilities",
  ogcapi: "/ogcapi",
  csw: "/csw?SERVICE=CSW&REQUEST=GetCapabilities",
  listing: "/listing/",
};
const TOLD_MS = 2000;

/** Fills the services' sheet, in the language of the page. */
export function wireServices(config) {
  const contact = byId("contact");
  contact.href = `mailto:${config.contact}`;
  contact.textContent = config.contact;
  whenLanguageChanges(() => {
    const entries = Object.entries(SERVICES).map(([name, path]) => entry(name, config.url + path, config));
    byId("services").replaceChildren(...entries);
  });
}

function entry(name, address, config) {
  const short = text(name).split(",")[0];
  const field = make("input", { type: "text", readonly: "", value: address, "aria-label": text("addressOf", short) });
  field.addEventListener("focus", () => field.select());
  const button = make("button", { type: "button", "aria-label": text("copyOf", short) }, text("copy"));
  button.addEventListener("click", () => copy(field, button));
  return make(
    "section",
    { class: "card service" },
    make("h2", {}, text(name)),
    make("div", { class: "address" }, field, button),
    make("p", {}, text(`${name}How`, config.layer)),
  );
}

async function copy(field, button) {
  try {
    await navigator.clipboard.writeText(field.value);
  } catch {
    field.select(); // no clipboard without https: the address is at least marked
    return;
  }
  button.textContent = text("copied");
  setTimeout(() => {
    button.textContent = text("copy");
  }, TOLD_MS);
}
