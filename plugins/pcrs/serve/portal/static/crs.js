// The coordinate reference systems that French surveyors use, and how positions are written in them.

import { number, text } from "./language.js";

export const L93 = "EPSG:2154";
export const WGS84 = "EPSG:4326";
const SECONDS = "dms"; // longitude and latitude again, in degrees, minutes and seconds
const ZONES = [42, 43, 44, 45, 46, 47, 48, 49, 50];
const LAMBERT = "+x_0=700000 +y_0=6600000 +lat_0=46.5 +lon_0=3 +lat_1=49 +lat_2=44";

function definition(parameters) {
  return `+proj=lcc ${parameters} +ellps=GRS80 +towgs84=0,0,0,0,0,0,0 +units=m +no_defs`;
}

/** The EPSG code of a conic zone: CC45 is EPSG:3945. */
export function zoneCode(zone) {
  return `EPSG:${3900 + zone}`;
}

/** OpenLayers knows Lambert-93 and the nine conic zones. */
export function registerSystems() {
  const { proj4 } = globalThis;
  proj4.defs(L93, definition(LAMBERT));
  for (const zone of ZONES) {
    const north = (zone - 41) * 1_000_000 + 200_000;
    const parameters = `+x_0=1700000 +y_0=${north} +lat_0=${zone} +lon_0=3 +lat_1=${zone - 0.75} +lat_2=${zone + 0.75}`;
    proj4.defs(zoneCode(zone), definition(parameters));
  }
  ol.proj.proj4.register(proj4);
}

/** A position of one system in another. Longitude comes before latitude, easting before northing. */
export function moved(position, from, to) {
  return from === to ? position : ol.proj.transform(position, from, to);
}

/** Longitude and latitude of a Lambert-93 position. */
export function toLonLat(position) {
  return moved(position, L93, WGS84);
}

/** Lambert-93 of a longitude and a latitude. */
export function fromLonLat(lonLat) {
  return moved(lonLat, WGS84, L93);
}

/** The conic zones whose band (one degree either side) holds a Lambert-93 position, the nearest first. */
export function zonesAt(position) {
  const latitude = toLonLat(position)[1];
  const near = ZONES.filter((zone) => Math.abs(zone - latitude) <= 1);
  return near.sort((one, other) => Math.abs(one - latitude) - Math.abs(other - latitude));
}

/** What one may read positions in around a Lambert-93 position: [value, name]. */
export function choices(position) {
  const zones = zonesAt(position).map((zone) => [zoneCode(zone), `CC${zone}`]);
  return [[WGS84, "WGS 84"], [SECONDS, "WGS 84 ° ′ ″"], ...zones, [L93, "Lambert-93"]];
}

/** A Lambert-93 position as `system` (a value of `choices`) writes it. */
export function written(position, system, fine) {
  if (system === WGS84 || system === SECONDS) {
    const [longitude, latitude] = toLonLat(position);
    const angle = system === WGS84 ? degrees : sexagesimal;
    return `${angle(latitude, "north", "south")}  ${angle(longitude, "east", "west")}`;
  }
  const [east, north] = moved(position, L93, system);
  const decimals = fine ? 2 : 0;
  return `E ${number(east, decimals)}  N ${number(north, decimals)}`;
}

function degrees(value, positive, negative) {
  return `${number(Math.abs(value), 6)}° ${text(value < 0 ? negative : positive)}`;
}

function sexagesimal(value, positive, negative) {
  const hundredths = Math.round(Math.abs(value) * 360_000);
  const minutes = Math.floor(hundredths / 6000);
  const seconds = number((hundredths % 6000) / 100, 2);
  return `${Math.floor(minutes / 60)}° ${minutes % 60}′ ${seconds}″ ${text(value < 0 ? negative : positive)}`;
}
