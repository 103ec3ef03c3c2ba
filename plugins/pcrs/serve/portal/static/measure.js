// Measuring: lengths and areas on the ellipsoid, and beside them in the plane of the conic zone and of Lambert-93.

import { positionIn } from "./coordinates.js";
import { L93, moved, toLonLat, zoneCode, zonesAt } from "./crs.js";
import { byId, make, say } from "./elements.js";
import { area, distance, length } from "./geodesy.js";
import { number, text, whenLanguageChanges } from "./language.js";
import { Sketch } from "./sketch.js";

const HECTARE = 10_000;

export class Measure {
  #map;
  #sketch;
  #shown = null;

  constructor(map) {
    this.#map = map;
    this.#sketch = new Sketch(map, {
      onChange: (geometry) => this.#tell(geometry),
      onEnd: (feature) => {
        for (const other of this.#sketch.features) if (other !== feature) this.#sketch.clear();
        this.#tell(feature.getGeometry());
      },
    });
    this.#wire();
    whenLanguageChanges(() => this.#tell(this.#shown));
  }

  /** True while a click on the map is a point of a measure. */
  get active() {
    return this.#sketch.active;
  }

  /** Begins to measure, or ends. */
  open(open) {
    if (open) this.#start();
    else {
      this.#sketch.stop();
      this.#sketch.clear();
      this.#tell(null);
    }
  }

  /** A key that was pressed on the map; true when it was one of measuring. */
  key(event) {
    return this.#sketch.key(event);
  }

  #wire() {
    for (const choice of document.querySelectorAll("[name=measure-kind]")) choice.addEventListener("change", () => this.#start());
    byId("measure-centre").addEventListener("click", () => this.#sketch.add(this.#map.getView().getCenter()));
    byId("measure-undo").addEventListener("click", () => this.#sketch.undo());
    byId("measure-end").addEventListener("click", () => this.#sketch.finish());
    byId("measure-clear").addEventListener("click", () => this.#start());
    byId("measure-at").addEventListener("submit", (event) => {
      event.preventDefault();
      const field = byId("measure-place");
      const found = positionIn(field.value);
      if (found === null) {
        say(text("noPosition"));
        return;
      }
      this.#sketch.add(found.position);
      field.value = "";
    });
  }

  #start() {
    this.#sketch.clear();
    this.#tell(null);
    this.#sketch.start(document.querySelector("[name=measure-kind]:checked").value);
  }

  #tell(geometry) {
    this.#shown = geometry;
    const rows = geometry === null ? [] : geometry.getType() === "Polygon" ? areaRows(geometry) : lengthRows(geometry);
    byId("measure-result").replaceChildren(...rows.flatMap(([name, value, main]) => [make("dt", {}, name), make("dd", { class: main ? "main" : null }, value)]));
    byId("measure-hint").hidden = rows.length > 0;
  }
}

/** The points without those that lie on the one before: while one draws, the last is twice there. */
function distinct(points) {
  return points.map((point) => point.slice(0, 2)).filter(([x, y], at, all) => at === 0 || x !== all[at - 1][0] || y !== all[at - 1][1]);
}

function metres(value) {
  return `${number(value, 2)} m`;
}

function lengthRows(line) {
  const points = distinct(line.getCoordinates());
  const onGround = points.map(toLonLat);
  const rows = [[text("length"), metres(length(onGround)), true]];
  if (onGround.length > 2) rows.push([text("lastSegment"), metres(distance(onGround.at(-2), onGround.at(-1)))]);
  return [...rows, ...planes(points, planar).map(([name, value]) => [name, metres(value)])];
}

function areaRows(polygon) {
  const corners = distinct(polygon.getCoordinates()[0].slice(0, -1));
  const ring = [...corners, corners[0]];
  const onGround = ring.map(toLonLat);
  const surface = area(corners.map(toLonLat));
  return [
    [text("area"), written(surface), true],
    [text("perimeter"), metres(length(onGround))],
    ...planes(ring, inside).map(([name, value]) => [name, written(value)]),
  ];
}

function written(surface) {
  return surface < HECTARE ? `${number(surface, 2)} m²` : `${number(surface / HECTARE, 4)} ha (${number(surface)} m²)`;
}

/** A measure in the plane of the nearest conic zone, and of Lambert-93. */
function planes(points, measure) {
  const [zone] = zonesAt(points[0]);
  const plane = (system) => measure(points.map((point) => moved(point, L93, system)));
  const found = [[text("inPlane", "Lambert-93"), plane(L93)]];
  return zone === undefined ? found : [[text("inPlane", `CC${zone}`), plane(zoneCode(zone))], ...found];
}

function planar(points) {
  return points.slice(1).reduce((sum, [x, y], at) => sum + Math.hypot(x - points[at][0], y - points[at][1]), 0);
}

function inside(ring) {
  const [x0, y0] = ring[0];
  const twice = ring.slice(1).reduce((sum, [x, y], at) => sum + (ring[at][0] - x0) * (y - y0) - (x - x0) * (ring[at][1] - y0), 0);
  return Math.abs(twice) / 2;
}
