// What is in view of a collection: asked for cell by cell, kept, given up when one has moved on.

import { featuresIn } from "./features.js";

const KEPT = 12_000; // features; beyond them what is out of view is forgotten

export class Loader {
  #collection;
  #options;
  #cells = new Set();
  #under = new Map(); // requests that are under way, by the rectangle that they ask for
  #crowded = []; // { extent, size }: where more was than one takes, and in how large a view

  /**
   * `cell`: metres; `page`: objects of a page; `most`: objects of one question; `fields`: which are wanted.
   * `onChange` is told when features came, `onFault` when the service does not answer.
   */
  constructor(collection, { cell = 204.8, page = 1000, most = 4000, fields = null, onChange, onFault }) {
    this.#collection = collection;
    this.#options = { cell, page, most, more: fields ? { properties: fields.join(",") } : {}, onChange, onFault };
    this.source = new ol.source.Vector();
  }

  /** Looks at an extent: asks for what is missing, gives up what is not looked at any more. */
  look(extent) {
    for (const [rectangle, controller] of this.#under) {
      if (!ol.extent.intersects(rectangle, extent)) controller.abort();
    }
    if (this.source.getFeatures().length > KEPT) this.#forget();
    const missing = this.#missing(extent);
    if (missing !== null && !this.#vain(missing, extent)) this.#load(missing, extent);
  }

  /** True when not all of what is in an extent is there. */
  isPart(extent) {
    return this.#crowded.some((known) => ol.extent.intersects(known.extent, extent));
  }

  /** True while something is being asked for. */
  get busy() {
    return this.#under.size > 0;
  }

  #forget() {
    this.source.clear();
    this.#cells.clear();
    this.#crowded = [];
  }

  /** The rectangle of the cells in an extent that nobody asked for yet; null when there is none. */
  #missing(extent) {
    const found = ol.extent.createEmpty();
    for (const [key, cell] of this.#within(extent)) {
      if (!this.#cells.has(key)) ol.extent.extend(found, cell);
    }
    return ol.extent.isEmpty(found) ? null : found;
  }

  *#within(extent) {
    const { cell } = this.#options;
    const [west, south, east, north] = extent.map((value) => value / cell);
    for (let column = Math.floor(west); column < Math.ceil(east); column += 1) {
      for (let row = Math.floor(south); row < Math.ceil(north); row += 1) {
        yield [`${column}/${row}`, [column * cell, row * cell, (column + 1) * cell, (row + 1) * cell]];
      }
    }
  }

  /** True where it was crowded and one has not come nearer since. */
  #vain(missing, extent) {
    const size = ol.extent.getArea(extent);
    return this.#crowded.some((known) => ol.extent.containsExtent(known.extent, missing) && size > known.size / 2);
  }

  async #load(rectangle, extent) {
    const { page, most, more, onChange, onFault } = this.#options;
    const controller = new AbortController();
    const cells = [...this.#within(rectangle)].map(([key]) => key);
    for (const key of cells) this.#cells.add(key);
    this.#under.set(rectangle, controller);
    let [count, whole] = [0, true];
    try {
      for await (const features of featuresIn(this.#collection, rectangle, page, controller.signal, more)) {
        this.source.addFeatures(features.filter((feature) => this.source.getFeatureById(feature.getId()) === null));
        count += features.length;
        onChange();
        if (count >= most && features.length === page) {
          whole = false;
          break;
        }
      }
      this.#crowded = this.#crowded.filter((known) => !ol.extent.containsExtent(rectangle, known.extent));
      if (!whole) this.#crowded.push({ extent: rectangle, size: ol.extent.getArea(extent) });
    } catch (fault) {
      whole = false;
      if (fault.name !== "AbortError") onFault();
    }
    if (!whole) for (const key of cells) this.#cells.delete(key);
    this.#under.delete(rectangle);
    onChange();
  }
}
