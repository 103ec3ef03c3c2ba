// The addresses of the services, each with a button that copies it and a line that says how.

import { addressField } from "./copying.js";
import { byId, make } from "./elements.js";
import { text, whenLanguageChanges } from "./language.js";

export const SERVICES = {
  wmts: "/wmts?SERVICE=WMTS&REQUEST=GetCapabilities",
  wms: "/wms?SERVICE=WMS&REQUEST=GetCapabilities",
  ogcapi: "/ogcapi",
  csw: "/csw?SERVICE=CSW&REQUEST=GetCapabilities",
  listing: "/listing/",
};

/** Who runs the site, under which licence, and whether it is a demo: in the header and the footer of each page. */
export function fillNames(config) {
  byId("title").textContent = config.title;
  byId("operator").textContent = config.operator;
  byId("demo").hidden = !config.demo;
  const [licence, contact] = [byId("licence"), byId("contact")];
  licence.textContent = config.licence.title;
  licence.href = config.licence.url;
  contact.href = `mailto:${config.contact}`;
  contact.textContent = config.contact;
}

/** Fills the services' sheet, in the language of the page. */
export function wireServices(config) {
  whenLanguageChanges(() => {
    byId("services").replaceChildren(...Object.entries(SERVICES).map(([name, path]) => entry(name, config.url + path, config)));
  });
}

function entry(name, address, config) {
  return make(
    "section",
    { class: "card service" },
    make("h2", {}, text(name)),
    addressField(text(name).split(",")[0], address),
    make("p", {}, text(`${name}How`, config.layer)),
  );
}
