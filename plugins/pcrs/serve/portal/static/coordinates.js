// Positions as people write them: L93, CC42 to CC50, degrees in all usual ways, addresses of other maps.

import { L93, WGS84, moved, zoneCode } from "./crs.js";

const FRANCE = { west: -6, east: 10.5, south: 41, north: 52 };
const SYSTEM = /\b(?:EPSG[:\s]*(\d{4})|CC\s?(4[2-9]|50)|RGF\s?93\s?v?\d?[\s-]*CC\s?(4[2-9]|50)|(L(?:AMBERT)?[\s-]*93)|(WGS\s?84|GPS|RGF93G?))\b[\s:;=]*/i;
const NUMBER = /[-+−]?\d+(?:[.,]\d+)?/g;
const LETTERS = { N: 1, S: -1, E: 1, O: -1, W: -1 };

const DEGREES = String.raw`([-+]?\d+(?:[.,]\d+)?)\s*(?:[°ºd]\s*)?(?:(\d+(?:[.,]\d+)?)\s*(?:['′’m]\s*)?)?(?:(\d+(?:[.,]\d+)?)\s*(?:["″”s]|''|′′)?\s*)?\s*`;
const LETTERS_FIRST = new RegExp(`^([NSEOW])\\s*${DEGREES}()[\\s,;/]*([NSEOW])\\s*${DEGREES}()$`, "i");
const LETTERS_LAST = new RegExp(`^()${DEGREES}([NSEOW])?[\\s,;/]*()${DEGREES}([NSEOW])?$`, "i");

/** { position, crs }: Lambert-93 easting and northing, and the system that was written; null when it is none. */
export function positionIn(words) {
  const plain = words.trim().replaceAll("−", "-").replaceAll(/[\u00a0\u2009\u202f]/g, " ");
  const linked = fromAddress(plain);
  if (linked) return inDegrees(linked[0], linked[1]);
  const named = SYSTEM.exec(plain);
  const system = named ? systemOf(named) : null;
  const rest = named ? `${plain.slice(0, named.index)} ${plain.slice(named.index + named[0].length)}`.trim() : plain;
  if (system === undefined) return null;
  if (system === null || system === WGS84) {
    const angles = angular(rest);
    if (angles) return angles;
    if (system === WGS84) return degreesIn(rest);
  }
  return planar(rest, system) ?? (system === null ? degreesIn(rest) : null);
}

/** The code of the system that was named; undefined for one that is not read. */
function systemOf([, code, zone, other, lambert]) {
  if (lambert) return L93;
  if (zone ?? other) return zoneCode(Number(zone ?? other));
  if (!code) return WGS84;
  const number = Number(code);
  if (number === 2154 || (number >= 3942 && number <= 3950)) return `EPSG:${number}`;
  return [4326, 4258, 4171].includes(number) ? WGS84 : undefined;
}

/** Latitude and longitude of an address of another map, of geo: or of WKT. */
function fromAddress(words) {
  const found =
    /^geo:(-?[\d.]+),(-?[\d.]+)/i.exec(words) ??
    /^https?:.*?@(-?[\d.]+),(-?[\d.]+)/.exec(words) ??
    /^https?:.*?#(?:map=)?\d+(?:\.\d+)?\/(-?[\d.]+)\/(-?[\d.]+)/.exec(words);
  if (found) return [Number(found[1]), Number(found[2])];
  const point = /^POINT\s*Z?\s*\(\s*(-?[\d.]+)\s+(-?[\d.]+)/i.exec(words);
  return point && inFrance(Number(point[2]), Number(point[1])) ? [Number(point[2]), Number(point[1])] : null;
}

/** Degrees with signs or letters: 44°27'00" N 1°26'24" E, 44.45N 1.44E, N 44° 27,5'. */
function angular(words) {
  const marked = /[°º'′"″]|\d\s*d\s*\d|[\d\s][NSEOW]\b|^[NSEOW]\s*\d/i.test(words);
  if (!marked || /[XY=]/i.test(words) || /\d{4,}(?![.,\d])/.test(words.replaceAll(/[.,]\d+/g, ""))) return null;
  const found = (/^[NSEOW]/i.test(words) ? LETTERS_FIRST : LETTERS_LAST).exec(words);
  if (!found) return null;
  const [first, second] = [found.slice(1, 6), found.slice(6, 11)].map(angle);
  if (!first || !second) return null;
  const turned = first.axis === "x" || second.axis === "y";
  if (first.axis && first.axis === second.axis) return null;
  return turned ? inDegrees(second.value, first.value) : inDegrees(first.value, second.value, !first.axis && !second.axis);
}

function angle([before, degrees, minutes, seconds, after]) {
  const letter = (before || after)?.toUpperCase();
  if ((minutes && decimal(minutes) >= 60) || (seconds && decimal(seconds) >= 60)) return null;
  const whole = Math.abs(decimal(degrees)) + decimal(minutes ?? "0") / 60 + decimal(seconds ?? "0") / 3600;
  const sign = (letter ? LETTERS[letter] : 1) * (degrees.startsWith("-") ? -1 : 1);
  return { value: whole * sign, axis: letter ? ("NS".includes(letter) ? "y" : "x") : null };
}

/** Two numbers of degrees, latitude first unless only the other order lies in France. */
function degreesIn(words) {
  if (/[a-z]/i.test(words.replaceAll(/\b(?:lat|latitude|lon|lng|long|longitude)\b/gi, ""))) return null;
  const numbers = two(words);
  if (!numbers) return null;
  const turned = /^\s*(?:lon|lng)/i.test(words);
  return turned ? inDegrees(numbers[1], numbers[0]) : inDegrees(numbers[0], numbers[1], !/lat/i.test(words));
}

/** Easting and northing in metres; the system is told by the numbers where it is not named. */
function planar(words, system) {
  if (/[a-z]/i.test(words.replaceAll(/\b[XYENM]\b|(?<=\d)m\b|\best\b|\bnord\b/gi, ""))) return null;
  const numbers = metres(words);
  if (!numbers) return null;
  const named = /^\s*(?:Y|N|nord)\b/i.test(words);
  for (const [east, north] of named ? [[numbers[1], numbers[0]]] : [numbers, [numbers[1], numbers[0]]]) {
    const found = system ?? systemAt(east, north);
    if (found && fits(east, north, found)) return { position: moved([east, north], found, L93), crs: found };
  }
  return null;
}

function systemAt(east, north) {
  if (east >= 0 && east < 1_300_000 && north > 6_000_000 && north < 7_200_000) return L93;
  const zone = Math.round((north - 200_000) / 1_000_000) + 41;
  return zone >= 42 && zone <= 50 ? zoneCode(zone) : null;
}

function fits(east, north, system) {
  if (system === L93) return east >= 0 && east <= 1_400_000 && north >= 6_000_000 && north <= 7_200_000;
  const middle = (Number(system.slice(-2)) - 41) * 1_000_000 + 200_000;
  return east >= 1_000_000 && east <= 2_400_000 && Math.abs(north - middle) <= 300_000;
}

/** Two lengths; spaces may part their thousands: 576 450,25 6 373 200,50. */
function metres(words) {
  const simple = two(words);
  if (simple && Math.min(...simple.map(Math.abs)) >= 1000) return simple;
  const parts = words.match(/\d{1,3}(?: \d{3})+(?:[.,]\d+)?/g);
  if (parts?.length === 2) return parts.map((part) => decimal(part.replaceAll(" ", "")));
  const groups = words.match(/\d+(?:[.,]\d+)?/g) ?? [];
  for (const at of [2, 3]) {
    const halves = [groups.slice(0, at), groups.slice(at)];
    const grouped = halves.every(([head, ...more]) => head && head.length <= 3 && more.every((part) => /^\d{3}(?:[.,]\d+)?$/.test(part)));
    const numbers = grouped ? halves.map((half) => decimal(half.join(""))) : [];
    if (grouped && systemAt(...numbers)) return numbers;
  }
  return null;
}

/** Exactly two numbers, parted by a space, a comma, a semicolon or a slash; null otherwise. */
function two(words) {
  let parts = words.match(NUMBER) ?? [];
  if (parts.length === 1 && parts[0].includes(",")) parts = words.match(/[-+]?\d+/g);
  return parts?.length === 2 ? parts.map(decimal) : null;
}

function decimal(written) {
  return Number(written.replace(",", "."));
}

function inFrance(latitude, longitude) {
  return latitude >= FRANCE.south && latitude <= FRANCE.north && longitude >= FRANCE.west && longitude <= FRANCE.east;
}

function inDegrees(latitude, longitude, either = false) {
  if (inFrance(latitude, longitude)) return { position: moved([longitude, latitude], WGS84, L93), crs: WGS84 };
  return either && inFrance(longitude, latitude) ? inDegrees(longitude, latitude) : null;
}
