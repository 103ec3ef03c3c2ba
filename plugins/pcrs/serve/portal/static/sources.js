// Maps of other services: what their capabilities offer, and layers made of them. Faults are told in words.

import { L93, WGS84 } from "./crs.js";
import { text } from "./language.js";

const PATIENCE_MS = 20_000;

/** A fault whose message is for the reader. */
export class Told extends Error {}

/** The text of a document from anywhere; faults say whether the site, the address or the browser refuses. */
async function fetched(address) {
  const url = checked(address);
  let response;
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS), credentials: "omit", referrerPolicy: "no-referrer" });
  } catch (fault) {
    throw new Told(fault.name === "TimeoutError" ? text("sourceSlow", url.host) : text("sourceCors", url.host));
  }
  if (!response.ok) throw new Told(text("sourceStatus", url.host, response.status));
  return response.text();
}

/** The address as a URL; throws `Told` when a page of this kind may not ask it. */
export function checked(address) {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url === null || !["http:", "https:"].includes(url.protocol)) throw new Told(text("sourceAddress"));
  const here = ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  if (location.protocol === "https:" && url.protocol === "http:" && !here) throw new Told(text("sourceMixed", url.host));
  return url;
}

function capabilitiesOf(address, service, version) {
  const url = checked(address);
  const names = [...url.searchParams.keys()];
  for (const name of names) if (["service", "request", "version"].includes(name.toLowerCase())) url.searchParams.delete(name);
  for (const [name, value] of Object.entries({ SERVICE: service, REQUEST: "GetCapabilities", VERSION: version })) url.searchParams.set(name, value);
  return url.href;
}

/** What a service offers: [{ title, made }], `made()` being the description that `layerOf` takes. */
export async function offers(type, address) {
  const readers = { wms: wmsOffers, wmts: wmtsOffers, geojson: dataOffers };
  return readers[type](address);
}

async function wmsOffers(address) {
  const document_ = read(ol.format.WMSCapabilities, await fetched(capabilitiesOf(address, "WMS", "1.3.0")), "WMS");
  const base = new URL(checked(address));
  base.search = [...base.searchParams].filter(([name]) => !["service", "request", "version"].includes(name.toLowerCase())).map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");
  const found = [];
  const walk = (layer, inherited) => {
    const systems = [...inherited, ...(layer.CRS ?? [])];
    if (layer.Name) found.push({ type: "wms", url: base.href, layer: layer.Name, title: layer.Title ?? layer.Name, crs: [L93, "EPSG:3857", WGS84].find((code) => systems.includes(code)) ?? L93 });
    for (const child of layer.Layer ?? []) walk(child, systems);
  };
  walk(document_.Capability?.Layer ?? {}, []);
  return found;
}

async function wmtsOffers(address) {
  const asked = /\.xml($|\?)/i.test(address) ? address : capabilitiesOf(address, "WMTS", "1.0.0");
  const document_ = read(ol.format.WMTSCapabilities, await fetched(asked), "WMTS");
  return (document_.Contents?.Layer ?? []).map((layer) => ({ type: "wmts", url: asked, layer: layer.Identifier, title: layer.Title ?? layer.Identifier }));
}

async function dataOffers(address) {
  const name = decodeURIComponent(checked(address).pathname.split("/").at(-1)) || checked(address).host;
  return [{ type: "geojson", url: address, title: name, features: featuresOf(await fetched(address)) }];
}

function read(Format, words, service) {
  try {
    const found = new Format().read(words);
    if (found?.version) return found;
  } catch {
    // told below: it is no such document
  }
  throw new Told(text("sourceNot", service));
}

/** The features of a GeoJSON or a KML, in Lambert-93. */
export function featuresOf(words) {
  let features = [];
  try {
    const isXml = words.trimStart().startsWith("<");
    const format = isXml ? new ol.format.KML({ extractStyles: false }) : new ol.format.GeoJSON();
    features = format.readFeatures(isXml ? words : JSON.parse(words), { featureProjection: L93 });
  } catch {
    features = [];
  }
  const placed = features.filter((feature) => feature.getGeometry());
  if (!placed.length) throw new Told(text("sourceNot", "GeoJSON / KML"));
  return placed;
}

/** The layer that a description makes. */
export async function layerOf(made) {
  if (made.type === "wms") {
    const params = { LAYERS: made.layer, TRANSPARENT: true, FORMAT: "image/png" };
    return new ol.layer.Image({ source: new ol.source.ImageWMS({ url: checked(made.url).href, params, projection: made.crs ?? L93, ratio: 1 }) });
  }
  if (made.type === "wmts") {
    const document_ = read(ol.format.WMTSCapabilities, await fetched(made.url), "WMTS");
    const options = ol.source.WMTS.optionsFromCapabilities(document_, { layer: made.layer, projection: L93 });
    if (!options) throw new Told(text("sourceNoLayer", made.layer));
    return new ol.layer.Tile({ source: new ol.source.WMTS(options) });
  }
  const features = made.features ?? featuresOf(await fetched(made.url));
  const stroke = new ol.style.Stroke({ color: "#d81b60", width: 2.5 });
  const fill = new ol.style.Fill({ color: "rgba(216, 27, 96, 0.12)" });
  const image = new ol.style.Circle({ radius: 6, fill: new ol.style.Fill({ color: "#d81b60" }), stroke: new ol.style.Stroke({ color: "#ffffff", width: 2 }) });
  return new ol.layer.Vector({ source: new ol.source.Vector({ features }), style: new ol.style.Style({ stroke, fill, image }) });
}
