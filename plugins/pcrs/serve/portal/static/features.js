// Objects of the OGC API, in Lambert-93.

import { L93, L93_URI } from "./grid.js";

const format = new ol.format.GeoJSON({ dataProjection: L93, featureProjection: L93 });

function address(path, parameters = {}) {
  const url = new URL(`ogcapi/collections/${path}`, document.baseURI);
  for (const [name, value] of Object.entries({ f: "json", ...parameters })) url.searchParams.set(name, value);
  return url;
}

/** A JSON document; throws when it does not come. */
export async function json(url, options = {}) {
  const response = await fetch(url, { headers: { Accept: "application/geo+json, application/json" }, ...options });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return response.json();
}

/** Features of a collection in a Lambert-93 extent, `limit` at the most, and whether there are more. */
export async function featuresIn(collection, extent, limit) {
  const document_ = await json(
    address(`${collection}/items`, { bbox: extent.join(","), "bbox-crs": L93_URI, crs: L93_URI, limit }),
  );
  const features = format.readFeatures(document_);
  for (const feature of features) feature.set("collection", collection, true);
  return { features, more: features.length >= limit };
}

/** One feature by its id; null when there is none. */
export async function featureOf(collection, id) {
  const found = await json(address(`${collection}/items`, { id, limit: 1, crs: L93_URI }));
  return format.readFeatures(found)[0] ?? null;
}

/** The values of every object of a collection, page by page, without geometries. */
export async function valuesOf(collection, limit) {
  const found = [];
  let more = true;
  while (more) {
    const page = await json(address(`${collection}/items`, { limit, offset: found.length, skipGeometry: "true" }));
    found.push(...page.features);
    more = page.features.length === limit;
  }
  return found;
}

/**
 * A source that asks for what is in view, and asks again nearer by where more was there than it could take.
 * `onFault` is told when the service does not answer; `onChange` when what is shown changes.
 */
export function sourceOf(collections, limit, { onFault, onChange }) {
  const crowded = new Set();
  const source = new ol.source.Vector({
    strategy: ol.loadingstrategy.bbox,
    loader: async (extent, resolution, projection, success, failure) => {
      try {
        const answers = await Promise.all(collections.map((name) => featuresIn(name, extent, limit)));
        for (const answer of answers) source.addFeatures(fresh(source, answer.features));
        crowded.clear();
        if (answers.some((answer) => answer.more)) {
          source.removeLoadedExtent(extent);
          crowded.add(extent);
        }
        success?.([]);
        onChange();
      } catch {
        source.removeLoadedExtent(extent);
        failure?.();
        onFault();
      }
    },
  });
  source.set("crowded", () => crowded.size > 0, true);
  return source;
}

function fresh(source, features) {
  return features.filter((feature) => source.getFeatureById(feature.getId()) === null);
}
