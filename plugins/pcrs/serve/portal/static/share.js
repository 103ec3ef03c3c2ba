// A map that one hands on: as an address, or as a file that holds what an address cannot.

import { byId, say } from "./elements.js";
import { copyFrom } from "./copying.js";
import { text } from "./language.js";
import { Told, featuresOf } from "./sources.js";

const KIND = "pcrs-carte";

/** The form: an address to copy, a file to save, a file to open. */
export function wireShare(address, external, config) {
  const field = byId("share-address");
  byId("share-copy").addEventListener("click", (event) => copyFrom(field, event.currentTarget));
  byId("share-save").addEventListener("click", () => save(address, external, config));
  byId("share-open").addEventListener("change", async (event) => {
    const [file] = event.target.files;
    event.target.value = "";
    if (file) await open(await file.text(), address, external);
  });
  return () => {
    field.value = new URL(address.hash, location.href.split("#")[0]).href;
  };
}

function save(address, external, config) {
  const title = byId("share-title").value.trim() || config.title;
  const map = { type: KIND, version: 1, title, site: config.url, state: address.hash, layers: external.files };
  download(new Blob([JSON.stringify(map, null, 1)], { type: "application/json" }), `${fileName(title)}.carte.json`);
}

async function open(words, address, external) {
  try {
    const map = JSON.parse(words);
    if (map?.type !== KIND || typeof map.state !== "string") throw new Told(text("shareNot"));
    for (const { title, geojson } of map.layers ?? []) await external.add({ type: "geojson", title, features: featuresOf(JSON.stringify(geojson)) }, false);
    await address.follow(map.state);
    say(text("shareOpened", map.title ?? ""));
  } catch {
    say(text("shareNot"));
  }
}

/** A text as the name of a file. */
export function fileName(title) {
  return title.normalize("NFD").replaceAll(/\p{M}/gu, "").replaceAll(/[^\w.-]+/g, "-").replaceAll(/^-+|-+$/g, "").slice(0, 60) || "carte";
}

/** The browser saves these bytes under that name. */
export function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
