// What is known of an object, in words: the labels and code lists of the schema that the server gives.

import { toLonLat } from "./crs.js";
import { make } from "./elements.js";
import { documentOf } from "./features.js";
import { length } from "./geodesy.js";
import { day, language, number, text } from "./language.js";

const COVER = "AffleurantPCRS";
const FIRST = ["nature", "reseau", "gestionnaire", "libelle", "typeMur", "thematique"];
const ASIDE = new Set(["gml_id", "affleurant", "geometry", "angleRotation", "longueur_mm", "largeur_mm", "epsg_origine", "livraison", "taille", "justification", "placement"]);
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const schemas = new Map();

/** The schema of a collection, in the language of the page, asked once. */
function schemaOf(collection) {
  const key = `${collection} ${language()}`;
  if (!schemas.has(key)) {
    const asked = documentOf(`${collection}/schema`, { lang: language() });
    asked.catch(() => schemas.delete(key));
    schemas.set(key, asked);
  }
  return schemas.get(key);
}

/** An element that tells of an object; what is drawn of an affleurant tells of the affleurant. */
export async function objectCard(feature) {
  const [collection, cover] = [feature.get("collection"), feature.get("affleurant")];
  const own = await schemaOf(collection);
  const rows = rowsOf(feature.getProperties(), own.properties);
  const { title } = cover ? await schemaOf(COVER) : own;
  const measured = lengthOf(feature.getGeometry());
  if (measured) rows.push([text("length"), `${number(measured, 2)} m`]);
  const facts = rows.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]);
  const target = cover ? [COVER, cover] : [collection, feature.getId()];
  const link = `ogcapi/collections/${target[0]}/items/${encodeURIComponent(target[1])}?f=html`;
  return make(
    "div",
    { class: "object" },
    make("h3", { id: "object-title" }, title),
    make("dl", {}, ...facts),
    make("p", { class: "actions" }, make("a", { href: link }, text("asJson")), make("span", { class: "code" }, target[1])),
  );
}

/** Label and words of each value that is told, the most telling first. */
function rowsOf(values, properties) {
  const names = Object.keys(properties).filter((name) => !ASIDE.has(name) && filled(values[name]));
  const told = names.filter((name) => !isLink(properties[name]));
  const rank = (name) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
  return told.sort((one, other) => rank(one) - rank(other)).map((name) => [labelOf(name, properties[name]), words(values[name], properties[name])]);
}

function filled(value) {
  return value !== null && value !== undefined && value !== "" && !(Array.isArray(value) && !value.length);
}

function isLink(property) {
  return (property.items ?? property)["x-ogc-role"] === "reference";
}

function labelOf(name, property) {
  const title = property.title ?? name;
  return title.charAt(0).toUpperCase() + title.slice(1);
}

function words(value, property) {
  if (Array.isArray(value)) return value.map((one) => words(one, property)).join(", ");
  const choice = property.oneOf?.find((one) => one.const === value);
  if (choice) return choice.title === String(value) ? choice.title : `${choice.title} (${value})`;
  if (typeof value === "number") return number(value, Number.isInteger(value) ? 0 : 2);
  return DAY.test(value) ? day(value) : String(value).replace(/^other: /, "");
}

/** Metres along a line, on the ellipsoid; null for other geometries. */
function lengthOf(geometry) {
  const lines = { LineString: () => [geometry], MultiLineString: () => geometry.getLineStrings() }[geometry.getType()]?.();
  return lines?.reduce((sum, line) => sum + length(line.getCoordinates().map((point) => toLonLat(point.slice(0, 2)))), 0) ?? null;
}
