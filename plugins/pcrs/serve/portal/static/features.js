// Objects of the OGC API, in Lambert-93: documents, single objects, pages.

import { L93 } from "./crs.js";
import { L93_URI } from "./grid.js";

const format = new ol.format.GeoJSON({ dataProjection: L93, featureProjection: L93 });

function address(path, parameters = {}) {
  const url = new URL(`ogcapi/collections${path ? `/${path}` : ""}`, document.baseURI);
  for (const [name, value] of Object.entries({ f: "json", ...parameters })) url.searchParams.set(name, value);
  return url;
}

/** A JSON document; throws when it does not come. */
export async function json(url, options = {}) {
  const response = await fetch(url, { headers: { Accept: "application/geo+json, application/json" }, ...options });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return response.json();
}

/** A document under `collections`: all of them, or the schema of one. */
export function documentOf(path, parameters = {}) {
  return json(address(path, parameters));
}

/** Page after page of a collection's objects, as GeoJSON. */
export async function* pagesOf(collection, parameters, signal = undefined) {
  let cursor = {};
  while (cursor !== null) {
    const page = await json(address(`${collection}/items`, { ...parameters, ...cursor }), { signal });
    yield page;
    const next = page.links?.find((link) => link.rel === "next");
    const mark = next ? new URL(next.href, document.baseURI).searchParams.get("cursor") : null;
    cursor = mark === null ? null : { cursor: mark };
  }
}

/** The features of a page of a collection in a Lambert-93 extent. */
export async function* featuresIn(collection, extent, limit, signal, more = {}) {
  const asked = { bbox: extent.join(","), "bbox-crs": L93_URI, crs: L93_URI, limit, ...more };
  for await (const page of pagesOf(collection, asked, signal)) {
    const features = format.readFeatures(page);
    for (const feature of features) feature.set("collection", collection, true);
    yield features;
  }
}

/** One feature by its id; null when there is none. */
export async function featureOf(collection, id) {
  const found = await json(address(`${collection}/items`, { id, limit: 1, crs: L93_URI }));
  return format.readFeatures(found)[0] ?? null;
}

/** The first feature that a filter (CQL2 text) finds, null when there is none. */
export async function featureWhere(collection, filter) {
  const found = await json(address(`${collection}/items`, { filter, limit: 1, crs: L93_URI }));
  return format.readFeatures(found)[0] ?? null;
}
